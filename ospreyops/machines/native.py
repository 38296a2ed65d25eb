"""Docker on the host itself: a Linux server, or any local engine (Docker Desktop, Colima, Podman's socket).

Where the release's own install.sh made a systemd unit `osprey`, starts and stops go through that unit, for with its
Restart=always a second supervisor would fight it (field book: osprey-release, 4 and 9).
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import Optional

from ..command import Command, quote, sh
from ..errors import Blocked
from ..facts import Answer, Facts, MachineFacts, State
from ..release import CONTAINER, SCRIPT, UNIT, Release
from ..settings import Settings
from . import DIAL_LIMIT, Vm

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
        """Nothing that the engine does not tell."""
        return {}

    def facts(self, answers: Mapping[str, Answer], now: float, engine_why: str) -> MachineFacts:
        """It runs when its engine answers."""
        return MachineFacts(self.kind, State.STOPPED if engine_why else State.RUNNING, engine_why)

    def start_service(self, facts: Facts, release: Release) -> Command:
        """Runbook: `./osprey-service --version $VERSION > osprey-service.log &`; both outputs and exit status kept."""
        if facts.host.unit:
            return sh("systemctl start {unit}", unit=UNIT, limit=60, sudo=_root(facts))
        host, session = facts.host, SESSION.get(facts.host.system, "setsid")
        script = quote(posixpath.relpath(host.script_folder(release.version), host.folder))
        port = "" if self.settings.service_port == 44342 else f" --port {self.settings.service_port}"
        log, end = (posixpath.relpath(path, host.folder) for path in (host.log, host.end))
        start = f"{self.environment(facts)}{script}/{SCRIPT} --version {release.version}{port}"
        return sh(
            f"cd {{folder}} && rm -f {end} && (nohup {session} sh -c {{start}} </dev/null >/dev/null 2>&1 &)",
            folder=host.folder,
            start=f"{start} >>{log} 2>&1; echo $? >{end}",
            limit=30,
            sudo=facts.sudo,
        )

    def stop_service(self, facts: Facts) -> Command:
        """Runbook: `docker stop osprey-service`; and until `--rm` is done, for the name is taken until then."""
        if facts.host.unit and facts.host.unit.active:
            return sh("systemctl stop {unit}", unit=UNIT, limit=120, sudo=_root(facts))
        line, service = f"docker stop {CONTAINER}", facts.engine and facts.engine.service
        if service and service.auto_remove:
            line += f" && while docker container inspect {CONTAINER} >/dev/null 2>&1; do sleep 0.2; done"
        return sh(self.at_engine(line), limit=60, sudo=facts.sudo)

    def remove_container(self, facts: Facts) -> Command:
        """What `--rm` did not do."""
        logs, rm = self.at_engine(f"docker logs --tail 1000 {CONTAINER}"), self.at_engine(f"docker rm {CONTAINER}")
        return sh(f"{logs} >>{{log}} 2>&1; {rm}", log=facts.host.log, limit=60, sudo=facts.sudo)

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
        """Runbook: `docker load < FILE`; lbzip2 and bzip2 decode it faster (0.46, 0.75 of Docker's time)."""
        file = f"{folder}/{release.image_archive}"
        decode = next((tool for tool in ("lbzip2", "bzip2") if tool in facts.host.tools), "")
        load = self.at_engine("docker load")
        line = f"{decode} -dc {{file}} | {load}" if decode else f"{load} <{{file}}"
        return sh(line, file=file, limit=1800, sudo=facts.sudo)

    def restore_image(self, facts: Facts, name: str, digest: str) -> Command:
        """Undo what loading an archive did to a name that it should not have had."""
        line = f"docker image tag {quote(digest)} {quote(name)}" if digest else f"docker image rm {quote(name)}"
        return sh(self.at_engine(line), limit=120, sudo=facts.sudo)

    def at_engine(self, line: str) -> str:
        """The docker line where the engine is."""
        return line

    def environment(self, facts: Facts) -> str:
        """What the start script's docker command must be told to find the engine."""
        return ""


def _root(facts: Facts) -> bool:
    return facts.host.user != "root"
