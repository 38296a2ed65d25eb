"""Image archives as `docker save` writes them, small, and as many kinds of them as there are."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import json
import lzma
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Callable

from tests.release.tarball import Tarball

IMAGE = "osprey/service:0.3"
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "bzip2": bz2.compress,
    "bzip2 in streams": lambda data: b"".join(
        bz2.compress(data[at : at + 5000], 1) for at in range(0, len(data), 5000)
    ),
    "gzip": gzip.compress,
    "xz": lzma.compress,
    "zstd": lambda data: subprocess.run(["zstd", "-qc"], input=data, capture_output=True, check=True).stdout,
    "plain": lambda data: data,
}
"""The ways in which an image archive is compressed."""


def configuration(architecture: str = "amd64", versions: Sequence[str] = ("0.3",), **more: Any) -> bytes:
    """The configuration of an image, with a label that looks like what its uppermost level has."""
    labels = {"osprey.service.versions": f"[{','.join(versions)}]", "architecture": 'x86_64 "{['}
    config = {"config": {"Labels": labels}, "architecture": architecture, "rootfs": {"type": "layers"}, **more}
    return json.dumps(config).encode()


def digest(content: bytes) -> str:
    """The sha256 of a member, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def classic(*names: str, config: bytes = configuration(), layer: bytes = b"layer" * 3000, first: bool = False) -> bytes:
    """An archive of one image in the layout of Docker until 24; first: what has the names in it comes first."""
    tags = dict(name.rpartition(":")[::2] for name in names)
    index = {
        "manifest.json": [
            {"Config": f"{digest(config)}.json", "RepoTags": list(names) or None, "Layers": ["1/layer.tar"]}
        ],
        "repositories": {repository: {tag: "1"} for repository, tag in tags.items()},
    }
    content: list[tuple[str, Any]] = [
        ("1/json", b'{"id":"1"}'),
        ("1/layer.tar", layer),
        (f"{digest(config)}.json", config),
    ]
    named = [(name, json.dumps(data)) for name, data in index.items()]
    return tarred([*named, *content] if first else [*content, *named])


def oci(*names: str, config: bytes = configuration(), layer: bytes = b"layer" * 3000, manifest: bool = True) -> bytes:
    """An archive of one image in the OCI layout; manifest: with Docker's own manifest.json, as Docker 25 writes it."""
    blobs = f"blobs/sha256/{digest(config)}"
    about = json.dumps({"config": {"digest": f"sha256:{digest(config)}"}}).encode()
    entries = [
        {
            "digest": f"sha256:{digest(about)}",
            "annotations": {
                "io.containerd.image.name": f"docker.io/{name}",
                "org.opencontainers.image.ref.name": name.rpartition(":")[2],
            },
        }
        for name in names
    ]
    sources = {f"sha256:{digest(layer)}": {"mediaType": "layer", "size": len(layer)}}
    docker = [{"Config": blobs, "RepoTags": list(names), "Layers": [], "LayerSources": sources}]
    members: list[tuple[str, Any]] = [
        (f"blobs/sha256/{digest(layer)}", layer),
        (blobs, config),
        (f"blobs/sha256/{digest(about)}", about),
        ("index.json", json.dumps({"schemaVersion": 2, "manifests": entries})),
        ("oci-layout", '{"imageLayoutVersion":"1.0.0"}'),
    ]
    return tarred([*members, *([("manifest.json", json.dumps(docker))] if manifest else [])])


def tarred(members: list[tuple[str, Any]]) -> bytes:
    """A tar of these members."""
    tar = Tarball()
    for name, content in members:
        tar.add(name, content)
    return tar.close()


def written(path: Path, data: bytes) -> Path:
    """The data in a file."""
    path.write_bytes(data)
    return path


def released(path: Path, image: bytes, version: str = "0.3") -> Path:
    """A release archive with that image archive."""
    inner = f"osprey-service-docker-{version}.tar.bz2"
    return written(path, tarred([("osprey-service", "#!/bin/sh\n"), ("README.md", "read me"), (inner, image)]))


def listed(archive: Path) -> tuple[str, str]:
    """What tar tells of an archive before it is unpacked."""
    names, listing = (
        subprocess.run(["tar", flags, archive], stdout=subprocess.PIPE, text=True).stdout for flags in ("-tf", "-tvf")
    )
    return names, listing
