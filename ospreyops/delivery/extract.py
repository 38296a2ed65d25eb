"""Extract a release archive on a host."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Optional

from ..errors import Blocked, Failed, OspreyError
from ..release import LAYERS, MARK, SCRIPT, UNTOUCHED, Release, check_members
from ..remote.command import Command, sh
from ..remote.host import Host
from . import pin
from .archive import GOOD_COPY
from .upload import SHA256SUM, Upload

MODES = "chmod -R a-st,u=rwX,go=rX {part}"
"""An archive may have setuid programs, or folders that anybody may write. Its modes tell only what a program is."""
SWAP = (
    f"{{ if [ -d {{name}} ] && ( cd {{name}} && {UNTOUCHED} ); then rm -rf {{name}}; fi; rmdir {{name}} 2>/dev/null;"
    " [ ! -e {name} ] || mv {name} {name}.before-$(date +%s); } && mv {part} {name}"
)
"""Put the new folder in the place of the old one. What this tool did not unpack, or was added to, is moved aside."""


@dataclass(frozen=True)
class PartOf:
    """What an archive is a part of: the whole one's sha256, and the version that has the other layers."""

    digest: str
    base: str


@dataclass(frozen=True)
class Extract:
    """Extract a release archive of the host into a folder of its own, with a mark in it: whole, or not at all.

    pin: the sha256 that the archive must have; None where any will do. The mark has the one that it had.
    part_of: where it is a part of one; then the mark has the whole one's, and the base.
    sent: what sent it before; then it must be what was sent.
    consume: remove the archive afterwards, for install.sh trips over one that lies beside its content.
    """

    release: Release
    archive: str
    place: str
    pin: Optional[str] = None
    consume: bool = field(default=False, compare=False)
    sudo: bool = field(default=False, compare=False)
    part_of: Optional[PartOf] = None
    sent: Optional[Upload] = field(default=None, compare=False)

    @property
    def command(self) -> Command:
        """Runbook: "untar it to your favorite folder"."""
        return self._command("")

    def _command(self, digest: str) -> Command:
        folder, _, name = self.place.rpartition("/")
        unpack = (
            "umask 022 && mkdir -p {folder} && cd {folder} && rm -rf {part} && mkdir {part}"
            f" && tar -xof {{archive}} -C {{part}} --no-same-permissions && {MODES}"
            " && chmod +x {part}/{script} && (cd {part} && find . ! -name . >{mark})"
            f"{' && echo sha256:{digest} >>{part}/{mark}' if digest else ''}"
            f"{' && echo base:{base} >>{part}/{mark}' if self.part_of else ''}"
        )
        line = f"{unpack}{' && rm -f {archive}' if self.consume else ''} && {SWAP}"
        values = {"folder": folder, "name": name, "part": f".{name}.part", "archive": self.archive}
        values["base"] = self.part_of.base if self.part_of else ""
        return sh(line, limit=900, sudo=self.sudo, own=folder, script=SCRIPT, mark=MARK, digest=digest, **values)

    def __str__(self) -> str:
        return str(self.command)

    def perform(self, host: Host) -> None:
        """Errors: Blocked when it is not the release that is meant, or not safe; Failed when it is damaged."""
        sums = f"{self.archive.rpartition('/')[0]}/{pin.SUMS}"
        folder, _, name = self.place.rpartition("/")
        asked = host.ask(
            {
                "names": sh("tar -tf {archive}", archive=self.archive, limit=300),
                "listing": sh("tar -tvf {archive}", archive=self.archive, limit=300),
                "sum": sh(SHA256SUM, file=self.archive, limit=300),
                "sums": sh("[ ! -e {sums} ] || head -c {most} {sums}", sums=sums, most=pin.MOST, limit=20),
            }
        )
        try:
            if not asked["names"].ok:
                raise Failed(f"{self.archive} is damaged: {asked['names'].first_line}", hint=GOOD_COPY)
            image = LAYERS if self.part_of else self.release.image_archive
            check_members(self.release, asked["names"].out, asked["listing"].out, image)
            if not asked["sums"].ok:
                raise Blocked(f"{sums} cannot be read: {asked['sums'].said}")
            digest = asked["sum"].out[:64]
            if self.sent and digest != self.sent.digest:
                raise Failed(f"{self.archive} is not what was sent", hint="run the same command again")
            pin.check(self.release.archive, digest, self.pin, "" if self.part_of else asked["sums"].out)
        except OspreyError:
            if self.consume:
                host.run(sh("rm -f {archive}", archive=self.archive, limit=60, sudo=self.sudo, own=folder))
            raise
        try:
            host.run(self._command(self.part_of.digest if self.part_of else digest))
        except Failed:
            host.run(sh("rm -rf {part}", part=f"{folder}/.{name}.part", limit=120, sudo=self.sudo, own=folder))
            raise
