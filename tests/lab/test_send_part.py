"""A release goes over SSH to a real engine without the layers that it has, and is whole there."""

from __future__ import annotations

import re
from pathlib import Path

from tests.delivery.images import written
from tests.lab.hosts import Releases, There

SAID = re.compile(r"the new layers alone: (\S+ \S+) of (\S+ \S+)")
SPOILT = """#!/bin/sh
if [ "$1" = load ]; then {docker} image rm osprey/service:0.3 >/dev/null 2>&1; fi
exec {docker} "$@"
"""
"""Somebody else removes the image of the release below while another one is loaded."""
WHOLE = "docker save osprey/service:0.4 | wc -c"


def loaded(there: There, releases: Releases, version: str) -> str:
    """What loading a release from this computer says."""
    ran = there.inv("image.load", "--version", version, "--from", str(releases(version)), *there.flags)
    assert ran.code == 0 and "once more" not in ran.said, ran.said
    return ran.out


def test_an_upgrade_over_ssh_sends_the_new_layers_and_serves_as_any_other(there: There, releases: Releases) -> None:
    for version in ("0.3", "0.4"):
        ran = there.inv("deploy", "--version", version, "--from", str(releases(version)), *there.flags)
        assert ran.code == 0, ran.said
        assert bool(SAID.search(ran.out)) is (version == "0.4")
    assert there.running() == ["osprey/service:0.4"]
    again = there.inv("deploy", "--version", "0.4", "--from", str(releases("0.4")), *there.flags)
    assert "nothing to do" in again.out, again.said
    sizes = there.as_root(f"cd {there.folder} && cat 0.4/layers.tar.bz2 | wc -c; cat 0.3/*.tar.bz2 | wc -c").split()
    assert int(sizes[0]) * 100 < int(sizes[1])
    assert there.as_root(f"ls {there.folder}/.incoming") == ""


def test_what_was_sent_in_part_is_loaded_again_from_the_host_alone(there: There, releases: Releases) -> None:
    loaded(there, releases, "0.3")
    loaded(there, releases, "0.4")
    size = int(there.as_root(WHOLE))
    there.as_root("docker image rm osprey/service:0.3 osprey/service:0.4")
    ran = there.inv("image.load", "--version", "0.4", *there.flags)
    assert ran.code == 0, ran.said
    assert int(there.as_root(WHOLE)) == size > 10_000_000


def test_where_docker_lacks_the_other_layers_after_all_the_whole_is_sent(
    there: There, releases: Releases, tmp_path: Path
) -> None:
    loaded(there, releases, "0.3")
    real = there.as_root("command -v docker").strip()
    spoilt = SPOILT.format(docker=f"{real}.real")
    there.server.put(written(tmp_path / "docker", spoilt.encode()), "/tmp/docker")
    there.as_root(f"mv {real} {real}.real && install -m 755 /tmp/docker {real}")
    try:
        ran = there.inv("image.load", "--version", "0.4", "--from", str(releases("0.4")), *there.flags)
    finally:
        there.as_root(f"mv -f {real}.real {real}")
    assert ran.code == 0 and "once more, with all layers" in ran.out, ran.said
    assert int(there.as_root(WHOLE)) > 10_000_000
    assert there.as_root(f"ls {there.folder}/0.4").split().count("osprey-service-docker-0.4.tar.bz2") == 1


def test_a_damaged_archive_is_refused_before_anything_of_it_is_sent(there: There, releases: Releases) -> None:
    loaded(there, releases, "0.3")
    corrupt = str(releases("0.4", "corrupt"))
    ran = there.inv("image.load", "--version", "0.4", "--from", corrupt, *there.flags)
    assert ran.code == 5 and "osprey-service-docker-0.4.tar.bz2 cannot be loaded" in ran.err, ran.said
    assert there.as_root(f"ls {there.folder}/0.4 2>/dev/null || echo none") == "none"
