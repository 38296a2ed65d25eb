"""How a release gets from its archive into Docker: sent, unpacked into a folder of its own, loaded."""

from __future__ import annotations

import atexit
import hashlib
import re
import shutil
import tarfile
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Callable, Optional

from .command import Command, quote, sh
from .console import size as printed
from .errors import Blocked, Failed
from .release import SCRIPT, Release, check_members

if TYPE_CHECKING:
    from .site import Site

CHUNK = 1 << 15
SEND_LIMIT = 6 * 3600
SUM = "(sha256sum {file} || shasum -a 256 {file}) 2>/dev/null"


@dataclass(frozen=True)
class Send:
    """Send a file of this computer to the host: resumed where a broken one ended, verified by sha256 after arrival."""

    source: Path
    target: str
    ssh: str = field(compare=False)
    sudo: bool = field(default=False, compare=False)

    def __str__(self) -> str:
        *options, login = self.ssh.split()
        port = f"-P {options[1]} " if options else ""
        folder = quote(self.target.rpartition("/")[0])
        return f"ssh {self.ssh} mkdir -p {folder} && scp {port}{quote(str(self.source))} {login}:{quote(self.target)}"

    def perform(self, site: Site) -> None:
        """Errors: Blocked when the file cannot be read; Failed when it does not arrive whole."""
        host, folder = site.host, self.target.rpartition("/")[0]
        try:
            digest = sha256(self.source)
            total = self.source.stat().st_size
        except OSError as error:
            raise Blocked(f"{self.source} cannot be read: {error.strerror}") from None
        site.ledger.sha256 = digest
        part = f"{folder}/{digest[:16]}.part"
        host.run(sh("mkdir -p {folder}", folder=folder, limit=20, sudo=self.sudo))
        there = host.ask(
            {
                "size": sh("wc -c <{part}", part=part, limit=20),
                "sum": sh(SUM, file=self.target, limit=120),
            }
        )
        if there["sum"].out.startswith(digest):
            return
        size = there["size"].out.strip()
        begin = min(int(size), total) if size.isdecimal() else 0
        if begin:
            site.console.note(f"    goes on after {printed(begin)}")
        stream = host.stream(sh("exec cat >>{part}", part=part, limit=SEND_LIMIT, sudo=self.sudo))
        with site.console.progress(total) as bar, self.source.open("rb") as file:
            bar.done = file.seek(begin)
            try:
                while chunk := file.read(CHUNK):
                    stream.sock.sendall(chunk)
                    bar.done += len(chunk)
            except (OSError, EOFError):
                pass
        ended = stream.finish()
        arrived = host.ask({"sum": sh(SUM, file=part, limit=120)})["sum"].out
        if not arrived.startswith(digest):
            if bar.done == total and ended.ok:
                host.run(sh("rm -f {part}", part=part, limit=20, sudo=self.sudo))
            raise Failed(
                f"{self.source.name} did not arrive whole: {ended.said or 'another sha256'}",
                hint="the same command again: it goes on where this one ended",
            )
        host.run(sh("mv -f {part} {target}", part=part, target=self.target, limit=20, sudo=self.sudo))


@dataclass(frozen=True)
class Unpack:
    """Unpack a release archive of the host into a folder of its own: whole, or not at all.

    consume: remove the archive afterwards, for install.sh trips over one that lies beside its content.
    """

    release: Release
    archive: str
    place: str
    consume: bool = field(default=False, compare=False)
    sudo: bool = field(default=False, compare=False)

    @property
    def command(self) -> Command:
        """Runbook: "untar it to your favorite folder"."""
        folder, _, name = self.place.rpartition("/")
        line = (
            "mkdir -p {folder} && cd {folder} && rm -rf {part} && mkdir {part} && tar -xof {archive} -C {part}"
            " && chmod +x {part}/{script} && rm -rf {name} && mv {part} {name}"
        ) + (" && rm -f {archive}" if self.consume else "")
        values = {"folder": folder, "name": name, "part": f".{name}.part", "archive": self.archive, "script": SCRIPT}
        return sh(line, limit=900, sudo=self.sudo, **values)

    def __str__(self) -> str:
        return str(self.command)

    def perform(self, site: Site) -> None:
        """Errors: Blocked when it is no release or not safe; Failed when it is damaged or the disk is full."""
        asked = site.host.ask(
            {
                "names": sh("tar -tf {archive}", archive=self.archive, limit=300),
                "listing": sh("tar -tvf {archive}", archive=self.archive, limit=300),
            }
        )
        if not asked["names"].ok:
            raise Failed(
                f"{self.archive} is damaged: {asked['names'].said.splitlines()[0]}",
                hint="a good copy: its size and sha256 as in the release archive",
            )
        check_members(self.release, asked["names"].out, asked["listing"].out)
        try:
            site.host.run(self.command)
        except Failed:
            folder, _, name = self.place.rpartition("/")
            site.host.run(sh("rm -rf {part}", part=f"{folder}/.{name}.part", limit=120, sudo=self.sudo))
            raise


@dataclass(frozen=True)
class Load:
    """Load a release's image, and make sure that it is that release's; a wrong one leaves no name changed.

    restore: the line that gives an image's name back to what had it before.
    mark, unmark: the lines around it that remember, on the host, that the image may be there by halves.
    remove: after a load that a power cut may have ended, the line that takes the image away with all that was left of
    it: layers that are half there are whole to Docker, whatever is loaded on top.
    """

    command: Command
    release: Release
    restore: Callable[[str], Command] = field(compare=False)
    mark: Command = field(compare=False)
    unmark: Command = field(compare=False)
    remove: Optional[Command] = field(default=None, compare=False)

    def __str__(self) -> str:
        return str(self.command)

    def perform(self, site: Site) -> None:
        """Errors: Failed when the archive is damaged, or holds another image."""
        site.host.run(self.mark)
        loaded = self._load(site)
        if self.remove and self.release.image in loaded:
            site.console.note("    once more: of the load that did not end, half may have been left")
            site.host.run(self.remove)
            loaded = self._load(site)
        site.host.run(self.unmark)
        if self.release.image not in loaded:
            for name in loaded:
                site.host.run(self.restore(name))
            holds = ", ".join(loaded) or "no image"
            raise Failed(f"the archive of {self.release.version} holds {holds}, not {self.release.image}")

    def _load(self, site: Site) -> list[str]:
        try:
            said = site.host.run(self.command).out
        except Failed as error:
            raise Failed(
                f"{self.release.image_archive} cannot be loaded: {error.case}",
                evidence=error.evidence,
                hint="--from a good copy of the archive; or is a disk full? (df, docker system df)",
            ) from None
        return re.findall(r"^Loaded image: (\S+)", said, re.M)


def sha256(path: Path) -> str:
    """The file's sha256, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def source(given: str, release: Release) -> Path:
    """The release archive that `--from` means: a file, or a folder with the archive or its unpacked content in it.

    Errors: Blocked when there is none.
    """
    try:
        path = Path(given).expanduser().absolute()
        folder, file = path.is_dir(), path.is_file()
    except (OSError, RuntimeError, ValueError) as error:
        raise Blocked(f"{given!r} is no file: {error}") from None
    if file:
        return path
    if not folder:
        raise Blocked(f"{path} is no file, and no folder", hint="--from FILE or FOLDER, on this computer")
    if (path / release.archive).is_file():
        return path / release.archive
    if (path / SCRIPT).is_file() and (path / release.image_archive).is_file():
        return _packed(path, release)
    there = ", ".join(sorted(entry.name for entry in path.iterdir())[:8]) or "nothing"
    raise Blocked(f"{path} has neither {release.archive} nor its unpacked content", evidence=f"it has: {there}")


def _packed(folder: Path, release: Release) -> Path:
    """An unpacked release as an archive again, in the temporary folder; the same content gives the same bytes."""
    kept = Path(tempfile.mkdtemp(prefix="ospreyops-"))
    atexit.register(shutil.rmtree, kept, ignore_errors=True)
    target = kept / release.archive
    others = {entry.name for entry in folder.glob("osprey-service-docker-*")} - {release.image_archive}
    names = sorted(entry.name for entry in folder.iterdir() if entry.is_file() and entry.name not in others)
    try:
        with tarfile.open(target, "w", dereference=True) as tar:
            for name in names:
                tar.add(folder / name, name, filter=_undated)
    except OSError as error:
        raise Blocked(f"{folder} cannot be packed into {target}: {error.strerror}") from None
    return target


def _undated(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """A member without what changes when it is copied."""
    return member.replace(mtime=0, uid=0, gid=0, uname="", gname="", deep=False)
