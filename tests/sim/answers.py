"""What a simulated host answers to the questions of a look."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Callable

from ospreyops.remote.command import Answer, Command
from ospreyops.remote.shown import Shown
from ospreyops.settings import ROOTS
from tests.sim.reading import read
from tests.sim.releases import archive_sum
from tests.sim.sessions import ASKED

if TYPE_CHECKING:
    from tests.sim.host import SimHost

EPOCH = 1_800_000_000
"""The host's time of day when its clock is at 0."""
SHOWN = Shown(None, "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3")
FOLDER = "/home/ops/osprey/service-docker"
ISSUER = "O = Osprey, CN = osprey.service"
ABOUT = "Osprey service running! Supported service versions: "

LOG = "".join(
    f'{{"level":"info","ts":1795784508.{number}497483,"logger":"http.log","msg":"running, and more of {number}"}}\n'
    for number in range(9)
)
"""What a start script prints before its last line: longer than a terminal is wide."""


def answer(host: SimHost, name: str, line: str) -> Answer:
    """What the host answers to a question of a look."""
    if name == "changed":
        return read(host, Command(line, 10))
    if name in ("asked", "lock", "history"):
        return host.really(Command(line, 10))
    if name in ASKED:
        return host.sessions.answer(name, line)
    if name == "failed_log":
        kept = any(f"osprey-service-failed-{version}.log" in line for version in host.failed_logs)
        return Answer(0 if kept else 1, "its last words\n" if kept else "")
    at = re.search(r"https://[^/ ]+?:(\d+)", line)
    behind = host.behind(int(at[1]) if at else 44342)
    said: dict[str, Callable[[], str]] = {
        "own": lambda: "",
        "place": lambda: host.place,
        "open": lambda: "".join(f"{whose}\t{FOLDER}\t{name}\n" for whose, name in host.open_to.items()),
        "host": lambda: f"Linux\nops\n/home/ops\n{EPOCH + host.now:.0f}\n",
        "tools": lambda: "".join(f"/usr/bin/{name}\n" for name in host.programs),
        "disk": lambda: f"/dev/sda1 100000000 1 {host.folder_free // 1024} 1% /\nwritable\n",
        "unpacked": lambda: _unpacked(host),
        "loaded": lambda: "none\n" if host.recorded is None else "".join(f"{row}\n" for row in host.recorded),
        "archives": lambda: "\n".join(f" 99 osprey-service-docker-{found}.tar" for found in sorted(host.archives)),
        "unit": lambda: _unit(host),
        "listener": lambda: _listener(host) if host.listener else "",
        "ended": lambda: "" if host.ended is None else f"{host.ended} {host.tried}".strip(),
        "sleep": lambda: host.pmset,
        "proven": lambda: "\n".join(host.proven),
        "loading": lambda: "\n".join(f"loading-{version}" for version in host.loading),
        "desired": lambda: host.garbled or (_desired(host) if host.desired else ""),
        "state": lambda: "".join(f"wrong {file} {wrong}\n" for file, wrong in host.damaged.items()),
        "log": lambda: "".join(f"{host.log_size} {log}\n" for log in sorted(host.logs)) + f"\n{LOG}the last log line\n",
        "room": lambda: room(host),
        "has": lambda: "".join(f"/usr/bin/{name}\n" for name in ("perl", "sudo", "iptables", *host.programs)),
        "perl": lambda: "This is perl 5, version 36, subversion 0 (v5.36.0) built for x86_64-linux-gnu\n",
        "client": lambda: "Docker version 20.10.24, build 297e128\n",
        "engine": lambda: "20.10.24 1.41\n",
        "sudo": lambda: "",
        "pythons": lambda: "3.11 /usr/bin/python3\n",
        "pythons_open": lambda: "",
        "ending": lambda: "",
        "names": lambda: f"osprey-service\n{_packed(line)}.bz2\n" if _packed(line) else "",
        "sum": lambda: f"{archive_sum(_packed(line)[22:-4])}  {_packed(line)}\n" if _packed(line) else "",
        "sums": lambda: host.sums,
        "listing": lambda: "-rwxr-xr-x root/root 1 osprey-service\n-rw-r--r-- root/root 1 x.bz2\n",
        "about": lambda: f"{ABOUT}v{behind.version}" if behind else "",
        "desktop": lambda: _desktop(behind.version) if behind and host.healthy(behind) else "",
        "certificate": lambda: f"issuer={ISSUER}\nsubject={ISSUER}\nnotAfter=Jan  1 00:00:00 2030 GMT\n",
    }
    if name.startswith("osprey_service"):
        return _connections(host, name)
    text = said[name]()
    failed = (name == "about" and not behind) or (name == "desired" and not text)
    return Answer(7 if failed else 0, text)


def _packed(line: str) -> str:
    """The archive that a line names."""
    found = re.search(r"osprey-service-docker-[0-9.]+\.tar\b(?!\.)", line)
    return found[0] if found else ""


def _unpacked(host: SimHost) -> str:
    rows = [f"{found}/osprey-service-docker-{found}.tar.bz2" for found in sorted(host.unpacked)]
    own = [f"{version}/" for version in sorted(host.own)]
    sources = [f"{found}/sha256:{digest}" for found, digest in host.unpacked_from.items() if found in host.own]
    parts = [f"{found}/base:{base}" for found, base in host.parts.items()]
    decoded = [f".decoded/{found}_1-1-1-1_{archive_sum(found)}.tar" for found in host.decoded]
    return "\n".join(["\n".join(rows), *own, *sources, *parts, *decoded])


def _listener(host: SimHost) -> str:
    return f'LISTEN 0 1 *:44342 *:* users:(("{host.listener}",pid=7,fd=4))'


def _desired(host: SimHost) -> str:
    return json.dumps({"version": host.desired, "digest": host.digest})


def _desktop(version: str) -> str:
    good = json.dumps({"response": {"name": "Osprey Service", "version": version}})
    return f"{good}\n200\n" * 3 + f"0 v{version}\n"


def _connections(host: SimHost, name: str) -> Answer:
    """The connections of the container whose name, with _ for each -, the question has."""
    one = next((one for one in host.containers if one.name.replace("-", "_") == name), None)
    if not one:
        return Answer(1, "", "cat: /proc/0/net/tcp: No such file or directory")
    row = f"  1: 0100007F:{one.port or 0:04X} 0100007F:1234 01 0\n" * host.connections.get(one.name, 0)
    return Answer(0, f"  sl  local_address rem_address st\n{row}")


def room(host: SimHost) -> str:
    """What the question for the active port, the free memory and the taken ports prints."""
    taken = "".join(f"taken {port:04X}\n" for port in sorted({*host.taken_ports, *host.listening}))
    disk = "" if host.docker_free is None else f"/dev/sdb 100000000 1 {host.docker_free // 1024} 1% /srv/docker\n"
    refused = "iptables refused: sudo: a password is required\n"
    rules = refused if host.active_port is None else "".join(_rules(host))
    return f"{rules}memory {host.memory_free // 1024}\n{taken}{disk}"


def _rules(host: SimHost) -> Iterator[str]:
    """The rules of each family, as an engine of its first day makes them: a container has an IPv4 address alone."""
    yield "iptables readable\n-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER\n"
    for port in sorted(host.listening):
        yield f"-A DOCKER ! -i docker0 -p tcp -m tcp --dport {port} -j DNAT --to-destination {host.at(port)}\n"
    switched = "" if host.active_port == 44342 else f"-A OSPREY -j REDIRECT --to-ports {host.active_port}\n"
    if switched and host.leads:
        yield f"-A OSPREY -j DNAT --to-destination {host.leads}\n"
    yield f"{switched}ip6tables readable\n{switched}"


def _unit(host: SimHost) -> str:
    if not host.unit:
        return "LoadState=not-found\n"
    path = f"{FOLDER if host.place else ROOTS}/{host.unit}"
    return (
        f"LoadState=loaded\nActiveState={host.unit_state}\nFragmentPath=/usr/lib/systemd/system/osprey.service\n"
        f"WorkingDirectory={path}\nExecStart={{ argv[]={path}/osprey-service --version {host.unit} ; }}\n"
        f"DropInPaths={host.drop_ins}\n"
    )
