"""What counts as a sentence that stands alone. The simulated site holds every step of every test to it."""

from __future__ import annotations

import pytest

from ospreyops.remote.command import sh
from ospreyops.step import Step
from tests.sim.host import SimHost
from tests.sim.sentence import check
from tests.sim.site import simulated


@pytest.mark.parametrize("outcome", ["osprey/service:0.4 is started", "no new request gets in", "Docker answers"])
def test_a_sentence_with_a_subject_and_a_verb_stands_alone(outcome: str) -> None:
    check(outcome)


@pytest.mark.parametrize(
    "outcome",
    ["It is started", "they are gone", "that is so", "those ended", "", "rotated", "is started"],
)
def test_what_points_to_another_sentence_or_is_none_does_not(outcome: str) -> None:
    with pytest.raises(AssertionError):
        check(outcome)


def test_the_simulated_site_does_no_step_whose_outcome_does_not_stand_alone() -> None:
    step = Step("why", sh("true", limit=1), "it does")
    with pytest.raises(AssertionError, match="it does"), simulated(SimHost()).change.step(step):
        pass
