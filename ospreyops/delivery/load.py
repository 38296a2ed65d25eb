"""Load a release's image into Docker."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Callable, Optional

from ..errors import Failed
from ..release import Release
from ..remote.command import Answer, Command
from ..remote.host import Host
from ..tools import docker
from . import partial

VERDICT = re.compile(r"^gate: (image|other|damaged|unread|odd|stale) (.*)$", re.MULTILINE)
"""What gate.pl says of an archive."""

STALE = "gate: stale "
"""What it says where that reads what decoded.pl kept."""
GOOD_COPY = "--from a good copy of the archive"
HINTS = {"unread": "install it there", "stale": "remove it there"}
"""What to try where the archive itself may be good."""


@dataclass(frozen=True)
class Load:
    """Load a release's image, and no other: the gate lets no archive give another name.

    gated: the line through the gate, of the part that the gate is told of, or of the whole; typed: without the gate.
    hint: what to try where Docker does not take it, if that is not to look for a full disk.
    ending: the question which layers the archive has; None where only the whole will do.
    chains: the layers of each image that Docker has whole, the lowest first.
    restore: the line that gives an image's name back to what had it before.
    mark, unmark: the lines around it that remember, on the host, that the image may be incomplete.
    record: the line that remembers which image was loaded, from its digest in Docker and its archive's.
    discard: the line that removes the release whose image the gate refused.
    remove: after a load that a power cut may have ended, the line that removes the image with its partial layers:
    Docker takes them for whole, whatever is loaded on top.
    """

    typed: Command
    release: Release
    gated: Callable[[Sequence[str]], Command] = field(compare=False)
    restore: Callable[[str], Command] = field(compare=False)
    mark: Command = field(compare=False)
    unmark: Command = field(compare=False)
    record: Callable[[str, str], Command] = field(compare=False)
    discard: Optional[Command] = field(default=None, compare=False)
    remove: Optional[Command] = field(default=None, compare=False)
    hint: str = field(default="", compare=False)
    ending: Optional[Command] = field(default=None, compare=False)
    chains: Sequence[Sequence[str]] = field(default=(), compare=False)

    def __str__(self) -> str:
        return str(self.typed)

    def perform(self, host: Host) -> None:
        """Errors: Failed when the archive is damaged, or holds another image."""
        host.run(self.mark)
        self._finish(host, self._load_part(host) or self._load(host))

    def perform_part(self, host: Host, line: Command) -> bool:
        """Load by a line that gives Docker new layers alone; false where Docker did not take them: the mark stays."""
        host.run(self.mark)
        answer = self._taken(host, line)
        if answer:
            self._finish(host, answer)
        return answer is not None

    def _finish(self, host: Host, answer: Answer) -> None:
        """What follows a load. Errors: Failed when it gave another name than the image's."""
        if self.remove and self.release.image in docker.loaded(answer.out):
            host.console.dim("    once more: the load that was cut off may have left partial layers")
            host.run(self.remove)
            answer = self._load(host)
        names = docker.loaded(answer.out)
        for other in names:
            if other != self.release.image:
                host.run(self.restore(other))
        if self.release.image in names and (digest := docker.loaded_id(answer.out)):
            said = VERDICT.search(answer.err)
            host.run(self.record(digest, said[2] if said else "-"))
        host.run(self.unmark)
        if names != [self.release.image]:
            holds = ", ".join(names) or "no image"
            raise Failed(f"the archive of {self.release.version} holds {holds}, not {self.release.image}")

    def _load_part(self, host: Host) -> Optional[Answer]:
        """What loading only what Docker lacks printed; None where that was not to be done, or did not do."""
        if not self.ending:
            return None
        said = host.ask({"ending": self.ending}, sudo=self.ending.sudo)["ending"].out
        told = partial.words(partial.members_of(said), self.chains, self.release.image)
        return self._taken(host, self.gated(told)) if told else None

    def _taken(self, host: Host, line: Command) -> Optional[Answer]:
        """What loading a part printed; None where Docker did not take it.

        It may have left the image's name behind, with an image that does not run.
        """
        with suppress(Failed), host.console.progress():
            answer = self._run(host, line)
            verdict = VERDICT.search(answer.err)
            taken = docker.loaded(answer.out) == [self.release.image] and docker.loaded_id(answer.out)
            if taken and verdict and verdict[1] == "image":
                return answer
        host.console.dim("    once more, with all layers: Docker did not take the new ones alone")
        with suppress(Failed):
            host.run(self.restore(self.release.image))
        return None

    def _run(self, host: Host, line: Command) -> Answer:
        """What the line printed; run again where what was kept decoded is not what it was, for then that is removed.

        Errors: Failed.
        """
        try:
            answer = host.run(line)
            if STALE not in answer.err:
                return answer
        except Failed as error:
            if STALE not in error.evidence:
                raise
        host.console.dim("    once more, from the archive: what was kept decoded is damaged, and was removed")
        return host.run(line)

    def _load(self, host: Host) -> Answer:
        """What the load printed. Errors: Failed, with the gate's reason where it refused the archive."""
        try:
            with host.console.progress():
                answer = self._run(host, self.gated(()))
        except Failed as error:
            refused = VERDICT.search(error.evidence)
            if not refused or refused[1] == "image":
                case = error.case.replace(str(self.gated(())), str(self.typed))
                raise Failed(
                    f"{self.release.image_archive} cannot be loaded: {case}",
                    evidence=error.evidence,
                    hint=self.hint or "is a disk full? (df, docker system df)",
                ) from None
        else:
            refused = VERDICT.search(answer.err)
            if not refused or refused[1] == "image":
                return answer
        hint = HINTS.get(refused[1], GOOD_COPY)
        self._tidy(host, damaged=hint == GOOD_COPY)
        raise Failed(f"{self.release.image_archive} cannot be loaded: {refused[2]}", hint=hint)

    def _tidy(self, host: Host, *, damaged: bool) -> None:
        """Docker took nothing, so the image is as complete as before; a damaged release is of no use."""
        if not self.remove:
            host.run(self.unmark)
        if self.discard and damaged:
            with suppress(Failed):
                host.run(self.discard)
