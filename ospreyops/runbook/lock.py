"""Who changes a host, and how a lock is freed whose holder is stuck."""

from __future__ import annotations

import textwrap
from typing import Optional

from ..change.lock import HeldByOther, LockState, ending, lock_state, question
from ..change.site import Site
from ..cli import as_json, task
from ..errors import Blocked, Unconfirmed
from ..fleet import Kind
from ..look import place
from ..outcome import Outcome
from ..step import Step

ROOM = 63
"""Signs of a row that fit beside its mark and title in 80 columns."""


def current_lock(site: Site) -> Optional[LockState]:
    """Who holds the host's lock, in one question; None when it is free."""
    return lock_state(place.ask(site.host, site.target, question))


def evidence(found: LockState) -> str:
    """What the host can tell of the holder and of its line."""
    told = []
    if found.held:
        process = f"lock process {found.holder.perl}" if found.holder else "its lock process"
        told = [f"{process} {'alive' if found.alive else 'not found'}", f"last heartbeat {found.silent} s ago"]
    elif found.line:
        told = [f"its task has lost the lock; limit process {found.line.perl or 'unknown'}"]
    return "\n".join(told)


def case_of(site: Site, found: LockState) -> str:
    """Who keeps others from changing the host."""
    return f"{site.name} is locked by {HeldByOther(found.holder, None if found.held else found.line)}"


@task(kind=Kind.LOOK, help={"json_": "one line of JSON"})
def status(site: Site, json_: bool = False) -> None:
    """Show who changes the host, and since when."""
    found = current_lock(site)
    if json_:
        site.console.data({"host": site.name, "lock": as_json(found)})
    elif found is None:
        site.console.row(None, "lock", f"{site.name} is not locked")
    else:
        told = [case_of(site, found), *evidence(found).splitlines()]
        told += [f"runs: {found.line.text}"] if found.held and found.line else []
        with site.console.together:
            for place, line in enumerate(line for text in told for line in textwrap.wrap(text, ROOM)):
                site.console.row(None, "" if place else "lock", line)


@task(help={"yes": "really: a line of the holder goes on without the lock, until a second release ends it"})
def release(site: Site, yes: bool = False) -> Outcome:
    """Free the lock of a holder that is stuck.

    It ends the process on the host that holds it. Where a line goes on without its task, it ends that line.
    """
    found = current_lock(site)
    if found is None:
        return site.finished([], f"{site.name} is not locked")
    case, process = case_of(site, found), _process(found)
    if not process:
        hint = f"lsof {site.look().host.files}/{'lock' if found.held else 'line'} there, as root"
        raise Blocked(case, evidence=evidence(found), hint=hint)
    if not (yes or site.dry):
        raise Unconfirmed(case, evidence=evidence(found), hint="--yes, when whoever that is knows of it")
    host = site.look().host
    end = ending(host.folder, process, sudo=not host.writable, line=not found.held)
    if site.dry:
        site.console.dry_step(case, str(end))
        return site.finished([], "")
    step = Step(case, end, f"{site.name} is not locked any more")
    with site.console.step(step.why, str(step.do), step.outcome):
        end.perform(site.host)
    return site.finished([step], f"{site.name} is not locked")


def _process(found: LockState) -> int:
    """The process on the host that is to end; 0 when nobody knows it."""
    if not found.held:
        return found.line.perl if found.line else 0
    return found.holder.perl if found.holder and found.alive else 0
