"""A release as big as OSPREY's, which runs: its image archive is one stream of bzip2 in its biggest blocks.

It is the sample release with three layers more. They have the files of this computer's /usr, as often as it takes:
programs, libraries and texts, as in the real image.
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
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.lab.cache import locked
from tests.release import build
from tests.release.archive import FILES, SCRIPTS
from tests.release.image import CREATED

SHARES = {"below": 0.70, "middle": 0.25, "above": 0.05}
"""The layers, each with its part of what the sample lacks; the last one differs between versions."""
MEGABYTE = 1_000_000
LEAST = 10 * MEGABYTE
"""What the layers have together, however small the image is to be."""


def big_release(folder: Path, version: str, protocols: Sequence[str], size: int) -> Path:
    """The release of that version in the folder, made if it is not there. size: of its image, in megabytes."""
    made = folder / f"{size}" / f"osprey-service-docker-{version}.tar"
    with locked(made.parent):
        if not made.exists():
            _make(made, version, protocols, size)
    return made


def _make(made: Path, version: str, protocols: Sequence[str], size: int) -> None:
    work = made.parent / f"{version}.part"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    sample = build(work / "sample", version, protocols)
    image = work / f"osprey-service-docker-{version}.tar"
    with tarfile.open(sample) as tar:
        packed = io.BytesIO(_content_of(tar, f"{image.name}.bz2"))
    with tarfile.open(fileobj=packed, mode="r:bz2") as below:
        _image(image, below, version, size * MEGABYTE)
    subprocess.run(["lbzip2" if shutil.which("lbzip2") else "bzip2", "-9", str(image)], check=True)
    whole = work / "release.tar"
    with tarfile.open(whole, "w") as tar:
        for name in SCRIPTS:
            tar.add(FILES / name, name)
        tar.add(f"{image}.bz2", f"{image.name}.bz2")
    whole.rename(made)
    shutil.rmtree(work)


def _image(path: Path, sample: tarfile.TarFile, version: str, size: int) -> None:
    """An image archive as Docker until 24 saves it: the layers of the sample, and more."""
    (entry,) = json.loads(_content_of(sample, "manifest.json"))
    config = json.loads(_content_of(sample, entry["Config"]))
    base, own = (_content_of(sample, file) for file in entry["Layers"])
    source, left = _content(), max(size - len(base), LEAST)
    layers = [path.with_name(name) for name in ("base", "below", "middle", "own", "above")]
    for layer in layers:
        if layer.name in SHARES:
            with tarfile.open(layer, "w") as tar:
                if layer.name == "above":
                    _add(tar, f"opt/osprey/{version}", f"{version}\n".encode())
                _fill(tar, source, int(left * SHARES[layer.name]), f"opt/osprey/{layer.name}")
        else:
            layer.write_bytes(base if layer.name == "base" else own)
    digests = [_sha256(layer) for layer in layers]
    config["rootfs"]["diff_ids"] = [f"sha256:{digest}" for digest in digests]
    config["history"] = [{"created": CREATED, "created_by": layer.name} for layer in layers]
    text = json.dumps(config).encode()
    entry["Config"] = f"{hashlib.sha256(text).hexdigest()}.json"
    entry["Layers"] = [f"{digest}/layer.tar" for digest in digests]
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as tar:
        for layer, name in zip(layers, entry["Layers"]):
            tar.add(layer, name)
            layer.unlink()
        _add(tar, entry["Config"], text)
        _add(tar, "manifest.json", json.dumps([entry]).encode())


def _content_of(tar: tarfile.TarFile, name: str) -> bytes:
    file = tar.extractfile(name)
    assert file, name
    return file.read()


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
            _add(tar, f"{folder}/{number}", file.read(min(left, MEGABYTE)))


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    tar.addfile(member, io.BytesIO(content))


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(MEGABYTE):
            digest.update(chunk)
    return digest.hexdigest()
