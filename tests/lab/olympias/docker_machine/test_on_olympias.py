"""The stand-in of docker-machine on olympias: the real VM that it has made, entered, paused, stopped and removed."""

from __future__ import annotations

import subprocess

import pytest

from tests.lab.olympias.host import Olympias
from tests.lab.olympias.machine import LabVm

NAME = "osprey-service"
PATH = "PATH=/usr/local/bin:$PATH"
ENGINE = f'{PATH}; eval "$(docker-machine env --shell bash {NAME})"; docker'
VERSION = f"{ENGINE} version --format '{{{{.Server.Version}}}}'"
ROW = ("ls", "-f", "{{.State}}|{{.URL}}|{{.DockerVersion}}|{{.Error}}")
URL = "tcp://192.168.99.101:2376"


@pytest.fixture
def olympias(deployed: LabVm) -> Olympias:
    """The Mac with the VM that docker-machine has made for the tool."""
    return deployed.host


def machine(mac: Olympias, *words: str) -> subprocess.CompletedProcess[str]:
    """Run docker-machine as jmartin."""
    return mac.run("docker-machine", *words, limit=400)


def test_the_engine_answers_with_the_certificates_that_were_made(olympias: Olympias) -> None:
    version = olympias.sh(VERSION).strip()
    assert machine(olympias, *ROW).stdout == f"Running|{URL}|v{version}|\n"
    assert machine(olympias, "version", NAME).stdout == f"{version}\n"
    assert machine(olympias, "ip", NAME).stdout == "192.168.99.101\n"
    again = machine(olympias, "start", NAME)
    assert (again.returncode, again.stderr) == (1, f'Machine "{NAME}" is already running.\n')


def test_a_command_and_a_file_reach_the_guest(olympias: Olympias) -> None:
    ended = machine(olympias, "ssh", NAME, "sudo id -u; exit 7")
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, "0\n", "exit status 7\n")
    olympias.sh("echo carried >sent")
    assert machine(olympias, "scp", "-q", "sent", f"{NAME}:/tmp/got").returncode == 0
    assert machine(olympias, "ssh", NAME, "cat", "/tmp/got").stdout == "carried\n"


def test_a_guest_in_the_past_refuses_our_certificate_until_its_clock_is_set(olympias: Olympias) -> None:
    machine(olympias, "ssh", NAME, "sudo date -u -s @$(($(date +%s) - 3600))")
    answer = f'Get "https://{URL[6:]}/v1.15/version": remote error: tls: bad certificate'
    assert machine(olympias, *ROW).stdout == f"Running|{URL}|Unknown|Unable to query docker version: {answer}\n"
    assert machine(olympias, "env", NAME).returncode == 0
    olympias.sh(f'{PATH}; docker-machine ssh {NAME} "sudo date -u -s @$(date +%s)"')
    assert olympias.sh(VERSION)


def test_a_paused_vm_is_resumed_by_start(olympias: Olympias) -> None:
    assert olympias.vboxmanage("controlvm", NAME, "pause").returncode == 0
    assert machine(olympias, "status", NAME).stdout == "Paused\n"
    assert f"({NAME}) Resuming VM ...\n" in machine(olympias, "start", NAME).stdout
    assert olympias.sh(VERSION)


def test_a_saved_vm_is_started_without_a_look_at_its_network(olympias: Olympias) -> None:
    assert olympias.vboxmanage("controlvm", NAME, "savestate").returncode == 0
    assert machine(olympias, "status", NAME).stdout == "Saved\n"
    started = machine(olympias, "start", NAME)
    assert (started.returncode, "Check network" in started.stdout) == (0, False)
    assert olympias.sh(VERSION)


def test_a_stopped_machine_has_no_address(olympias: Olympias) -> None:
    stopped = machine(olympias, "stop", NAME)
    assert (stopped.returncode, stopped.stdout) == (0, f'Stopping "{NAME}"...\nMachine "{NAME}" was stopped.\n')
    assert machine(olympias, *ROW).stdout == "Stopped||Unknown|\n"
    assert machine(olympias, "inspect", "-f", "{{.Driver.IPAddress}}", NAME).stdout == "\n"


def test_regenerating_restarts_the_engine_with_a_new_certificate(olympias: Olympias) -> None:
    pid = machine(olympias, "ssh", NAME, "cat /var/run/docker.pid").stdout
    server = f"cat .docker/machine/machines/{NAME}/server.pem"
    before = olympias.sh(server)
    done = machine(olympias, "regenerate-certs", "-f", NAME)
    assert (done.returncode, done.stderr) == (0, "")
    assert olympias.sh(server) != before
    assert machine(olympias, "ssh", NAME, "cat /var/run/docker.pid").stdout != pid
    assert olympias.sh(VERSION)


def test_remove(olympias: Olympias) -> None:
    removed = machine(olympias, "rm", "-y", NAME)
    assert (removed.returncode, removed.stdout.splitlines()[-1]) == (0, f"Successfully removed {NAME}")
    assert olympias.vboxmanage("list", "vms").stdout == ""
    assert olympias.sh("ls .docker/machine/machines") == ""
