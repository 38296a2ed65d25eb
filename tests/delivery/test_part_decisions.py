"""Whether a part of a release is sent, or all of it."""

from __future__ import annotations

import bz2
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Optional

import pytest

from ospreyops.delivery.send_part import SendPart
from ospreyops.facts import Facts
from ospreyops.facts.engine import Image
from tests.delivery.far import BASE, BEFORE, OLD, SERVICE, Far
from tests.delivery.images import IMAGE, released, written
from tests.delivery.layered import classic, diffs


@pytest.fixture
def far(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Far:
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    return Far(tmp_path)


def whole(far: Far, images: Optional[Mapping[str, Image]] = None, facts: Optional[Facts] = None) -> bool:
    """All of the release would be sent."""
    return [type(step.do).__name__ for step in far.steps(images, facts=facts)] == ["Upload", "Extract", "Load"]


@pytest.mark.parametrize(
    "unlike",
    [{"digest": f"sha256:{'4' * 64}"}, {"layers": tuple(diffs([SERVICE, BASE]))}, {"layers": ()}],
    ids=["this tool did not load it", "its layers are others", "its layers are not known"],
)
def test_all_layers_are_sent_where_those_below_are_not_sure_to_be_there(far: Far, unlike: Any) -> None:
    assert not whole(far)
    assert whole(far, {OLD: replace(BEFORE, **unlike)})


def test_all_layers_are_sent_where_a_load_did_not_end(far: Far) -> None:
    (far.folder / ".ospreyops/loading-0.1").touch()
    assert whole(far)


def test_all_layers_are_sent_where_the_host_could_not_load_those_below_again(far: Far) -> None:
    far.below.unlink()
    assert whole(far)


def test_less_than_half_of_the_layers_are_not_worth_a_part(far: Far) -> None:
    released(far.archive, bz2.compress(classic([BASE, SERVICE, b"more"])))
    assert whole(far)
    released(far.archive, bz2.compress(classic([BASE, b"0.2", SERVICE, b"more"])))
    assert not whole(far)


def test_the_release_that_another_one_lies_on_is_sent_whole(far: Far) -> None:
    facts = far.facts(**{OLD: BEFORE})
    assert whole(far, facts=replace(facts, host=replace(facts.host, parts={"0.4": "0.3"})))


def test_a_release_does_not_lie_on_one_of_the_same_version(far: Far) -> None:
    far.unpack("0.3")
    written(far.folder / ".ospreyops/loaded", f"0.3 {BEFORE.digest}\n".encode())
    assert whole(far, {"0.3": replace(BEFORE, name=IMAGE)})


def test_of_two_releases_that_lie_there_the_one_with_more_of_the_layers_is_below(far: Far) -> None:
    far.unpack("0.1")
    more = Image("osprey/service:0.1", f"sha256:{'1' * 64}", 1, 1, layers=tuple(diffs([BASE, SERVICE])))
    written(far.folder / ".ospreyops/loaded", f"0.1 {more.digest}\n0.2 {BEFORE.digest}\n".encode())
    (step,) = far.steps({OLD: BEFORE, "0.1": more})
    assert isinstance(step.do, SendPart) and step.do.part.base == "0.1"
    (step,) = far.steps({OLD: BEFORE, "0.1": replace(more, layers=BEFORE.layers)})
    assert isinstance(step.do, SendPart) and step.do.part.base == OLD
