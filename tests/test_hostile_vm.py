"""A VM that says whatever it likes gains nothing: no line has its words, and no terminal obeys them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Callable

import pytest

from ospreyops.remote.command import Answer, Command
from tests.conftest import Ran
from tests.sim.mac import SimMac
from tests.worlds import serving

Sim = Callable[..., Ran]

ORDER = "$(touch /tmp/owned);`touch /tmp/owned`"
RULES = (
    f"iptables readable\n-A DOCKER -p tcp --dport 24343 -j DNAT --to-destination 1.2.3.4:24343';{ORDER};'\n"
    f"ip6tables readable\n-A OSPREY --to-ports 24343 '{ORDER}'\n"
)
WORDS = {
    "orders of a shell": f"'{ORDER}' \"{ORDER}\";{ORDER}\n",
    "orders among its rules": RULES,
    "signs that steer a terminal": "\x1b]0;owned\x07\x1b[2J\x9b31m\r\N{RIGHT-TO-LEFT OVERRIDE} osprey/service:0.4\n",
    "a megabyte without an end": "inet6 00 " * 120_000,
    "prompts for a password": "[sudo] password for ops: \nPassword: \n",
    "numbers that are none": "memory 99999999999999999999999 kB\ntaken FFFFF\n1e999 NaN -0\n" * 50,
    "nothing": "",
}
OF_VM = ("guest", "room", "about", "desktop", "certificate")
"""The questions of a look that the VM answers, or the service in it."""
STEERS = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]")


@dataclass
class HostileMac(SimMac):
    """A Mac whose VM answers one question with those words."""

    question: str = ""
    words: str = ""

    def ask(self, questions: Mapping[str, Command], *, sudo: bool = False) -> dict[str, Answer]:
        found = super().ask(questions, sudo=sudo)
        return {**found, self.question: Answer(0, self.words, self.words)} if self.question in found else found


def hostile(question: str, words: str) -> HostileMac:
    good = vars(serving())
    return HostileMac(**{**good, "question": question, "words": words})


@pytest.mark.parametrize(("question", "words"), list(itertools.product(OF_VM, WORDS)))
def test_whatever_a_vm_answers_it_gains_nothing(sim: Sim, question: str, words: str) -> None:
    host = hostile(question, WORDS[words])
    for line in (
        "status",
        "doctor",
        "net.check",
        "heal",
        "deploy --version 0.4 --health-timeout 2",
        "service.stop --yes",
    ):
        ran = sim(f"{line} -H {host.name}", host)
        assert ran.code in (0, 1, 2, 3, 4, 5), ran.said
        assert not STEERS.search(ran.said), (line, ran.said)
    assert "owned" not in "".join(host.ran)
