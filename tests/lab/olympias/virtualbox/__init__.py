"""VBoxManage as the field book describes it, over QEMU: a program of its own, run on olympias by Debian's Python."""
