"""Who changes a host, and how a lock is freed whose holder is stuck."""

from __future__ import annotations

from typing import Optional

from ..cli import as_json, task
from ..errors import Blocked, Usage
from ..lock import Held, ending, held, question
from ..plan import Step
from ..site import Site


def seen(site: Site) -> Optional[Held]:
    """Who holds the host's lock, in one question; None when it is free."""
    return held(site.host.ask({"lock": question(site.settings.folder)})["lock"])


def evidence(found: Held) -> str:
    """What speaks for or against the holder's being alive."""
    there = "is there" if found.alive else "is not to be seen"
    process = f"its process {found.holder.perl} on the host" if found.holder else "its process on the host"
    return f"{process} {there}\nthe last sign of life came {found.silent} s ago"


@task(help={"json_": "one line of JSON"})
def status(site: Site, json_: bool = False) -> None:
    """Show who changes the host, since when, and whether they are alive."""
    found = seen(site)
    if json_:
        site.console.data({"host": site.name, "lock": as_json(found)})
    elif found is None:
        site.console.row(None, "lock", f"nobody changes {site.name}")
    else:
        site.console.row(None, "lock", f"{site.name} is being changed by {found.holder or 'somebody'}")
        for line in evidence(found).splitlines():
            site.console.row(None, "", line)


@task(help={"yes": "really: what the holder does goes on without the lock, up to its next step"})
def release(site: Site, yes: bool = False) -> str:
    """Free the lock of a holder that is stuck, by ending its process on the host."""
    found = seen(site)
    if found is None:
        return site.finished([], f"nobody changes {site.name}")
    case = f"{site.name} is being changed by {found.holder or 'somebody'}"
    if not found.holder or not found.alive:
        hint = f"lsof {site.settings.folder}/.ospreyops/lock there, as root"
        raise Blocked(case, evidence=evidence(found), hint=hint)
    if not yes:
        raise Usage(case, evidence=evidence(found), hint="--yes, when whoever that is knows of it")
    sudo = not site.look().host.writable
    line = ending(site.settings.folder, found.holder.perl, sudo=sudo)
    step = Step(case, line, "the lock is free")
    if site.dry:
        site.console.would(step)
        return site.finished([], "")
    with site.console.step(step):
        line.perform(site)
    return site.finished([step], f"nobody changes {site.name}")
