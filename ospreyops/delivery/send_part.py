"""Send a release to a host that has most of its layers, and load it there."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Optional

from ..remote.command import Command
from ..remote.host import Host
from ..text import size
from . import pin
from .extract import Extract, PartOf
from .load import Load
from .part import NoPartError, Part
from .upload import Upload


@dataclass(frozen=True)
class SendPart:
    """Send and load the layers alone that Docker lacks; the whole where these cannot be made, or do not do.

    upload, extract, load: the ways of the whole. load_part: the line that loads the part, once it is unpacked.
    """

    part: Part
    upload: Upload
    extract: Extract
    load: Load
    load_part: Command = field(compare=False)

    def __str__(self) -> str:
        return "\n".join(map(str, (self.upload, self.extract, self.load)))

    def perform(self, host: Host) -> None:
        """Errors: Blocked when it is not the archive that is meant; Failed when it does not arrive, or is damaged."""
        pin.check(self.part.release.archive, self.upload.digest, self.extract.pin, "")
        path = self._made(host)
        if path and self._perform_part(host, path):
            return
        load = replace(self.load, ending=None) if path else self.load
        for action in (self.upload, self.extract, load):
            action.perform(host)

    def _made(self, host: Host) -> Optional[Path]:
        """The part, as a release archive; None where it cannot be made. Errors: Failed when the archive is damaged."""
        try:
            return self.part.made(host.console)
        except NoPartError as why:
            host.console.dim(f"    all layers are sent: {why}")
            return None

    def _perform_part(self, host: Host, path: Path) -> bool:
        """Send and load the part; false where Docker does not take it."""
        sizes = [size(file.stat().st_size) for file in (path, self.upload.source)]
        host.console.dim(f"    the new layers alone: {sizes[0]} of {sizes[1]}")
        upload, part_of = replace(self.upload, source=path), PartOf(self.upload.digest, self.part.base)
        upload.perform(host)
        replace(self.extract, pin=None, sent=upload, part_of=part_of).perform(host)
        return self.load.perform_part(host, self.load_part)
