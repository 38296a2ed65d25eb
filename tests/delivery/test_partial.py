"""An upgrade gives Docker only the layers that it lacks; where anything about them is odd, the whole."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import os
import subprocess
import tarfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ospreyops.delivery import partial as partial_archive
from tests.delivery.gate import GATE, NAMING, members
from tests.delivery.images import IMAGE, PACKERS, digest, tarred, written
from tests.delivery.layered import classic, config_of, diffs, oci

Layout = Callable[[Sequence[bytes]], bytes]
PACKED = partial(oci, packed=True)
LAYOUTS: list[Layout] = [classic, oci, PACKED]
ENDING = GATE.with_name("ending.pl")
BASE, SERVICE = b"base" * 5000, b"service" * 100
LAYERS = st.lists(st.sampled_from([BASE, SERVICE, b"", b"x" * 512, b"y" * 700]), min_size=1, max_size=6)
quick = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


def ending(file: Path, path: str = "") -> str:
    """What is read of the end of an archive."""
    env = {**os.environ, "PATH": path or os.environ["PATH"]}
    done = subprocess.run(["/usr/bin/perl", "-w", str(ENDING), str(file)], capture_output=True, timeout=20, env=env)
    assert done.stderr == b""
    return done.stdout.decode(errors="replace")


def gated(file: Path, told: Sequence[str]) -> tuple[dict[str, bytes], str]:
    """The members that the gate passes on, and what it says."""
    line = ["/usr/bin/perl", "-w", str(GATE), str(file), IMAGE, "amd64", *(["", *told] if told else [])]
    done = subprocess.run(line, capture_output=True, timeout=20)
    said = [row for row in done.stderr.decode().splitlines() if row.startswith("gate: ")]
    assert len(said) == 1, done.stderr
    return members(done.stdout) or {}, said[0]


def has(layers: Sequence[bytes]) -> str:
    """What Docker says of an image of these layers."""
    return " ".join(diffs(layers)) + "\n"


def words(ending: str, layers: str, image: str) -> tuple[str, ...]:
    """What the gate is told, of the end of an archive and of what Docker says of its images."""
    chains = [line.split() for line in layers.splitlines()]
    return partial_archive.words(partial_archive.members_of(ending), chains, image)


def blob(content: bytes) -> str:
    """The member with that content."""
    return f"blobs/sha256/{digest(content)}"


def is_whole(found: dict[str, bytes], missing: set[str]) -> bool:
    """Each description of an archive in the OCI layout is of what is there, but for the layers that are missing."""
    (entry,) = json.loads(found["index.json"])["manifests"]
    about = found[f"blobs/{entry['digest'].replace(':', '/')}"]
    parts = json.loads(about)
    (manifest,) = json.loads(found["manifest.json"])
    assert entry["annotations"]["io.containerd.image.name"] == f"docker.io/{IMAGE}" and manifest["RepoTags"] == [IMAGE]
    described = [entry, parts["config"], *parts["layers"]]
    names = [f"blobs/{one['digest'].replace(':', '/')}" for one in described]
    assert manifest["Config"] == names[1] and manifest["Layers"] == names[2:]
    there = {name: one["size"] for name, one in zip(names, described) if name not in missing}
    assert all(digest(found[name]) == name[-64:] and len(found[name]) == size for name, size in there.items())
    return not missing & found.keys() and list(found)[-1] == "manifest.json" and "oci-layout" in found


@quick
@given(LAYERS, LAYERS, st.integers(1, 6), st.sampled_from(LAYOUTS))
def test_docker_gets_the_layers_above_those_that_it_has_and_no_other(
    tmp_path: Path, layers: list[bytes], other: list[bytes], shared: int, layout: Layout
) -> None:
    known, pack = layers[:shared], gzip.compress if layout is PACKED else None
    file = written(tmp_path / "image", bz2.compress(layout(layers)))
    told = words(ending(file), has(other[:1]) + has(known), IMAGE)
    found, said = gated(file, told)
    assert said == f"gate: image sha256:{digest(config_of(layers))}"
    names = [blob(pack(layer, mtime=0) if pack else layer) for layer in layers]
    assert is_whole(found, {*names[: len(known)]} - {*names[len(known) :]})


@pytest.mark.parametrize("layout", LAYOUTS)
def test_without_a_layer_in_common_the_whole_is_loaded(tmp_path: Path, layout: Layout) -> None:
    file = written(tmp_path / "image", bz2.compress(layout([BASE, SERVICE])))
    assert words(ending(file), has([SERVICE, BASE]), IMAGE) == ()
    assert words(ending(file), "", IMAGE) == ()
    assert words(ending(file), has([BASE]), IMAGE)


@pytest.mark.parametrize("packer", [name for name in PACKERS if not name.startswith("bzip2")])
def test_of_an_archive_that_is_not_bzip2_the_whole_is_loaded(tmp_path: Path, packer: str) -> None:
    file = written(tmp_path / "image", PACKERS[packer](classic([BASE, SERVICE])))
    assert ending(file) == ""


@quick
@given(st.binary(max_size=3000), st.integers(0, 3000), st.integers(0, 255))
def test_the_end_of_a_damaged_archive_tells_nothing_that_is_not_in_it(
    tmp_path: Path, noise: bytes, at: int, wrong: int
) -> None:
    packed = bytearray(bz2.compress(classic([noise, SERVICE])))
    good = ending(written(tmp_path / "good", bytes(packed)))
    packed[at % len(packed)] ^= wrong
    assert ending(written(tmp_path / "bad", bytes(packed))) in ("", good)
    assert ending(written(tmp_path / "cut", bytes(packed[:at]))) in ("", good)


@pytest.mark.parametrize("tool", ["bzip2", "lbzip2", "python3"])
def test_any_program_that_decodes_tells_the_end(tmp_path: Path, tool: str) -> None:
    file = written(tmp_path / "image", bz2.compress(classic([os.urandom(3_000_000), SERVICE])))
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / tool).symlink_to(f"/usr/bin/{tool}")
    assert "manifest.json\n[{" in ending(file, str(tmp_path / "tools"))


def told_by(manifest: Any, config: Any, name: str = f"{'0' * 64}.json") -> str:
    """What is read of the end of an archive with these two members."""
    return f"{name}\n{json.dumps(config)}\nmanifest.json\n{json.dumps(manifest)}\n"


A, B = diffs([BASE, SERVICE])
ENTRY = {"Config": f"{'0' * 64}.json", "Layers": ["1/layer.tar", "2/layer.tar"]}
CONFIG = {"rootfs": {"diff_ids": [A, B]}}


@pytest.mark.parametrize(
    ("manifest", "config"),
    [
        ([], CONFIG),
        ([ENTRY, ENTRY], CONFIG),
        ({"Config": 1}, CONFIG),
        ([{**ENTRY, "Layers": ["1/layer.tar"]}], CONFIG),
        ([{**ENTRY, "Layers": [1, 2]}], CONFIG),
        ([{**ENTRY, "Layers": ["1/layer.tar", "a'b/layer.tar"]}], CONFIG),
        ([{**ENTRY, "Layers": ["1/layer.tar", "1/layer.tar"]}], CONFIG),
        ([{**ENTRY, "Layers": ["1/layer.tar", "=/layer.tar"]}], CONFIG),
        ([{**ENTRY, "Config": "config.json"}], CONFIG),
        ([ENTRY], {"rootfs": {"diff_ids": [A, "sha256:x"]}}),
        ([ENTRY], {"rootfs": {"diff_ids": [A, None]}}),
        ([ENTRY], {"rootfs": {"diff_ids": {A: B}}}),
        ([ENTRY], {"rootfs": []}),
        ([ENTRY], []),
    ],
)
def test_what_docker_would_not_write_is_loaded_whole(manifest: Any, config: Any) -> None:
    assert words(told_by([ENTRY], CONFIG), has([BASE]), IMAGE)
    assert words(told_by(manifest, config), has([BASE]), IMAGE) == ()


def test_a_layer_that_is_not_in_the_archive_gives_docker_nothing(tmp_path: Path) -> None:
    whole = written(tmp_path / "whole", bz2.compress(classic([BASE, SERVICE])))
    told = words(ending(whole), has([BASE]), IMAGE)
    config = config_of([BASE, SERVICE])
    manifest = json.dumps(
        [{"Config": f"{digest(config)}.json", "RepoTags": [IMAGE], "Layers": ["0/layer.tar", "1/layer.tar"]}]
    )
    lacking = tarred([("0/layer.tar", BASE), (f"{digest(config)}.json", config), ("manifest.json", manifest)])
    found, said = gated(written(tmp_path / "image", lacking), told)
    assert said.startswith("gate: odd it lacks the layer sha256:") and not NAMING & found.keys()


def retold(plain: bytes, **more: str) -> bytes:
    """The same archive, where more is said of each member in a header of its own."""
    made = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(plain)) as tar, tarfile.open(fileobj=made, mode="w") as new:
        for member in tar:
            member.pax_headers = more
            new.addfile(member, tar.extractfile(member) if member.isreg() else None)
    return made.getvalue()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_times_of_members_are_left_out_and_what_else_is_said_of_them_is_odd(tmp_path: Path, layout: Layout) -> None:
    plain = layout([BASE, SERVICE])
    told = words(ending(written(tmp_path / "image", bz2.compress(plain))), has([BASE]), IMAGE)
    timed = gated(written(tmp_path / "timed", retold(plain, mtime="1.5", atime="2.5")), told)
    assert timed == gated(written(tmp_path / "plain", plain), told) and timed[1].startswith("gate: image ")
    for more in ({"path": "1/layer.tar"}, {"comment": "x"}, {"mtime": "1.5", "linkpath": "/etc"}):
        found, said = gated(written(tmp_path / "odd", retold(plain, **more)), told)
        assert said.startswith("gate: odd ") and not NAMING & found.keys()


def test_a_part_of_an_archive_with_another_name_is_refused(tmp_path: Path) -> None:
    file = written(tmp_path / "whole", bz2.compress(classic([BASE, SERVICE])))
    told = words(ending(file), has([BASE]), IMAGE)
    other = classic([BASE, SERVICE]).replace(b"osprey/service:0.3", b"osprey/service:9.9")
    found, said = gated(written(tmp_path / "image", other), told)
    assert said.startswith("gate: other it holds osprey/service:9.9") and not NAMING & found.keys()
