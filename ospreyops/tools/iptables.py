"""iptables, which tells where new connections to the service's port end, and moves them (decision: netfilter)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Optional

from ..facts.route import Route
from ..remote.command import quote
from ..remote.sudo import freely

CHAIN = "OSPREY"
PROGRAMS = {"IPv4": "iptables", "IPv6": "ip6tables"}
LOOPBACK = {"IPv4": "127.0.0.0/8", "IPv6": "::1/128"}
RULES = (
    "for t in iptables ip6tables; do"
    ' if r=$($t -w 5 -t nat -S 2>&1); then printf "%s readable\\n%s\\n" $t "$r"; else echo "$t refused: $r"; fi;'
    "{filter} done"
)
REFUSED = 'for t in iptables ip6tables; do echo "$t refused: $r"; done'
"""What is said for both where sudo refuses: it is asked once, for that takes longer than all of the rules."""
FILTER_RULES = ' echo "$t filter"; $t -w 5 -S INPUT;'
TOLD = (
    ' | grep -E -e "^ip6?tables (readable|refused: |filter)" -e "^-[AP] ({chain}|INPUT) "'
    ' -e "^-A DOCKER .* -j DNAT " -e "^-A OUTPUT .*-j DOCKER" -e "^guarded$";'
)
GUARDED = (
    '; case "$(nft list chains inet 2>/dev/null)" in *"hook input"*) echo guarded ;;'
    " *) ! command -v firewalld >/dev/null || ! systemctl is-active -q firewalld 2>/dev/null || echo guarded ;; esac;"
)
ROOM = (
    ' { while read -r a i p k r; do echo "inet6 $k"; done; } 2>/dev/null </proc/net/if_inet6;'
    ' sed -n -e "s/^MemAvailable: *\\([0-9]*\\) kB/memory \\1/p"'
    ' -e "s/^ *[0-9]*: [0-9A-F]*:\\([0-7][0-9A-F]\\{3\\}\\) [0-9A-F:]* \\(01\\|02\\|0A\\) .*/taken \\1/p"'
    " /proc/meminfo /proc/net/tcp /proc/net/tcp6 | sort -u; :"
)
"""What is asked where the engine is. An open connection, or one that begins, takes a port, too."""
SCOPES = {"00": "global", "10": "loopback", "20": "link"}
"""The kernel's numbers for how far an IPv6 address reaches."""
SWITCH = (
    'n() {{ printf "*nat\\n:{chain} -\\n$2COMMIT\\n" | $1-restore -w 5 -n && for c in PREROUTING OUTPUT; do'
    " $1 -w 5 -t nat -C $c -j {chain} 2>/dev/null || $1 -w 5 -t nat -I $c -j {chain} || exit 1; done; }}; {families}"
)
"""A chain of our own, before Docker's, replaced as a whole: no connection meets half of it."""
FILTER = r"-P INPUT (?!ACCEPT)|-A INPUT (?!.*(--dport|--dports|INVALID| -s )).*-j (DROP|REJECT)"
"""A rule that keeps out what no other rule lets in."""
PUBLISHED = re.compile(
    r"-A DOCKER (?P<rule>(?:(?!--dport |-j )[\w.:/!@+-]+ )*--dport (?P<port>[0-9]{1,5}) "
    r"(?:(?!-j )[\w.:/!@+-]+ )*-j DNAT --to-destination [\w.:\[\]-]+)",
    re.ASCII,
)
"""Docker's own rule for a port. Its words become part of a line of ours, so it has no others, and no quotes."""
HERE = "--dport {at} --syn -m addrtype --dst-type LOCAL"
"""--syn: an open connection is new to netfilter where nothing asked it to follow connections before."""
REDIRECT = f"-A {CHAIN} -p tcp {HERE} -j REDIRECT --to-ports {{port}}\\n"
FOLLOW = f"-A {CHAIN} -m conntrack --ctstate INVALID -j RETURN\\n"
"""Stays once no connection is redirected, and changes nothing but that netfilter goes on following connections.

Without it, netfilter takes a new connection from a client's port that was redirected a minute ago for that older one.
"""
OTHERS = re.compile(rf"-A {CHAIN} (?:[\w.,:/!@+-]+ )*--dport (?P<port>[0-9]{{1,5}})(?: [\w.,:/!@+\[\]-]+)*", re.ASCII)
"""A rule of ours. Those for the port of another service on that machine stay when ours are replaced."""
NOWHERE = 0
"""The active port when the rules lead past all containers."""


@dataclass(frozen=True)
class Room:
    """What is asked where the engine is.

    active_port: None when nobody can know or move it; memory_free: bytes; taken: the ports that are taken.
    """

    active_port: Optional[int] = None
    memory_free: Optional[int] = None
    taken: frozenset[int] = frozenset()
    routes: tuple[Route, ...] = ()


def question(*, firewall: bool = True) -> str:
    """The line that asks for routes, free memory and taken ports; of a firewall only where users come from outside."""
    rules = RULES.format(filter=FILTER_RULES) + GUARDED if firewall else RULES.format(filter="")
    asked = f'r=$($s sh -c {quote(rules)} 2>&1) || r="$({REFUSED})"; echo "$r"'
    return freely("iptables -w 5 -t nat -S") + asked + TOLD.format(chain=CHAIN) + ROOM


def room(printed: str, service_port: int, *, loopback: bool = True) -> Room:
    """What the question printed. loopback: users of the very host that was asked come over its loopback."""
    memory = re.search(r"^memory ([0-9]{1,15})$", printed, re.MULTILINE)
    routes = tuple(_routes(printed, service_port, loopback=loopback))
    return Room(
        _active_port(routes, service_port),
        int(memory[1]) * 1024 if memory else None,
        frozenset(int(port, 16) for port in re.findall(r"^taken ([0-9A-F]{4})$", printed, re.MULTILINE)),
        routes,
    )


def _active_port(routes: tuple[Route, ...], service_port: int) -> Optional[int]:
    """Where all families lead; NOWHERE when one leads elsewhere than the others."""
    readable = [route for route in routes if route.refused is None]
    if not any(route.family == "IPv4" for route in readable):
        return None
    ports = {route.switched or service_port for route in readable}
    return ports.pop() if len(ports) == 1 and not any(route.astray for route in readable) else NOWHERE


def _routes(printed: str, service_port: int, *, loopback: bool) -> Iterator[Route]:
    """The families that could be asked, or said why not."""
    scopes = {SCOPES.get(scope, "") for scope in re.findall(r"^inet6 (\w+)$", printed, re.MULTILINE)}
    ends = {"global", "loopback"} if loopback else {"global"}
    inet = bool(re.search(r"^guarded$", printed, re.MULTILINE))
    for family, program in PROGRAMS.items():
        used = family == "IPv4" or bool(scopes & ends)
        if found := re.search(rf"^{program} refused: (.*)$", printed, re.MULTILINE):
            yield Route(family, used, refused=found[1] or "no reason given")
        elif found := re.search(rf"^{program} readable\n((?:-.*\n?)*)", printed, re.MULTILINE):
            outside = family == "IPv4" or "global" in scopes
            wall = re.search(rf"^{program} filter\n((?:-.*\n?)*)", printed, re.MULTILINE)
            filters = inet or bool(wall and any(re.match(FILTER, line) for line in wall[1].splitlines()))
            yield _route(family, found[1], service_port, used=used, guarded=outside and filters)


def _route(family: str, rules: str, service_port: int, *, used: bool, guarded: bool) -> Route:
    """One family, from its rules as `iptables -S` prints them."""
    chain = [line.rstrip() for line in rules.splitlines() if line.startswith(f"-A {CHAIN} ")]
    others = [line for line in chain if (rule := OTHERS.fullmatch(line)) and int(rule["port"]) != service_port]
    ours = "\n".join(line for line in chain if line not in others)
    docker = filter(None, (PUBLISHED.fullmatch(line.rstrip()) for line in rules.splitlines()))
    switched = re.findall(r"--to-ports ([0-9]{1,5})\b", ours)
    leads = re.findall(r"--to-destination (\S+)", ours)
    return Route(
        family,
        used,
        switched=int(switched[0]) if switched else None,
        leads=leads[0] if leads else None,
        published={int(found["port"]): found["rule"] for found in docker},
        loopback=bool(re.search(r"^-A OUTPUT (?!.*! -d).*-j DOCKER$", rules, re.MULTILINE)),
        guarded=guarded,
        others=tuple(others),
    )


def switch(at: int, port: int, routes: Iterable[Route]) -> str:
    """The line that sends new connections for one port to another, at once; open connections go on as they are.

    They take the road of that port's own: where Docker leads them on by a rule, the same rule, so that no firewall sees
    them otherwise; else to Docker's proxy.
    """
    readable = [route for route in routes if route.refused is None]
    families = [f"n {PROGRAMS[route.family]} '{_rules(at, port, route)}'" for route in readable]
    return SWITCH.format(chain=CHAIN, families=" && ".join(families))


def _rules(at: int, port: int, route: Route) -> str:
    """The rules of our chain for one family."""
    return "".join(f"{rule}\\n" for rule in route.others) + _own_rules(at, port, route)


def _own_rules(at: int, port: int, route: Route) -> str:
    if port == at:
        return FOLLOW
    redirect = REDIRECT.format(at=at, port=port)
    rule = route.published.get(port)
    if rule is None:
        return redirect
    outside = "" if route.loopback or re.search(r"(^|\s)-d\s", rule) else f"! -d {LOOPBACK[route.family]} "
    own = rule.replace(f"--dport {port}", HERE.format(at=at))
    return f"-A {CHAIN} {outside}{own}\\n{redirect}"
