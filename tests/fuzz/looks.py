"""Whole looks at simulated hosts, one of whose answers is odd: the tasks that show a host show it, or say why not."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import redirect_stderr, redirect_stdout, suppress
from functools import cache, partial
from typing import Any

from ospreyops import tasks
from ospreyops.change.site import Site
from ospreyops.console import Console, Screen
from ospreyops.errors import OspreyError
from ospreyops.facts import Facts
from ospreyops.facts.engine import EngineFacts
from ospreyops.look import OWN, host, service
from ospreyops.remote.command import Answer, Command
from ospreyops.runbook import image, machine, net
from ospreyops.runbook import service as of_service
from tests.fuzz.parser import Parser
from tests.sim.host import SimHost
from tests.sim.site import sim_site
from tests.worlds import running, serving

SHOWN: tuple[Any, ...] = (
    tasks.status,
    tasks.doctor,
    net.check,
    net.status,
    machine.status,
    of_service.status,
    image.list_,
)
"""The tasks that show what a look tells."""
OWN_ADDRESS = Answer(
    0, "10.0.0.7 0 Osprey service running! Supported service versions: v0.3\n[fd00::7] 7 curl: (7) no\n"
)


STEERS = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\ud800-\udfff]")
"""Signs that steer a terminal."""


def refuse(constant: str) -> None:
    """NaN and its like are no JSON."""
    raise AssertionError(constant)


class Seen:
    """What stands for the look of a site: facts that were read before."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def facts(self) -> Facts:
        return self._facts


class Noting:
    """What stands for a host: it keeps the answers to a look."""

    def __init__(self, host: SimHost) -> None:
        self._host, self.answers = host, dict[str, Answer]()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._host, name)

    def ask(self, questions: Mapping[str, Command], **how: Any) -> dict[str, Answer]:
        found = self._host.ask(questions, **how)
        self.answers.update(found)
        return found


@cache
def looked(kind: str) -> tuple[Site, Facts, dict[str, Answer]]:
    """The site of a host of that kind, its facts, and the answers that they are made of."""
    world = running(unit="0.3", listener="java", ended=0) if kind == "native" else serving()
    with redirect_stdout(io.StringIO()):
        site = sim_site(world, Console(Screen(), "sim"))
    noting: Any = Noting(world)
    site.looker.host = noting
    facts = site.look()
    return site, facts, {**noting.answers, **({OWN: OWN_ADDRESS} if kind == "native" else {})}


def read(kind: str, name: str, answer: Answer) -> Facts:
    """The facts of a host of which one answer is another."""
    site, good, answers = looked(kind)
    said, settings = {**answers, name: answer}, site.settings
    return Facts(
        host=host.host_facts(settings, said),
        machine=site.target.machine.facts(said, None),
        engine=good.engine,
        local=service.probed(settings.url, said),
        ways=service.ways(settings.service_port, said[OWN]) if OWN in said else (),
    )


def show(kind: str, facts: Facts) -> None:
    """Show the facts as each task does, in words and as JSON."""
    site, _, _ = looked(kind)
    looker: Any = Seen(facts)
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
        own = Site(site.target, site.host, Console(Screen(), "sim"), looker, site.change)
        for task in SHOWN:
            for options in ({}, {"json_": True}) if task is not net.check else ({},):
                with suppress(OspreyError):
                    task.body(own, **options)
    assert not STEERS.search(out.getvalue() + err.getvalue())
    for line in out.getvalue().splitlines():
        if line.startswith('{"host": '):
            json.loads(line, parse_constant=refuse)


def show_engine(engine: EngineFacts) -> None:
    """Show what Docker has, on a server."""
    _, good, _ = looked("native")
    show("native", Facts(good.host, good.machine, engine, good.local))


def parsers() -> Iterator[Parser]:
    """A reading for each question of a look."""
    for kind in ("native", "virtualbox"):
        for name, answer in looked(kind)[2].items():
            yield Parser(f"look at {kind}: {name}", [answer], partial(read, kind, name), partial(show, kind))
