"""Load a release's image into Docker."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Callable, Optional

from ..errors import Failed
from ..release import Release
from ..remote.command import Answer, Command
from ..remote.host import Host
from ..tools import docker

VERDICT = re.compile(r"^gate: (image|other|damaged|unread) (.*)$", re.MULTILINE)
"""What gate.pl says of an archive."""


@dataclass(frozen=True)
class Load:
    """Load a release's image, and no other: the gate lets no archive give another name.

    command: behind the gate; typed: the line without it.
    restore: the line that gives an image's name back to what had it before.
    mark, unmark: the lines around it that remember, on the host, that the image may be incomplete.
    record: the line that remembers which image was loaded, from its digest in Docker and its archive's.
    discard: the line that removes the release whose image the gate refused.
    remove: after a load that a power cut may have ended, the line that removes the image with its partial layers:
    Docker takes them for whole, whatever is loaded on top.
    """

    typed: Command
    release: Release
    command: Command = field(compare=False)
    restore: Callable[[str], Command] = field(compare=False)
    mark: Command = field(compare=False)
    unmark: Command = field(compare=False)
    record: Callable[[str, str], Command] = field(compare=False)
    discard: Optional[Command] = field(default=None, compare=False)
    remove: Optional[Command] = field(default=None, compare=False)

    def __str__(self) -> str:
        return str(self.typed)

    def perform(self, host: Host) -> None:
        """Errors: Failed when the archive is damaged, or holds another image."""
        host.run(self.mark)
        answer = self._load(host)
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

    def _load(self, host: Host) -> Answer:
        """What the load printed. Errors: Failed, with the gate's reason where it refused the archive."""
        try:
            with host.console.progress():
                answer = host.run(self.command)
        except Failed as error:
            refused = VERDICT.search(error.evidence)
            if not refused or refused[1] == "image":
                case = error.case.replace(str(self.command), str(self.typed))
                raise Failed(
                    f"{self.release.image_archive} cannot be loaded: {case}",
                    evidence=error.evidence,
                    hint="is a disk full? (df, docker system df)",
                ) from None
        else:
            refused = VERDICT.search(answer.err)
            if not refused or refused[1] == "image":
                return answer
        self._tidy(host, damaged=refused[1] != "unread")
        hint = "install it there" if refused[1] == "unread" else "--from a good copy of the archive"
        raise Failed(f"{self.release.image_archive} cannot be loaded: {refused[2]}", hint=hint)

    def _tidy(self, host: Host, *, damaged: bool) -> None:
        """Docker took nothing, so the image is as complete as before; a damaged release is of no use."""
        if not self.remove:
            host.run(self.unmark)
        if self.discard and damaged:
            with suppress(Failed):
                host.run(self.discard)
