"""Look at a host: ask everything in one round trip, and turn the answers into facts."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Callable, Optional, Union

from .. import seen
from ..errors import Blocked, OspreyError
from ..facts import Facts
from ..facts.engine import EngineFacts, EngineRefusal, Refusal
from ..facts.host import HostFacts
from ..facts.service import ProbeResult
from ..remote.background import Background
from ..remote.command import Answer, Command
from ..remote.host import Host as Remote
from ..target import Target
from ..text import bracketed
from ..tools import docker
from . import host, https, place, service
from .alongside import seen_alongside

OWN = "own"
"""The name of the question to the host's own addresses."""
ENGINE_LIMIT = 30
"""Seconds until Docker must have answered."""
NO_ANSWER = EngineRefusal("the engine does not answer", Refusal.SILENT)


@dataclass(frozen=True)
class Ahead:
    """What root is asked beside the user, where the last command had to ask root.

    engine: what the engine has, None where the user does not ask it at all; inside: what lies in the service's folder.
    """

    engine: Optional[Background]
    inside: Background


@dataclass
class Look:
    """Asks one host.

    _root: only root may reach Docker there, as the last look found; _place: where that found the service, which root
    is asked about where only root may read it.
    """

    host: Remote
    target: Target
    _root: bool = field(default=False, init=False)
    _place: Optional[seen.Place] = field(default=None, init=False)

    def facts(self) -> Facts:
        """All facts, fresh; as long as the slowest question. Errors: Unreachable, Blocked, Usage."""
        with self.host.console.doing(f"looking at {self.target.name}") as activity:
            return self._facts(activity.left)

    def _facts(self, left: set[str]) -> Facts:
        """The facts. left: what has not answered yet.

        The public URL comes first, for it connects: two threads must not do that at once.
        """
        settings, machine = self.target.settings, self.target.machine
        if not settings.here:
            threading.Thread(target=_load, daemon=False).start()
        outside = self.public_url()
        self.host.permit(root=self._root)
        last = self._place or seen.place_of(self.target.name)
        folder = place.likely(self.target, last.folder)
        inside = {**host.in_folder(folder, settings.archive), **machine.questions()}
        ahead = self._ahead(inside) if last.as_root and machine.vm is None else None
        engine = Background(_noted(partial(self.engine, ahead.engine if ahead else None), "docker", left))
        public = Background(_noted(partial(https.probe, outside), outside, left)) if outside else None
        answers = self.host.ask({**self._questions(), **({} if ahead else inside)})
        by_root = ahead is not None and self._join(answers, ahead.inside, inside)
        again = {**machine.again(answers), **service.again(settings.url, answers)}
        answers.update(self.host.ask(again) if again else {})
        patience = 0 if machine.vain and machine.vain.shown(answers) else None
        found = engine.result(patience, NO_ANSWER)
        root = isinstance(found, EngineFacts) and found.sudo
        own = place.settled(self.host, self.target, answers, folder, root=root, by_root=by_root)
        self._place = seen.Place(own.folder, root and own.private)
        facts, refusal = self._settled(found, own)
        self._ask_as_root(facts, answers)
        looked = Facts(
            host=own,
            machine=machine.facts(answers, refusal),
            engine=facts,
            refusal=refusal,
            local=service.probed(settings.url, answers),
            outside=self._outside(public, outside, patience),
            ways=service.ways(settings.service_port, answers[OWN]) if OWN in answers else (),
        )
        return seen_alongside(self.host, self.target, looked, outside)

    def _questions(self) -> dict[str, Command]:
        """What the host is asked about itself and the service, by whoever logs in."""
        settings, machine = self.target.settings, self.target.machine
        asked = service.questions(settings.url)
        own = {} if machine.vm else {OWN: service.ways_question(settings.service_port)}
        return {
            "place": place.question(settings),
            **host.itself(settings),
            **{name: replace(question, vain=machine.vain) for name, question in asked.items()},
            **own,
        }

    def _ahead(self, inside: Mapping[str, Command]) -> Ahead:
        """Begin to ask root. inside: what only root may read, as the last command found."""
        return Ahead(
            None if self._root else Background(partial(self._read_in_time, root=True)),
            Background(partial(self.host.ask, inside, sudo=True)),
        )

    def _settled(
        self, found: Union[EngineFacts, EngineRefusal], own: HostFacts
    ) -> tuple[Optional[EngineFacts], Optional[EngineRefusal]]:
        """What the engine has, and why it has not answered.

        A container may start between the questions: where a port is taken and no container runs, Docker is asked again.
        """
        if own.listener and isinstance(found, EngineFacts) and not (found.service and found.service.running):
            found = self.engine()
        return (found, None) if isinstance(found, EngineFacts) else (None, found)

    def engine(self, ahead: Optional[Background] = None) -> Union[EngineFacts, EngineRefusal]:
        """What the engine has of the service, or why it cannot be asked; as root, where only root may ask it.

        ahead: what root is answered, where root is asked beside the user.
        """
        found = self._read_in_time(root=self._root)
        if self._root or not (isinstance(found, EngineRefusal) and "permission denied" in found.text):
            return found
        found = ahead.result() if ahead else self._read_in_time(root=True)
        self._root = isinstance(found, EngineFacts)
        return found

    def _read_in_time(self, *, root: bool) -> Union[EngineFacts, EngineRefusal]:
        """What the engine has within its limit, which begins once sudo has its password: a user may type for longer."""
        try:
            self.host.permit(root=root)
        except OspreyError as error:
            return docker.refusal(f"{error.case}; {error.hint}")
        asked = Background(partial(self.read_engine, root=root))
        found: Union[EngineFacts, EngineRefusal] = asked.result(ENGINE_LIMIT, NO_ANSWER)
        return found

    def read_engine(self, *, root: bool) -> Union[EngineFacts, EngineRefusal]:
        """What the engine has of the service, asked once."""
        from ..tools import docker_api

        dial = self.target.machine.dial
        try:
            return docker_api.read_engine(self.host, replace(dial, sudo=root or dial.sudo))
        except docker_api.EngineUnavailable as error:
            return docker.refusal(str(error))
        except OspreyError as error:
            return docker.refusal(f"{error.case}; {error.hint}")

    def _join(self, answers: dict[str, Answer], asked: Background, inside: Mapping[str, Command]) -> bool:
        """Add what root answered; false where root may not be asked any more, and the user was."""
        try:
            answers.update(asked.result())
        except Blocked:
            answers.update(self.host.ask(inside))
            return False
        return True

    def public_url(self) -> Optional[str]:
        """Where users reach the service; None when this computer cannot ask there."""
        settings, address = self.target.settings, self.host.address
        if settings.public:
            return None if settings.public == "none" else settings.public.rstrip("/")
        if settings.here or self.host.jumped:
            return None
        return f"https://{bracketed(address)}:{settings.service_port}"

    def _ask_as_root(self, engine: Optional[EngineFacts], answers: dict[str, Answer]) -> None:
        """Ask for the active port once more as root, where only root may reach Docker."""
        machine = self.target.machine
        if engine and engine.sudo and "room" in answers and "iptables readable" not in answers["room"].out:
            answers.update(self.host.ask(machine.questions(), sudo=True))

    def _outside(
        self, asked: Optional[Background], url: Optional[str], patience: Optional[float]
    ) -> tuple[ProbeResult, ...]:
        """What was asked from this computer; nothing where that was not, and its silence where that takes too long.

        patience: seconds; None for as long as a slow service needs.
        """
        late = (ProbeResult(url or "", error=service.SILENT),)
        return asked.result(3 * service.LIMIT if patience is None else patience, late) if asked else ()


def _load() -> None:
    """Load what the Docker SDK needs while the SSH server is waited for; what connects to that is loaded before.

    The program does not end before this has: Python must not end in the middle of loading a library.
    """
    from ..remote import ssh  # noqa: F401 (to load it)
    from ..tools import docker_api  # noqa: F401 (to load it)


def _noted(ask: Callable[[], Any], name: str, left: set[str]) -> Callable[[], Any]:
    """The same question, whose name is in the set until it is answered."""

    def asked() -> Any:
        try:
            return ask()
        finally:
            left.discard(name)

    left.add(name)
    return asked
