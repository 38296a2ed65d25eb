"""What a host has of what the tool needs, in rows: each with the line that mends it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple, Optional

from ..daemon import pythons
from ..errors import Blocked
from ..facts import Facts
from ..facts.machine import Trust
from ..facts.needs import Needs, Sudo
from ..facts.programs import DECODERS, DOCKER, NEEDED, install
from ..faults import disk
from ..goals.rights import by_root, check_own
from ..goals.rollout import engine_of
from ..goals.switchover import NEEDED as MEMORY
from ..goals.traffic import unswitchable
from ..machines import ports_alongside
from ..remote.shown import Shown, described
from ..target import Target
from ..text import size

CLOCK = 60
"""Seconds that a host's clock may be off: certificates and logs tell the time."""
MAC = "Darwin"


class Row(NamedTuple):
    """A need. good: None where it is not judged; fix: the line, or what a person can do, that mends it."""

    name: str
    good: Optional[bool]
    found: str
    fix: str = ""


def ssh(shown: Optional[Shown]) -> Row:
    """The way there, which stands: the key is trusted, and the user is let in. shown: None for this computer."""
    if shown is None:
        return Row("ssh", True, "not needed: it is this computer")
    key = f", {described(shown.key, 'is trusted')}" if shown.key else ""
    return Row("ssh", True, f"{shown.banner.removeprefix('SSH-2.0-')}{key}")


def program_rows(needs: Needs) -> Iterator[Row]:
    """The programs, but for Docker."""
    fix = "" if needs.perl else install(["perl"], needs.tools)
    yield Row("perl", needs.perl is not None, needs.perl or "missing: without it nothing can be changed there", fix)
    for name in NEEDED:
        if name != DOCKER:
            there = name in needs.tools
            yield Row(name, there, "there" if there else "missing", "" if there else install([name], needs.tools))
    decoders = [name for name in DECODERS if name in needs.tools]
    fix = "" if decoders else install(DECODERS[:1], needs.tools)
    yield Row(
        "bzip2", True if decoders else None, ", ".join(decoders) or "missing: a release takes longer to load", fix
    )


def docker(facts: Optional[Facts], needs: Needs) -> Row:
    """The docker command, and the engine that it reaches."""
    if DOCKER not in needs.tools:
        return Row(DOCKER, False, "missing", install([DOCKER], needs.tools))
    if needs.podman:
        return Row(DOCKER, False, "it is Podman's", f"Docker's own: {install([DOCKER], needs.tools)}")
    client = f"client {needs.docker or 'unknown'}"
    vm = facts.machine.vm if facts else None
    if vm and vm.tls and vm.tls.trust is Trust.UNFIT:
        return Row(DOCKER, False, f"{client}: {vm.tls}", "the docker command of 19.03 to 28")
    return _engine(facts, needs, client)


def _engine(facts: Optional[Facts], needs: Needs, client: str) -> Row:
    if needs.engine:
        found, fix = f"{client}, engine {needs.engine.version} (API {needs.engine.api})", "Docker 19.03 or newer"
        return Row(DOCKER, not needs.engine.too_old, found, fix if needs.engine.too_old else "")
    try:
        if facts and needs.perl:
            engine_of(facts)
    except Blocked as error:
        return Row(DOCKER, False, f"{client}; {error.case}", error.hint)
    return Row(DOCKER, None, f"{client}; the engine did not say its version")


def sudo(facts: Facts, needs: Needs, target: Target) -> Row:
    """Whether the user may do what only root may."""
    if facts.host.user == "root":
        return Row("sudo", True, "not needed: the user is root")
    if target.settings.owner:
        return Row("sudo", True, f"works: lines run as {facts.host.user}")
    why = _why_root(facts, target)
    if not why:
        may = "not allowed, and" if needs.sudo is Sudo.REFUSED else f"{needs.sudo.value};"
        return Row("sudo", True, f"{may} not needed")
    return _needed_sudo(facts, needs, why)


def _needed_sudo(facts: Facts, needs: Needs, why: str) -> Row:
    if needs.sudo is Sudo.ASKS and not facts.sudo:
        fix = f"if sudo then refuses {facts.host.user}, as root: {_may_sudo(facts, needs)}"
        return Row("sudo", None, f"wants a password, and more is not known without one; needed {why}", fix)
    if needs.sudo is not Sudo.REFUSED:
        return Row("sudo", True, f"{needs.sudo.value}; needed {why}")
    if "sudo" not in needs.tools:
        return Row("sudo", False, f"missing; needed {why}", f"as root: {install(['sudo'], needs.tools)}")
    return Row("sudo", False, f"{needs.said}; needed {why}", f"as root: {_may_sudo(facts, needs)}")


def _why_root(facts: Facts, target: Target) -> str:
    if facts.sudo:
        return "for Docker, which only root may reach"
    if by_root(facts, target):
        return "for what root runs"
    return "to switch traffic without a downtime" if target.machine.vm is None and facts.host.system != MAC else ""


def _may_sudo(facts: Facts, needs: Needs) -> str:
    if facts.host.system == MAC:
        return f"dseditgroup -o edit -a {facts.host.user} -t user admin"
    return f"usermod -aG {'sudo' if 'apt-get' in needs.tools else 'wheel'} {facts.host.user}, then log in anew"


def traffic(facts: Facts, needs: Needs, target: Target) -> Row:
    """Whether a release can take over without a downtime."""
    if not facts.engine:
        return Row("iptables", None, "not asked: Docker does not answer")
    problem = unswitchable(facts, target)
    if not problem:
        return Row("iptables", True, "traffic can be switched")
    if target.machine.vm is None and facts.host.system != MAC and "iptables" not in needs.tools:
        return Row("iptables", False, "missing: each deploy has a downtime", install(["iptables"], needs.tools))
    return Row("iptables", False, str(problem), "see the row sudo, or deploy with --stop-first: a downtime")


def memory(facts: Facts, target: Target) -> Row:
    """Whether two services fit, while one takes over."""
    free, serving = facts.machine.memory_free, facts.serving
    if free is None:
        return Row("memory", None, "not known")
    wanted = MEMORY if serving and serving.running else 2 * MEMORY
    where = f"the VM {target.machine.vm.name} in VirtualBox" if target.machine.vm else target.name
    fix = f"more memory for {where}, or deploy with --stop-first: a downtime"
    good = free >= wanted
    return Row("memory", good, f"{size(free)} free; {size(wanted)} for two at once", "" if good else fix)


def disks(facts: Facts, target: Target) -> Iterator[Row]:
    """The room for a release, and for its image."""
    host, vm = facts.host, facts.machine.vm
    archive = max((count for _, count in host.archives.values()), default=0)
    image = max((one.size for one in facts.engine.images.values()), default=0) if facts.engine else 0
    of_docker = vm.disk_free if vm else facts.machine.disk_free
    for name, what, free, largest in (
        ("disk", f"for releases in {host.folder}", host.disk_free, archive),
        ("images", "for images in the VM" if vm else "for images", of_docker, image),
    ):
        wanted = max(largest, disk.ROOM)
        good = None if free is None else free >= wanted
        found = f"the room {what} is not known" if free is None else f"{size(free)} free {what}; {size(wanted)} needed"
        yield Row(name, good, found, f"inv fix.disk -H {target.name}" if good is False else "")


def firewall(facts: Facts, needs: Needs, target: Target) -> Row:
    """Whether users get in, as far as anybody saw."""
    port = target.settings.service_port
    ports = ports_alongside(port)
    fix = _opened(needs, port, ports[0], ports[-1])
    if facts.local.about and facts.outside:
        out = next((place for place in facts.outside if place.about is None), None)
        if out:
            return Row("firewall", False, f"it serves, and {out.where} does not answer: {out.error}", fix)
        return Row("firewall", True, f"users get in: {facts.outside[0].where} answers")
    known = [route for route in facts.machine.routes if route.refused is None]
    guarded = [route.family for route in known if route.used and route.guarded]
    if guarded:
        return Row(
            "firewall", None, f"there is one over {' and '.join(guarded)}; whether users get in shows later", fix
        )
    return Row("firewall", True, "none") if known and not target.machine.vm else Row("firewall", None, "not known")


def _opened(needs: Needs, one: int, first: int, last: int) -> str:
    if "ufw" in needs.tools:
        return f"sudo ufw allow {one}/tcp && sudo ufw allow {first}:{last}/tcp"
    if "firewall-cmd" in needs.tools:
        add = f"--add-port={one}/tcp --add-port={first}-{last}/tcp"
        return f"sudo firewall-cmd --permanent {add} && sudo firewall-cmd --reload"
    return f"let ports {one} and {first} to {last} in"


def sleep(facts: Facts, target: Target) -> Iterator[Row]:
    """Whether a Mac goes to sleep."""
    if facts.host.system == MAC:
        after = facts.host.sleeps_after
        found = "never" if after is None else f"after {after} min, and the service with it"
        yield Row("sleep", after is None, found, f"inv fix.sleep --yes -H {target.name}" if after else "")


def python(facts: Facts, target: Target, there: pythons.Pythons) -> Row:
    """What the watchdog runs with."""
    try:
        return Row("python", True, pythons.chosen(facts.host, target.settings, there, root=by_root(facts, target)))
    except Blocked as error:
        return Row("python", False, error.case, error.hint)


def clock(facts: Facts, target: Target, before: float, after: float) -> Row:
    """The host's clock beside this computer's, which had those times before and after the look."""
    now, vm = facts.host.now, facts.machine.vm
    off = max(before - 1 - now, now - after - 1, 0)
    if off > CLOCK:
        mac = facts.host.system == MAC
        fix = "sudo sntp -sS time.apple.com" if mac else "sudo timedatectl set-ntp true"
        return Row("clock", False, f"{off:.0f} s {'ahead' if now > after else 'behind'}", f"{fix}, or set this one's")
    if vm and vm.clock_behind is not None and abs(vm.clock_behind) > 5:
        return Row("clock", False, f"the VM's is {vm.clock_behind:.0f} s behind", f"inv fix.clock -H {target.name}")
    return Row("clock", True, "as this computer's")


def folder(facts: Facts, needs: Needs, target: Target) -> Row:
    """Who may write where the service lies, and whether it can be read what it remembers."""
    host = facts.host
    if not needs.perl:
        return Row("folder", None, f"{host.folder}: whose it is was not checked, for that needs perl")
    try:
        check_own(facts, target)
    except Blocked as error:
        return Row("folder", False, error.case, error.hint)
    for file, wrong in host.damaged.items():
        return Row("folder", False, f"{host.files}/{file}: {wrong}", f"inv fix.state -H {target.name}")
    return Row("folder", True, f"{host.folder}, {'through sudo' if not host.writable else 'of the user alone'}")


def releases(facts: Facts, target: Target) -> Row:
    """The releases that could be deployed."""
    host, images = facts.host, facts.engine.images if facts.engine else {}
    places = {
        f"in {target.settings.archive}": host.archives,
        f"in {host.folder}": {*host.unpacked, *host.parts},
        "in Docker": [name.rpartition(":")[2] for name in images],
    }
    found = [f"{', '.join(sorted(versions))} {where}" for where, versions in places.items() if versions]
    fix = "" if found else f"inv deploy 0.3 --from FILE -H {target.name}"
    return Row("releases", True if found else None, "; ".join(found) or f"none in {target.settings.archive}", fix)


def lacking(rows: Iterable[Row]) -> list[str]:
    """The names of what is not as it must be, each once."""
    return list(dict.fromkeys(row.name for row in rows if row.good is False))
