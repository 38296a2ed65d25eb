"""A disk that is nearly full: the host's, the VM's, or Docker's own."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from ospreyops.tools import df, docker
from tests.worlds import Sim, deployed, running


def test_a_full_disk_of_docker_alone_is_found_and_cleared(sim: Sim) -> None:
    host = deployed(sim, "0.1", "0.2", "0.3", "0.4")
    host.docker_free = 10**9
    for task in ("doctor", "status"):
        ran = sim(f"{task} -H sim", host)
        assert ran.code == 2
        assert "the disk of Docker on sim is nearly full: 1.0 GB free for images" in ran.said
    assert "try: inv heal -H sim" in ran.err
    assert sim("fix.disk -H sim", host).code in (0, 2, 3)
    assert sorted(host.images) == ["osprey/service:0.3", "osprey/service:0.4"]


def test_a_full_disk_on_which_only_a_person_can_make_room_says_what_stays(sim: Sim) -> None:
    host = running(docker_free=10**9)
    host.images["osprey/service:0.1"] = host.images["osprey/service:0.2"] = "sha256:mine"
    host.recorded = []
    ran = sim("fix.disk -H sim", host)
    assert (ran.code, host.ran) == (3, [])
    assert "osprey/service:0.1 stays: this tool did not load it" in ran.err
    assert "docker system df" in ran.err


def test_docker_with_room_is_no_fault(sim: Sim) -> None:
    assert sim("doctor -H sim", running(docker_free=10**10)).code == 0


@pytest.mark.parametrize(
    ("words", "host", "known"),
    [
        ("echo /tmp", "", True),
        ("echo /tmp", "unix:///run/docker.sock", True),
        ("echo /tmp", "tcp://192.0.2.1:2375", False),
        ("echo /no/such/folder", "", False),
        ("echo permission denied >&2; exit 1", "", False),
    ],
)
def test_the_room_is_told_where_docker_itself_keeps_its_images(
    tmp_path: Path, words: str, host: str, known: bool
) -> None:
    command = tmp_path / "docker"
    command.write_text(f'#!/bin/sh\n[ "$*" = "info --format {{{{.DockerRootDir}}}}" ] || exit 2\n{words}\n')
    command.chmod(0o755)
    env = {"PATH": f"{tmp_path}:/usr/bin:/bin", **({"DOCKER_HOST": host} if host else {})}
    said = subprocess.run(["sh", "-c", docker.root_disk()], capture_output=True, text=True, env=env).stdout
    assert (df.free(said) is not None) == known
