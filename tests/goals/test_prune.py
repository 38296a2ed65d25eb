"""What is not needed any more is removed by a list: of what this tool itself loaded and unpacked."""

from __future__ import annotations

import copy
import re
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ospreyops.delivery.extract import Extract
from ospreyops.errors import Blocked
from ospreyops.facts import Facts
from ospreyops.facts.engine import Container, EngineFacts, Image
from ospreyops.facts.host import Desired, HostFacts, LoadedImage
from ospreyops.facts.machine import MachineFacts, State
from ospreyops.facts.service import ProbeResult
from ospreyops.faults import disk
from ospreyops.goals.prune import left, pruned
from ospreyops.healing.heal import healed
from ospreyops.settings import Settings
from ospreyops.step import Step
from ospreyops.target import target
from tests.sim.host import SimHost
from tests.worlds import Sim, deployed, running

FOLDER = "/home/ops/osprey"
TARGET = target(Settings("sim", folder=FOLDER))
VERSION = st.sampled_from(["0.1", "0.2", "0.3", "0.4"])
TAG = VERSION | st.sampled_from(["latest", "0.3-test", "x0.3"])
DIGEST = st.sampled_from(["sha256:a", "sha256:b", "sha256:c", "sha256:d"])
NAME = VERSION | st.sampled_from(
    ["old", "0.3 copy", "0.3/..", "..", ".", "0.3;reboot", "0.3.before-1", "$HOME", "it's"]
)
IMAGES = st.dictionaries(TAG, DIGEST, max_size=4)
CONTAINERS = st.lists(st.tuples(TAG, DIGEST), max_size=2)


@st.composite
def facts(draw: st.DrawFn) -> Facts:
    """A host with little room, on which anything may lie."""
    names = {f"osprey/service:{tag}": digest for tag, digest in draw(IMAGES).items()}
    running = [
        Container(f"c{number}", f"osprey/service:{tag}", digest, "running", "2026-01-01T00:00:00", 44342 + number)
        for number, (tag, digest) in enumerate(draw(CONTAINERS))
    ]
    images = {name: Image(name, digest, 1, 1) for name, digest in names.items()}
    holders = dict.fromkeys(draw(st.sets(DIGEST, max_size=2)), "db")
    recorded = draw(st.none() | st.sets(DIGEST).map(sorted))
    desired = draw(st.none() | VERSION)
    host = HostFacts(
        *("sim", "ops", "Linux", "/home/ops", FOLDER, 0),
        disk_free=1,
        unpacked={version: f"{FOLDER}/{name}" for version, name in draw(st.dictionaries(VERSION, NAME)).items()},
        own=frozenset(f"{FOLDER}/{version}" for version in draw(st.sets(VERSION))),
        desired=Desired(desired) if desired else None,
        proven=tuple(draw(st.lists(VERSION, max_size=3))),
        loaded=None if recorded is None else tuple(LoadedImage("0.3", digest) for digest in recorded),
    )
    engine = EngineFacts(False, images, next(iter(running), None), tuple(running[1:]), holders)
    local = ProbeResult("https://localhost", "v0.3", None, {"0.3": None})
    return Facts(host, MachineFacts("native", State.RUNNING, None, None, 44342), engine, local)


def removing(steps: list[Step]) -> tuple[set[str], set[str]]:
    """The images and the folders that steps remove; nothing else that they do removes, but unpacking anew."""
    images, folders = set(), set()
    for step in steps:
        if isinstance(step.do, Extract):
            continue
        line = str(step.do)
        folder = re.search(rf"^cd {FOLDER} && \[ ! -h (\S+) \] && \( cd \1 && .+ \) && rm -rf \1$", line)
        image = re.fullmatch(r"docker image rm (\S+)", line)
        assert folder or image or not re.search("rm -rf|docker image", line), line
        folders |= {f"{FOLDER}/{folder[1]}"} if folder else set()
        images |= {image[1]} if image else set()
    return images, folders


@settings(max_examples=400, deadline=None)
@given(facts(), st.integers(1, 3), st.sampled_from(["prune", "disk", "heal"]))
def test_nothing_outside_of_the_list_is_ever_removed(found: Facts, keep: int, task: str) -> None:
    assert found.engine
    steps: list[Step] = []
    try:
        if task == "prune":
            steps = list(pruned(found, TARGET, keep=keep))
        elif task == "disk":
            steps = list(disk.repair(found, TARGET))
        else:
            steps = list(healed(found, TARGET))
    except Blocked:
        pass
    images, folders = removing(steps)
    recorded, healthy = found.host.loaded, {f"osprey/service:{version}" for version in found.host.proven}
    used = {container.image for container in found.engine.containers}
    digests = {container.digest for container in found.engine.containers}
    kept = {f"osprey/service:{found.host.desired.version}"} if found.host.desired else set()
    for name in images:
        image = found.engine.images[name]
        assert re.fullmatch(r"osprey/service:[0-9.]+", name)
        assert name not in used | kept and image.digest not in digests | found.engine.holders.keys()
        assert name in healthy if recorded is None else image.digest in {loaded.digest for loaded in recorded}
    for folder in folders:
        assert folder in found.host.own and re.fullmatch(rf"{FOLDER}/[0-9.]+", folder)
        assert f"osprey/service:{folder.rpartition('/')[2]}" not in used | kept


@settings(max_examples=200, deadline=None)
@given(facts())
def test_what_is_not_needed_and_not_removed_is_listed(found: Facts) -> None:
    assert found.engine
    images, folders = removing(list(pruned(found, TARGET, keep=1)))
    told = left(found, 1)
    assert not any(clause.startswith(f"{name} stays") for clause in told for name in images | folders)
    for version, folder in found.host.unpacked.items():
        image = f"osprey/service:{version}"
        if folder not in folders and image not in found.engine.images and folder != FOLDER:
            named = {found.host.desired and found.host.desired.version, *found.host.proven}
            used = {container.image for container in found.engine.containers}
            assert version in named or image in used or any(clause.startswith(folder) for clause in told)


def test_a_release_that_a_needed_one_lies_on_is_kept() -> None:
    used = Container("c1", "osprey/service:0.4", "sha256:d", "running", "2026-01-01T00:00:00", 44342)
    engine = EngineFacts(False, {used.image: Image(used.image, used.digest, 1, 1)}, used)
    unpacked = {version: f"{FOLDER}/{version}" for version in ("0.2", "0.3")}
    own = frozenset(f"{FOLDER}/{version}" for version in ("0.1", "0.2", "0.3", "0.4"))
    host = HostFacts("sim", "ops", "Linux", "/home/ops", FOLDER, 0, unpacked=unpacked, own=own)
    machine = MachineFacts("native", State.RUNNING)
    for base, gone in (("0.3", {"0.1", "0.2"}), ("0.2", {"0.1", "0.3"})):
        parts = {"0.4": base, "0.1": "0.2"}
        found = Facts(replace(host, parts=parts), machine, engine, ProbeResult("", "v0.4", None, {"0.4": None}))
        assert removing(list(pruned(found, TARGET, keep=1)))[1] == {f"{FOLDER}/{version}" for version in gone}


def full(*versions: str, sim: Sim) -> SimHost:
    """A host that these releases were deployed to, whose disk is nearly full."""
    host = deployed(sim, *versions)
    host.folder_free = 10**9
    return host


@pytest.mark.parametrize("line", ["image.prune --keep 2", "fix.disk", "heal"])
def test_an_image_that_another_container_holds_is_passed_over_and_said(sim: Sim, line: str) -> None:
    host = full("0.1", "0.2", "0.3", "0.4", sim=sim)
    host.holders = {host.images["osprey/service:0.1"]: "db"}
    ran = sim(f"{line} -H sim", host)
    assert ran.code in (0, 3), ran.said
    assert sorted(host.images) == [f"osprey/service:{version}" for version in ("0.1", "0.3", "0.4")]
    if line != "heal":
        assert "osprey/service:0.1 stays: the container db holds it" in ran.said


def test_an_image_that_somebody_else_loaded_is_passed_over_and_said(sim: Sim) -> None:
    host = deployed(sim, "0.3", "0.4")
    host.images["osprey/service:0.2"] = "sha256:mine"
    host.images["osprey/service:test"] = "sha256:mine too"
    ran = sim("image.prune --keep 2 -H sim", host)
    assert (ran.code, host.ran) == (0, [])
    assert "osprey/service:0.2 stays: this tool did not load it" in ran.out


def test_of_what_lay_there_before_loads_were_recorded_only_what_this_tool_had_healthy_is_removed(sim: Sim) -> None:
    """0.1 was healthy here, 0.2 is somebody's own image of that version."""
    host = running("0.3", proven=["0.1 sha256:01", "0.2 sha256:02", "0.25 sha256:25"], recorded=None)
    mine = {"osprey/service:0.2": "sha256:mine", "osprey/service:test": "sha256:mine too"}
    host.images.update({"osprey/service:0.1": "sha256:01", "osprey/service:0.25": "sha256:25", **mine})
    pruned = sim("image.prune --keep 1 -H sim", copy.deepcopy(host))
    assert "osprey/service:0.2 stays: this tool did not load it" in pruned.out
    assert sim("deploy --version 0.4 -H sim", host).code == 0
    assert host.recorded and set(host.recorded) >= {"0.1 sha256:01", "0.25 sha256:25"}
    assert not [row for row in host.recorded if "mine" in row]
    assert sim("image.prune --keep 2 -H sim", host).code == 0
    assert sorted(host.images) == sorted([*mine, "osprey/service:0.3", "osprey/service:0.4"])


@pytest.mark.parametrize("line", ["image.prune --keep 1", "fix.disk"])
def test_a_folder_that_this_tool_did_not_unpack_is_passed_over_and_said(sim: Sim, line: str) -> None:
    host = full("0.3", "0.4", sim=sim)
    host.unpacked.add("0.1")
    ran = sim(f"{line} -H sim", host)
    assert "0.1" in host.unpacked
    assert "/service-docker/0.1 stays: this tool did not unpack it, or something was added to it" in ran.said


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sets(VERSION))
def test_a_folder_that_the_unit_starts_from_stays(sim: Sim, own: set[str]) -> None:
    host = SimHost(unit="0.2", unpacked={"0.2", *own}, own={"0.2", *own}, images={"osprey/service:0.4": "sha256:04"})
    assert sim("image.prune --keep 1 -H sim", host).code == 0
    assert "0.2" in host.unpacked
