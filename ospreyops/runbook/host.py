"""A new host: whether its key is the right one, and what it has of what the tool needs."""

from __future__ import annotations

import functools
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Optional

import invoke
from invoke.parser import Argument

from .. import seen
from ..change.site import Site
from ..cli import HostTask
from ..daemon import pythons
from ..errors import Blocked, Unreachable, Usage
from ..facts import Facts
from ..facts.needs import Needs
from ..fleet import Kind
from ..goals.desired import at_hand, running
from ..look import Look
from ..look.needs import engine_question, questions
from ..look.needs import needs as read
from ..outcome import Outcome
from ..remote.background import on_main_thread
from ..remote.plain import PlainHost
from ..remote.shown import ChangedHostKey, Shown, UnknownHostKey, described, kind_of
from ..remote.shown import fingerprint as fingerprint_of
from ..remote.trust import AddKey, shown
from ..step import Step
from ..target import Target
from . import checklist
from .checklist import Row, lacking

FINGERPRINT = "SHA256:", 50
"""How a fingerprint begins, and its signs."""
QUESTION = "is it the same? (yes, no, or the fingerprint from there): "
DANGER = """\
Either the host was installed anew, or SOMEBODY STANDS BETWEEN and pretends to be the host.
Who stands between reads all that you send, the password of sudo, too, and may change it.
Nothing was changed here. Compare the key on the host's own screen and keyboard:
  {line}"""


class NamedTask(HostTask):
    """A task about a host that is named: `inv host.trust NAME`, or with -H."""

    def get_arguments(self, ignore_unknown_help: Optional[bool] = None) -> list[Argument]:
        """Those of every task, of which the host needs no flag."""
        found = super().get_arguments(ignore_unknown_help)
        for argument in found:
            if argument.name == "host":
                argument.positional, argument.help = True, "the hosts, with commas; the same as NAME"
        return found


task = functools.partial(invoke.task, klass=NamedTask, auto_shortflags=False, positional=[])


@task(help={"fingerprint": "the right one, SHA256:…, instead of a question; with commas, one for each new jump host"})
def trust(site: Site, fingerprint: str = "") -> Outcome:
    """Show the host's key, and trust it after a yes.

    The host key of a jump host comes first. The key is added to the known_hosts that ssh uses, so ssh trusts it, too.
    A key that has changed is never replaced.
    """
    expected = _expected(fingerprint)
    did: list[Step] = []
    if site.settings.here:
        return site.finished([], "this computer is reached without SSH")
    while True:
        try:
            found = shown(site.settings, lambda text: site.console.say(text, error=True))
        except ChangedHostKey as changed:
            raise _loud(site, changed) from None
        except UnknownHostKey as unknown:
            file, line = unknown.judge.addition(unknown.key)
            step = Step(_why(unknown), AddKey(file, line), f"the host key of {unknown.judge.name} is trusted")
            if step.why in [one.why for one in did]:
                raise
            if site.dry:
                site.console.dry_step(step.why, str(step.do))
                return site.finished([], "")
            _check(site, unknown, expected)
            with site.console.step(step.why, str(step.do), step.outcome):
                step.do.perform(site.host)
            did.append(step)
        else:
            return _finished(site, found, expected, did)


@task(kind=Kind.LOOK, help={"json_": "one line of JSON"})
def check(site: Site, json_: bool = False) -> Outcome:
    """Show what the host needs, has and lacks.

    What it lacks is shown with the line that mends it. Nothing is changed. Perl and Docker may be missing, too.
    """
    try:
        found = list(_rows(site))
    except Unreachable as error:
        fix = f"inv host.trust {site.name}" if isinstance(error, UnknownHostKey) else error.hint
        if json_:
            _tell_json(site, [Row("ssh", False, error.case, fix)])
        raise Unreachable(error.case, evidence=error.evidence, hint=fix) from None
    if json_:
        _tell_json(site, found)
    else:
        with site.console.together:
            for row in found:
                site.console.row(row.good, row.name, row.found)
                if row.fix:
                    site.console.dim(f"  {'':<9} fix: {row.fix}")
    if lacks := lacking(found):
        raise Blocked(f"{site.name} lacks what the tool needs: {', '.join(lacks)}", hint="the lines behind fix: above")
    text = f"{site.name} has what the tool needs"
    if not json_:
        site.console.success(text)
        site.console.say(f"next: inv {seen.after(site.name, at_hand(site.last), running(site.last)).line}")
    return site.outcome(text)


def _tell_json(site: Site, found: list[Row]) -> None:
    site.console.data({"host": site.name, "checks": [row._asdict() for row in found]})


def _rows(site: Site) -> Iterator[Row]:
    """All rows. Where a look fails, and no Perl is there, sh alone is asked. Errors: Unreachable."""
    before, host, target = time.time(), site.host, site.target
    facts: Optional[Facts] = None
    failed: Optional[Blocked] = None
    try:
        facts = site.look()
    except Blocked as error:
        failed, host = error, PlainHost(site.settings, site.console)
        with suppress(Blocked):
            facts = Look(host, target).facts()
    after = time.time()
    answers = host.ask({**questions(perl=failed is None), **pythons.questions(site.settings)})
    if failed or (facts and facts.engine):
        answers.update(host.ask(engine_question(target.machine), sudo=bool(facts and facts.sudo)))
    needs = read(answers)
    yield checklist.ssh(site.host.shown())
    if failed and needs.perl:
        yield Row("look", False, failed.case, failed.hint)
    if facts:
        yield Row("host", None, f"{facts.host.system}, as {facts.host.user}")
        yield checklist.sudo(facts, needs, target)
    yield from checklist.program_rows(needs)
    yield checklist.docker(facts, needs)
    if facts:
        yield from _of_look(facts, needs, target, pythons.found(answers))
        yield checklist.clock(facts, target, before, after)


def _of_look(facts: Facts, needs: Needs, target: Target, there: pythons.Pythons) -> Iterator[Row]:
    yield checklist.traffic(facts, needs, target)
    yield checklist.memory(facts, target)
    yield from checklist.disks(facts, target)
    yield checklist.firewall(facts, needs, target)
    yield from checklist.sleep(facts, target)
    yield checklist.python(facts, target, there)
    yield checklist.folder(facts, needs, target)
    yield checklist.releases(facts, target)


def _finished(site: Site, found: Shown, expected: set[str], did: list[Step]) -> Outcome:
    own = fingerprint_of(found.key.asbytes())
    if expected and own not in expected:
        raise Blocked(
            f"the host key of {site.name} is known, and is {own}, which is not the one that is given",
            hint=f"on {site.name} itself: {_line(found.key)}",
        )
    if found.refusal:
        site.console.dim(f"but {found.refusal.case}; try: {found.refusal.hint}")
    outcome = site.finished(did, f"the host key of {site.name} is known: {described(found.key, site.name)}")
    if not found.refusal:
        site.console.say(f"next: inv host.check {site.name}")
    return outcome


def _expected(given: str) -> set[str]:
    """The fingerprints that are given. Errors: Usage."""
    begin, signs = FINGERPRINT
    found = {part.strip().rstrip("=") for part in given.split(",")} if given else set()
    for one in found:
        if not one.startswith(begin) or len(one) != signs:
            raise Usage(
                f"--fingerprint {one!r} is no fingerprint", hint="SHA256:…, as ssh-keygen -lf prints it on the host"
            )
    return found


def _why(unknown: UnknownHostKey) -> str:
    return f"the host key of {unknown.judge.name} is not known yet"


def _line(key: Any) -> str:
    """The line that prints the fingerprint on the host itself."""
    return f"ssh-keygen -lf /etc/ssh/ssh_host_{kind_of(key)}_key.pub"


def _check(site: Site, unknown: UnknownHostKey, expected: set[str]) -> None:
    """Check that somebody says that the key is right. Errors: Blocked."""
    name, key = unknown.judge.name, unknown.key
    own, compare = fingerprint_of(key.asbytes()), f"on {name} itself: {_line(key)}"
    if expected:
        if own not in expected:
            raise Blocked(f"the host key of {name} is {own}, which is not the one that is given", hint=compare)
        return
    if not sys.stdin.isatty():
        raise Blocked(
            f"{_why(unknown)}, and there is no terminal to ask on: {described(key, name)}",
            hint=f"{compare}; then here: --fingerprint with what that prints",
        )
    answer = on_main_thread(functools.partial(_asked, site, unknown))
    if answer != own and answer.lower() != "yes":
        raise Blocked(f"the host key of {name} is not trusted: {described(key, name)}", hint=compare)


def _asked(site: Site, unknown: UnknownHostKey) -> str:
    """What the user answers, who has seen the key and how to compare it."""
    name, key = unknown.judge.name, unknown.key
    with site.console.paused():
        site.console.say(f"{name} shows this host key, which is not known yet:")
        site.console.say(f"  {described(key, name)}")
        site.console.say(f"On {name} itself, at its own screen and keyboard, this must print the same SHA256:")
        site.console.say(f"  {_line(key)}")
        try:
            return input(QUESTION).strip().rstrip("=")
        except EOFError:
            return "no"


def _loud(site: Site, changed: ChangedHostKey) -> Blocked:
    return Blocked(
        f"THE HOST KEY HAS CHANGED: {changed.case}",
        evidence=DANGER.format(line=_line(changed.key)),
        hint=f"only where that prints the new SHA256: {changed.forget} && inv host.trust {site.name}",
    )
