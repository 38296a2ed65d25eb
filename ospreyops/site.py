"""A site: a host with its settings, the machine that Docker runs on, and the console that speaks of it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import Callable, Optional

from . import health, look
from .aside import Aside
from .console import Console
from .containers import EngineFacts, connected
from .errors import OspreyError
from .facts import Facts, Seen
from .host import Host
from .ledger import Ledger
from .machines import Machine, machine
from .plan import Step
from .settings import HERE, Settings, number

ENGINE_LIMIT = 30


@dataclass
class Site:
    """What a task works on.

    clock, sleep: seconds, as time.monotonic and time.sleep have them.
    interrupted: somebody pressed Ctrl-C; no further step is begun.
    _root: only root may reach the engine, as the last look has found.
    """

    settings: Settings
    host: Host
    machine: Machine
    console: Console
    dry: bool = False
    interrupted: bool = field(default=False, init=False)
    clock: Callable[[], float] = field(default=time.monotonic)
    sleep: Callable[[float], None] = field(default=time.sleep)
    ledger: Ledger = field(default_factory=Ledger)
    last: Facts = field(init=False)
    _root: bool = field(default=False, init=False)

    @property
    def name(self) -> str:
        """The host's name, as `-H` takes it."""
        return self.settings.name

    def look(self) -> Facts:
        """All facts, fresh; as long as the slowest question. Errors: Unreachable, Blocked, Usage.

        A container may start between the questions: a port that is taken by none that runs is asked about again.
        Finding out where users reach the service connects, before two threads could do it at once.
        """
        where = self.settings.url
        outside = self.public_url()
        engine = Aside(self._engine)
        public = Aside(lambda: health.public(outside)) if outside else None
        answers = self.host.ask(
            {**look.questions(self.settings), **self.machine.questions(), **health.questions(where)}
        )
        facts, why = engine.result(ENGINE_LIMIT, (None, "the engine does not answer"))
        host = look.host_facts(self.settings, answers)
        if host.listener and facts and not (facts.service and facts.service.running):
            facts, why = self._engine()
        if facts and facts.sudo and "room" in answers and "way in" not in answers["room"].out:
            answers.update(self.host.ask(self.machine.questions(), sudo=True))
        seen = Facts(
            host=host,
            machine=self.machine.facts(answers, host.now, why),
            engine=facts,
            engine_why=why,
            local=health.local(where, answers),
            public=public.result(2 * health.LIMIT, Seen(outside, error="no answer in time")) if public else None,
        )
        self.last = self._aside(seen)
        return self.last

    def _aside(self, facts: Facts) -> Facts:
        """What goes on in the containers that users do not reach by the service's port, where there are such."""
        engine, way_in = facts.engine, facts.machine.way_in
        aside = [one for one in engine.containers if one.running and one.port not in (None, way_in)] if engine else []
        if not engine or not aside or way_in is None:
            return facts
        own, url = engine.service, ""
        if own in aside and own.port != self.settings.service_port:
            url = f"https://{self.machine.address(facts)}:{own.port}"
        tables = {one.name.replace("-", "_"): one for one in aside}
        questions = {name: self.machine.connections(one) for name, one in tables.items()}
        asked = self.host.ask({**questions, **(health.questions(url) if url else {})})
        seen = {one: replace(one, connections=connected(asked[name].out, one.port)) for name, one in tables.items()}
        service = seen.get(engine.service, engine.service) if engine.service else None
        engine = replace(engine, service=service, others=tuple(seen.get(one, one) for one in engine.others))
        return replace(facts, engine=engine, own=health.local(url, asked) if url else None)

    def patient(self, seconds: str) -> Site:
        """The same site with another patience; Usage when that is no number of seconds."""
        if not seconds:
            return self
        return replace(self, settings=replace(self.settings, patience=number("--patience", seconds)))

    def here(self) -> Host:
        """This computer, whatever host the site is of."""
        return Host(Settings(HERE), self.console)

    def of_owner(self, owner: str) -> Site:
        """The same site, for the VM and the files of another user of the host."""
        theirs = replace(self.settings, owner=owner)
        return replace(self, settings=theirs, host=self.host.of_owner(theirs), machine=machine(theirs))

    def finished(self, did: list[Step], state: str) -> str:
        """Say, in one line, what a task came to, and give it for the summary. state: what is the case now."""
        if self.dry:
            text = "a dry run: nothing was done"
        else:
            text = f"{len(did)} step{'s' * (len(did) != 1)} done: {state}" if did else f"nothing to do: {state}"
        self.console.good(text)
        return text

    def public_url(self) -> str:
        """Where users reach the service; "" when this computer cannot ask there."""
        at = self.host.address
        if self.settings.public:
            return "" if self.settings.public == "none" else self.settings.public.rstrip("/")
        if self.settings.here or self.host.jumped:
            return ""
        return f"https://{at}:{self.settings.service_port}"

    def _engine(self) -> tuple[Optional[EngineFacts], str]:
        from . import engine

        try:
            found = engine.look(self.host, replace(self.machine.dial, sudo=self._root or self.machine.dial.sudo))
            self._root = found.sudo
            return found, ""
        except engine.Unanswered as error:
            return None, str(error)
        except OspreyError as error:
            return None, f"{error.case}; {error.hint}"


def site(settings: Settings, console: Console, *, dry: bool = False) -> Site:
    """The site of a host; nothing is connected yet. Usage for settings that do not fit."""
    return Site(settings, Host(settings, console), machine(settings), console, dry)
