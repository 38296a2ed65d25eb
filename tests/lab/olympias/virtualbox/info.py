"""showvminfo and list."""

from __future__ import annotations

from datetime import datetime, timezone

from .errors import Syntax
from .machine import Machine
from .options import named, options
from .registry import Registry

ACTIVE = ("running", "paused")


def showvminfo(registry: Registry, words: list[str]) -> None:
    """All that is known of a machine, for programs."""
    name, rest = named(words)
    if "machinereadable" not in options(rest, {"machinereadable": ""}):
        raise Syntax("The lab knows showvminfo only with --machinereadable")
    if registry.inaccessible(name):
        print(f'name="<inaccessible>"\nUUID="{name}"')
        return
    machine = registry.machine(name)
    state = machine.state
    settings = machine.settings
    changed = datetime.fromtimestamp(machine.seen(state), timezone.utc)
    lines: list[tuple[str, object]] = [
        ("name", settings.name),
        ("groups", "/"),
        ("ostype", "Linux 2.6 / 3.x / 4.x (64-bit)"),
        ("UUID", settings.uuid),
        ("CfgFile", str(machine.file)),
        ("SnapFldr", str(machine.file.parent / "Snapshots")),
        ("LogFldr", str(machine.file.parent / "Logs")),
        ("memory", settings.memory),
        ("cpus", settings.cpus),
        ("rtcuseutc", settings.options.get("rtcuseutc", "off")),
        ("VMState", state),
        ("VMStateChangeTime", changed.strftime("%Y-%m-%dT%H:%M:%S.%f") + "000"),
    ]
    if machine.vm.saved.exists():
        lines.append(("VMStateFile", str(machine.vm.saved)))
    lines += [(f'"{place}"', medium) for place, medium in sorted(settings.media.items())]
    for number in (1, 2):
        lines += _nic(machine, number)
    lines += [(f"SharedFolderNameMachineMapping{n}", name) for n, name in enumerate(settings.folders, 1)]
    if machine.vm.pid():
        lines += [("SessionName", "headless"), ("GuestAdditionsRunLevel", 2)]
        lines.append(("GuestAdditionsVersion", "5.2.36 r135684"))
    print("\n".join(f"{key}={_value(value)}" for key, value in lines))


def list_(registry: Registry, words: list[str]) -> None:
    """The machines, the running ones, the host-only interfaces, or their DHCP servers."""
    if words in (["vms"], ["runningvms"]):
        for machine in registry.machines():
            if isinstance(machine, str):
                if words == ["vms"]:
                    print(f'"<inaccessible>" {{{machine}}}')
            elif words == ["vms"] or machine.state in ACTIVE:
                print(f'"{machine.name}" {{{machine.settings.uuid}}}')
    elif words == ["hostonlyifs"]:
        print(HOSTONLYIF)
    elif words == ["dhcpservers"]:
        for network, server in registry.dhcp.items():
            print(f"NetworkName:    {network}")
            print(f"Dhcpd IP:       {server['ip']}")
            print(f"LowerIPAddress: {server['lowerip']}")
            print(f"UpperIPAddress: {server['upperip']}")
            print(f"NetworkMask:    {server['netmask']}")
            print(f"Enabled:        {server['enabled']}\n")
    else:
        raise Syntax(f"Unknown subcommand '{words[0]}'." if words else "Missing subcommand")


def _nic(machine: Machine, number: int) -> list[tuple[str, object]]:
    """The lines of a network card; its rules come before its kind's line, numbered from 0."""
    settings = machine.settings
    kind = settings.options.get(f"nic{number}", "none")
    if kind == "none":
        return [(f"nic{number}", "none")]
    lines: list[tuple[str, object]] = []
    if kind == "nat":
        lines.append((f"natnet{number}", "nat"))
    elif kind == "hostonly":
        lines.append((f"hostonlyadapter{number}", settings.options.get(f"hostonlyadapter{number}", "")))
    lines.append((f"macaddress{number}", settings.macs[number - 1]))
    lines.append((f"cableconnected{number}", settings.options.get(f"cableconnected{number}", "on")))
    lines.append((f"nic{number}", kind))
    if kind == "nat":
        rules = settings.rules.get(str(number), [])
        lines += [(f"Forwarding({index})", str(rule)) for index, rule in enumerate(rules)]
    return lines


def _value(value: object) -> str:
    if isinstance(value, int):
        return str(value)
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'


HOSTONLYIF = """\
Name:            vboxnet0
GUID:            786f6276-656e-4074-8000-0a0027000000
DHCP:            Disabled
IPAddress:       192.168.99.1
NetworkMask:     255.255.255.0
IPV6Address:
IPV6NetworkMaskPrefixLength: 0
HardwareAddress: 0a:00:27:00:00:00
MediumType:      Ethernet
Wireless:        No
Status:          Up
VBoxNetworkName: HostInterfaceNetworking-vboxnet0
"""
