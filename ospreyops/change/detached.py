"""What a line leaves running is to go on after its login session, whatever the host does to what such a session leaves.

logind ends it with KillUserProcesses=yes, as may a module of PAM, or launchd. So it is tried before anything is stopped
or started: a process is left behind, the connection is closed, and the process is looked for over another one. The line
that starts the service then runs in a session of its own, which ends with the line: each look after that is made over a
connection that did not stand yet. The lock is held over the one before (field book: world, "Shells, sudo").
"""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import Blocked, Unreachable
from ..facts import Facts
from ..lines import left_running, still_running, writes_as_root
from ..remote.command import Answer, Command, quote
from ..remote.protocol import new_mark
from ..step import Step
from ..text import whole_number
from .site import Site

LIMIT = 15
LOGIND = "busctl get-property org.freedesktop.login1 /org/freedesktop/login1 org.freedesktop.login1.Manager"
KILLS = Command(f"{LOGIND} KillUserProcesses", LIMIT)
"""Prints "b true" where logind ends what a session leaves."""
ROOTLESS = Command(
    "systemctl --user --quiet is-active docker && docker info --format '{{.SecurityOptions}}' | grep -q name=rootless"
    ' && loginctl show-user "$(id -un)" -p Linger',
    LIMIT,
)
"""Prints "Linger=no" where Docker is the user's own, and ends with the user's last session."""
SPARE = Command(
    "mkdir -p /etc/systemd/logind.conf.d && printf '[Login]\\nKillUserProcesses=no\\n'"
    " >/etc/systemd/logind.conf.d/zz-ospreyops.conf && systemctl restart systemd-logind",
    LIMIT,
    sudo=True,
)
"""Has logind end nothing any more."""


def check(site: Site, steps: list[Step]) -> None:
    """Check, once for a change, that what the steps leave running will go on after the session. Errors: Blocked."""
    facts, change = site.last, site.change
    if change.lasts or not any(_lasting(site, step) for step in steps):
        return
    mark, root = new_mark(), writes_as_root(facts)
    left = site.host.ask({"left": left_running(facts, mark)}, sudo=root)["left"]
    process = whole_number(left.out.strip())
    if process is None:
        raise Blocked(f"nothing can be left running on {site.name}", evidence=left.said)
    site.host.sessions.renew()
    running = _asked(site, {"lasts": still_running(process, mark)}, sudo=root)["lasts"]
    if not running.ok:
        raise _refused(facts, _asked(site, {"kills": KILLS})["kills"])
    users = not facts.sudo and not site.target.machine.vm
    if users and _asked(site, {"rootless": ROOTLESS})["rootless"].out.strip() == "Linger=no":
        raise Blocked(
            f"Docker on {site.name} is {facts.host.user}'s own, and ends with the last login session",
            hint=f"sudo loginctl enable-linger {quote(facts.host.user)}, on {site.name}",
        )
    change.lasts = True


def _asked(site: Site, questions: Mapping[str, Command], *, sudo: bool = False) -> dict[str, Answer]:
    """The answers. What ends the session before may end this one, too: then they are asked over another."""
    try:
        return site.host.ask(questions, sudo=sudo)
    except Unreachable:
        site.host.sessions.renew()
        return site.host.ask(questions, sudo=sudo)


def perform(site: Site, step: Step) -> None:
    """Do a step; in a login session of its own where it starts what is to go on. Errors: those of the step."""
    if not _lasting(site, step):
        step.do.perform(site.host)
        return
    site.host.sessions.renew()
    try:
        step.do.perform(site.host)
    finally:
        site.host.sessions.renew()


def _lasting(site: Site, step: Step) -> bool:
    """The step is about a process that a login session leaves: there is a session, and systemd does not start it."""
    return step.lasting and not site.host.here and site.last.host.unit is None


def _refused(facts: Facts, kills: Answer) -> Blocked:
    """What is the case, and the line that mends it."""
    host = facts.host
    case = f"what a login session of {host.user} leaves running on {host.name} ends with that session"
    if kills.out.strip() == "b true":
        hint = f"{SPARE}, on {host.name}"
        return Blocked(f"{case}: logind has KillUserProcesses=yes", hint=hint)
    hint = f"find what ends it, and have that spare {host.user}; on {host.name}: grep -E '^(session|@)' /etc/pam.d/sshd"
    return Blocked(case, hint=hint)
