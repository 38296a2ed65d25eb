"""Which images were healthy on a host, and which ones this tool loaded: read with the real lines."""

from __future__ import annotations

import subprocess
from pathlib import Path

from ospreyops.facts.host import LoadedImage
from ospreyops.look import state
from ospreyops.remote.protocol import batch, parse_batch


def look(folder: Path) -> state.State:
    """What this computer remembers in a service's folder."""
    line = batch(state.questions(str(folder)))
    printed = subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=20).stdout
    return state.state(f"{folder}/.ospreyops", parse_batch(printed))


def test_what_was_healthy_is_read_with_its_image_or_without(tmp_path: Path) -> None:
    files = tmp_path / ".ospreyops"
    files.mkdir()
    (files / "healthy").write_text("0.2\n0.3 sha256:aa\n0.2 sha256:bb\n0.3 sha256:cc\n")
    found = look(tmp_path)
    assert (found.proven, found.damaged) == (("0.2", "0.3", "0.2", "0.3"), {})
    assert found.proven_images == {"0.2": "sha256:bb", "0.3": "sha256:cc"}


def test_what_was_loaded_is_nothing_where_it_cannot_be_read(tmp_path: Path) -> None:
    files = tmp_path / ".ospreyops"
    assert look(tmp_path).loaded is None
    files.mkdir()
    (files / "loaded").write_text("0.2 sha256:aa\n0.3 sha256:bb sha256:cc\n0.4 sha256:dd -\ntorn")
    assert look(tmp_path).loaded == (
        LoadedImage("0.2", "sha256:aa"),
        LoadedImage("0.3", "sha256:bb", "sha256:cc"),
        LoadedImage("0.4", "sha256:dd"),
    )
    (files / "loaded").unlink()
    (files / "loaded").mkdir()
    assert look(tmp_path).loaded == ()
    (files / "loaded").rmdir()
    files.rmdir()
    files.write_text("no folder")
    assert look(tmp_path).loaded == ()
