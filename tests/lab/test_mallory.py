"""A stranger with a shell on the server, and programs of the user who logs in: none becomes root, or refuses us."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ospreyops.tools.systemd import UNIT
from tests.lab.hosts import ARCHIVE, Releases, There
from tests.lab.server import Server
from tests.lab.wait import until

DEPLOY = ("deploy", "--version", "0.3")
SET = "/srv/osprey"
GOT = "/tmp/got-root"
SCRIPT = f"#!/bin/sh\nid -u >>{GOT}\n"
PLANT = f"printf '{SCRIPT}' >{{script}} && chmod 755 {{script}}"
LOCK = "open my $f, q(<), shift or exit 7; flock $f, 2 or exit 8; syswrite STDOUT, 1; sleep 300"
MEND = re.compile(r"try: (sudo sh -c '.*'), on grisman")


@pytest.fixture
def mallory(server: Server) -> Iterator[Server]:
    """The server, with a user mallory, who may use neither sudo nor Docker."""
    server.sh(f"id mallory >/dev/null 2>&1 || useradd --create-home mallory; rm -f {GOT}")
    yield server
    server.sh("pkill -u mallory; userdel --remove mallory", check=False)


@pytest.fixture
def set_folder(there: There, mallory: Server, releases: Releases) -> There:
    """The server, whose service's folder is one that the settings name, with a release to deploy there."""
    there.offer(releases("0.3"), "0.3")
    there.inv.env["INVOKE_OSPREY_FOLDER"] = SET
    return there


def gained(server: Server) -> bool:
    """What was planted has run as root."""
    return "0" in server.sh(f"cat {GOT} 2>/dev/null || true").split()


def writable(server: Server, user: str, *places: str) -> list[str]:
    """What of these places the user may write; what he may not even look at is not it."""
    return server.sh(f"find {' '.join(places)} ! -type l -writable 2>/dev/null || true", user=user).splitlines()


@contextmanager
def locked(server: Server, *files: str) -> Iterator[None]:
    """Mallory has these locks."""
    said = "/home/mallory/locked"
    for file in files:
        server.sh(f"nohup perl -MFcntl=:flock -e '{LOCK}' {file} >>{said} 2>&1 &", user="mallory")
    until(lambda: server.sh(f"cat {said} || true") == "1" * len(files), "mallory's locks", 10)
    yield
    server.sh("pkill -u mallory", check=False)


def test_nobody_but_root_may_write_what_roots_watchdog_runs_or_obeys(
    there: There, mallory: Server, releases: Releases
) -> None:
    there.offer(releases("0.3"), "0.3")
    for task in (DEPLOY, ("watch.install", "--every", "2")):
        ran = there.inv(*task, *there.flags)
        assert ran.code == 0, ran.said
    started = mallory.sh(f"systemctl show {UNIT} -p ExecStart --value")
    run = re.findall(r"(?<=[ =])/[^ ;]+", started)
    assert any(word.endswith("/osprey.pyz") for word in run), started
    for user in ("ops", "mallory"):
        assert writable(mallory, user, str(there.folder), f"/etc/systemd/system/{UNIT}", *run) == []
        assert writable(mallory, user, "/ /var /var/lib -maxdepth 0") == []
    assert "denied" in mallory.sh(f"ls {there.folder}/.ospreyops 2>&1 || true", user="mallory")
    old = "/home/ops/osprey/service-docker"
    planted = f"mkdir -p {old}/0.3 {old}/.ospreyops && {PLANT.format(script=f'{old}/0.3/osprey-service')}"
    planted += f" && cp {old}/0.3/osprey-service {old}/.ospreyops/osprey.pyz"
    mallory.sh(f'{planted} && echo \'{{"version": "0.3"}}\' >{old}/.ospreyops/wanted', user="ops")
    mallory.sh("docker rm --force osprey-service")
    until(lambda: there.running() == ["osprey/service:0.3"], "the service's return", 90)
    mallory.sh(f"systemctl restart {UNIT}")
    assert there.inv(*DEPLOY, *there.flags).code == 0
    assert not gained(mallory)
    assert there.inv("watch.uninstall", *there.flags).code == 0


@pytest.mark.parametrize(
    "mistake",
    [
        f"mkdir -p {SET}/0.3 && chmod 777 {SET} {SET}/0.3",
        f"mkdir -p {SET}/0.3 && chgrp -R mallory {SET} && chmod -R 775 {SET}",
        f"mkdir -p {SET}/0.3 && chown mallory {SET}/0.3",
        f"mkdir -p {SET} && ln -s /home/mallory {SET}/0.3",
    ],
    ids=["for all", "for a group", "of another", "by a link"],
)
def test_mallory_becomes_root_by_no_folder_that_he_may_write(set_folder: There, mallory: Server, mistake: str) -> None:
    there = set_folder
    mallory.sh(mistake)
    archive = f"tar -xf {ARCHIVE}/osprey-service-docker-0.3.tar -C {SET}/0.3 osprey-service-docker-0.3.tar.bz2"
    mallory.sh(f"{archive} && {PLANT.format(script=f'{SET}/0.3/osprey-service')}", user="mallory")
    for task in (DEPLOY, ("watch.install",), ("service.start", "--version", "0.3")):
        ran = there.inv(*task, *there.flags)
        assert ran.code == 3 and "and others may write: " in ran.err, ran.said
    assert not gained(mallory) and there.running() == []


def test_a_folder_that_was_mended_with_the_printed_line_is_used(set_folder: There, mallory: Server) -> None:
    there = set_folder
    mallory.sh(f"mkdir -p {SET} && chmod 777 {SET}")
    refused = there.inv(*DEPLOY, *there.flags)
    line = MEND.search(refused.err)
    assert line, refused.said
    there.shell(line[1])
    assert there.inv(*DEPLOY, *there.flags).code == 0


def test_a_user_who_may_use_docker_changes_a_service_in_a_folder_of_roots_as_himself(
    set_folder: There, mallory: Server
) -> None:
    there = set_folder
    mallory.sh(f"mkdir -p {SET} && usermod -aG docker ops && chgrp docker /run/docker.sock")
    try:
        deployed = there.inv(*DEPLOY, *there.flags)
        assert deployed.code == 0, deployed.said
        restarted = there.inv("service.restart", *there.flags)
        assert restarted.code == 0 and "$ docker rename" in restarted.out, restarted.said
    finally:
        mallory.sh("gpasswd -d ops docker; chgrp root /run/docker.sock", check=False)


def test_what_an_older_version_left_in_the_users_home_is_moved_by_the_printed_line_and_nothing_is_lost(
    there: There, mallory: Server, releases: Releases
) -> None:
    there.offer(releases("0.3"), "0.3")
    assert there.inv(*DEPLOY, *there.flags).code == 0
    old = "/home/ops/osprey/service-docker"
    mallory.sh(f"mkdir -p {old} && rmdir {old} && mv {there.folder} {old} && chown -R ops: /home/ops/osprey")
    mallory.sh(f"chmod 755 {old}/.ospreyops && chmod 644 {old}/.ospreyops/*")
    mallory.sh("docker rm --force osprey-service")
    told = json.loads(there.inv("status", "--json", *there.flags).out)["facts"]["host"]
    assert (told["folder"], told["desired"]["version"]) == (old, "0.3")
    refused = there.inv("heal", *there.flags)
    line = MEND.search(refused.err)
    assert refused.code == 3 and line, refused.said
    there.shell(line[1])
    healed = there.inv("heal", *there.flags)
    assert healed.code == 0, healed.said
    told = there.inv("history", *there.flags).out
    assert "deploy --version 0.3" in told and "heal" in told
    assert mallory.sh(f"find {there.folder} ! -user root") == ""


def test_mallory_refuses_no_change_with_the_lock_of_an_older_version(
    there: There, mallory: Server, releases: Releases
) -> None:
    there.offer(releases("0.3"), "0.3")
    files = f"{there.folder}/.ospreyops"
    mallory.sh(f"mkdir -p {files} && cd {files} && touch -d '1 hour ago' lock line && chmod 644 lock line")
    mallory.sh(f"chmod 755 {there.folder} {files}")
    with locked(mallory, f"{files}/lock", f"{files}/line"):
        assert '"lock": null' in there.inv("lock.status", "--json", *there.flags).out
        ran = there.inv(*DEPLOY, *there.flags)
        assert ran.code == 0, ran.said
    assert mallory.sh(f"stat -c '%a %U' {files} {files}/lock {files}/line").splitlines() == [
        *("700 root", "600 root", "600 root")
    ]
    tried = mallory.sh(f"perl -MFcntl=:flock -e '{LOCK}' {files}/lock; echo $?", user="mallory")
    assert tried == "7"


@pytest.mark.parametrize("umask", ["000", "002"])
def test_nothing_is_made_that_others_may_write_whatever_the_umask_of_a_login_is(
    there: There, mallory: Server, releases: Releases, umask: str
) -> None:
    there.offer(releases("0.3"), "0.3")
    shell, rule = "/home/ops/.bashrc", f"Defaults umask_override, umask={umask}"
    mallory.sh(
        f"cp -p {shell} {shell}.kept && sed -i '1i umask {umask}' {shell} && echo '{rule}' >/etc/sudoers.d/umask"
    )
    try:
        for task in (DEPLOY, ("watch.install",), ("watch.uninstall",)):
            ran = there.inv(*task, *there.flags)
            assert ran.code == 0, ran.said
        assert mallory.sh(f"find {there.folder} ! -type l -perm /022") == ""
        assert mallory.sh(f"find {there.folder}/.ospreyops -maxdepth 0 -perm /077") == ""
    finally:
        mallory.sh(f"mv {shell}.kept {shell}; rm -f /etc/sudoers.d/umask")
