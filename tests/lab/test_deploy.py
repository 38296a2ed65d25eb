"""A deploy on real parts: a real release archive, a real engine, a real SSH server."""

from __future__ import annotations

import itertools
import json
import os
import re
import socket
import ssl
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.lab.hosts import ARCHIVE, Here, Host, Releases, There
from tests.lab.killed import killed_at
from tests.lab.load import SERVES
from tests.lab.server import Server
from tests.lab.wait import until

POWER_CUT = """\
systemctl stop docker.socket docker && cd /var/lib/docker && for link in overlay2/*/link; do : >$link; done
echo '{{"Repositories":{{}}}}' >image/overlay2/repositories.json && rm -f image/overlay2/imagedb/*/sha256/*
systemctl start docker && touch {folder}/.ospreyops/loading-0.3"""
"""What a power cut in the middle of `docker load` leaves: the layers' names, not all of their content, no image."""


def about(address: str, path: str) -> str:
    """What the service answers to whoever trusts its certificate."""
    trusting = ssl._create_unverified_context()
    with urlopen(f"https://{address}:44342{path}", timeout=10, context=trusting) as answer:
        return str(answer.read().decode())


def test_deploy_brings_a_cold_host_to_a_healthy_service_and_a_second_one_does_nothing(
    host: Host, releases: Releases
) -> None:
    host.offer(releases("0.3"), "0.3")
    first = host.inv("deploy", "--version", "0.3", *host.flags)
    assert first.code == 0, first.said
    assert host.running() == ["osprey/service:0.3"]
    second = host.inv("deploy", "--version", "0.3", *host.flags)
    assert second.code == 0
    assert len(second.out.splitlines()) == 1
    assert "nothing to do" in second.out
    status = json.loads(host.inv("status", "--json", *host.flags).out)["facts"]
    assert status["local"]["desktop"] == {"0.3": None}
    assert "sha256:" in first.out


def test_an_upgrade_leaves_one_container_of_the_new_version(host: Host, releases: Releases) -> None:
    for version in ("0.3", "0.4"):
        host.offer(releases(version), version)
        assert host.inv("deploy", "--version", version, *host.flags).code == 0
    assert host.running() == ["osprey/service:0.4"]


def test_the_lines_of_a_dry_run_typed_by_hand_do_the_deploy(host: Host, releases: Releases) -> None:
    for version in ("0.3", "0.4"):
        host.offer(releases(version), version)
    assert host.inv("deploy", "--version", "0.3", *host.flags).code == 0
    dry = host.inv("--dry", "deploy", "--version", "0.4", *host.flags)
    assert host.running() == ["osprey/service:0.3"]
    lines = [line for line in dry.out.splitlines() if not line.startswith(("#", "✓", "ok"))]
    for line in lines:
        again = f"for i in $(seq 60); do {line} --silent --fail && exit; sleep 1; done; exit 1"
        host.shell(again if line.startswith("curl ") else line)
    until(lambda: host.running() == ["osprey/service:0.4"], "the end of the previous container", 30)
    done = host.inv("deploy", "--version", "0.4", *host.flags)
    # A dry run cannot know the digest of an image that is not loaded yet: the next deploy records it.
    steps = [line for line in done.out.splitlines() if line.startswith("•")]
    assert steps == ["• record 0.4 as the desired release"], done.said


def test_the_release_checklist_works_as_a_chain(host: Host, releases: Releases) -> None:
    host.offer(releases("0.3"), "0.3")
    chain = ["image.load", "--version", "0.3", *host.flags]
    chain += ["service.stop", "service.start", "--version", "0.3", "net.forward", "status"]
    ran = host.inv(*chain)
    assert ran.code == 0, ran.said
    assert host.running() == ["osprey/service:0.3"]


def test_a_chain_never_starts_the_service_on_the_workstation(there: There, here: Here, releases: Releases) -> None:
    there.offer(releases("0.3"), "0.3")
    words = ["image.load", "--version", "0.3", "-H", "grisman", "service.start", "--version", "0.3"]
    ran = there.inv(*words, DOCKER_HOST=here.inv.env["DOCKER_HOST"])
    assert ran.code == 0, ran.said
    assert (here.running(), there.running()) == ([], ["osprey/service:0.3"])
    assert "service.start: on grisman, as the task before" in ran.out


def test_fabs_own_flag_names_the_host_too(there: There, releases: Releases) -> None:
    there.offer(releases("0.3"), "0.3")
    ran = there.inv("-c", "tasks", "-H", "grisman", "deploy", "--version", "0.3", program="fabric")
    assert ran.code == 0, ran.said
    assert there.running() == ["osprey/service:0.3"]


def test_several_hosts_are_deployed_host_by_host_and_one_that_fails_undoes_no_other(
    there: There, releases: Releases
) -> None:
    there.offer(releases("0.3"), "0.3")
    ran = there.inv("deploy", "--version", "0.3", "-H", "grisman,nowhere.invalid")
    assert ran.code == 4
    assert there.running() == ["osprey/service:0.3"]
    assert "nowhere.invalid: no such host" in ran.said
    assert any(line.startswith("grisman    | ") for line in ran.out.splitlines())


def test_the_service_outlives_the_connection_that_started_it(there: There, releases: Releases) -> None:
    there.offer(releases("0.3"), "0.3")
    assert there.inv("deploy", "--version", "0.3", *there.flags).code == 0
    there.server.sh("systemctl restart ssh && ! pgrep -u ops sshd")
    assert "Osprey service running" in about(there.server.address, "/about")
    log = there.shell(f"cat {there.folder}/osprey-service.log")
    assert "Starting Osprey Service v 0.3 on port 8003" in log


@pytest.mark.reliability
def test_a_deploy_killed_at_any_step_ends_healthy_when_it_is_run_again(host: Host, releases: Releases) -> None:
    for version in ("0.3", "0.4"):
        host.offer(releases(version), version)
    assert host.inv("deploy", "--version", "0.3", *host.flags).code == 0
    for step, (version, old) in enumerate(itertools.cycle([("0.4", "0.3"), ("0.3", "0.4")])):
        deploy = ("deploy", "--version", version, "--drop-versions", "0.4", *host.flags)
        killed = killed_at(host.inv, step, *deploy)
        again = host.inv(*deploy)
        assert again.code == 0, again.said
        assert host.running() == [f"osprey/service:{version}"]
        if not killed:
            break
        host.as_root(f"rm -rf {host.folder}/{old} && docker image rm osprey/service:{old}")
    assert step >= 5


def test_a_unit_made_by_the_releases_own_installer_is_used_and_moved_to_the_new_version(
    there: There, releases: Releases
) -> None:
    archive = "osprey-service-docker-0.3.tar"
    there.offer(releases("0.3"), "0.3")
    there.offer(releases("0.4"), "0.4")
    unpack = f"mkdir -p /opt/osprey-service && cd /opt/osprey-service && tar xf {ARCHIVE}"
    there.server.sh(f"{unpack}/{archive} && chmod +x *.sh osprey-service && ./install.sh")
    there.inv.env["INVOKE_OSPREY_FOLDER"] = "/opt/osprey-service"
    until(lambda: there.inv("net.check", *there.flags).code == 0, "the unit's service", 60)
    refused = there.inv("deploy", "--version", "0.4", *there.flags)
    assert refused.code == 3 and "the unit osprey keeps one container alone" in refused.err, refused.said
    ran = there.inv("deploy", "--version", "0.4", "--stop-first", *there.flags)
    assert ran.code == 0, ran.said
    assert re.search(r"downtime: [0-9.]+ s", ran.out), ran.said
    shown = there.server.sh("systemctl show osprey -p ActiveState -p ExecStart -p WorkingDirectory")
    assert "ActiveState=active" in shown
    assert "/opt/osprey-service/0.4/osprey-service --version 0.4" in shown
    assert there.running() == ["osprey/service:0.4"]
    assert "nothing to do" in there.inv("deploy", "--version", "0.4", *there.flags).out
    stopped = there.inv("service.stop", *there.flags)
    assert stopped.code == 0, stopped.said
    assert there.running() == []
    assert "ActiveState=inactive" in there.server.sh("systemctl show osprey -p ActiveState")
    logs = there.inv("service.logs", "--lines", "500", *there.flags)
    assert "Starting Osprey Service v 0.4" in logs.out, logs.said


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("never-ready", "/v0.4/about: HTTP 502"),
        ("hangs", "/v0.4/about: no answer in time"),
        ("exits", "its start script ended with exit status 1"),
        ("hostile", "/v0.4/about: "),
    ],
)
def test_a_release_that_does_not_become_healthy_fails_with_evidence_and_the_previous_one_serves(
    here: Here, releases: Releases, fault: str, said: str
) -> None:
    here.offer(releases("0.3"), "0.3")
    assert here.inv("deploy", "--version", "0.3").code == 0
    ran = here.inv("deploy", "--version", "0.4", "--from", str(releases("0.4", fault)), "--health-timeout", "8")
    assert ran.code == 2, ran.said
    assert said in ran.err
    assert "  | " in ran.err
    assert not re.search("[\0-\x08\x0b-\x1f\x7f-\x9f]", ran.said) and len(ran.said) < 20_000
    assert not Path("/tmp/owned").exists()
    assert here.running() == ["osprey/service:0.3"]


@pytest.mark.parametrize(
    ("fault", "code", "said"),
    [
        ("wrong-tag", 5, "holds osprey/service:9.9, not osprey/service:0.4"),
        ("truncated", 5, "is damaged"),
        ("corrupt", 5, "osprey-service-docker-0.4.tar.bz2 cannot be loaded"),
        ("traversal", 3, "lies outside of its folder"),
        ("link", 3, "is not a plain file"),
        ("no-script", 3, "it has no osprey-service"),
    ],
)
def test_a_bad_archive_is_refused_and_changes_nothing_that_runs(
    here: Here, releases: Releases, fault: str, code: int, said: str
) -> None:
    here.offer(releases("0.3"), "0.3")
    assert here.inv("deploy", "--version", "0.3").code == 0
    before = sorted(tag for image in here.docker.images.list() for tag in image.tags)
    ran = here.inv("deploy", "--version", "0.4", "--from", str(releases("0.4", fault)))
    assert ran.code == code, ran.said
    assert said in ran.err
    assert (SERVES in ran.err) == (fault == "corrupt"), "the others are refused before anything is changed"
    assert here.running() == ["osprey/service:0.3"]
    assert not (here.folder / "0.4").exists()
    assert sorted(tag for image in here.docker.images.list() for tag in image.tags) == before
    assert {name for name in os.listdir(here.folder) if name.startswith(".")} == {".ospreyops", ".decoded"}
    assert [name.partition("_")[0] for name in os.listdir(here.folder / ".decoded")] == ["0.3"]
    good = here.inv("deploy", "--version", "0.4", "--from", str(releases("0.4")))
    assert good.code == 0, good.said


def test_a_port_that_another_program_holds_is_reported_with_its_name(here: Here, releases: Releases) -> None:
    here.offer(releases("0.3"), "0.3")
    with socket.create_server(("0.0.0.0", 44342)):
        ran = here.inv("deploy", "--version", "0.3")
    assert ran.code == 3
    assert "port 44342 of localhost is taken by python" in ran.err
    assert f"(pid {os.getpid()})" in ran.err


def test_an_engine_that_is_down_is_reported_and_so_is_a_user_who_may_not_log_in(there: There, server: Server) -> None:
    refused = there.inv("status", "-H", f"guest@{server.address}", SSH_AUTH_SOCK="")
    assert refused.code == 4
    server.sh("systemctl stop docker.socket docker")
    down = there.inv("deploy", "--version", "0.3", *there.flags)
    server.sh("systemctl start docker")
    assert down.code == 3
    assert "Docker on grisman does not answer" in down.err
    assert "sudo systemctl start docker" in down.err


def test_layers_that_a_power_cut_left_half_written_are_loaded_again(there: There, releases: Releases) -> None:
    there.offer(releases("0.3"), "0.3")
    loaded = there.inv("image.load", "--version", "0.3", *there.flags)
    assert loaded.code == 0, loaded.said
    there.server.sh(POWER_CUT.format(folder=there.folder))
    deployed = there.inv("deploy", "--version", "0.3", *there.flags)
    assert deployed.code == 0 and "the last load of osprey/service:0.3 did not end" in deployed.said, deployed.said
    assert there.inv("deploy", "--version", "0.3", *there.flags).out.startswith("✓ nothing to do")
