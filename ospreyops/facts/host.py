"""The host itself, as one look tells of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Optional

from ..settings import FILES

ONLY_ROOT = "only root may read it"
"""What is said of files that a user without sudo may not read."""


@dataclass(frozen=True)
class Listener:
    """What listens on a port; name, pid: None where only root may see them."""

    name: Optional[str] = None
    pid: Optional[int] = None

    def __str__(self) -> str:
        if self.name is None:
            return "an unknown process (run with sudo to see it)"
        return f"{self.name} (pid {self.pid if self.pid is not None else '?'})"


@dataclass(frozen=True)
class Unit:
    """The systemd unit `osprey` that the release's install.sh makes. drop_ins: the files that overrule it."""

    state: str
    path: str
    folder: str
    version: str
    drop_ins: tuple[str, ...] = ()

    @property
    def active(self) -> bool:
        """Systemd runs the service, or tries to."""
        return self.state in ("active", "activating", "reloading", "deactivating")


@dataclass(frozen=True)
class ScriptEnd:
    """How a start script ended; version: of its release, None where an older version of this tool started it."""

    status: int
    version: Optional[str] = None


@dataclass(frozen=True)
class Desired:
    """The release that a host is to run, since when (ISO 8601), and who said so.

    digest: of the image that was healthy; "" where an older version of this tool recorded it.
    """

    version: str
    since: str = ""
    by: str = ""
    digest: str = ""


@dataclass(frozen=True)
class LoadedImage:
    """An image that this tool loaded: its digest in Docker, and what its archive says that it is."""

    version: str
    digest: str
    source: str = ""


@dataclass(frozen=True)
class LastChange:
    """The last task that changed a host: as it was typed, and how it ended."""

    task: str
    outcome: str

    @property
    def failed(self) -> bool:
        """It did not come to its goal."""
        return self.outcome.startswith("failed")


@dataclass(frozen=True)
class HostFacts:
    """The host itself.

    unpacked: version -> the folder of its unpacked release.
    archives: version -> the release archive on the host, and its size.
    decoded: the versions whose image archives are kept decoded.
    listener: what listens on the service's port; None when nothing does.
    script_end: how the start script that ended last ended; None while each runs, or when none was started.
    open_to: "root" -> what others than root may change of the folder, "own" -> what others than root and this user may.
    private: only root may read what it remembers.
    logs: file -> bytes, of what the start scripts print; log_tail: the last lines of the newest.
    own: the folders that this tool unpacked a release into, and nobody added anything to.
    unpacked_from: version -> the sha256 of the archive that this tool unpacked it from, where that is known.
    parts: version -> the version that has its lower layers, of the releases that were unpacked without those.
    state_folder: where it keeps what it remembers, if that is not .ospreyops in its folder.
    desired: the release that it is to run; None when none is. proven: the versions that were healthy here, newest last.
    proven_images: version -> the digest of the image that was healthy last, where that is known.
    loaded: the images that this tool loaded; None where it has not begun to record them.
    last_change: as its history has it; None where it has none.
    damaged: file of what it remembers -> what is wrong with it; "." is their folder.
    loading: the versions whose load into Docker began and, as far as is known, did not end.
    sleeps_after: minutes of idleness after which it goes to sleep; None when it does not.
    systemd: it is the init.
    """

    name: str
    user: str
    system: str
    home: str
    folder: str
    now: float
    disk_free: Optional[int] = None
    tools: frozenset[str] = frozenset()
    writable: bool = True
    private: bool = False
    open_to: Mapping[str, str] = field(default_factory=dict)
    unpacked: Mapping[str, str] = field(default_factory=dict)
    own: frozenset[str] = frozenset()
    unpacked_from: Mapping[str, str] = field(default_factory=dict)
    parts: Mapping[str, str] = field(default_factory=dict)
    archives: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    decoded: frozenset[str] = frozenset()
    unit: Optional[Unit] = None
    listener: Optional[Listener] = None
    script_end: Optional[ScriptEnd] = None
    state_folder: str = ""
    desired: Optional[Desired] = None
    damaged: Mapping[str, str] = field(default_factory=dict)
    last_change: Optional[LastChange] = None
    proven: tuple[str, ...] = ()
    proven_images: Mapping[str, str] = field(default_factory=dict)
    loaded: Optional[tuple[LoadedImage, ...]] = ()
    loading: frozenset[str] = frozenset()
    sleeps_after: Optional[int] = None
    systemd: bool = False
    logs: Mapping[str, int] = field(default_factory=dict)
    log_tail: str = ""

    @property
    def files(self) -> str:
        """The folder of what it remembers."""
        return self.state_folder or f"{self.folder}/{FILES}"

    def place(self, version: str) -> str:
        """The folder that a release is unpacked into."""
        return f"{self.folder}/{version}"

    def same_image(self, one: str, other: str) -> bool:
        """Two digests in Docker are of one image: equal, or loaded from archives that say that they are."""
        sources = [{image.source for image in self.loaded or () if image.digest == digest} for digest in (one, other)]
        return one == other or bool((sources[0] & sources[1]) - {""})

    def is_loaded(self, name: str, digest: str) -> bool:
        """This tool loaded the image. What lay there before that was recorded counts when its version was healthy."""
        if self.loaded is not None:
            return any(image.digest == digest for image in self.loaded)
        version = name.rpartition(":")[2]
        return version in self.proven and self.proven_images.get(version, digest) == digest

    def script_folder(self, version: str) -> str:
        """The folder of the start script for that version: its own, else that of another release: all are alike."""
        if version in {*self.unpacked, *self.archives, *self.parts} or not self.unpacked:
            return self.unpacked.get(version, self.place(version))
        return next(iter(self.unpacked.values()))

    @property
    def script_folders(self) -> frozenset[str]:
        """The folders with a start script."""
        return frozenset([*self.unpacked.values(), *map(self.place, self.parts)])
