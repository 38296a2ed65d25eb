"""A host that lacks a program is told so, with what installs it there, before anything is changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Callable

import pytest

from ospreyops.facts.programs import DECODERS, NEEDED, advice, missing
from tests.conftest import Ran
from tests.sim.host import SimHost
from tests.worlds import serving

Sim = Callable[..., Ran]


@pytest.mark.parametrize(
    ("installer", "lacking", "line"),
    [
        ("apt-get", ("curl", "ps"), "sudo apt-get install curl procps"),
        ("apt-get", ("docker",), "sudo apt-get install docker.io"),
        ("dnf", ("docker", "ps"), "sudo dnf install moby-engine procps-ng"),
        ("apk", ("openssl",), "sudo apk add openssl"),
        ("brew", ("docker",), "brew install docker"),
        ("", ("curl", "tar"), "install curl, tar there"),
    ],
)
def test_what_is_missing_is_named_with_the_line_that_installs_it(
    installer: str, lacking: Sequence[str], line: str
) -> None:
    tools = frozenset({*NEEDED, installer}) - {*lacking}
    assert (missing(tools), advice(tools)) == (tuple(name for name in NEEDED if name in lacking), line)


def test_what_could_not_be_asked_is_not_missing_and_a_decoder_is_no_need() -> None:
    assert missing(frozenset()) == ()
    assert not {*DECODERS} & {*NEEDED}


def test_a_release_is_not_started_where_it_could_not_be_judged(sim: Sim) -> None:
    host = SimHost(programs=("docker", "openssl", "ps", "tar", "apt-get"))
    ran = sim("deploy --version 0.3 -H sim", host)
    assert (ran.code, host.ran) == (3, [])
    assert "sim has no curl" in ran.err and "try: sudo apt-get install curl" in ran.err


def test_what_serves_goes_on_while_a_program_is_missing(sim: Sim) -> None:
    host = serving(programs=("docker", "openssl", "ps", "tar", "apt-get"))
    found = sim("doctor -H sim", host)
    assert "sim has no curl" in found.out
    assert (sim("heal -H sim", host).code, host.ran) in [(0, []), (3, [])]
