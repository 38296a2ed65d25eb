"""An upgrade through the real lines on this computer, and a docker command that has an image before."""

from __future__ import annotations

import bz2
import json
import os
from pathlib import Path

import pytest

from ospreyops.errors import Failed
from ospreyops.facts.engine import Image
from tests.delivery.here import RELEASE, Here
from tests.delivery.images import IMAGE, released, written
from tests.delivery.layered import classic, diffs

BASE, SERVICE = b"base" * 5000, b"service" * 100
BEFORE = Image("osprey/service:0.2", f"sha256:{'2' * 64}", 1, 1)
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
elif "RootFS" in given:
    print(open(f"{here}/layers").read())
elif given.startswith("image inspect"):
    print("id sha256:" + "3" * 64)
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Here:
    """This computer, where this tool loaded 0.2 before, which has the lower layer of 0.3."""
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    host = Here(tmp_path)
    written(tmp_path / "bin/docker", DOCKER.encode())
    written(tmp_path / "bin/layers", f"{' '.join(diffs([BASE, b'0.2']))} \n".encode())
    released(tmp_path / RELEASE.archive, bz2.compress(classic([BASE, SERVICE])))
    (host.folder / ".ospreyops").mkdir()
    written(host.folder / ".ospreyops/loaded", f"0.2 {BEFORE.digest}\n".encode())
    return host


def loads(here: Here) -> list[list[str]]:
    """The members of each archive that Docker read to its end."""
    return [json.loads(row) for row in (here.home / "bin/loads").read_text().splitlines()]


def given(here: Here) -> list[str]:
    """What Docker was told to do."""
    return [line.partition(" --format")[0] for line in (here.home / "bin/given").read_text().splitlines()]


WHOLE = ["0/json", "0/layer.tar", "1/json", "1/layer.tar"]


def test_an_upgrade_gives_docker_the_new_layers_alone(here: Here) -> None:
    here.load(**{"0.2": BEFORE})
    (members,) = loads(here)
    assert len([name for name in members if name.startswith("blobs/")]) == 3  # the layer, and what describes the image
    assert f"blobs/{diffs([SERVICE])[0].replace(':', '/')}" in members
    assert here.notes() == {"loaded"}
    assert here.own.loaded and here.own.loaded[-1].version == "0.3"


def test_a_part_that_docker_does_not_take_is_followed_by_the_whole_and_leaves_no_name(here: Here) -> None:
    (here.home / "bin/lost").touch()
    here.load(**{"0.2": BEFORE})
    part, whole = loads(here)
    assert "index.json" in part and whole[: len(WHOLE)] == WHOLE
    assert given(here) == ["image inspect", "load", f"image rm {IMAGE}", "load", "image inspect"]
    assert here.notes() == {"loaded"}


@pytest.mark.parametrize("version", ["0.2", "0.3"])
def test_after_a_load_that_did_not_end_the_whole_is_loaded(here: Here, version: str) -> None:
    (here.folder / f".ospreyops/loading-{version}").touch()
    here.load(**{"0.2": BEFORE})
    assert loads(here)[0][: len(WHOLE)] == WHOLE


def test_the_layers_of_an_image_that_this_tool_did_not_load_are_loaded_again(here: Here) -> None:
    here.load(**{"0.2": Image("osprey/service:0.2", f"sha256:{'4' * 64}", 1, 1)})
    assert loads(here)[0][: len(WHOLE)] == WHOLE


def test_an_upgrade_to_a_damaged_archive_is_refused_as_ever(here: Here) -> None:
    packed = bytearray(bz2.compress(classic([BASE, os.urandom(4_000_000)])))
    packed[len(packed) // 8] ^= 1
    released(here.home / RELEASE.archive, bytes(packed))
    with pytest.raises(Failed, match=r"cannot be loaded: it "):
        here.load(**{"0.2": BEFORE})
    assert not (here.home / "bin/loads").exists()
    assert here.notes() == {"loaded"}
