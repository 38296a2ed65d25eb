"""olympias loses its power while docker-machine makes the VM: the same deploy ends healthy."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import Inv
from tests.lab.killed import prints
from tests.lab.olympias.host import Olympias

DEPLOY = ("deploy", "--version", "0.3", "-H", "olympias")
ANEW = "the making of the VM osprey-service did not end"


@pytest.fixture
def bare(mac: Olympias, inv: Inv) -> Iterator[Olympias]:
    """A Mac with a release in its archive, and nothing of VirtualBox and docker-machine."""
    _bare(mac)
    yield mac
    _bare(mac)


def _bare(mac: Olympias) -> None:
    mac.end_all()
    mac.sh("rm -rf ~/.docker ~/Library/VirtualBox ~/osprey")


@pytest.mark.reliability
@pytest.mark.parametrize(
    ("moment", "anew"),
    [("Creating SSH key...", True), ("Starting the VM...", False), ("Copying certs to the remote machine...", False)],
    ids=["before_there_is_a_vm", "before_it_boots", "before_docker_has_its_certificates"],
)
def test_the_same_deploy_finishes_a_vm_whose_making_was_cut_off_or_makes_it_anew(
    inv: Inv, bare: Olympias, moment: str, anew: bool
) -> None:
    with inv.start(*DEPLOY, "-v") as cut:
        assert prints(cut, moment), "the deploy ended before"
        bare.end_all()
        said, _ = cut.communicate(timeout=120)
        assert cut.returncode == 4, said
    again = inv(*DEPLOY, limit=900)
    assert again.code == 0, again.said
    assert (ANEW in again.out) == anew
    assert "nothing to do" in inv(*DEPLOY, "net.check").out
