#!/bin/sh
# Make a Mac's root in this mount namespace, and become its sshd. $1 is the lab's folder, $2 the guest's image,
# $3 the folder of this file. Debian's own /usr is at /Library/Debian, and on nobody's PATH.
set -eu
run=$1
image=$2
here=$3
root=$run/root
debian=/Library/Debian

hostname "$(cat "$run/name")"
mount --make-rprivate /
mkdir -p "$root"
mount -t tmpfs -o mode=755 root "$root"
cd "$root"
mkdir -p usr Library/Debian Library/LaunchDaemons proc sys dev tmp run etc/ssh var/empty var/root var/tmp var/log Users Applications old
for link in bin lib lib64 sbin; do ln -s usr/$link $link; done
mount --bind /usr usr
mount --bind /usr Library/Debian
mount --bind "$run/Users" Users
mount -t proc -o hidepid=2 proc proc
mount -t sysfs sysfs sys
mount -t tmpfs -o mode=755 dev dev
mount -t tmpfs -o mode=755 run run
chmod 1777 tmp var/tmp
ln -s /run var/run

mkdir dev/pts dev/shm dev/net run/sshd
mount -t devpts -o ptmxmode=666,newinstance devpts dev/pts
ln -s pts/ptmx dev/ptmx
for node in null:1:3 zero:1:5 full:1:7 random:1:8 urandom:1:9 tty:5:0 net/tun:10:200; do
    number=${node#*:}
    mknod -m 666 "dev/${node%%:*}" c "${number%:*}" "${number#*:}"
done
for link in fd: stdin:/0 stdout:/1 stderr:/2; do ln -s "/proc/self/fd${link#*:}" "dev/${link%%:*}"; done

for part in alternatives ld.so.cache ld.so.conf ld.so.conf.d localtime login.defs nsswitch.conf pam.conf pam.d \
    protocols security services ssl; do
    [ ! -e "/etc/$part" ] || cp -a "/etc/$part" etc/
done
cp -a "$run/etc/." etc/

for place in usr/bin usr/sbin usr/local; do mount -t tmpfs -o mode=755 mac "$place"; done
while read -r name; do
    for place in bin sbin; do
        program=$(readlink -f "/usr/$place/$name")
        [ ! -e "$program" ] || ln -s "$debian/${program#/usr/}" "usr/$place/$name"
    done
done <"$here/mac/commands.txt"
ln -sf $debian/bin/bash usr/bin/sh
for tool in "$here"/mac/bin/*; do
    rm -f "usr/bin/${tool##*/}"
    install -m 755 "$tool" usr/bin/
done
for link in sysctl pmset; do mv usr/bin/$link usr/sbin/$link; done

app=Applications/VirtualBox.app/Contents
mkdir -p usr/local/bin usr/local/lib "$app/MacOS" "$app/Resources/image"
mount --bind "$image" "$app/Resources/image"
cp -R "$here/virtualbox" "$here/title.py" usr/local/lib/
ln -s $debian/bin/qemu-system-x86_64 "$app/MacOS/VBoxHeadless"
ln -s $debian/bin/qemu-img "$app/MacOS/qemu-img"
cat >"$app/MacOS/VBoxManage" <<'MANAGE'
#!/Library/Debian/bin/python3 -IB
import sys

sys.path.insert(0, "/usr/local/lib")
import title
from virtualbox.manage import main

title.show(["VBoxManage", *sys.argv[1:]])
sys.exit(main(sys.argv[1:]))
MANAGE
chmod 755 "$app/MacOS/VBoxManage"
ln -s "/$app/MacOS/VBoxManage" usr/local/bin/VBoxManage
ln -s $debian/bin/docker usr/local/bin/docker
ln -s $debian/bin/python3 usr/local/bin/python3
cp -R "$here/docker_machine" usr/local/lib/
ln -s /usr/local/lib/docker_machine/docker-machine usr/local/bin/
python3 -m compileall -q -s "$PWD" usr/local/lib

pivot_root . old
cd /
$debian/bin/umount -l /old
$debian/bin/rmdir /old
exec $debian/sbin/sshd -D -e
