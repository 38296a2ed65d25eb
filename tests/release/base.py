"""The base layer of the sample image: made once, compressed once, shared by all versions."""

import bz2
import contextlib
import hashlib
import io
import json
import os
import platform
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import docker

from tests.lab.cache import locked

from .tarball import Tarball

RECIPE = Path(__file__).with_name("rootfs.sh")
BUILDER = "debian:bookworm-slim"
ARCHITECTURES = {"x86_64": "amd64", "AMD64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
BLOCK = 2**22


@dataclass(frozen=True)
class Base:
    """The base layer: its digest, and its folder of an image archive as bzip2 streams."""

    digest: str
    archived: bytes


def architecture() -> str:
    """Return this machine's architecture in Docker's words."""
    machine = platform.machine()
    return ARCHITECTURES.get(machine, machine)


def base(cache: Path) -> Base:
    """Return the base layer from the cache, making it if it is not there."""
    key = hashlib.sha256(RECIPE.read_bytes() + Path(__file__).read_bytes()).hexdigest()[:12]
    folder = cache / f"base-{architecture()}-{key}"
    with locked(cache):
        if not folder.exists():
            _make(folder)
    return Base((folder / "digest").read_text(), (folder / "archived.bz2").read_bytes())


def layer(digest: str, parent: str, content: bytes) -> bytes:
    """Return a layer's folder in an image archive, as tar members."""
    tar = Tarball()
    tar.add(digest, mode=0o755)
    tar.add(f"{digest}/VERSION", "1.0")
    tar.add(f"{digest}/json", json.dumps({"id": digest, "parent": parent} if parent else {"id": digest}))
    tar.add(f"{digest}/layer.tar", content)
    return tar.members()


def compress(data: bytes) -> bytes:
    """Compress with bzip2 on all processors, as a row of streams; in its smallest blocks, which are decoded fastest."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return b"".join(pool.map(partial(bz2.compress, compresslevel=1), _blocks(data)))


def _blocks(data: bytes) -> Iterator[bytes]:
    return (data[at : at + BLOCK] for at in range(0, len(data), BLOCK))


def _make(folder: Path) -> None:
    """Make the base layer and put it into the cache in one step."""
    content = _run_recipe() if shutil.which("apt-get") and shutil.which("dpkg-deb") else _run_recipe_in_container()
    digest = hashlib.sha256(content).hexdigest()
    with tempfile.TemporaryDirectory(prefix="base-", dir=folder.parent) as scratch:
        made = Path(scratch, "made")
        made.mkdir()
        (made / "digest").write_text(digest)
        (made / "archived.bz2").write_bytes(compress(layer(digest, "", content)))
        made.rename(folder)


def _run_recipe() -> bytes:
    """Run the recipe on this machine and return the tar archive that it writes."""
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch, "rootfs.tar")
        subprocess.run(["sh", str(RECIPE), str(root)], check=True, stdout=subprocess.DEVNULL)
        return root.read_bytes()


def _run_recipe_in_container() -> bytes:
    """Run the recipe in a Debian container of the engine and return the tar archive that it writes."""
    with contextlib.closing(docker.from_env()) as client:
        container = client.containers.run(
            BUILDER,
            ["sh", "-c", RECIPE.read_text(), RECIPE.name, "/rootfs.tar"],
            platform=f"linux/{architecture()}",
            detach=True,
        )
        try:
            if container.wait()["StatusCode"] != 0:
                raise OSError(f"{RECIPE.name} failed: {container.logs(tail=3).decode().strip()}")
            stream, _ = container.get_archive("/rootfs.tar")
            data = b"".join(stream)
            with tarfile.open(fileobj=io.BytesIO(data)) as tar:
                member = tar.getmember("rootfs.tar")
            return data[member.offset_data : member.offset_data + member.size]
        finally:
            container.remove(force=True, v=True)
