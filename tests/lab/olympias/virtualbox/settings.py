"""createvm, modifyvm and the other commands that change settings, as docker-machine's driver calls them."""

from __future__ import annotations

import re
import sys
import uuid
from pathlib import Path

from .control import lingers, natpf
from .errors import Failure, Syntax, locked_for_writing, refusal
from .machine import RESTING, Machine, Settings
from .options import named, options, progress
from .registry import Registry
from .vm import remove

BLOCK = 1 << 20
SWITCH = "on|off"
IPV4 = r"\d+\.\d+\.\d+\.\d+"
MODIFY = {
    "firmware": "bios",
    "bioslogofadein": SWITCH,
    "bioslogofadeout": SWITCH,
    "bioslogodisplaytime": r"\d+",
    "biosbootmenu": "disabled",
    "ostype": "Linux26_64",
    "cpus": r"\d+",
    "memory": r"\d+",
    "boot1": "dvd",
    **dict.fromkeys(("acpi", "ioapic", "rtcuseutc", "natdnshostresolver1", "natdnsproxy1", "cpuhotplug"), SWITCH),
    **dict.fromkeys(("pae", "hpet", "hwvirtex", "nestedpaging", "largepages", "vtxvpid", "accelerate3d"), SWITCH),
    **{f"nic{number}": "none|null|nat|hostonly" for number in (1, 2)},
    **{f"nictype{number}": r"82540EM|82543GC|82545EM|Am79C97[03]|virtio" for number in (1, 2)},
    **{f"cableconnected{number}": SWITCH for number in (1, 2)},
    "nicpromisc2": "deny|allow-vms|allow-all",
    "hostonlyadapter2": "vboxnet0",
}


def createvm(registry: Registry, words: list[str]) -> None:
    """Make and register a machine in a folder of its own."""
    found = options(words, {"name": ".+", "basefolder": ".+", "register": ""})
    if "name" not in found:
        raise Syntax("Parameter --name is required")
    name = found["name"]
    base = Path(found.get("basefolder", Path.home() / "VirtualBox VMs"))
    file = base / name / f"{name}.vbox"
    if file.exists():
        context = '"CreateMachine(…)" at line 275 of file VBoxManageMisc.cpp'
        text = f"Machine settings file '{file}' already exists"
        raise refusal(text, "VBOX_E_FILE_ERROR", "IMachine", context)
    file.parent.mkdir(parents=True)
    identity = str(uuid.uuid4())
    macs = tuple("080027" + uuid.uuid4().hex[:6].upper() for _ in range(2))
    with registry.changing():
        settings = Settings(identity, name, registry.free_address(), macs=(macs[0], macs[1]))
        Machine.create(file, settings)
        if "register" in found:
            registry.register(identity, file)
    print(f"Virtual machine '{name}' is created{' and registered' if 'register' in found else ''}.")
    print(f"UUID: {identity}\nSettings file: '{file}'")


def modifyvm(registry: Registry, words: list[str]) -> None:
    """Change the settings of a machine that has no process."""
    name, rest = named(words)
    if not rest:
        raise Syntax("Not enough parameters")
    rule = re.fullmatch(r"--natpf([12])", rest[0])
    found = {} if rule else options(rest, MODIFY)
    machine = _writable(registry, name)
    if rule:
        natpf(registry, machine, int(rule[1]), rest[1:], "VBoxManageModifyVM.cpp")
        return
    settings = machine.settings
    settings.memory = int(found.pop("memory", settings.memory))
    settings.cpus = int(found.pop("cpus", settings.cpus))
    if settings.options.get("nic1") == "nat" and found.get("nic1", "nat") != "nat":
        settings.rules.pop("1", None)
    settings.options.update(found)
    machine.save()


def storagectl(registry: Registry, words: list[str]) -> None:
    """Add a storage controller."""
    name, rest = named(words)
    found = options(rest, {"name": ".+", "add": "sata", "hostiocache": SWITCH})
    if "name" not in found:
        raise Syntax("Storage controller name not specified")
    machine = _writable(registry, name)
    machine.settings.controllers.append(found["name"])
    machine.save()


def storageattach(registry: Registry, words: list[str]) -> None:
    """Put a medium into a slot of a controller."""
    name, rest = named(words)
    known = {"storagectl": ".+", "port": r"\d+", "device": r"\d+", "type": "dvddrive|hdd", "medium": ".+"}
    found = options(rest, known)
    if len(found) < len(known):
        raise Syntax("Not enough parameters")
    machine = _writable(registry, name)
    if found["storagectl"] not in machine.settings.controllers:
        context = '"GetStorageControllerByName" at line 340 of file VBoxManageStorageController.cpp'
        text = f"Could not find a storage controller named '{found['storagectl']}'"
        raise refusal(text, "VBOX_E_OBJECT_NOT_FOUND", "IMachine", context)
    if not Path(found["medium"]).exists():
        raise Failure(f"Could not find file for the medium '{found['medium']}' (VERR_FILE_NOT_FOUND)")
    machine.settings.media[f"{found['storagectl']}-{found['port']}-{found['device']}"] = found["medium"]
    machine.save()


def convertfromraw(registry: Registry, words: list[str]) -> None:
    """Make a disk of what comes on standard input; zeros take no room."""
    if len(words) != 5 or words[0] != "stdin" or words[3:] != ["--format", "VMDK"] or not words[2].isdigit():
        raise Syntax("Incorrect number of parameters")
    path, size = Path(words[1]), int(words[2])
    print(f'Converting from raw image file="stdin" to file="{path}"...')
    print(f"Creating dynamic image with size {size} bytes ({size >> 20}MB)...")
    zeros = bytes(BLOCK)
    with path.open("wb") as disk:
        while block := sys.stdin.buffer.read(BLOCK):
            if block == zeros[: len(block)]:
                disk.seek(len(block), 1)
            else:
                disk.write(block)
        disk.truncate(size)


def unregistervm(registry: Registry, words: list[str]) -> None:
    """Forget a machine, and delete its files if told so."""
    name, rest = named([word for word in words if word != "--delete"])
    options(rest, {})
    machine = registry.machine(name)
    if machine.state not in RESTING:
        context = '"Unregister(CleanupMode_DetachAllReturnHardDisksOnly)" at line 160 of file VBoxManageMisc.cpp'
        text = f"Cannot unregister the machine '{machine.name}' while it is locked"
        raise refusal(text, "VBOX_E_INVALID_OBJECT_STATE", "IMachine", context)
    with registry.changing():
        registry.unregister(machine.settings.uuid)
    if "--delete" in words:
        if machine.hardware.keys:
            remove(machine.hardware.keys)
        remove(machine.file.parent)
        progress()


def guestproperty(registry: Registry, words: list[str]) -> None:
    """Read or write what the guest is told."""
    if len(words) not in (3, 4) or words[0] != {3: "get", 4: "set"}[len(words)]:
        raise Syntax("Incorrect parameters")
    machine = registry.machine(words[1])
    properties = machine.settings.properties
    if words[0] == "set":
        properties[words[2]] = words[3]
        with registry.changing():
            machine.save()
    else:
        print(f"Value: {properties[words[2]]}" if words[2] in properties else "No value set!")


def setextradata(registry: Registry, words: list[str]) -> None:
    """Note a value under a key."""
    if len(words) != 3:
        raise Syntax("Not enough parameters")
    machine = registry.machine(words[0])
    machine.settings.extra[words[1]] = words[2]
    with registry.changing():
        machine.save()


def sharedfolder(registry: Registry, words: list[str]) -> None:
    """Note a shared folder; the lab's guest mounts none."""
    if len(words) < 2 or words[0] != "add":
        raise Syntax("Not enough parameters")
    found = options(words[2:], {"name": ".+", "hostpath": "/.*", "automount": ""})
    machine = _writable(registry, words[1])
    machine.settings.folders[found["name"]] = found["hostpath"]
    machine.save()


def hostonlyif(registry: Registry, words: list[str]) -> None:
    """Set the address of the one interface to what it is."""
    expected = ["ipconfig", "vboxnet0", "--ip", "192.168.99.1", "--netmask", "255.255.255.0"]
    if words != expected:
        raise Syntax("The lab has vboxnet0 with 192.168.99.1 only")


def dhcpserver(registry: Registry, words: list[str]) -> None:
    """Note a DHCP server; the lab's guests have the address of their settings."""
    if len(words) < 3 or words[0] not in ("add", "modify", "remove") or words[1] != "--netname":
        raise Syntax("Not enough parameters")
    known = {"ip": IPV4, "netmask": IPV4, "lowerip": IPV4, "upperip": IPV4, "enable": "", "disable": ""}
    found = options(words[3:], {} if words[0] == "remove" else known)
    with registry.changing():
        servers = registry.dhcp
        if words[0] == "remove":
            servers.pop(words[2], None)
        else:
            enabled = "No" if "disable" in found else "Yes"
            servers[words[2]] = {**servers.get(words[2], {}), **found, "enabled": enabled}
        registry.dhcp = servers


def _writable(registry: Registry, name: str) -> Machine:
    machine = registry.machine(name)
    if machine.state not in RESTING or lingers(registry, machine):
        raise locked_for_writing(machine.name)
    return machine
