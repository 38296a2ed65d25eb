"""A release that is uploaded over SSH: broken off, damaged, without room, from an unpacked folder."""

from __future__ import annotations

import subprocess
from pathlib import Path

from ospreyops.delivery.source import outline
from tests.lab.hosts import Releases, There


def test_a_broken_upload_is_resumed_where_it_ended(there: There, releases: Releases) -> None:
    archive = releases("0.3")
    incoming = f"{there.folder}/.incoming"
    there.as_root(f"mkdir -p {incoming}")
    there.server.put(archive, "/tmp/whole.tar")
    there.as_root(f"head -c 5000000 /tmp/whole.tar >{incoming}/{outline(archive)[1]}.part")
    ran = there.inv("image.load", "--version", "0.3", "--from", str(archive), *there.flags)
    assert ran.code == 0, ran.said
    assert "resumed after 5.0 MB" in ran.out
    assert there.shell(f"ls {incoming}") == ""


def test_an_upload_that_arrives_damaged_is_not_used_and_the_next_one_is_good(there: There, releases: Releases) -> None:
    archive = releases("0.3")
    part = f"{there.folder}/.incoming/{outline(archive)[1]}.part"
    there.as_root(f"mkdir -p {there.folder}/.incoming && head -c 5000000 /dev/zero >{part}")
    words = ["image.load", "--version", "0.3", "--from", str(archive), *there.flags]
    damaged = there.inv(*words)
    assert damaged.code == 5
    assert "did not arrive whole" in damaged.err
    assert there.inv(*words).code == 0


def test_a_full_disk_is_reported_and_leaves_nothing_half_done(there: There, releases: Releases) -> None:
    there.as_root(f"mkdir -p {there.folder}")
    there.server.sh(f"mount -t tmpfs -o size=30m,mode=755 tmpfs {there.folder}")
    try:
        there.offer(releases("0.3"), "0.3")
        there.as_root(f"head -c 20000000 /dev/zero >{there.folder}/big")
        ran = there.inv("image.load", "--version", "0.3", *there.flags)
        assert ran.code == 3, ran.said
        assert "11 MB free" in ran.err
        assert there.shell(f"ls -A {there.folder}") == "big"
    finally:
        there.server.sh(f"umount {there.folder}")


def test_an_unpacked_folder_of_this_computer_is_deployed_too(there: There, releases: Releases, tmp_path: Path) -> None:
    folder = tmp_path / "unpacked"
    folder.mkdir()
    subprocess.run(["tar", "-xf", str(releases("0.3")), "-C", str(folder)], check=True)
    ran = there.inv("deploy", "--version", "0.3", "--from", str(folder), *there.flags)
    assert ran.code == 0, ran.said
    assert there.running() == ["osprey/service:0.3"]
