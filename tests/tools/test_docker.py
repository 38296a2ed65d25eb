"""How Docker's words are read."""

from __future__ import annotations

import pytest

from ospreyops.tools import docker
from tests.tools.recorded import Case, check, recorded

READINGS = {
    "refusal": lambda answer: docker.refusal(answer.said),
    "tls": lambda answer: docker.tls(answer.said),
    "loaded": lambda answer: docker.loaded(answer.out),
    "loaded_id": lambda answer: docker.loaded_id(answer.out),
}


@pytest.mark.parametrize("case", recorded("docker"), ids=str)
def test_why_docker_cannot_be_used_and_what_it_loaded_is_known(case: Case) -> None:
    check(case, READINGS)
