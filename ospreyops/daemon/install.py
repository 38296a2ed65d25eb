"""Goals: the host keeps itself healthy, from boot on, with nobody logged in: its watchdog is installed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Optional

from ..delivery.private_file import PrivateFile
from ..delivery.source import sha256
from ..delivery.upload import SHA256SUM, Upload
from ..facts import Facts
from ..facts.host import HostFacts
from ..goals import rights
from ..goals.rollout import engine_of
from ..remote.command import Answer, Command, quote, sh
from ..secret import Secret
from ..settings import KEYS, Settings
from ..step import Action, Step, WaitFor
from ..target import Target
from ..tools import supervisor as files
from ..tools.launchd import Launchd
from ..tools.supervisor import Job, JobState, Supervisor
from ..tools.systemd import Systemd
from . import pythons
from .pythons import Pythons

ELSEWHERE = ("address", "user", "port", "owner", "public", "ssh_connect_timeout", "python")
"""Settings that are about the way to the host, or of no use on it."""
SETTLED = 5
"""Seconds that the daemon's process must have run for: a program that cannot start ends sooner."""
LOG_LINES = 5


@dataclass(frozen=True)
class WatchdogState:
    """What a host has of the watchdog.

    names: of its files; shipped, sent: sha256 of the program, or None.
    settings: None where there are none, or where others may read them.
    """

    job: JobState
    pythons: Pythons
    names: frozenset[str]
    shipped: Optional[str]
    sent: Optional[str]
    settings: Optional[Secret]
    log: tuple[str, ...]


@dataclass(frozen=True)
class Installation:
    """What is to be there. program: the file on this computer, and its digest; folder: of its files on the host."""

    program: Path
    digest: str
    folder: str
    settings: Secret
    job: Job


def supervisor(system: str) -> Supervisor:
    """What keeps programs running on a host of that system."""
    return Launchd() if system == "Darwin" else Systemd()


def questions(settings: Settings, host: HostFacts) -> dict[str, Command]:
    """The lines that ask for the watchdog."""
    folder, kind = host.files, supervisor(host.system)
    return {
        **kind.questions(),
        **pythons.questions(settings),
        "watch_files": sh("cd {files} && ls -1 | grep -E '^(osprey[.]pyz|watch[.])|[.]part$'", files=folder, limit=20),
        "shipped": sh(SHA256SUM, file=f"{folder}/osprey.pyz", limit=60),
        "sent": sh(SHA256SUM, file=f"{folder}/osprey.pyz.new", limit=60),
        "watch_log": kind.log(f"{folder}/watch.log", LOG_LINES),
    }


def settings_question(host: HostFacts) -> dict[str, Command]:
    """The line that asks for the watchdog's settings. Root's own are for root alone to read."""
    return {"watch_settings": files.shown(f"{host.files}/watch.json")}


def watchdog_state(host: HostFacts, answers: Mapping[str, Answer]) -> WatchdogState:
    """What the answers tell. Errors: Blocked where there is no supervisor."""
    return WatchdogState(
        supervisor(host.system).job_state(answers),
        pythons.found(answers),
        frozenset(answers["watch_files"].out.splitlines()),
        answers["shipped"].out[:64] or None,
        answers["sent"].out[:64] or None,
        files.private_text(answers["watch_settings"]),
        tuple(answers["watch_log"].out.splitlines()[-LOG_LINES:]),
    )


def installation(facts: Facts, target: Target, found: WatchdogState, every: int, shipped: Path) -> Installation:
    """What is to be there.

    The daemon is the user's whose VM it is; root's where only root may reach Docker, systemd's unit, or the folder.
    Errors: Blocked when the host has no Python, Docker cannot be asked, or others may change what the daemon runs.
    """
    host, settings, user = facts.host, target.settings, facts.host.user
    root = rights.by_root(facts, target)
    if not root and not target.machine.vm:
        engine_of(facts)
    rights.check_own(facts, target)
    folder, python = host.files, pythons.chosen(host, settings, found.pythons, root=root)
    start = (python, "-I", "-u", f"{folder}/osprey.pyz", "-f", f"{folder}/watch.json")
    stores = {"MACHINE_STORAGE_PATH": settings.vm_store, "VBOX_USER_HOME": settings.vm_registry}
    job = Job(
        user="root" if root else user,
        home=_root_home(host.system) if root else host.home,
        folder=folder,
        log=f"{folder}/watch.log",
        words=(*start, "watch", "--every", str(every)),
        environment={key: re.sub("^~", lambda _: host.home, path) for key, path in stores.items() if path},
    )
    return Installation(shipped, sha256(shipped), folder, own_settings(settings, host), job)


def own_settings(settings: Settings, host: HostFacts) -> Secret:
    """The host's settings as the host itself needs them, for Invoke's -f."""
    given = {key: getattr(settings, key) for key in KEYS if key not in ELSEWHERE}
    own = {key: value for key, value in given.items() if value != KEYS[key].default}
    own.update({"releases": dict(settings.releases)} if settings.releases else {})
    own.update({"folder": host.folder, "public": "none"})
    whole, shown = (
        json.dumps({"osprey": {"host": "localhost", **own}}, sort_keys=True, ensure_ascii=plain, default=how) + "\n"
        for how, plain in ((Secret.reveal, True), (str, False))
    )
    return Secret(whole, shown)


def installed(host: HostFacts, target: Target, found: WatchdogState, wanted: Installation) -> Iterator[Step]:
    """The daemon runs, as this checkout would have it; it stands still while a file of it is changed."""
    kind, pyz = supervisor(host.system), f"{wanted.folder}/osprey.pyz"
    wrong = _wrong(kind, found, wanted)
    reasons = {name: f"{name} {state} {target.name}" for name, state in wrong.items()}
    if "osprey.pyz" in wrong and found.sent != wanted.digest:
        upload = _upload(target, wanted, f"{pyz}.new", sudo=not host.writable)
        yield Step(reasons["osprey.pyz"], upload, "osprey.pyz is uploaded")
    if found.job.loaded and wrong:
        yield Step(next(iter(reasons.values())), kind.stop(), f"{kind.name} is stopped")
    for name, change in _changes(kind, wanted, sudo=not host.writable).items():
        if name in wrong:
            yield Step(reasons[name], change, f"{name} is in its place")
    if wrong or not found.job.current:
        yield Step(f"{kind.name} is not started", kind.start(), f"{kind.name} is started", then_look=True)
    elif found.job.pid is None or found.job.age < SETTLED:
        ended = [found.job.ended, *found.log[-1:]] if found.job.pid is None else []
        why = ": ".join([f"waiting for {kind.name} to stay up", *filter(None, ended)])
        yield Step(why, WaitFor(f"inv watch.status -H {target.name}"), f"{kind.name} stays up", 60, then_look=True)


def _wrong(kind: Supervisor, found: WatchdogState, wanted: Installation) -> dict[str, str]:
    """What is not as it should be: name -> how."""
    right = {
        "osprey.pyz": (found.shipped, found.shipped == wanted.digest),
        "watch.json": ("watch.json" in found.names, found.settings == wanted.settings),
        kind.file: (found.job.file, found.job.file == kind.text(wanted.job) and found.job.ours),
    }
    return {name: "is not this one on" if there else "is not on" for name, (there, same) in right.items() if not same}


def _changes(kind: Supervisor, wanted: Installation, *, sudo: bool) -> dict[str, Action]:
    """What puts each file into its place."""
    pyz, folder = f"{wanted.folder}/osprey.pyz", wanted.folder
    moved = sh("mv -f {new} {pyz} && rm -f {files}/*.part", new=f"{pyz}.new", pyz=pyz, files=folder, limit=20)
    return {
        "osprey.pyz": replace(moved, sudo=sudo, own=folder),
        "watch.json": PrivateFile(f"{folder}/watch.json", wanted.settings, wanted.job.user if sudo else ""),
        kind.file: files.write(kind.file, kind.text(wanted.job), sudo=True),
    }


def removed(host: HostFacts, found: WatchdogState) -> Iterator[Step]:
    """Nothing is left of the watchdog but what it wrote into the host's history."""
    kind, folder = supervisor(host.system), host.files
    if found.job.loaded:
        yield Step(f"{kind.name} is kept running", kind.stop(), f"{kind.name} is stopped")
    if found.job.file:
        yield Step(f"{kind.file} is there", kind.forget(), f"{kind.file} is removed")
    if found.names:
        names = " ".join(quote(name) for name in sorted(found.names))
        line = sh(f"cd {{files}} && rm -f {names}", files=folder, limit=20, sudo=not host.writable, own=folder)
        listed = ", ".join(sorted(found.names))
        yield Step(f"{listed} lie in {folder}", line, f"{listed} are removed")


def _upload(target: Target, wanted: Installation, place: str, *, sudo: bool) -> Action:
    if not target.settings.here:
        return Upload(wanted.program, place, target.settings.ssh, sudo)
    line = "umask 022 && mkdir -p {files} && cp {program} {place}"
    return sh(line, files=wanted.folder, program=wanted.program, place=place, limit=60, sudo=sudo, own=wanted.folder)


def _root_home(system: str) -> str:
    return "/var/root" if system == "Darwin" else "/root"
