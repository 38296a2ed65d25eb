"""iptables, which tells where new connections to the service's port end, and moves them (decision: netfilter)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Optional

CHAIN = "OSPREY"
ASK = (
    's=; [ "$(id -u)" = 0 ] || s="sudo -n"; if r=$($s iptables -w 5 -t nat -S); then echo netfilter;'
    f' echo "$r" | grep -e "-A {CHAIN} "; fi; sed -n "s/^MemAvailable: *\\([0-9]*\\) kB/memory \\1/p" /proc/meminfo;'
    ' sed -n "s/^ *[0-9]*: [0-9A-F]*:\\(PORTS\\) [0-9A-F:]* \\(01\\|02\\|0A\\) .*/taken \\1/p"'
    " /proc/net/tcp /proc/net/tcp6 | sort -u; :"
)
"""Asked where the engine is. PORTS, in hexadecimal: an open connection, or one that begins, may have one of them."""
SWITCH = (
    "for t in iptables ip6tables; do $t -w 5 -t nat -S >/dev/null 2>&1 || continue;"
    " printf '*nat\\n:{chain} -\\n{rule}COMMIT\\n' | $t-restore -w 5 -n && for c in PREROUTING OUTPUT; do"
    " $t -w 5 -t nat -C $c -j {chain} 2>/dev/null || $t -w 5 -t nat -I $c -j {chain} || exit 1; done || exit 1; done"
)
"""A chain of our own, before Docker's, replaced as a whole: no connection meets half of it."""
REDIRECT = "-A {chain} -p tcp --syn --dport {at} -m addrtype --dst-type LOCAL -j REDIRECT --to-ports {port}\\n"
"""--syn: an open connection is new to netfilter where nothing asked it to follow connections before."""
FOLLOW = "-A {chain} -m conntrack --ctstate INVALID -j RETURN\\n"
"""Stays once no connection is redirected, and changes nothing but that netfilter goes on following connections.

Without it, netfilter takes a new connection from a client's port that was redirected a minute ago for that older one.
"""


@dataclass(frozen=True)
class Room:
    """What is asked where the engine is.

    active_port: None when nobody can know or move it; memory_free: bytes; taken: the ports that are taken.
    """

    active_port: Optional[int] = None
    memory_free: Optional[int] = None
    taken: frozenset[int] = frozenset()


def question(ports: range) -> str:
    """The line that asks for the active port, the free memory, and which of the ports are taken."""
    return ASK.replace("PORTS", "\\|".join(f"{port:04X}" for port in ports))


def room(printed: str, service_port: int) -> Room:
    """What the question printed."""
    readable, memory = (
        re.search(r"^netfilter$", printed, re.MULTILINE),
        re.search(r"^memory (\d+)$", printed, re.MULTILINE),
    )
    ports = [int(port) for port in re.findall(rf"-A {CHAIN} .*--to-ports (\d+)", printed)]
    return Room(
        (ports or [service_port])[0] if readable else None,
        int(memory[1]) * 1024 if memory else None,
        frozenset(int(port, 16) for port in re.findall(r"^taken ([0-9A-F]{4})$", printed, re.MULTILINE)),
    )


def switch(at: int, port: int) -> str:
    """The line that sends new connections for one port to another, at once; open connections go on as they are."""
    rule = (FOLLOW if port == at else REDIRECT).format(chain=CHAIN, at=at, port=port)
    return SWITCH.format(chain=CHAIN, rule=rule)
