"""The image of a sample release, in the layout that `docker save` of an older engine writes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from .base import Base, architecture, base, compress, layer
from .tarball import Tarball

FILES = Path(__file__).with_name("image")
REPOSITORY = "osprey/service"
CREATED = "2021-09-01T00:00:00Z"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
WWW_DATA = 33


def image_archive(tag: str, protocols: Sequence[str], fault: str | None, cache: Path) -> bytes:
    """Return the compressed image archive."""
    below = base(cache)
    content = _service_layer(protocols, fault)
    digest = hashlib.sha256(content).hexdigest()
    config = json.dumps(_config(protocols, below, digest)).encode()
    name = f"{hashlib.sha256(config).hexdigest()}.json"
    manifest = [
        {
            "Config": name,
            "RepoTags": [f"{REPOSITORY}:{tag}"],
            "Layers": [f"{below.digest}/layer.tar", f"{digest}/layer.tar"],
        }
    ]
    tar = Tarball()
    tar.add(name, config)
    tar.add("manifest.json", json.dumps(manifest))
    tar.add("repositories", json.dumps({REPOSITORY: {tag: digest}}))
    return below.archived + compress(layer(digest, below.digest, content) + tar.close())


def _service_layer(protocols: Sequence[str], fault: str | None) -> bytes:
    """Return the layer with what differs between versions and faults."""
    tar = Tarball()
    tar.add("init", (FILES / "init").read_bytes(), mode=0o755)
    tar.add("home/osprey", mode=0o755, owner=WWW_DATA)
    tar.add("opt/osprey-service", mode=0o755)
    tar.add("opt/osprey-service/server.py", (FILES / "server.py").read_bytes(), mode=0o755)
    tar.add("opt/osprey-service/versions.txt", "".join(f"{version}\n" for version in protocols))
    tar.add("opt/osprey-service/fault.txt", fault or "")
    tar.add("tmp", mode=0o1777)
    return tar.close()


def _config(protocols: Sequence[str], below: Base, digest: str) -> dict[str, object]:
    """Return the image's configuration."""
    return {
        "architecture": architecture(),
        "config": {
            "Env": [f"PATH={PATH}"],
            "Cmd": None,
            "Volumes": {"/home/osprey": {}},
            "WorkingDir": "",
            "Entrypoint": ["/init"],
            "Labels": {"osprey.service.versions": _label(protocols)},
        },
        "created": CREATED,
        "docker_version": "20.10.8",
        "history": [{"created": CREATED, "created_by": by} for by in ("rootfs.sh", "osprey-service")],
        "os": "linux",
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{below.digest}", f"sha256:{digest}"]},
    }


def _label(protocols: Sequence[str]) -> str:
    """Return the label of the protocol versions, with the slip of the real build after the bracket."""
    return f"[{','.join(protocols)}]{''.join(protocols[1:])}"
