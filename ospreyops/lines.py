"""The lines that change the service's containers and images, wherever Docker is.

Where the release's own install.sh made a systemd unit `osprey`, starts and stops go through that unit: with its
Restart=always, a second supervisor would fight it (field book: osprey-release, 4 and 9).
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Optional

from .errors import Blocked
from .facts import Facts
from .facts.engine import Container, Image
from .facts.programs import DECODERS
from .release import CONTAINER, DECODED, SCRIPT, UNIT, UNTOUCHED, Release
from .remote.command import Command, quote, sh
from .remote.perl import program
from .target import Target
from .tools import docker

LIMIT = 12
PORT = 44342
"""The start script's own."""
END = f"{CONTAINER}.ended"
SESSION = {"Darwin": "perl -MPOSIX -e 'setsid; exec @ARGV'"}
"""What starts a session of its own where that is not setsid; it survives disconnects, the terminal and Ctrl-C."""
SCOPE = "systemd-run --scope "
"""What takes a process of root's out of the login session, which logind, or a module of PAM, may end with all in it."""
TRIAL = 60
"""Seconds that a process lives which is left behind for a trial."""
ENDING = 2
"""Seconds that a host gets to end what a login session left."""


def start(facts: Facts, target: Target, release: Release, folder: str, port: int) -> Command:
    """Runbook: `./osprey-service --version $VERSION > osprey-service.log &`; both outputs and exit status kept.

    Descriptor 9 is the lock of the line (remote/guard.pl), which ends with the line.
    folder: of the start script.
    """
    if facts.host.unit:
        return sh("systemctl start {unit}", unit=UNIT, limit=60, sudo=_root(facts), own=folder)
    host = facts.host
    script = quote(posixpath.relpath(folder, host.folder))
    given = "" if port == PORT else f" --port {port}"
    line = f"{target.machine.environment(facts)}{script}/{SCRIPT} --version {release.version}{given}"
    begun = _detached(facts, "sh -c {start}")
    return sh(
        f"cd {{folder}} && rm -f {END} && ({begun})",
        folder=host.folder,
        start=f"{line} >>{target.settings.log(port)} 2>&1; echo $? {release.version} >{END}",
        limit=30,
        sudo=writes_as_root(facts),
        own=host.folder,
    )


def keep_log(facts: Facts, release: Release, log: str) -> Command:
    """Keep the log of a release that fails: the next start at its port rotates it. What it says yet goes into both."""
    line = "cd {folder} && ln -f {log} {kept}"
    folder = facts.host.folder
    return sh(line, folder=folder, log=log, kept=release.failed_log, limit=20, sudo=writes_as_root(facts), own=folder)


def log_of(line: str) -> str:
    """The log that a line of `start` writes; "" for any other line."""
    log, ended, _ = line.partition(" 2>&1; echo $? ")
    return log.rpartition(">>")[2] if ended else ""


def left_running(facts: Facts, mark: str) -> Command:
    """Leave a process behind, in the way of `start`, that has the mark among its words; print its number."""
    words = f"perl -e 'sleep {TRIAL}' {mark}"
    return Command(f"{_detached(facts, words)} echo $!", LIMIT)


def still_running(process: int, mark: str) -> Command:
    """End that process, if it is still there a while after its login session; fails where it is not."""
    return Command(f"sleep {ENDING}; ps -ww -o args= -p {process} | grep -F {mark} && kill {process}", LIMIT)


def _detached(facts: Facts, words: str) -> str:
    """The words in the background, where nothing of the line or its connection reaches them."""
    host = facts.host
    scope = SCOPE if host.systemd and (writes_as_root(facts) or host.user == "root") else ""
    session = SESSION.get(host.system, "setsid")
    return f"nohup {scope}{session} {words} </dev/null >/dev/null 2>&1 9>&- &"


def stop(facts: Facts, target: Target, container: Optional[Container]) -> Command:
    """Stop the container, or the unit that keeps the service."""
    if facts.host.unit and facts.host.unit.active:
        return sh("systemctl stop {unit}", unit=UNIT, limit=120, sudo=_root(facts))
    name = container.name if container else CONTAINER
    draining = bool(container and container.draining_since is not None)
    line = docker.stop(name, draining=draining, auto_remove=bool(container and container.auto_remove))
    return _at_engine(facts, target, line, 60)


def remove(facts: Facts, target: Target, container: Container) -> Command:
    """Remove a container that does not run, and keep its last words in the log: what `--rm` did not do."""
    logs, gone = (target.machine.at_engine(line(container.name)) for line in (docker.logs, docker.remove))
    log = f"{facts.host.folder}/{target.settings.log(container.port)}"
    return Command(f"{logs} >>{quote(log)} 2>&1; {gone}", 60, writes_as_root(facts), facts.host.folder)


def drain(facts: Facts, target: Target, container: Container) -> Command:
    """Have the container finish its requests and end; its name tells since when it drains."""
    draining = f"{CONTAINER}-left-{facts.host.now:.0f}-{container.port or 0}"
    return _at_engine(facts, target, docker.drain(container.name, draining), 60)


def unpause(facts: Facts, target: Target, container: Container) -> Command:
    """Have a paused container go on."""
    return _at_engine(facts, target, docker.unpause(container.name), 60)


def rename(facts: Facts, target: Target, names: Mapping[str, str]) -> Command:
    """Give containers other names, in that order."""
    return _at_engine(facts, target, docker.rename(names), 60)


def check_unit_folder(folder: str) -> None:
    """Check that install.sh's unit, which quotes nothing, can start from the folder. Errors: Blocked."""
    if signs := sorted({sign for sign in folder if not sign.isalnum() and sign not in "/._-"}):
        case = f"the systemd unit {UNIT} cannot start from {folder!r}: it cannot have {' '.join(map(repr, signs))}"
        raise Blocked(case, hint="osprey.folder of letters, digits, dots, dashes and underscores")


def move_unit(facts: Facts, release: Release, folder: str) -> Command:
    """Rewrite the unit's folder and version as install.sh of that release would have written them."""
    unit = facts.host.unit
    assert unit, "only a host with a unit is asked to move it"
    check_unit_folder(folder)
    return sh(
        "sed -i -e {folder} -e {start} {path} && systemctl daemon-reload",
        folder=f"s|^WorkingDirectory=.*|WorkingDirectory={folder}|",
        start=f"s|^ExecStart=.*|ExecStart={folder}/{SCRIPT} --version {release.version}|",
        path=unit.path,
        limit=60,
        sudo=_root(facts),
        own=folder,
    )


def load(facts: Facts, target: Target, folder: str, release: Release, *, file: str = "") -> Command:
    """Runbook: `docker load < FILE`; lbzip2 and bzip2 decode it faster (0.46, 0.75 of Docker's time)."""
    path, line = quote(f"{folder}/{file or release.image_archive}"), target.machine.at_engine(docker.load())
    decode = next((tool for tool in DECODERS if tool in facts.host.tools), None)
    return Command(f"{decode} -dc {path} | {line}" if decode else f"<{path} {line}", 1800, facts.sudo)


def load_gated(
    facts: Facts, target: Target, folder: str, release: Release, part: Sequence[str] = (), *, file: str = ""
) -> Command:
    """The same, through the gate: Docker gets no name but that of the release, and that one last.

    part: what the gate is told of the layers (delivery/partial.py); without it, all of the archive is loaded.
    file: the image archive in the folder, where that is not the release's own.
    What was decoded is kept where nobody but who loads may write, and read there the next time.
    """
    host, gate = facts.host, program("ospreyops.delivery", "gate.pl")
    keeps = not file and ("root" not in host.open_to if facts.sudo else host.writable)
    if keeps:
        gate = f"{program('ospreyops.delivery', 'decoded.pl')} {gate}"
    unzip = "" if DECODERS[0] in facts.host.tools else program("ospreyops.delivery", "unzip.pl")
    words = "".join(f" {quote(word)}" for word in ([unzip, *part] if unzip or part else []))
    gated = sh(
        f"perl -e {{gate}} {'{decoded} ' if keeps else ''}{{file}} {{image}} {{built}}",
        decoded=f"{host.folder}/{DECODED}",
        gate=gate,
        file=f"{folder}/{file or release.image_archive}",
        image=release.image,
        built=facts.engine.architecture if facts.engine else "",
        limit=1800,
    )
    line = f"{gated.line}{words} | {target.machine.at_engine(docker.load(release.image))}"
    return Command(line, 1800, facts.sudo, host.folder if keeps else "")


def remove_decoded(facts: Facts, version: str) -> Command:
    """Remove what is kept decoded of a release."""
    line, folder = "cd {decoded} && rm -f {version}_*", facts.host.folder
    sudo = not facts.host.writable
    return sh(line, decoded=f"{folder}/{DECODED}", version=version, limit=60, sudo=sudo, own=folder)


def whole_images(facts: Facts) -> list[Image]:
    """The images in Docker that this tool loaded.

    None where Docker may have one of them by halves: a load did not end.
    """
    images = facts.engine.images.values() if facts.engine and not facts.host.loading else ()
    return [image for image in images if facts.host.is_loaded(image.name, image.digest)]


def ending(facts: Facts, folder: str, release: Release) -> Command:
    """The question which layers an image archive has."""
    shown, archive = program("ospreyops.delivery", "ending.pl"), f"{folder}/{release.image_archive}"
    return sh("perl -e {ending} {archive}", ending=shown, archive=archive, limit=LIMIT, sudo=facts.sudo)


def remove_release(facts: Facts, version: str) -> Command:
    """Remove the folder of a release, if this tool unpacked it and nothing was added to it."""
    line = f"cd {{folder}} && [ ! -h {{name}} ] && ( cd {{name}} && {UNTOUCHED} ) && rm -rf {{name}}"
    host = facts.host
    return sh(line, folder=host.folder, name=version, limit=120, sudo=not host.writable, own=host.folder)


def name_image(facts: Facts, target: Target, name: str, digest: str) -> Command:
    """Give a name back to the image that had it before."""
    return _at_engine(facts, target, docker.name_image(digest, name), 120)


def remove_image(facts: Facts, target: Target, name: str) -> Command:
    """Remove an image's name."""
    return _at_engine(facts, target, docker.remove_image(name), 120)


def shell(facts: Facts, target: Target, container: Container) -> Command:
    """A shell in the container, on a terminal. Its end is the user's."""
    line, vm = docker.shell(container.id), target.machine.vm
    return vm.login(line, terminal=True) if vm else Command(line, LIMIT, sudo=facts.sudo)


def execute(facts: Facts, target: Target, container: Container, line: str, limit: float) -> Command:
    """Run a line in the container; in a VM past docker-machine (field book: docker-machine, 8). limit: seconds."""
    return replace(target.machine.inside(Command(docker.execute(container.id, line), limit)), sudo=facts.sudo)


def connections(target: Target, container: Container) -> Command:
    """Show who is connected to the container: the kernel's table of its own network."""
    tables = sh("cat /proc/{pid}/net/tcp /proc/{pid}/net/tcp6", pid=container.pid, limit=LIMIT)
    return target.machine.inside(tables)


def _at_engine(facts: Facts, target: Target, line: str, limit: float) -> Command:
    return Command(target.machine.at_engine(line), limit, sudo=facts.sudo)


def writes_as_root(facts: Facts) -> bool:
    """Only root may do what reaches Docker and writes into the service's folder."""
    return facts.sudo or not facts.host.writable


def _root(facts: Facts) -> bool:
    return facts.host.user != "root"
