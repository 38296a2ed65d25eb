"""One look: what it costs, what it tells, and that it changes nothing."""

from __future__ import annotations

import json
import subprocess

import pytest

from tests.lab.hosts import Here, Releases, There


def logins(host: There) -> int:
    """How many times somebody has logged in on the server."""
    return int(host.server.sh("journalctl --unit ssh | grep -c 'Accepted publickey' || true"))


def test_a_second_deploy_takes_one_connection(there: There, releases: Releases) -> None:
    there.offer(releases("0.3"), "0.3")
    assert there.inv("deploy", "--version", "0.3", *there.flags).code == 0
    before = logins(there)
    again = there.inv("deploy", "--version", "0.3", *there.flags)
    assert "nothing to do" in again.out
    assert logins(there) == before + 1


def test_a_chain_takes_one_connection(there: There) -> None:
    before = logins(there)
    there.inv("machine.status", *there.flags, "image.list", "net.status")
    assert logins(there) == before + 1


@pytest.mark.parametrize("task", ["status", "image.list", "service.status", "machine.status", "net.status"])
def test_facts_are_one_line_of_json(there: There, task: str) -> None:
    ran = there.inv(task, "--json", *there.flags)
    assert json.loads(ran.out)["host"] == "grisman"


def test_the_exit_status_of_status_tells_healthy_from_unhealthy(here: Here, releases: Releases) -> None:
    here.offer(releases("0.3"), "0.3")
    assert here.inv("status").code == 2
    assert here.inv("deploy", "--version", "0.3").code == 0
    table = here.inv("status")
    assert table.code == 0
    assert all(len(line) <= 80 for line in table.out.splitlines())
    assert here.inv("net.check").code == 0


def test_a_job_is_shown_goes_on_after_a_pause_and_is_cut_only_with_yes(here: Here, releases: Releases) -> None:
    here.offer(releases("0.3"), "0.3")
    assert here.inv("deploy", "--version", "0.3").code == 0
    post = ["curl", "-sk", "https://localhost:44342/v0.3/minimize", "-d", '{"seconds": 60}']
    job = subprocess.Popen(post, stdout=subprocess.DEVNULL)
    container = here.docker.containers.get("osprey-service")
    while "sander" not in str(container.top()):
        assert job.poll() is None
    assert "computing: sander" in here.inv("service.status").out
    refused = here.inv("service.stop")
    assert refused.code == 1
    assert "osprey/service:0.3 computes sander: service.stop would cut that" in refused.err
    assert here.running() == ["osprey/service:0.3"]
    container.pause()
    paused = here.inv("status")
    assert paused.code == 2
    assert "osprey/service:0.3 is paused" in paused.said and "computing: sander" in paused.said
    assert here.inv("service.stop").code == 1
    healed = here.inv("heal")
    assert healed.code == 0, healed.said
    assert job.poll() is None
    stopped = here.inv("service.stop", "--yes")
    assert "with sander computing in it: cut" in stopped.out
    job.wait(20)


def test_a_docker_context_is_honoured(here: Here, releases: Releases) -> None:
    here.offer(releases("0.3"), "0.3")
    engine = here.inv.env.pop("DOCKER_HOST")
    here.inv.env["DOCKER_CONFIG"] = str(here.archive.parent / "docker")
    here.shell(f"docker context create lab --docker host={engine} && docker context use lab")
    ran = here.inv("deploy", "--version", "0.3")
    assert ran.code == 0, ran.said
    assert here.running() == ["osprey/service:0.3"]


def test_an_engine_that_is_not_there_is_reported(here: Here) -> None:
    ran = here.inv("deploy", "--version", "0.3", DOCKER_HOST="unix:///nowhere/docker.sock")
    assert ran.code == 3
    assert "Docker on localhost does not answer" in ran.err


def test_the_logs_of_the_last_five_starts_are_kept(here: Here, releases: Releases) -> None:
    here.offer(releases("0.3"), "0.3")
    for _ in range(3):
        assert here.inv("deploy", "--version", "0.3", "service.stop").code == 0
    kept = sorted(path.name for path in here.folder.glob("osprey-service.log*"))
    assert kept == ["osprey-service.log", "osprey-service.log.1", "osprey-service.log.2"]
    assert "Starting Osprey Service v 0.3" in (here.folder / "osprey-service.log.1").read_text()


def test_a_stopped_container_that_holds_the_name_leaves_its_last_words_in_the_log(
    here: Here, releases: Releases
) -> None:
    here.offer(releases("0.3"), "0.3")
    assert here.inv("image.load", "--version", "0.3").code == 0
    here.docker.containers.create(
        "osprey/service:0.3", name="osprey-service", entrypoint=["/bin/sh", "-c", "echo last words"]
    ).start()
    here.docker.containers.get("osprey-service").wait()
    ran = here.inv("deploy", "--version", "0.3")
    assert ran.code == 0, ran.said
    assert "a container that is exited holds the name osprey-service" in ran.out
    assert "last words" in (here.folder / "osprey-service.log.1").read_text()
