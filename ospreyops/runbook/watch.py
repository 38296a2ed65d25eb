"""Runbook, "get OSX to run a proper system daemon without requiring a user to be logged in"."""

from __future__ import annotations

import atexit
import functools
import json
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Optional, Union

from .. import bundle, daemons, delivery, look
from ..cli import task
from ..command import Answer, Command, quote, sh
from ..daemons import Job, Kept
from ..errors import Blocked, Unhealthy
from ..facts import Facts, HostFacts
from ..lock import FILES, stamp
from ..plan import Await, Step, reach
from ..settings import KEYS, Settings, number
from ..site import Site
from ..watching import Watch
from .machine import engine_of

PYTHONS = (
    *("/usr/local/bin/python3", "/opt/homebrew/bin/python3"),
    *("/Library/Frameworks/Python.framework/Versions/Current/bin/python3", "/usr/bin/python3"),
)
SAYS = "import sys, ssl, zlib; print('%d.%d' % sys.version_info[:2], sys.executable)"
ELSEWHERE = ("address", "user", "port", "owner", "public", "connect_limit", "python")
"""Settings that are about the way to the host, or of no use on it."""
SETTLED = 5
"""Seconds that the daemon's process must have run for: a program that cannot start ends sooner."""
LOG_LINES = 5
ADVICE = "python.org's installer, brew install python or apt-get install python3"


@dataclass(frozen=True)
class Seen:
    """What a host has of the watch. python: to run it with; files: names; shipped, sent: sha256 of the program."""

    kept: Kept
    python: str
    files: frozenset[str]
    shipped: str
    sent: str
    settings: str
    log: tuple[str, ...]


@dataclass(frozen=True)
class Target:
    """What is to be there. program: the file on this computer, and its digest; files: their folder on the host."""

    program: Path
    digest: str
    files: str
    settings: str
    job: Job


def questions(settings: Settings, host: HostFacts) -> dict[str, Command]:
    """What is there of the watch?"""
    files, kind = f"{host.folder}/{FILES}", daemons.daemons(host.system)
    tried = [settings.python] if settings.python else list(PYTHONS)
    # Without the developer tools a Mac's own is a stub, that asks somebody at the screen to install them.
    stub = '[ "$p" = /usr/bin/python3 ] && [ "$(uname -s)" = Darwin ] && ! xcode-select -p >/dev/null 2>&1'
    each = " ".join(quote(path) for path in tried)
    return {
        **kind.questions(),
        "pythons": sh(
            f'for p in {each}; do if {stub} || [ ! -x "$p" ]; then continue; fi; "$p" -I -c {{says}}; done; true',
            says=SAYS,
            limit=20,
        ),
        "watch_files": sh("cd {files} && ls -1 | grep -E '^(osprey[.]pyz|watch[.])|[.]part$'", files=files, limit=20),
        "shipped": sh(delivery.SUM, file=f"{files}/osprey.pyz", limit=60),
        "sent": sh(delivery.SUM, file=f"{files}/osprey.pyz.new", limit=60),
        "watch_settings": sh("cat {file}", file=f"{files}/watch.json", limit=20),
        "watch_log": kind.log(f"{files}/watch.log", LOG_LINES),
    }


def seen(host: HostFacts, answers: Mapping[str, Answer]) -> Seen:
    """What the answers tell."""
    return Seen(
        daemons.daemons(host.system).kept(answers),
        _first(answers["pythons"].out),
        frozenset(answers["watch_files"].out.splitlines()),
        answers["shipped"].out[:64],
        answers["sent"].out[:64],
        answers["watch_settings"].out,
        tuple(answers["watch_log"].out.splitlines()[-LOG_LINES:]),
    )


def target(facts: Facts, site: Site, found: Seen, every: int, program: Path) -> Target:
    """What is to be there. Errors: Blocked when the host has no Python, or Docker there cannot be asked.

    The daemon is the user's whose VM it is; root's where only root may reach Docker, systemd's unit, or the folder.
    """
    host, settings = facts.host, site.settings
    files = f"{host.folder}/{FILES}"
    if not found.python:
        needs = "{}.{}".format(*bundle.needs())
        case = f"{settings.python} is no Python" if settings.python else f"there is no Python on {host.name}"
        hint = f"{ADVICE} there; osprey.hosts.{host.name}.python names one that lies elsewhere"
        newer = bundle.needs() > bundle.OLDEST
        why = f"the libraries that are installed here need {needs}; a checkout with an older Python has others" * newer
        raise Blocked(f"{case} of {needs} or newer, which the watch needs", evidence=why, hint=hint)
    in_vm, user = site.machine.vm is not None, host.user
    root = user == "root" or (not in_vm and (not host.writable or engine_of(facts).sudo or host.unit is not None))
    owner = user if root and user != "root" and host.writable else ""
    text = own_settings(settings, host, owner)
    start = (found.python, "-I", "-u", f"{files}/osprey.pyz", "-f", f"{files}/watch.json")
    stores = {"MACHINE_STORAGE_PATH": settings.vm_store, "VBOX_USER_HOME": settings.vm_registry}
    job = Job(
        user="root" if root else user,
        home=_root_home(host.system) if root else host.home,
        folder=files,
        log=f"{files}/watch.log",
        words=(*start, "watch", "--every", str(every)),
        environment={key: re.sub("^~", host.home, path) for key, path in stores.items() if path},
    )
    return Target(program, delivery.sha256(program), files, text, job)


def own_settings(settings: Settings, host: HostFacts, owner: str) -> str:
    """The host's settings as the host itself needs them, for Invoke's -f."""
    given = {key: getattr(settings, key) for key in KEYS if key not in ELSEWHERE}
    own = {key: value for key, value in given.items() if value != KEYS[key].default}
    own.update({"folder": host.folder, "public": "none"}, **({"owner": owner} if owner else {}))
    return json.dumps({"osprey": {"host": "localhost", **own}}, sort_keys=True) + "\n"


def installed(host: HostFacts, site: Site, found: Seen, to_be: Target) -> Iterator[Step]:
    """The daemon runs, as this checkout would have it; it stands still while a file of it is changed."""
    kind, kept, name = daemons.daemons(host.system), found.kept, site.name
    pyz, json_file = f"{to_be.files}/osprey.pyz", f"{to_be.files}/watch.json"
    text, sudo = kind.text(to_be.job), not host.writable
    wrong = {
        "osprey.pyz": found.shipped != to_be.digest,
        "watch.json": found.settings != to_be.settings,
        kind.file: kept.file != text or not kept.ours,
    }
    there = {"osprey.pyz": found.shipped, "watch.json": found.settings, kind.file: kept.file}
    whys = {file: f"{file} is {'not this one' if there[file] else 'not'} on {name}" for file in wrong}
    if wrong["osprey.pyz"] and found.sent != to_be.digest:
        yield Step(whys["osprey.pyz"], _sent(site, to_be, f"{pyz}.new", sudo=sudo), "it is sent")
    if kept.loaded and any(wrong.values()):
        first = next(file for file in wrong if wrong[file])
        yield Step(whys[first], kind.stop(), f"{kind.name} stands still")
    if wrong["osprey.pyz"]:
        line = sh("mv -f {new} {pyz} && rm -f {files}/*.part", new=f"{pyz}.new", pyz=pyz, files=to_be.files, limit=20)
        yield Step("it was sent beside its place", Command(line.line, line.limit, sudo), "it is in its place")
    if wrong["watch.json"]:
        yield Step(whys["watch.json"], daemons.write(json_file, to_be.settings, sudo=sudo), "it has its settings")
    if wrong[kind.file]:
        yield Step(whys[kind.file], daemons.write(kind.file, text, sudo=True), f"{kind.name} is described")
    if any(wrong.values()) or not kept.current:
        yield Step(f"{kind.name} is not started", kind.start(), f"{kind.name} is started", then_look=True)
    elif kept.pid is None or kept.age < SETTLED:
        ended = [kept.ended, *found.log[-1:]] if kept.pid is None else []
        why = ": ".join([f"{kind.name} must run, and not end at once", *filter(None, ended)])
        yield Step(why, Await(f"inv watch.status -H {name}"), "it does", 60, then_look=True)


def gone(host: HostFacts, site: Site, found: Seen) -> Iterator[Step]:
    """Nothing is left of the watch but what it wrote into the host's history."""
    kind, files = daemons.daemons(host.system), f"{host.folder}/{FILES}"
    if found.kept.loaded:
        yield Step(f"{kind.name} is kept running", kind.stop(), "it is stopped")
    if found.kept.file:
        yield Step(f"{kind.file} is there", kind.forget(), "it is removed")
    if found.files:
        names = " ".join(quote(name) for name in sorted(found.files))
        line = sh(f"cd {{files}} && rm -f {names}", files=files, limit=20, sudo=not host.writable)
        yield Step(f"{', '.join(sorted(found.files))} lie in {files}", line, "they are removed")


@task(help={"every": "seconds between two looks"})
def install(site: Site, every: str = "30") -> str:
    """Have the host keep itself healthy, from boot on, with nobody logged in."""
    seconds, program = number("--every", every), _program()

    def goal(facts: Facts) -> Iterator[Step]:
        found = _found(site, facts.host)
        return installed(facts.host, site, found, target(facts, site, found, seconds, program))

    did = reach(site, goal)
    return site.finished(did, f"{site.name} keeps itself healthy, and looks every {seconds} s")


@task
def uninstall(site: Site) -> str:
    """End the watch that the host runs, and remove it."""
    did = reach(site, lambda facts: gone(facts.host, site, _found(site, facts.host)))
    return site.finished(did, f"{site.name} does not watch itself")


@task(help={"json_": "one line of JSON"})
def status(site: Site, json_: bool = False) -> str:
    """Show whether the host watches itself, since when, and what it said last."""
    host = look.host_facts(site.settings, site.host.ask(look.questions(site.settings)))
    found = _found(site, host)
    kind, kept = daemons.daemons(host.system), found.kept
    since = stamp(host.now - kept.age) if kept.pid else None
    current = bool(found.shipped) and found.shipped == delivery.sha256(_program())
    every = re.search(r"--every\D+(\d+)", kept.file)
    if json_:
        told = {"installed": bool(kept.file), "running": kept.pid is not None, "pid": kept.pid, "since": since}
        more = {"ended": kept.ended, "current": current, "every": int(every[1]) if every else None, "log": found.log}
        site.console.data({"host": site.name, **told, **more})
    elif kept.file or kept.loaded:
        runs = f"runs since {since} (pid {kept.pid})" if kept.pid else "does not run"
        ended = f"; the run before ended: {kept.ended}" if kept.ended else ""
        site.console.row(kept.pid is not None, "watch", f"{kind.name} {runs}{ended}")
        hint = "is this checkout's" if current else f"is not this checkout's: inv watch.install -H {site.name}"
        site.console.row(True if current else None, "program", f"osprey.pyz {hint}")
        for line in found.log:
            site.console.row(None, "", line)
    if not kept.file:
        raise Unhealthy(f"{site.name} does not watch itself", hint=f"inv watch.install -H {site.name}")
    if not kept.pid:
        raise Unhealthy(f"the watch of {site.name} does not run", hint=f"inv watch.install -H {site.name}")
    return "watches itself"


def _found(site: Site, host: HostFacts) -> Seen:
    return seen(host, site.host.ask(questions(site.settings, host)))


@functools.cache
def _program() -> Path:
    folder = tempfile.mkdtemp(prefix="ospreyops-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return bundle.build(Path(folder) / "osprey.pyz")


def _sent(site: Site, to_be: Target, place: str, *, sudo: bool) -> Union[Command, delivery.Send]:
    if not site.settings.here:
        return delivery.Send(to_be.program, place, site.settings.ssh, sudo)
    line = "mkdir -p {files} && cp {program} {place}"
    return sh(line, files=to_be.files, program=to_be.program, place=place, limit=60, sudo=sudo)


def _first(listing: str) -> str:
    """The first Python that is new enough; each line is a version and a path."""
    for row in listing.splitlines():
        version, _, path = row.partition(" ")
        numbers: Optional[re.Match[str]] = re.fullmatch(r"3\.(\d+)", version)
        if numbers and (3, int(numbers[1])) >= bundle.needs() and path.startswith("/"):
            return path
    return ""


def _root_home(system: str) -> str:
    return "/var/root" if system == "Darwin" else "/root"


@task(default=True, help={"every": "seconds between two looks"})
def run(site: Site, every: str = "30") -> None:
    """Keep a host healthy until Ctrl-C: look, cure what is wrong, rest; wakes up when the host does."""
    Watch(site, number("--every", every)).forever()
