"""Image archives of several layers, in both layouts of `docker save`."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from typing import Any

from tests.delivery.images import IMAGE, configuration, digest, tarred
from tests.release.tarball import Tarball


def diffs(layers: Sequence[bytes]) -> list[str]:
    """What a configuration says of its layers."""
    return [f"sha256:{digest(layer)}" for layer in layers]


def config_of(layers: Sequence[bytes]) -> bytes:
    """The configuration of an image of these layers."""
    return configuration(rootfs={"type": "layers", "diff_ids": diffs(layers)})


def classic(layers: Sequence[bytes]) -> bytes:
    """The layout of Docker until 24: a layer that was there before is a link to its first place."""
    config, tar = config_of(layers), Tarball()
    files = [f"{number}/layer.tar" for number, _ in enumerate(layers)]
    for number, layer in enumerate(layers):
        tar.add(f"{number}/json", json.dumps({"id": number}))
        first = layers.index(layer)
        if first < number:
            tar.add(files[number], link=f"../{files[first]}")
        else:
            tar.add(files[number], layer)
    tar.add(f"{digest(config)}.json", config)
    tar.add("manifest.json", json.dumps([{"Config": f"{digest(config)}.json", "RepoTags": [IMAGE], "Layers": files}]))
    tar.add("repositories", json.dumps({"osprey/service": {"0.3": "1"}}))
    return tar.close()


def oci(layers: Sequence[bytes], *, packed: bool = False) -> bytes:
    """The layout of Docker from 25 on. packed: the layers are compressed, as of an image that was pulled."""
    config = config_of(layers)
    blobs = [gzip.compress(layer, mtime=0) if packed else layer for layer in layers]
    about = {
        "schemaVersion": 2,
        "config": {"digest": f"sha256:{digest(config)}", "size": len(config)},
        "layers": [{"digest": f"sha256:{digest(blob)}", "size": len(blob)} for blob in blobs],
    }
    text = json.dumps(about)
    listed = {"digest": f"sha256:{digest(text.encode())}", "size": len(text)}
    notes = {"io.containerd.image.name": f"docker.io/{IMAGE}", "org.opencontainers.image.ref.name": "0.3"}
    files = [f"blobs/sha256/{digest(blob)}" for blob in blobs]
    manifest = [{"Config": f"blobs/sha256/{digest(config)}", "RepoTags": [IMAGE], "Layers": files}]
    members: list[tuple[str, Any]] = [*dict(zip(files, blobs)).items(), (f"blobs/sha256/{digest(config)}", config)]
    members += [(f"blobs/sha256/{digest(text.encode())}", text), ("oci-layout", '{"imageLayoutVersion":"1.0.0"}')]
    members += [("index.json", json.dumps({"schemaVersion": 2, "manifests": [{**listed, "annotations": notes}]}))]
    return tarred([*members, ("manifest.json", json.dumps(manifest))])
