"""Docker is read within a limit, and a user types a password within none."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Union

import pytest

from ospreyops import look
from ospreyops.facts.engine import EngineFacts, EngineRefusal
from ospreyops.remote.background import Background
from ospreyops.tools import docker
from tests.sim.host import SimHost
from tests.sim.site import simulated

LIMIT = 1.0


@dataclass
class Typed(SimHost):
    """A host where only root may use Docker, whose user types the password for longer than Docker may take."""

    typed: bool = False

    def permit(self, *, root: bool) -> bool:
        """Ask for the password."""
        if root and not self.typed:
            time.sleep(1.5 * LIMIT)
            self.typed = True
        return not root

    def engine(self) -> Union[EngineFacts, EngineRefusal]:
        """What Docker says to the user, and to root."""
        return super().engine() if self.typed else docker.refusal("permission denied: /var/run/docker.sock")


@pytest.mark.parametrize("several", [False, True], ids=["one host", "several hosts"])
def test_a_password_that_takes_long_to_type_is_no_silence_of_docker(
    monkeypatch: pytest.MonkeyPatch, *, several: bool
) -> None:
    monkeypatch.setattr(look, "ENGINE_LIMIT", LIMIT)
    site = simulated(Typed(sudo=True))
    seen = Background(site.look).result() if several else site.look()
    assert seen.engine is not None and seen.engine.sudo
