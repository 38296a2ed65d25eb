"""olympias for the tests: one for all of them, with the service that the tool has brought onto it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Optional

import pytest

from tests.conftest import Inv, Ran
from tests.lab.hosts import Releases
from tests.lab.olympias import workstation
from tests.lab.olympias.etc import PMSET
from tests.lab.olympias.host import RUN, Olympias
from tests.lab.olympias.kept import Kept
from tests.lab.olympias.machine import LabVm


@pytest.fixture(autouse=True)
def place() -> None:
    """Each test is on this machine, which has a cable to olympias; olympias has a network of its own."""


@pytest.fixture(scope="package")
def mac() -> Iterator[Olympias]:
    """olympias, without VMs."""
    host = Olympias.start()
    yield host
    host.stop()


@pytest.fixture(autouse=True)
def nothing_refused(request: pytest.FixtureRequest) -> Iterator[None]:
    """No line that a test lets run on olympias is one that the field book does not know."""
    mac: Optional[Olympias] = request.getfixturevalue("mac") if "mac" in request.fixturenames else None
    yield
    if mac:
        refused = mac.refused()
        mac.forgive()
        assert refused == []


@pytest.fixture(scope="package")
def inv(mac: Olympias, releases: Releases, tmp_path_factory: pytest.TempPathFactory) -> Inv:
    """`inv` of a workstation that knows olympias by the name in this checkout's settings."""
    environment = workstation.furnish(mac, tmp_path_factory.mktemp("workstation"))
    workstation.offer(mac, releases("0.3"))
    workstation.offer(mac, releases("0.4", protocols=("0.4", "0.3")))
    return Inv(environment)


@pytest.fixture(scope="package")
def first(inv: Inv) -> Ran:
    """What the deploy onto a Mac with nothing came to."""
    return inv("deploy", "--version", "0.3", "-v", "-H", "olympias", limit=900)


@pytest.fixture(scope="package")
def kept(mac: Olympias, first: Ran) -> Kept:
    """The state that this deploy left."""
    assert first.code == 0, first.said
    return Kept(mac.vm(), RUN / "kept")


@pytest.fixture
def deployed(kept: Kept) -> LabVm:
    """The VM, running, with a healthy service 0.3 in it."""
    kept.ready()
    return kept.vm


@pytest.fixture
def awake(deployed: LabVm) -> Iterator[LabVm]:
    """The same VM, on a Mac that does not go to sleep by itself: nothing is wrong with it."""
    deployed.host.sh("printf 'sleep 0\\n' >/etc/pmset", "root")
    yield deployed
    deployed.host.sh(f"printf '{PMSET}' >/etc/pmset", "root")


@pytest.fixture(scope="package")
def off(mac: Olympias) -> LabVm:
    """Another user's VM, which was never started."""
    vm = mac.vm("dev", user="ops")
    vm.create(memory=512, cpus=1)
    return vm
