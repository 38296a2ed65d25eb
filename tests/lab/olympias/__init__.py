"""olympias, the lab's Mac: a network namespace with SSH, VBoxManage, and a real virtual machine behind it."""
