"""What a simulated host answers to the questions of a look."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ospreyops.remote.command import Answer, Command
from ospreyops.settings import ROOTS
from tests.sim.releases import archive_sum

if TYPE_CHECKING:
    from tests.sim.host import SimHost

EPOCH = 1_800_000_000
"""The host's time of day when its clock is at 0."""
FOLDER = "/home/ops/osprey/service-docker"
ISSUER = "O = Osprey, CN = osprey.service"
ABOUT = "Osprey service running! Supported service versions: "


def answer(host: SimHost, name: str, line: str) -> Answer:
    """What the host answers to a question of a look."""
    if name in ("asked", "lock", "history", "changed"):
        return host.really(Command(line, 10))
    if name == "failed_log":
        kept = any(f"osprey-service-failed-{version}.log" in line for version in host.failed_logs)
        return Answer(0 if kept else 1, "its last words\n" if kept else "")
    packed = re.search(r"osprey-service-docker-[0-9.]+\.tar\b(?!\.)", line)
    at = re.search(r"https://[^/ ]+?:(\d+)", line)
    behind = host.behind(int(at[1]) if at else 44342)
    version = behind.version if behind else ""
    rows = "\n".join(f"{found}/osprey-service-docker-{found}.tar.bz2" for found in sorted(host.unpacked))
    sources = [f"{found}/sha256:{digest}" for found, digest in host.unpacked_from.items() if found in host.own]
    good = json.dumps({"response": {"name": "Osprey Service", "version": version}})
    said = {
        "own": "",
        "place": host.place,
        "open": "".join(f"{whose}\t{FOLDER}\t{name}\n" for whose, name in host.open_to.items()),
        "host": f"Linux\nops\n/home/ops\n{EPOCH + host.now:.0f}\n",
        "tools": "".join(f"/usr/bin/{name}\n" for name in host.programs),
        "disk": f"/dev/sda1 100000000 1 {host.folder_free // 1024} 1% /\nwritable\n",
        "unpacked": "\n".join([rows, *(f"{version}/" for version in sorted(host.own)), *sources]),
        "loaded": "none\n" if host.recorded is None else "".join(f"{row}\n" for row in host.recorded),
        "archives": "\n".join(f" 99 osprey-service-docker-{found}.tar" for found in sorted(host.archives)),
        "unit": _unit(host),
        "listener": f'LISTEN 0 1 *:44342 *:* users:(("{host.listener}",pid=7,fd=4))' if host.listener else "",
        "ended": "" if host.ended is None else f"{host.ended} {host.tried}".strip(),
        "sleep": host.pmset,
        "proven": "\n".join(host.proven),
        "loading": "\n".join(f"loading-{version}" for version in host.loading),
        "desired": host.garbled
        or (json.dumps({"version": host.desired, "digest": host.digest}) if host.desired else ""),
        "state": "".join(f"wrong {file} {wrong}\n" for file, wrong in host.damaged.items()),
        "log": "".join(f"{host.log_size} {log}\n" for log in sorted(host.logs)) + "\nthe last log line\n",
        "room": room(host),
        "names": f"osprey-service\n{packed[0]}.bz2\n" if packed else "",
        "sum": f"{archive_sum(packed[0][22:-4])}  {packed[0]}\n" if packed else "",
        "sums": host.sums,
        "listing": "-rwxr-xr-x root/root 1 osprey-service\n-rw-r--r-- root/root 1 x.bz2\n",
        "about": f"{ABOUT}v{version}" if behind else "",
        "desktop": f"{good}\n200\n" * 3 + f"0 v{version}\n" if behind and host.healthy(behind) else "",
        "certificate": f"issuer={ISSUER}\nsubject={ISSUER}\nnotAfter=Jan  1 00:00:00 2030 GMT\n",
    }
    for one in host.containers:
        row = f"  1: 0100007F:{one.port or 0:04X} 0100007F:1234 01 0\n" * host.connections.get(one.name, 0)
        said[one.name.replace("-", "_")] = f"  sl  local_address rem_address st\n{row}"
    if name.startswith("osprey_service") and name not in said:
        return Answer(1, "", "cat: /proc/0/net/tcp: No such file or directory")
    failed = (name == "about" and not behind) or (name == "desired" and not said[name])
    return Answer(7 if failed else 0, said[name])


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
