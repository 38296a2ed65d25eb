"""A deploy from this computer's archive sends a host the layers that it lacks, and leaves it as a whole one would."""

from __future__ import annotations

import bz2
from pathlib import Path
from typing import Any

import pytest

from ospreyops.delivery.part import Part
from tests.delivery.images import released
from tests.delivery.layered import classic, diffs
from tests.sim.host import Killed
from tests.sim.sending import MacReceiver, Receiver, Receiving
from tests.sim.states import digest
from tests.worlds import RULE, Sim, clean, history, kill_before, running_on, spare

BASE, SERVICE = b"base" * 50_000, b"service" * 1000
LAYERS = {"0.2": tuple(diffs([BASE, b"0.2"])), "0.3": tuple(diffs([BASE, SERVICE]))}
KINDS = [Receiver, MacReceiver]
OWN = [f"0.2 {digest('0.2')}"]


@pytest.fixture
def line(tmp_path: Path) -> str:
    """What deploys 0.3 from an archive of this computer."""
    archive = tmp_path / "osprey-service-docker-0.3.tar"
    return f"deploy 0.3 --drop-versions 0.2 -H sim --from {released(archive, bz2.compress(classic([BASE, SERVICE])))}"


def below(kind: type[Receiving] = Receiver) -> Receiving:
    """A host where 0.2 serves, which this tool unpacked and loaded, and 0.3 is in no archive."""
    host = running_on(kind(archives=set(), layers=LAYERS, recorded=OWN.copy(), own={"0.2"}), "0.2")
    if isinstance(host, MacReceiver):
        host.rules.append(RULE)
    return host


def sent(sim: Sim, line: str, kind: type[Receiving] = Receiver) -> Receiving:
    """The same host after the deploy."""
    host = below(kind)
    ran = sim(line, host)
    assert ran.code == 0, ran.said
    return host


def loads(host: Receiving) -> int:
    """How often Docker was given something to load."""
    return sum("docker load" in line for line in host.ran)


@pytest.mark.parametrize("kind", KINDS)
def test_a_deploy_sends_the_new_layers_and_a_second_one_does_nothing(
    sim: Sim, line: str, kind: type[Receiving]
) -> None:
    host = sent(sim, line, kind)
    clean(host, "0.3")
    assert host.parts == {"0.3": "0.2"} and host.unpacked == {"0.2"} and not host.loading
    assert loads(host) == 1
    host.ran.clear()
    again = sim(line, host)
    assert (again.code, host.ran) == (0, []), again.said
    assert "nothing to do" in again.out


def test_two_hosts_at_once_get_one_part_that_is_made_once(sim: Sim, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made, make = [], Part._make

    def counted(self: Part, *given: Any) -> None:
        made.append(self)
        make(self, *given)

    monkeypatch.setattr(Part, "_make", counted)
    hosts = [below(), below()]
    for host, name in zip(hosts, ("one", "two")):
        host.name = name
    ran = sim(f"{line.replace('-H sim', '-H one,two')} --serial 2", *hosts)
    assert ran.code == 0, ran.said
    for host in hosts:
        clean(host, "0.3")
        assert host.parts == {"0.3": "0.2"}
    assert len(made) == 1


def test_the_history_has_the_sha256_of_the_whole_archive(sim: Sim, line: str) -> None:
    host = sent(sim, line)
    (entry,) = history(host)
    assert entry["archive_sha256"] == host.unpacked_from["0.3"]


def test_a_dry_run_shows_the_lines_for_the_whole_archive_and_makes_no_part(sim: Sim, line: str) -> None:
    host = below()
    ran = sim(f"--dry {line}", host)
    assert (ran.code, host.ran) == (0, [])
    assert "# osprey/service:0.3 is not in Docker; most of its layers are, with 0.2" in ran.out
    upload, unpack, load = ran.out.splitlines()[1:4]
    assert " scp " in upload and "tar -xof" in unpack and "tar.bz2 | docker load" in load


def test_what_came_in_part_is_gone_back_from_and_to_without_the_archive(sim: Sim, line: str) -> None:
    host = sent(sim, line)
    for version in ("0.2", "0.3"):
        assert sim("rollback --drop-versions 0.2,0.3 -H sim", host).code == 0
        clean(host, version)
    assert loads(host) == 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("lost", [{"0.3"}, {"0.2", "0.3"}], ids=["its image", "all images"])
def test_an_image_that_docker_lost_is_loaded_again_without_this_computer(
    sim: Sim, line: str, lost: set[str], kind: type[Receiving]
) -> None:
    host = sent(sim, line, kind)
    host.stop()
    host.ran.clear()
    for version in lost:
        host.forget(f"osprey/service:{version}")
    ran = sim("heal -H sim", host)
    assert ran.code == 0, ran.said
    clean(host, "0.3")
    assert loads(host) == len(lost)


def test_an_archive_of_the_host_is_taken_before_what_came_in_part(sim: Sim, line: str) -> None:
    host = sent(sim, line)
    host.archives.add("0.3")
    host.forget("osprey/service:0.3")
    assert sim("image.load 0.3 -H sim", host).code == 0
    assert host.unpacked == {"0.2", "0.3"} and host.parts == {}


def test_the_release_below_is_kept_while_the_one_above_is_needed(sim: Sim, line: str) -> None:
    host = sent(sim, line)
    host.proven.clear()
    host.record("0.3", host.images["osprey/service:0.3"])
    assert sim("image.prune --keep 1 -H sim", host).code == 0
    assert host.own == {"0.2", "0.3"}


def test_a_part_that_docker_refuses_is_followed_by_the_whole(sim: Sim, line: str) -> None:
    host = below()
    host.fails = r"layers\.tar\.bz2 .*docker load"
    ran = sim(line, host)
    assert ran.code == 0, ran.said
    clean(host, "0.3")
    assert host.parts == {} and "0.3" in host.unpacked and not host.loading
    assert "once more, with all layers" in ran.out


def test_a_run_that_is_killed_before_any_line_is_finished_by_the_same_line(sim: Sim, line: str) -> None:
    done = len(sent(sim, line).ran)
    for number in range(done):
        host = below()
        kill_before(host, number)
        with pytest.raises(Killed):
            sim(line, host)
        assert "0.3" not in host.unpacked
        spare(host)
        ran = sim(line, host)
        assert ran.code == 0, (number, ran.said)
        clean(host, "0.3")
        assert "0.3" in host.parts or "0.3" in host.unpacked
        assert not host.loading and host.recorded and host.recorded[-1].startswith(f"0.3 {digest('0.3')} ")


def test_the_releases_of_a_host_are_shown_with_what_they_lie_on(sim: Sim, line: str) -> None:
    host = sent(sim, line)
    assert (
        "release 0.3 is on the host: /home/ops/osprey/service-docker/0.3, on top of 0.2"
        in sim("image.list -H sim", host).out
    )
    assert "folder, on top of 0.2, image" in sim("deploy -H sim", host).out
