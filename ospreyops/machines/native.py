"""Docker on the host itself: a Linux server, or any local engine (Docker Desktop, Colima, Podman's socket).

Where the release's own install.sh made a systemd unit `osprey`, starts and stops go through that unit, for with its
Restart=always a second supervisor would fight it (field book: osprey-release, 4 and 9).
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

from ..command import Command, quote, sh
from ..errors import Blocked
from ..facts import Answer, Facts, MachineFacts
from ..release import CONTAINER, SCRIPT, UNIT, Release
from ..settings import Settings

SESSION = {"Darwin": "perl -MPOSIX -e 'setsid; exec @ARGV'"}
"""What starts a session of its own where that is not setsid; it outlives connection, terminal and Ctrl-C."""


class Machine:
    """Docker on the host itself."""

    kind = "native"
    dial = "exec docker system dial-stdio"

    def __init__(self, settings: Settings) -> None:
        self._port = settings.service_port

    def questions(self) -> dict[str, Command]:
        """Nothing that the engine does not tell."""
        return {}

    def facts(self, answers: Mapping[str, Answer], engine_why: str) -> MachineFacts:
        """It runs when its engine answers."""
        return MachineFacts(self.kind, "STOPPED" if engine_why else "RUNNING", engine_why)

    def start_service(self, facts: Facts, release: Release) -> Command:
        """Runbook: `./osprey-service --version $VERSION > osprey-service.log &`; both outputs and exit status kept."""
        if facts.host.unit:
            return sh("systemctl start {unit}", unit=UNIT, limit=60, sudo=_root(facts))
        host, session = facts.host, SESSION.get(facts.host.system, "setsid")
        script = posixpath.relpath(host.script_folder(release.version), host.folder)
        port = "" if self._port == 44342 else f" --port {self._port}"
        log, end = (posixpath.relpath(path, host.folder) for path in (host.log, host.end))
        start = f"{quote(script)}/{SCRIPT} --version {release.version}{port} >>{log} 2>&1; echo $? >{end}"
        return sh(
            f"cd {{folder}} && rm -f {end} && (nohup {session} sh -c {{start}} </dev/null >/dev/null 2>&1 &)",
            folder=host.folder,
            start=start,
            limit=30,
            sudo=_sudo(facts),
        )

    def stop_service(self, facts: Facts) -> Command:
        """Runbook: `docker stop osprey-service`."""
        if facts.host.unit and facts.host.unit.active:
            return sh("systemctl stop {unit}", unit=UNIT, limit=120, sudo=_root(facts))
        return sh("docker stop {name}", name=CONTAINER, limit=60, sudo=_sudo(facts))

    def remove_container(self, facts: Facts) -> Command:
        """What `--rm` did not do."""
        line = "docker logs --tail 1000 {name} >>{log} 2>&1; docker rm {name}"
        return sh(line, name=CONTAINER, log=facts.host.log, limit=60, sudo=_sudo(facts))

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
        line = f"{decode} -dc {{file}} | docker load" if decode else "docker load --input {file}"
        return sh(line, file=file, limit=1800, sudo=_sudo(facts))

    def restore_image(self, facts: Facts, name: str, digest: str) -> Command:
        """Undo what loading an archive did to a name that it should not have had."""
        if digest:
            return sh("docker image tag {digest} {name}", digest=digest, name=name, limit=60, sudo=_sudo(facts))
        return sh("docker image rm {name}", name=name, limit=120, sudo=_sudo(facts))


def _sudo(facts: Facts) -> bool:
    return bool(facts.engine and facts.engine.sudo)


def _root(facts: Facts) -> bool:
    return facts.host.user != "root"
