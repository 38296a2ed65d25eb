"""The part of a release archive that a host needs which has the other layers. This computer makes it."""

from __future__ import annotations

import atexit
import hashlib
import shutil
import tarfile
import tempfile
import threading
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ..console import Console
from ..errors import Blocked, Failed
from ..release import LAYERS, Release
from ..remote.command import Command, quote
from ..remote.host import Host
from ..remote.perl import program
from ..settings import HERE, Settings
from .load import GOOD_COPY, VERDICT

LIMIT = 1800
_making = threading.Lock()
"""Several hosts may need the same part: it is made once."""


class NoPartError(Exception):
    """No part of the archive can be made; the whole may do."""


@dataclass(frozen=True)
class Part:
    """A release archive of this computer, but for the layers that a host has.

    told: what gate.pl is told of the layers. base: the version of the release that has the others.
    """

    archive: Path
    release: Release
    told: tuple[str, ...]
    base: str

    def made(self, console: Console) -> Path:
        """The part, as a release archive; the same content gives the same bytes.

        Errors: NoPartError; Failed when the archive is damaged, or holds another image.
        """
        try:
            now = self.archive.stat()
            key = (self, now.st_ino, now.st_size, now.st_mtime_ns)
            name = hashlib.sha256(repr(key).encode()).hexdigest()[:16]
            with _making, tempfile.TemporaryDirectory(dir=_folder()) as work:
                made = _folder() / name / self.release.archive
                if not made.exists():
                    self._make(Path(work), console)
                    made.parent.mkdir(exist_ok=True)
                    (Path(work) / made.name).rename(made)
                return made
        except (OSError, EOFError, ValueError, OverflowError, tarfile.TarError) as error:
            raise NoPartError(str(error)) from None

    def _make(self, work: Path, console: Console) -> None:
        image, layers = work / "image", work / LAYERS
        with tarfile.open(self.archive, "r:") as tar, tarfile.open(work / self.release.archive, "w") as new:
            for member in tar:
                content = tar.extractfile(member)
                if member.name.removeprefix("./") != self.release.image_archive:
                    new.addfile(member, content)
                elif content:
                    with image.open("wb") as file:
                        shutil.copyfileobj(content, file, 1 << 20)
            self._gate(image, layers, console)
            member = tarfile.TarInfo(LAYERS)
            member.size = layers.stat().st_size
            with layers.open("rb") as file:
                new.addfile(member, file)

    def _gate(self, image: Path, layers: Path, console: Console) -> None:
        """The image archive, through the gate, without those layers. Errors: NoPartError, Failed."""
        packer = "lbzip2" if shutil.which("lbzip2") else "bzip2"
        unzip = "" if packer == "lbzip2" else program("ospreyops.delivery", "unzip.pl")
        gate = ["perl", "-e", program("ospreyops.delivery", "gate.pl"), str(image), self.release.image, "", unzip]
        line = f"{' '.join(map(quote, [*gate, *self.told]))} | {packer} -9 >{quote(str(layers))}"
        try:
            with console.progress():
                said = VERDICT.search(Host(Settings(HERE), console).run(Command(line, LIMIT)).err)
        except (Blocked, Failed) as error:
            raise NoPartError(error.case) from None
        if said and said[1] in ("damaged", "other"):
            raise Failed(f"{self.release.image_archive} cannot be loaded: {said[2]}", hint=GOOD_COPY)
        if not said or said[1] != "image":
            raise NoPartError(said[2] if said else "the gate said nothing")


@cache
def _folder() -> Path:
    """A folder of this run for what it makes."""
    folder = Path(tempfile.mkdtemp(prefix="ospreyops-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
