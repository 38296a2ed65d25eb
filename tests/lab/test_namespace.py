"""The lab takes no port and no name of this machine, and minds none that is taken."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path

import pytest

from tests.lab import cache
from tests.lab.engine import Engine
from tests.lab.namespace import Network

ANY = "0.0.0.0"


def test_a_port_that_something_on_this_machine_holds_is_free_in_the_lab(network: Network) -> None:
    with network.left(), socket.create_server((ANY, 0)) as held:
        port = int(held.getsockname()[1])
        with network.entered():
            socket.create_server((ANY, port)).close()
        with pytest.raises(OSError, match="in use"):
            socket.create_server((ANY, port))


def test_the_labs_engine_has_no_bridge_on_this_machine(engine: Engine, network: Network) -> None:
    bridge = ["ip", "link", "show", engine.bridge]
    assert subprocess.run(bridge, capture_output=True).returncode == 0
    with network.left():
        assert subprocess.run(bridge, capture_output=True).returncode != 0


def test_two_runs_of_one_checkout_have_an_engine_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "CACHE", tmp_path)
    with cache.own("engine") as first, cache.own("engine") as second:
        assert (first, second) == (tmp_path / "engine", tmp_path / "engine-2")
    with cache.own("engine") as again:
        assert again == first
