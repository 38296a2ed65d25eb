"""A release may be pinned: another archive is refused before anything is sent or unpacked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ospreyops.console import Console, Screen
from ospreyops.delivery.archive import archive
from ospreyops.delivery.extract import Extract
from ospreyops.delivery.source import sha256
from ospreyops.errors import Blocked
from ospreyops.release import Release
from ospreyops.remote.host import Host
from ospreyops.settings import Settings
from tests.conftest import Inv
from tests.delivery.images import IMAGE, PACKERS, classic, released
from tests.look.here import look
from tests.sim.host import SimHost
from tests.sim.releases import archive_sum
from tests.worlds import Sim, deployed

RELEASE = Release("0.3")
OTHER = "0123456789abcdef" * 4
SUMS = ["{sum}  {name}", "{sum} *{name}", "{SUM}  ./{name}", "SHA256 ({name}) = {sum}", "SHA2-256({name})= {sum}"]


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """A release archive of this computer."""
    return released(tmp_path / RELEASE.archive, PACKERS["bzip2"](classic(IMAGE)))


def list_sum(path: Path, digest: str, form: str = SUMS[0]) -> None:
    """Write a SHA256SUMS beside an archive."""
    line = form.format(sum=digest, SUM=digest.upper(), name=path.name)
    (path.parent / "SHA256SUMS").write_text(f"{OTHER}  another-{path.name}\n{line}\n")


def extracted(path: Path, folder: Path, pin: str = "") -> None:
    host = Host(Settings("localhost"), Console(Screen(), "localhost"))
    Extract(RELEASE, str(path), f"{folder}/0.3", pin or None).perform(host)


def test_an_archive_of_this_computer_that_is_not_the_pinned_one_is_refused(good: Path) -> None:
    assert archive(str(good), RELEASE, sha256(good)).path == good
    with pytest.raises(Blocked, match=r"not the archive that osprey\.releases names") as refused:
        archive(str(good), RELEASE, OTHER)
    assert sha256(good) in refused.value.evidence and OTHER in refused.value.evidence


@pytest.mark.parametrize("form", SUMS)
def test_the_sums_beside_an_archive_hold_wherever_it_lies(good: Path, tmp_path: Path, form: str) -> None:
    list_sum(good, sha256(good), form)
    assert archive(str(good), RELEASE).path == good
    extracted(good, tmp_path / "right")
    list_sum(good, OTHER, form)
    for unpack in (lambda: archive(str(good), RELEASE), lambda: extracted(good, tmp_path / "wrong")):
        with pytest.raises(Blocked, match="not the archive that SHA256SUMS names"):
            unpack()
    assert (tmp_path / "right/0.3").exists() and not (tmp_path / "wrong").exists()


def test_sums_that_cannot_be_read_are_not_taken_for_absent_ones(good: Path, tmp_path: Path) -> None:
    (good.parent / "SHA256SUMS").mkdir()
    for unpack in (lambda: archive(str(good), RELEASE), lambda: extracted(good, tmp_path / "wrong")):
        with pytest.raises(Blocked, match="SHA256SUMS cannot be read"):
            unpack()


def test_an_archive_of_the_host_that_is_not_the_pinned_one_is_not_unpacked(good: Path, tmp_path: Path) -> None:
    with pytest.raises(Blocked, match=r"not the archive that osprey\.releases names"):
        extracted(good, tmp_path / "wrong", OTHER)
    assert good.exists() and not (tmp_path / "wrong").exists()


def test_a_host_remembers_which_archive_a_release_was_unpacked_from(good: Path, tmp_path: Path) -> None:
    folder = tmp_path / "my osprey"
    extracted(good, folder, sha256(good))
    found = look(Settings("sim", folder=str(folder)), tmp_path)
    assert found.unpacked_from == {"0.3": sha256(good)}
    (folder / "0.3/notes").touch()
    assert look(Settings("sim", folder=str(folder)), tmp_path).unpacked_from == {}


def test_a_deploy_of_another_archive_than_the_pinned_one_sends_and_unpacks_nothing(sim: Sim, good: Path) -> None:
    host = SimHost(configured={"releases": (("0.3", OTHER),)})
    for line in (
        "deploy --version 0.3",
        f"deploy --version 0.3 --from {good}",
        f"image.load --version 0.3 --from {good}",
    ):
        ran = sim(f"{line} -H sim", host)
        assert (ran.code, host.ran, host.unpacked) == (3, [], set()), ran.said
        assert "osprey-service-docker-0.3.tar is not the archive that osprey.releases names" in ran.err


def test_what_somebody_unpacked_is_not_taken_for_the_pinned_release(sim: Sim) -> None:
    host = SimHost(configured={"releases": (("0.3", archive_sum("0.3")),)}, unpacked={"0.3"})
    assert sim("deploy --version 0.3 -H sim", host).code == 0
    assert host.unpacked_from == {"0.3": archive_sum("0.3")}
    host = SimHost(configured={"releases": (("0.3", archive_sum("0.3")),)}, unpacked={"0.3"}, archives=set())
    ran = sim("deploy --version 0.3 -H sim", host)
    assert (ran.code, host.ran) == (3, [])
    assert "release 0.3 is not on sim, from the archive that osprey.releases names" in ran.err


def test_the_history_has_the_digest_of_what_was_deployed_wherever_it_came_from(sim: Sim) -> None:
    host = deployed(sim, "0.3")
    (entry,) = json.loads(sim("history --json -H sim", host).out)["history"]
    assert entry["archive_sha256"] == archive_sum("0.3")
    assert entry["image"] == host.images["osprey/service:0.3"]


def test_a_version_in_the_settings_is_taken_as_it_is_written_with_quotes_or_without(
    inv: Inv, good: Path, tmp_path: Path
) -> None:
    settings = tmp_path / "own.yaml"
    settings.write_text(f"osprey: {{releases: {{0.3: sha256:{sha256(good)}, 0.10: {OTHER}, '0.1': {'a' * 64}}}}}")
    words = ["-f", str(settings), "--dry", "image.load", "--from", str(good)]
    assert "names" not in inv(*words, "--version", "0.3").err
    later = released(tmp_path / "osprey-service-docker-0.10.tar", b"BZh9", version="0.10")
    refused = inv(*words[:-1], str(later), "--version", "0.10")
    assert refused.code == 3 and OTHER in refused.err
