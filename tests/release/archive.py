"""The release archive: the compressed image and the scripts that go with it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from .image import image_archive
from .tarball import Tarball

FILES = Path(__file__).with_name("files")
CACHE = Path(__file__).parents[2] / ".cache" / "release"
DOCUMENTS = ("README.md", "LICENSE.txt")
SCRIPTS = ("osprey-service", "install.sh", "uninstall.sh")
VERSION = re.compile(r"\d+(\.\d+)+")
WRONG_TAG = "9.9"

FAULTS = {
    "never-ready": "the Java server never listens, while the proxy answers",
    "exits": "the container ends with an error after a second",
    "hangs": "the Java server takes requests and never answers",
    "slow": "the Java server takes eight seconds to listen",
    "slow-older": "the Java servers of all versions but the first take eight seconds to listen",
    "hostile": "the Java server answers and logs megabytes, which would steer a terminal and a shell",
    "wrong-tag": f"the image is tagged {WRONG_TAG}",
    "truncated": "the release archive ends in the middle of the image archive",
    "corrupt": "the image archive has wrong bytes in the middle",
    "traversal": "the release archive has a member outside its folder",
    "link": "the release archive has a symbolic link to outside its folder",
    "no-script": "the release archive has no start script",
}
SERVICE_FAULTS = ("never-ready", "exits", "hangs", "slow", "slow-older", "hostile")


def build(
    out: Path,
    version: str,
    protocols: Sequence[str] | None = None,
    fault: str | None = None,
    cache: Path = CACHE,
) -> Path:
    """Write a sample release to the folder `out` and return its path."""
    protocols = tuple(protocols or [version])
    for name in (version, *protocols):
        if not VERSION.fullmatch(name):
            raise ValueError(f"not a version: {name!r}")
    if fault is not None and fault not in FAULTS:
        raise ValueError(f"no such fault: {fault!r} (there are: {', '.join(FAULTS)})")
    tag = WRONG_TAG if fault == "wrong-tag" else version
    image = image_archive(tag, protocols, fault if fault in SERVICE_FAULTS else None, cache)
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"osprey-service-docker-{version}.tar"
    path.write_bytes(_release(version, image, fault))
    return path


def _release(version: str, image: bytes, fault: str | None) -> bytes:
    """Return the release archive, with the fault if it is one of the archive."""
    middle = len(image) // 2
    if fault == "corrupt":
        image = image[:middle] + bytes(64) + image[middle + 64 :]
    tar = Tarball()
    for name in DOCUMENTS:
        tar.add(name, (FILES / name).read_bytes())
    for name in SCRIPTS:
        if not (name == "osprey-service" and fault == "no-script"):
            tar.add(name, (FILES / name).read_bytes(), mode=0o755)
    if fault == "traversal":
        tar.add("../evil", "This file must not be written.\n")
    if fault == "link":
        tar.add("outside", mode=0o777, link="../..")
    tar.add(f"osprey-service-docker-{version}.tar.bz2", image)
    return tar.members()[:-middle] if fault == "truncated" else tar.close()
