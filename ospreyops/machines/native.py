"""Docker on the host itself: a Linux server, or any local engine (Docker Desktop, Colima).

Where the release's own install.sh made a systemd unit `osprey`, starts and stops go through that unit, for with its
Restart=always a second supervisor would fight it (field book: osprey-release, 4 and 9).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from typing import Optional

from ..command import Answer, Command, quote, sh
from ..containers import Container
from ..errors import Blocked
from ..facts import Facts, MachineFacts, State
from ..release import CONTAINER, SCRIPT, UNIT, Release
from ..settings import Settings
from . import DIAL_LIMIT, Vm, beside

LIMIT = 12
PORT = 44342
"""The start script's own."""
END = f"{CONTAINER}.ended"
CHAIN = "OSPREY"
ROOM = (
    's=; [ "$(id -u)" = 0 ] || s="sudo -n"; if r=$($s iptables -w 5 -t nat -S); then echo way in;'
    f' echo "$r" | grep -e "-A {CHAIN} "; fi; sed -n "s/^MemAvailable: *\\([0-9]*\\) kB/memory \\1/p" /proc/meminfo;'
    ' sed -n "s/^ *[0-9]*: [0-9A-F]*:\\(PORTS\\) [0-9A-F:]* \\(01\\|02\\|0A\\) .*/taken \\1/p"'
    " /proc/net/tcp /proc/net/tcp6 | sort -u; :"
)
"""What is asked where the engine is; connections that stand, or begin, may have one of PORTS (hexadecimal)."""
LET_IN = (
    "for t in iptables ip6tables; do $t -w 5 -t nat -S >/dev/null 2>&1 || continue;"
    " printf '*nat\\n:{chain} -\\n{rule}COMMIT\\n' | $t-restore -w 5 -n && for c in PREROUTING OUTPUT; do"
    " $t -w 5 -t nat -C $c -j {chain} 2>/dev/null || $t -w 5 -t nat -I $c -j {chain} || exit 1; done || exit 1; done"
)
"""A chain of our own, before Docker's, replaced as a whole: no connection meets half of it."""
RULE = "-A {chain} -p tcp --syn --dport {at} -m addrtype --dst-type LOCAL -j REDIRECT --to-ports {port}\\n"
"""--syn: what stands already is new to netfilter where nothing has asked it to follow connections before."""
FOLLOW = "-A {chain} -m conntrack --ctstate INVALID -j RETURN\\n"
"""Stays when nobody is led elsewhere any more, and changes nothing but that netfilter goes on following connections.

It would take one that begins unseen, from a client's port that was led elsewhere a minute ago, for that older one.
"""
SESSION = {"Darwin": "perl -MPOSIX -e 'setsid; exec @ARGV'"}
"""What starts a session of its own where that is not setsid; it outlives connection, terminal and Ctrl-C."""


class Machine:
    """Docker on the host itself."""

    kind = "native"
    dial = Command("exec docker system dial-stdio", DIAL_LIMIT)
    vm: Optional[Vm] = None

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def questions(self) -> dict[str, Command]:
        """Where new connections end, and how much memory is free."""
        return {"room": Command(self.room(), LIMIT)}

    def facts(self, answers: Mapping[str, Answer], now: float, engine_why: str) -> MachineFacts:
        """It runs when its engine answers."""
        state = State.STOPPED if engine_why else State.RUNNING
        return MachineFacts(self.kind, state, engine_why, None, *self.found(answers["room"].out))

    def room(self) -> str:
        """What is asked where the engine is."""
        return ROOM.replace("PORTS", "\\|".join(f"{port:04X}" for port in beside(self.settings.service_port)))

    def found(self, said: str) -> tuple[Optional[int], Optional[int], frozenset[int]]:
        """The port that new connections end at, the free memory, the ports that are taken; None for the unknown."""
        way, memory = re.search(r"^way in$", said, re.M), re.search(r"^memory (\d+)$", said, re.M)
        ports = [int(port) for port in re.findall(rf"-A {CHAIN} .*--to-ports (\d+)", said)]
        way_in = (ports or [self.settings.service_port])[0] if way else None
        taken = frozenset(int(port, 16) for port in re.findall(r"^taken ([0-9A-F]{4})$", said, re.M))
        return way_in, int(memory[1]) * 1024 if memory else None, taken

    def connections(self, container: Container) -> Command:
        """What is connected to it, as the kernel lists it in the container's own network."""
        return self.inside(sh("cat /proc/{pid}/net/tcp /proc/{pid}/net/tcp6", pid=container.pid, limit=LIMIT))

    def address(self, facts: Facts) -> str:
        """Where a container's ports are, as the host itself reaches them."""
        return "localhost"

    def let_in(self, facts: Facts, port: int) -> Command:
        """Have new connections to the service's port end at that one, at once; those that stand go on as they are."""
        at = self.settings.service_port
        rule = (FOLLOW if port == at else RULE).format(chain=CHAIN, at=at, port=port)
        return Command(LET_IN.format(chain=CHAIN, rule=rule), 60, sudo=_root(facts))

    def start_service(self, facts: Facts, release: Release, port: int) -> Command:
        """Runbook: `./osprey-service --version $VERSION > osprey-service.log &`; both outputs and exit status kept."""
        if facts.host.unit:
            return sh("systemctl start {unit}", unit=UNIT, limit=60, sudo=_root(facts))
        host, session = facts.host, SESSION.get(facts.host.system, "setsid")
        script = quote(posixpath.relpath(host.script_folder(release.version), host.folder))
        given = "" if port == PORT else f" --port {port}"
        start = f"{self.environment(facts)}{script}/{SCRIPT} --version {release.version}{given}"
        return sh(
            f"cd {{folder}} && rm -f {END} && (nohup {session} sh -c {{start}} </dev/null >/dev/null 2>&1 &)",
            folder=host.folder,
            start=f"{start} >>{self.settings.log(port)} 2>&1; echo $? >{END}",
            limit=30,
            sudo=facts.sudo,
        )

    def stop_service(self, facts: Facts, container: Optional[Container]) -> Command:
        """Runbook: `docker stop osprey-service`; and until `--rm` is done, for the name is taken until then."""
        if facts.host.unit and facts.host.unit.active:
            return sh("systemctl stop {unit}", unit=UNIT, limit=120, sudo=_root(facts))
        name = container.name if container else CONTAINER
        line, there = f"docker stop {name}", f"docker container inspect {name} >/dev/null 2>&1"
        if container and container.left:
            line = f"{{ {line} || ! {there}; }}"
        if container and container.auto_remove:
            line += f" && while {there}; do sleep 0.2; done"
        return sh(self.at_engine(line), limit=60, sudo=facts.sudo)

    def remove_container(self, facts: Facts, container: Container) -> Command:
        """What `--rm` did not do, or is about to do."""
        name, logs = container.name, self.at_engine(f"docker logs --tail 1000 {container.name}")
        gone = f"docker rm {name}; while docker container inspect {name} >/dev/null 2>&1; do sleep 0.2; done"
        line = f"{logs} >>{{log}} 2>&1; {self.at_engine(gone)}"
        log = f"{facts.host.folder}/{self.settings.log(container.port)}"
        return sh(line, log=log, limit=60, sudo=facts.sudo)

    def leave(self, facts: Facts, container: Container) -> Command:
        """Have its proxy close what is idle, end what it has begun, and then itself: with it the container ends.

        To stop the container would end Java first, and what is asked in that moment over kept connections with it.
        One that ends at once may take the shell that told it so along, whose exit status is then no failure.
        """
        left = f"{CONTAINER}-left-{facts.host.now:.0f}-{container.port or 0}"
        close = f"docker exec {left} sh -c {quote('kill -TERM $(pidof caddy)')}"
        ends = f"for i in 1 2 3; do docker top {left} >/dev/null 2>&1 || exit 0; sleep 1; done; exit 1"
        line = f"docker rename {container.name} {left} && {{ {close} || {{ {ends}; }}; }}"
        return sh(self.at_engine(line), limit=60, sudo=facts.sudo)

    def rename(self, facts: Facts, names: Mapping[str, str]) -> Command:
        """Give containers other names, in that order; what they do, and what is connected, goes on."""
        line = " && ".join(f"docker rename {old} {new}" for old, new in names.items())
        return sh(self.at_engine(line), limit=60, sudo=facts.sudo)

    def use_release(self, facts: Facts, release: Release) -> Command:
        """Rewrite the unit's folder and version as install.sh of that release would have written them."""
        unit = facts.host.unit
        assert unit, "only a host with a unit is asked to use another release in it"
        folder = facts.host.script_folder(release.version)
        if not folder.replace("/", "").replace("-", "").replace("_", "").replace(".", "").isalnum():
            raise Blocked(
                f"a systemd unit cannot start from {folder!r}", hint="osprey.folder without spaces or special signs"
            )
        return sh(
            "sed -i -e {folder} -e {start} {path} && systemctl daemon-reload",
            folder=f"s|^WorkingDirectory=.*|WorkingDirectory={folder}|",
            start=f"s|^ExecStart=.*|ExecStart={folder}/{SCRIPT} --version {release.version}|",
            path=unit.path,
            limit=60,
            sudo=_root(facts),
        )

    def load(self, facts: Facts, folder: str, release: Release) -> Command:
        """Runbook: `docker load < FILE`; lbzip2 and bzip2 decode it faster (0.46, 0.75 of Docker's time).

        And on the disk when it is done: layers that a power cut leaves half written are whole to Docker ever after.
        """
        file = f"{folder}/{release.image_archive}"
        decode = next((tool for tool in ("lbzip2", "bzip2") if tool in facts.host.tools), "")
        load = self.at_engine("docker load && sync")
        line = f"{decode} -dc {{file}} | {load}" if decode else f"<{{file}} {load}"
        return sh(line, file=file, limit=1800, sudo=facts.sudo)

    def restore_image(self, facts: Facts, name: str, digest: str) -> Command:
        """Undo what loading an archive did to a name that it should not have had."""
        line = f"docker image tag {quote(digest)} {quote(name)}" if digest else f"docker image rm {quote(name)}"
        return sh(self.at_engine(line), limit=120, sudo=facts.sudo)

    def at_engine(self, line: str) -> str:
        """The docker line where the engine is."""
        return line

    def inside(self, question: Command) -> Command:
        """The question where the engine is."""
        return question

    def environment(self, facts: Facts) -> str:
        """What the start script's docker command must be told to find the engine."""
        return ""


def _root(facts: Facts) -> bool:
    return facts.host.user != "root"
