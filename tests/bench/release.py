"""A release as big as OSPREY's: its image archive is one stream of bzip2 in its biggest blocks.

The content is that of this computer's /usr, as often as it takes: programs, libraries and texts, as in the real image.
"""

from __future__ import annotations

import hashlib
import io
import itertools
import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

from tests.lab.cache import locked
from tests.release.archive import FILES, SCRIPTS
from tests.release.base import architecture
from tests.release.image import CREATED, REPOSITORY

SHARES = {"below": 0.70, "middle": 0.25, "above": 0.05}
"""The layers, each with its part of the whole; the uppermost differs between versions."""
MEGABYTE = 1_000_000


def big_release(folder: Path, version: str, size: int) -> Path:
    """The release of that version in the folder, made if it is not there. size: of its image, in megabytes."""
    made = folder / f"{size}" / f"osprey-service-docker-{version}.tar"
    with locked(made.parent):
        if not made.exists():
            _make(made, version, size)
    return made


def _make(made: Path, version: str, size: int) -> None:
    work = made.parent / f"{version}.part"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    image = work / f"osprey-service-docker-{version}.tar"
    _image(image, version, size * MEGABYTE, work)
    subprocess.run(["lbzip2" if shutil.which("lbzip2") else "bzip2", "-9", str(image)], check=True)
    whole = work / "release.tar"
    with tarfile.open(whole, "w") as tar:
        for name in SCRIPTS:
            tar.add(FILES / name, name)
        tar.add(f"{image}.bz2", f"{image.name}.bz2")
    whole.rename(made)
    shutil.rmtree(work)


def _image(path: Path, version: str, size: int, work: Path) -> None:
    """An image archive as Docker until 24 saves it."""
    source = _content()
    layers: dict[str, Path] = {}
    for name, share in SHARES.items():
        layer = work / name
        with tarfile.open(layer, "w") as tar:
            if name == "above":
                _text(tar, f"opt/osprey/{version}", f"{version}\n")
            _fill(tar, source, int(size * share), f"opt/osprey/{name}")
        layers[_sha256(layer)] = layer
    labels = {"osprey.service.versions": f"[{version}]"}
    config = {
        "architecture": architecture(),
        "config": {"Labels": labels, "Entrypoint": ["/init"]},
        "created": CREATED,
        "history": [{"created": CREATED, "created_by": name} for name in SHARES],
        "os": "linux",
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}" for digest in layers]},
    }
    text = json.dumps(config)
    name = f"{hashlib.sha256(text.encode()).hexdigest()}.json"
    files = [f"{digest}/layer.tar" for digest in layers]
    manifest = [{"Config": name, "RepoTags": [f"{REPOSITORY}:{version}"], "Layers": files}]
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as tar:
        for file, layer in zip(files, layers.values()):
            tar.add(layer, file)
            layer.unlink()
        _text(tar, name, text)
        _text(tar, "manifest.json", json.dumps(manifest))


def _content() -> Iterator[Path]:
    """The files of /usr, again and again, always in the same order."""
    there = sorted(path for path in Path("/usr").rglob("*") if path.is_file() and not path.is_symlink())
    readable = [path for path in there if os.access(path, os.R_OK)]
    return itertools.cycle(readable)


def _fill(tar: tarfile.TarFile, source: Iterator[Path], size: int, folder: str) -> None:
    """Add files until the tar has that many bytes; no file adds more than a megabyte."""
    for number in itertools.count():
        left = size - tar.offset
        if left <= 0:
            return
        with next(source).open("rb") as file:
            content = file.read(min(left, MEGABYTE))
        member = tarfile.TarInfo(f"{folder}/{number}")
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))


def _text(tar: tarfile.TarFile, name: str, text: str) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(text)
    tar.addfile(member, io.BytesIO(text.encode()))


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(MEGABYTE):
            digest.update(chunk)
    return digest.hexdigest()
