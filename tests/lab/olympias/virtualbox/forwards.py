"""Rules of a NAT network: `name,proto,host-ip,host-port,guest-ip,guest-port`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .errors import Failure, Syntax, refusal


@dataclass(frozen=True)
class Rule:
    """One forwarded port."""

    name: str
    protocol: str
    host: str
    host_port: int
    guest: str
    guest_port: int

    def __str__(self) -> str:
        return f"{self.name},{self.protocol},{self.host},{self.host_port},{self.guest},{self.guest_port}"

    @property
    def listener(self) -> tuple[str, str, int]:
        """What two rules may not share."""
        return (self.protocol, self.host, self.host_port)

    @property
    def monitor(self) -> str:
        """The rule in the words of QEMU's `hostfwd_add`."""
        return f"{self.protocol}:{self.host}:{self.host_port}-{self.guest}:{self.guest_port}"

    @property
    def monitor_listener(self) -> str:
        """The rule in the words of QEMU's `hostfwd_remove`."""
        return f"{self.protocol}:{self.host}:{self.host_port}"


def parse(text: str, nic: int) -> Rule:
    """Read a rule as VBoxManage does: rubbish for a port becomes 0, an empty name is made up."""
    fields = [field.strip() for field in text.split(",")]
    if len(fields) != 6:
        raise Syntax(f"Missing or invalid argument to 'natpf{nic}'.")
    name, protocol, host, host_port, guest, guest_port = fields
    if protocol.lower() not in ("tcp", "udp"):
        raise Syntax(f"Wrong rule proto '{protocol}' specified -- only 'udp' and 'tcp' are allowed.")
    ports = _port(host_port), _port(guest_port)
    name = name or f"{protocol.lower()}_{ports[0]}_{ports[1]}"
    return Rule(name, protocol.lower(), host, ports[0], guest, ports[1])


def add(rules: list[Rule], rule: Rule, file: str) -> list[Rule]:
    """The rules with this one, in the order of their names."""
    if any(rule.name == other.name for other in rules):
        raise _refused("A NAT rule of this name already exists", file)
    if any(rule.listener == other.listener for other in rules):
        raise _refused("A NAT rule for this host port and this host IP already exists", file)
    return sorted([*rules, rule], key=lambda rule: rule.name)


def delete(rules: list[Rule], name: str, file: str) -> tuple[list[Rule], Rule]:
    """The rules without the one of this name, and that one."""
    for rule in rules:
        if rule.name == name:
            return [other for other in rules if other != rule], rule
    raise Failure(
        "Code NS_ERROR_INVALID_ARG (0x80070057) - Invalid argument value (extended info not available)",
        f'Context: "RemoveRedirect(Bstr(a->argv[3]).raw())" at line 523 of file {file}',
    )


def _port(text: str) -> int:
    digits = re.match(r"\d+", text)
    number = int(digits[0]) if digits else 0
    return number if number < 1 << 16 else 0


def _refused(text: str, file: str) -> Failure:
    call = "AddRedirect(Bstr(strName).raw(), proto, Bstr(strHostIp).raw(), RTStrToUInt16(strHostPort), "
    call += "Bstr(strGuestIp).raw(), RTStrToUInt16(strGuestPort))"
    return refusal(text, "NS_ERROR_INVALID_ARG", "INATEngine", f'"{call}" at line 509 of file {file}')
