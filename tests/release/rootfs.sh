#!/bin/sh
# Writes the base layer of the sample image, made of Debian packages, to the tar file named as argument.
# Needs apt-get and dpkg-deb; package lists that are missing or stale are fetched, which takes root.
set -eu
umask 022

out=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/packages" "$work/root"

# Print what the packages named after the first argument depend on, as far as that pattern matches it.
needs() {
    pattern=$1
    shift
    apt-cache depends "$@" | sed -nE "s/^ *(Pre)?Depends: ($pattern)\$/\2/p" | sort -u
}

fetch() {
    python=$(needs 'python3\.[0-9]+-minimal' python3-minimal)
    [ -n "$python" ] || return 1
    programs="busybox-static caddy openssl $python lib$python lib${python%-minimal}-stdlib"
    libraries=$(needs 'lib(c6|expat1|ssl3|zstd1)[t0-9]*|zlib1g' $programs)
    cd "$work/packages"
    apt-get -qq -o APT::Sandbox::User="$(id -un)" download coreutils $programs $libraries
}

fetch || { apt-get -qq update && fetch; }

cd "$work/root"
mkdir -p etc home proc sys dev tmp var usr/bin usr/sbin usr/lib usr/lib64
for folder in bin sbin lib lib64; do ln -s "usr/$folder" "$folder"; done
for package in "$work"/packages/*.deb; do
    case $package in
        */coreutils_*) keep='--wildcards --no-anchored bin/sleep' ;;
        *) keep= ;;
    esac
    dpkg-deb --fsys-tarfile "$package" | tar -x --no-same-owner --keep-directory-symlink $keep
done

# Only what caddy, openssl, the shell and an HTTP server in Python need.
rm -rf usr/share usr/include lib/systemd etc/init.d etc/python* usr/lib/*/gconv usr/lib/*/audit
rm -rf etc/caddy etc/ld.so.conf.d usr/lib/mime usr/lib/valgrind usr/lib/*/perl usr/lib/*/engines-3
(
    cd usr/lib/python3.*
    rm -rf asyncio ctypes curses dbm distutils ensurepip idlelib lib2to3 multiprocessing pydoc_data \
        sqlite3 test tkinter turtle* unittest venv wsgiref xml xmlrpc __pycache__
    rm -f lib-dynload/_codecs_* lib-dynload/_test* lib-dynload/_decimal* lib-dynload/_ctypes* \
        lib-dynload/_curses* lib-dynload/_sqlite3* lib-dynload/_dbm* _pydecimal.py _sysconfigdata*
)
find usr -name '*.a' -delete

# What the servers import, compiled: an emulated processor does that for a second at each start. By content, not by date.
run="$(echo lib64/ld-linux*) --library-path $(dirname usr/lib/*/libc.so.6) $(echo usr/bin/python3.*)"
PYTHONHOME=usr $run -IS - <<'END'
import json, pathlib, py_compile, signal, socketserver, subprocess, sys, threading, typing

for module in list(sys.modules.values()):
    file = getattr(module, "__file__", None) or ""
    if file.endswith(".py"):
        mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
        py_compile.compile(file, dfile="/usr" + file.rpartition("usr")[2], doraise=True, invalidation_mode=mode)
END

mkdir -p opt/ambertools/bin
mv usr/bin/sleep opt/ambertools/bin/sander
for applet in $(usr/bin/busybox --list); do
    [ -e "usr/bin/$applet" ] || ln -s busybox "usr/bin/$applet"
done
ln -s "$(basename usr/bin/python3.*)" usr/bin/python3
cat > etc/passwd <<'END'
root:x:0:0:root:/root:/bin/sh
www-data:x:33:33:www-data:/home/osprey:/bin/sh
END
cat > etc/group <<'END'
root:x:0:
www-data:x:33:
END

tar -cf "$out" --format=gnu --sort=name --mtime=@1630454400 --owner=0 --group=0 --numeric-owner ./*
