#!/bin/sh
# Make the Debian tree in $1 the guest of olympias' VMs, like boot2docker; put its kernel and initrd into $2.
set -eu
root=$1
out=$2
here=$(dirname "$0")

# The kernel, without what its package would pull in, and of its modules those that Docker may ask for.
cd "$out"
export APT_CONFIG="$MMDEBSTRAP_APT_CONFIG"
image=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/.*Depends: \(linux-image-.*\)/\1/p' | head -n 1)
apt-get -qq download "$image"
dpkg-deb --extract "$image"_*.deb kernel
version=$(ls kernel/lib/modules)
mv "kernel/boot/vmlinuz-$version" vmlinuz
modules=lib/modules/$version
mkdir -p "$root/$modules"
(
    cd "kernel/$modules/kernel"
    find net lib crypto fs/overlayfs arch/x86/crypto drivers/acpi drivers/virtio drivers/block/virtio_blk.ko \
        drivers/char/hw_random drivers/net/virtio_net.ko drivers/net/net_failover.ko drivers/net/veth.ko \
        drivers/net/dummy.ko drivers/net/vxlan -name '*.ko'
) >keep
tar -cf - -C "kernel/$modules" modules.order modules.builtin modules.builtin.modinfo | tar -xf - -C "$root/$modules"
mkdir "$root/$modules/kernel"
tar -cf - -C "kernel/$modules/kernel" -T keep | tar -xf - -C "$root/$modules/kernel"
chroot "$root" depmod "$version"

# The initrd: busybox, and the modules that make the disk and the network cards appear.
mkdir -p initrd/bin initrd/modules initrd/dev initrd/proc initrd/sys initrd/new
cp "$root/bin/busybox" initrd/bin/
for name in virtio_pci virtio_blk virtio_net virtio_rng; do
    chroot "$root" modprobe --set-version "$version" --show-depends $name
done | sed -n 's/^insmod //p' | while read -r module; do
    cp "$root$module" initrd/modules/
    echo "${module##*/}" >>initrd/modules/order
done
cp "$here/initrd" initrd/init
chmod 755 initrd/init
(cd initrd && find . | "$root/bin/busybox" cpio -o -H newc 2>/dev/null) | gzip -1 >initrd.gz
rm -rf kernel initrd keep "$image"_*.deb

# boot2docker's engine, Docker 19.03, speaks no version of Docker's API after 1.40.
sed -i 's/1\.401\.41/1.401.40/' "$root/usr/sbin/dockerd"

# The user that docker-machine knows; the key comes with the VM's disk.
chroot "$root" useradd --create-home --gid docker --shell /bin/bash --password '*' docker
install -d -m 700 -o root -g root "$root/etc/sudoers.d"
# No terminal and no session of its own for each sudo, as boot2docker's, which was built without PAM.
cat >"$root/etc/sudoers.d/docker" <<'SUDOERS'
Defaults !use_pty, !pam_session, !pam_setcred, !syslog
docker ALL=(ALL) NOPASSWD: ALL
SUDOERS
chmod 440 "$root/etc/sudoers.d/docker"
cat >"$root/etc/ssh/sshd_config" <<'SSHD'
HostKey /var/lib/boot2docker/ssh/ssh_host_ed25519_key
UseDNS no
UsePAM no
PasswordAuthentication no
PrintMotd no
LogLevel ERROR
KexAlgorithms curve25519-sha256
SSHD
rm -f "$root"/etc/ssh/ssh_host_*

install -d "$root/usr/local/sbin" "$root/var/lib/boot2docker/etc" "$root/etc/acpi/events"
install -m 755 "$here/init" "$root/sbin/init"
install -m 755 "$here/docker" "$root/etc/init.d/docker"
install -m 755 "$here/poweroff" "$root/usr/local/sbin/poweroff"
printf 'event=button/power.*\naction=/usr/local/sbin/poweroff\n' >"$root/etc/acpi/events/power"
cat >"$root/usr/bin/sethostname" <<'SET'
#!/bin/sh
hostname "$1"
printf '127.0.0.1 %s localhost localhost.local\n' "$1" >/etc/hosts
SET
chmod 755 "$root/usr/bin/sethostname"
cat >"$root/etc/os-release" <<'RELEASE'
NAME=Boot2Docker
VERSION="19.03.12"
ID=boot2docker
ID_LIKE=tcl
VERSION_ID=19.03.12
PRETTY_NAME="Boot2Docker 19.03.12 (TCL 10.1)"
RELEASE
echo boot2docker >"$root/var/lib/boot2docker/etc/hostname"
# Its own certificates, which it has until docker-machine's are there; boot2docker makes them when it boots first.
(
    mkdir "$root/var/lib/boot2docker/tls"
    cd "$root/var/lib/boot2docker/tls"
    openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj '/O=Boot2Docker CA' -keyout cakey.pem -out ca.pem
    openssl req -newkey rsa:2048 -nodes -subj /O=Boot2Docker/CN=boot2docker -keyout serverkey.pem -out server.csr
    openssl x509 -req -days 3650 -in server.csr -CA ca.pem -CAkey cakey.pem -CAcreateserial -out server.pem
) 2>/dev/null
# Nobody answers there, so that pulling an image fails at once.
rm -f "$root/etc/resolv.conf"
echo 'nameserver 127.0.0.1' >"$root/etc/resolv.conf"
: >"$root/etc/fstab"
rm -rf "$root"/usr/share/zoneinfo/right "$root"/usr/share/zoneinfo/posix "$root"/usr/lib/x86_64-linux-gnu/gconv
rm -rf "$root"/boot/* "$root"/var/lib/apt/lists/* "$root"/var/log/*
