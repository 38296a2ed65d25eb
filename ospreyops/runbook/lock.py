"""Who changes a host, and how a lock is freed whose holder is stuck."""

from __future__ import annotations

from typing import Optional

from ..change.lock import LockState, ending, lock_state, question
from ..change.site import Site
from ..cli import as_json, task
from ..errors import Blocked, Usage
from ..outcome import Outcome
from ..step import Step


def current_lock(site: Site) -> Optional[LockState]:
    """Who holds the host's lock, in one question; None when it is free."""
    return lock_state(site.host.ask({"lock": question(site.settings.folder)})["lock"])


def evidence(found: LockState) -> str:
    """Whether the holder is alive, as far as the host can tell."""
    process = f"lock process {found.holder.perl}" if found.holder else "its lock process"
    return f"{process} {'alive' if found.alive else 'not found'}\nlast heartbeat {found.silent} s ago"


@task(help={"json_": "one line of JSON"})
def status(site: Site, json_: bool = False) -> None:
    """Show who changes the host, and since when."""
    found = current_lock(site)
    if json_:
        site.console.data({"host": site.name, "lock": as_json(found)})
    elif found is None:
        site.console.row(None, "lock", f"{site.name} is not locked")
    else:
        site.console.row(None, "lock", f"{site.name} is locked by {found.holder or 'somebody'}")
        for line in evidence(found).splitlines():
            site.console.row(None, "", line)


@task(help={"yes": "really: what the holder does goes on without the lock, up to its next step"})
def release(site: Site, yes: bool = False) -> Outcome:
    """Free the lock of a holder that is stuck.

    Ends the process on the host that holds it.
    """
    found = current_lock(site)
    if found is None:
        return site.finished([], f"{site.name} is not locked")
    case = f"{site.name} is locked by {found.holder or 'somebody'}"
    if not found.holder or not found.alive:
        hint = f"lsof {site.settings.folder}/.ospreyops/lock there, as root"
        raise Blocked(case, evidence=evidence(found), hint=hint)
    if not yes:
        raise Usage(case, evidence=evidence(found), hint="--yes, when whoever that is knows of it")
    sudo = not site.look().host.writable
    line = ending(site.settings.folder, found.holder.perl, sudo=sudo)
    if site.dry:
        site.console.dry_step(case, str(line))
        return site.finished([], "")
    step = Step(case, line, f"{site.name} is not locked any more")
    with site.console.step(step.why, str(step.do), step.outcome):
        line.perform(site.host)
    return site.finished([step], f"{site.name} is not locked")
