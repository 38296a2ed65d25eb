"""A docker command that has an image before, checks the layers that it gets, and counts what it reads."""

from __future__ import annotations

import json

from tests.delivery.here import Here

DOCKER = """#!/usr/bin/env python3
import hashlib, json, os, sys, tarfile
sys.excepthook = lambda _, error, __: print("Error processing tar file:", error, file=sys.stderr)
given, here = " ".join(sys.argv[1:]), sys.path[0]
open(f"{here}/given", "a").write(given + "\\n")
if given == "load":
    with tarfile.open(fileobj=sys.stdin.buffer, mode="r|") as tar:
        texts = {member.name: tar.extractfile(member).read() for member in tar if member.isfile()}
    (image,) = json.loads(texts["manifest.json"])
    open(f"{here}/loads", "a").write(json.dumps(sorted(texts)) + "\\n")
    config = json.loads(texts[image["Config"]])
    for file, layer in zip(image["Layers"], config["rootfs"]["diff_ids"]):
        if file in texts:
            assert "sha256:" + hashlib.sha256(texts[file]).hexdigest() == layer
        elif os.path.exists(f"{here}/lost"):
            sys.exit(f"content digest {layer}: not found")
    print("Loaded image:", *image["RepoTags"])
elif given.startswith("image inspect"):
    print("id sha256:" + "3" * 64)
"""


def loads(here: Here) -> list[list[str]]:
    """The members of each archive that Docker read to its end."""
    return [json.loads(row) for row in (here.home / "bin/loads").read_text().splitlines()]


def given(here: Here) -> list[str]:
    """What Docker was told to do."""
    return [line.partition(" --format")[0] for line in (here.home / "bin/given").read_text().splitlines()]
