#!/bin/sh
# Make the Debian tree in $1 a lab server: its users, its sshd, its systemd.
set -eu
root=$1

for user in maint ops guest; do
    chroot "$root" useradd --create-home --shell /bin/bash "$user"
done
chroot "$root" usermod --append --groups sudo maint
echo 'ops ALL=(ALL:ALL) NOPASSWD: ALL' >"$root/etc/sudoers.d/ops"
chmod 440 "$root/etc/sudoers.d/ops"

cat >"$root/etc/ssh/sshd_config.d/lab.conf" <<'END'
HostKey /etc/ssh/ssh_host_ed25519_key
HostKey /etc/ssh/ssh_host_rsa_key
AuthorizedKeysFile .ssh/authorized_keys /etc/ssh/lab.pub
PasswordAuthentication no
MaxStartups 100
END
rm -f "$root"/etc/ssh/ssh_host_*
mkdir -p "$root/etc/systemd/system/ssh.service.d"
cat >"$root/etc/systemd/system/ssh.service.d/host-keys.conf" <<'END'
[Service]
ExecStartPre=
ExecStartPre=/usr/bin/ssh-keygen -A
ExecStartPre=/usr/sbin/sshd -t
END

# No version of Docker's API before 1.44, as Docker 29 has it; olympias' VM speaks none after 1.40.
mkdir -p "$root/etc/systemd/system/docker.service.d"
cat >"$root/etc/systemd/system/docker.service.d/api.conf" <<'END'
[Service]
Environment=DOCKER_MIN_API_VERSION=1.44
END

# The container's first process: it makes the cgroups writable, and gives dockerd the IPv6 that a host has.
cat >"$root/sbin/lab-init" <<'END'
#!/bin/sh
findmnt --raw --noheadings --output TARGET --submounts /sys/fs/cgroup | xargs -n 1 mount -o remount,bind,rw
sysctl --quiet --ignore --write net.ipv6.conf.all.disable_ipv6=0
exec /lib/systemd/systemd
END
chmod 755 "$root/sbin/lab-init"

# A test that wants a firewall starts it.
systemctl --root="$root" --quiet disable ufw.service firewalld.service

# What would reach the machine's kernel from a container, or wait for a terminal.
for unit in systemd-sysctl.service systemd-modules-load.service systemd-binfmt.service systemd-random-seed.service \
    proc-sys-fs-binfmt_misc.automount systemd-logind.service getty.target; do
    ln -sf /dev/null "$root/etc/systemd/system/$unit"
done
rm -f "$root"/etc/systemd/system/timers.target.wants/*
mkdir -p "$root/etc/systemd/journald.conf.d"
printf '[Journal]\nReadKMsg=no\n' >"$root/etc/systemd/journald.conf.d/lab.conf"
ln -sf /lib/systemd/system/multi-user.target "$root/etc/systemd/system/default.target"
: >"$root/etc/machine-id"
rm -f "$root/etc/resolv.conf" "$root/etc/hostname"
