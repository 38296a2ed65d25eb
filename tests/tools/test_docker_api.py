"""What Docker's API answers is data: whatever it is, it is read or refused, and none of it becomes part of a line."""

from __future__ import annotations

import contextlib
import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ospreyops.facts.engine import EngineFacts
from ospreyops.tools.docker_api import EngineUnavailable
from tests.tools.api import GOOD, LAYER, read


def test_the_service_is_read_with_what_it_runs() -> None:
    found = read(GOOD)
    assert found.service and found.service.jobs == ("sander",)
    assert (found.service.port, found.service.started_at, found.service.pid) == (44342, 1767225600, 7)
    assert {name: image.layers for name, image in found.images.items()} == {"osprey/service:0.3": (LAYER,)}
    assert found.holders == {"sha256:db": "db"}


@pytest.mark.parametrize("name", ["/osprey-service;touch x", "/osprey-service\n", "/osprey-service-1 $(id)", "/other"])
@pytest.mark.parametrize("renamed", [False, True], ids=["from the start", "since it was listed"])
def test_a_container_whose_name_is_a_line_is_none_of_ours(name: str, renamed: bool) -> None:
    answers = copy.deepcopy(GOOD)
    answers["/containers/ID/json"]["Name"] = name
    if not renamed:
        answers["/containers/json"][0]["Names"] = [name]
    assert read(answers).containers == ()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (("Config", "Image"), "osprey/service:0.3;touch x"),
        (("Image",), "sha256:$(id)"),
        (("State", "StartedAt"), "yesterday"),
        (("State", "Status"), "running; id"),
        (("Id",), "c1;id"),
    ],
)
def test_what_would_become_part_of_a_line_is_matched_whole(key: tuple[str, ...], value: str) -> None:
    answers = copy.deepcopy(GOOD)
    place = answers["/containers/ID/json"]
    for part in key[:-1]:
        place = place[part]
    place[key[-1]] = value
    with pytest.raises(EngineUnavailable, match="not one of Docker"):
        read(answers)


ODD: st.SearchStrategy[Any] = st.sampled_from(
    [None, [], {}, "", "x\x1b[2J", -1, 1e400, True, [[]], {"Id": None}, "9" * 5000, ["a", 1]]
)


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_whatever_the_engine_answers_it_is_read_or_refused(data: st.DataObject) -> None:
    answers = copy.deepcopy(GOOD)
    place: Any = answers
    key = data.draw(st.sampled_from(sorted(place)))
    while isinstance(place[key], (dict, list)) and place[key] and data.draw(st.booleans()):
        place = place[key]
        key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
    place[key] = data.draw(ODD)
    with contextlib.suppress(EngineUnavailable):
        assert isinstance(read(answers), EngineFacts)


@pytest.mark.parametrize(
    ("path", "keys", "value"),
    [
        ("/containers/ID/json", ("State", "StartedAt"), "2026-99-99T00:00:00Z"),
        ("/containers/ID/json", ("State", "Pid"), "1; id"),
        ("/containers/ID/json", ("NetworkSettings", "Ports", "44342/tcp", 0, "HostPort"), "44342;id"),
        ("/images/json", (0, "Created"), 10**30),
        ("/version", ("Arch",), "amd64; id"),
        ("/images/ID/json", ("RootFS", "Layers", 0), "sha256:$(id)"),
    ],
)
def test_a_date_or_a_number_that_is_none_is_refused(path: str, keys: tuple[Any, ...], value: Any) -> None:
    answers = copy.deepcopy(GOOD)
    place = answers[path]
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = value
    with pytest.raises(EngineUnavailable, match="not one of Docker"):
        read(answers)
