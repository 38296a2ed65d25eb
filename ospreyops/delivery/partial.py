"""Which part of an image archive is loaded where Docker has the layers that the image begins with.

The part goes to Docker in the OCI layout: its containerd store takes no part of an archive in the classic one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..text import parse_json

DIGEST = re.compile("sha256:[0-9a-f]{64}")
CLASSIC = re.compile(r"([0-9a-f]{64})\.json")
"""The name of a configuration in the layout of Docker until 24."""
BLOB = re.compile("blobs/sha256/([0-9a-f]{64})")
MEMBER = re.compile(r"[\w./-]{1,99}", re.ASCII)
OCI = "application/vnd.oci.image."


def members_of(ending: str) -> dict[str, str]:
    """The members of an archive that ending.pl printed."""
    rows = ending.split("\n")
    return dict(zip(rows[::2], rows[1::2]))


def words(members: Mapping[str, str], chains: Iterable[Sequence[str]], image: str) -> tuple[str, ...]:
    """What the gate is told, so that only the layers that Docker lacks are passed on; () where only the whole will do.

    members: the small ones of the archive. chains: the layers of each image that Docker has whole, the lowest first.
    """
    try:
        (entry,) = parse_json(members["manifest.json"])
        config, files = entry["Config"], entry["Layers"]
        digests = parse_json(members[config])["rootfs"]["diff_ids"]
        shared = max((alike(chain, digests) for chain in chains), default=0)
        found = dict(zip(files, digests))
        blobs = _blobs(config, found)
        odd = [found[file] for file in files] != digests or not all(map(DIGEST.fullmatch, digests))
        if odd or not shared:
            return ()
    except (KeyError, TypeError, ValueError):
        return ()
    needed = {blobs[file] for file in files[shared:]}
    told = [f"{'' if blob in needed else '-'}{blob}={file}" for file, blob in blobs.items()]
    classic = CLASSIC.fullmatch(config)
    return (*(_described(classic[1], image, [blobs[file] for file in files]) if classic else ("", "", "")), *told)


def alike(chain: Sequence[str], digests: Sequence[str]) -> int:
    """How many layers both begin with."""
    pairs = list(zip(chain, digests))
    return next((number for number, (one, other) in enumerate(pairs) if one != other), len(pairs))


def _blobs(config: str, layers: Mapping[str, str]) -> dict[str, str]:
    """The digest of each layer's blob, by the layer's member. Errors: ValueError where a name is none of Docker's."""
    if CLASSIC.fullmatch(config) and all(map(MEMBER.fullmatch, layers)):
        return dict(layers)
    found = {file: BLOB.fullmatch(file) for file in (config, *layers)}
    return {file: f"sha256:{_group(found[file])}" for file in layers if _group(found[config])}


def _group(found: Any) -> str:
    if not found:
        raise ValueError("it is no blob's name")
    return str(found[1])


def _described(config: str, image: str, blobs: Sequence[str]) -> tuple[str, str, str]:
    """The image's manifest in the OCI layout, the index that names it, and Docker's own; sizes as in gate.pl."""
    about = {
        "schemaVersion": 2,
        "mediaType": f"{OCI}manifest.v1+json",
        "config": _descriptor("config.v1+json", f"sha256:{config}"),
        "layers": [_descriptor("layer.v1.tar", blob) for blob in blobs],
    }
    notes = {
        "io.containerd.image.name": f"docker.io/{image}",
        "org.opencontainers.image.ref.name": image.rpartition(":")[2],
    }
    listed = {**_descriptor("manifest.v1+json", "about"), "annotations": notes}
    index = {"schemaVersion": 2, "manifests": [listed]}
    files = [f"blobs/{blob.replace(':', '/')}" for blob in blobs]
    manifest = [{"Config": f"blobs/sha256/{config}", "RepoTags": [image], "Layers": files}]
    about_text, index_text, manifest_text = (json.dumps(one, separators=(",", ":")) for one in (about, index, manifest))
    return about_text, index_text, manifest_text


def _descriptor(kind: str, digest: str) -> dict[str, str]:
    return {"mediaType": f"{OCI}{kind}", "digest": digest, "size": digest}
