"""Load a release's image into Docker."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Callable, Optional

from ..errors import Failed
from ..release import Release
from ..remote.command import Command
from ..remote.host import Host
from ..tools import docker


@dataclass(frozen=True)
class Load:
    """Load a release's image, and check that it is that release's; a wrong archive never retags an image.

    restore: the line that gives an image's name back to what had it before.
    mark, unmark: the lines around it that remember, on the host, that the image may be incomplete.
    remove: after a load that a power cut may have ended, the line that removes the image with its partial layers:
    Docker takes them for whole, whatever is loaded on top.
    """

    command: Command
    release: Release
    restore: Callable[[str], Command] = field(compare=False)
    mark: Command = field(compare=False)
    unmark: Command = field(compare=False)
    remove: Optional[Command] = field(default=None, compare=False)

    def __str__(self) -> str:
        return str(self.command)

    def perform(self, host: Host) -> None:
        """Errors: Failed when the archive is damaged, or holds another image."""
        host.run(self.mark)
        loaded = self._load(host)
        if self.remove and self.release.image in loaded:
            host.console.dim("    once more: the load that was cut off may have left partial layers")
            host.run(self.remove)
            loaded = self._load(host)
        host.run(self.unmark)
        if self.release.image not in loaded:
            for name in loaded:
                host.run(self.restore(name))
            holds = ", ".join(loaded) or "no image"
            raise Failed(f"the archive of {self.release.version} holds {holds}, not {self.release.image}")

    def _load(self, host: Host) -> list[str]:
        try:
            said = host.run(self.command).out
        except Failed as error:
            raise Failed(
                f"{self.release.image_archive} cannot be loaded: {error.case}",
                evidence=error.evidence,
                hint="--from a good copy of the archive; or is a disk full? (df, docker system df)",
            ) from None
        return docker.loaded(said)
