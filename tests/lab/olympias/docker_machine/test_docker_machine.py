"""The stand-in of docker-machine against the recordings, with fakes of VBoxManage, the guest and its engine."""

from __future__ import annotations

import json
import os
import re
import signal
import ssl
import subprocess
import time
from pathlib import Path

import pytest

from tests.lab.olympias.docker_machine import certs
from tests.lab.olympias.docker_machine.faked import FAKES, NAME, User
from tests.lab.olympias.docker_machine.recordings import FOLDER, Ended, here, recorded, words

UNKNOWN = 64
NOBODY = ["status", "url", "ip", "env", "config", "inspect", "start", "stop", "version", "regenerate-certs -f"]
DRIVER = [
    ("state=running", "status", 0),
    ("state=running", "start", 3),
    ("state=running", "kill", 0),
    ("state=running deaf", "url", 2),
    ("state=running deaf", "env --shell bash", 2),
    ("state=paused", "status", 1),
    ("state=paused", "url", 1),
    ("state=paused", "ip", 1),
    ("state=paused", "env --shell bash", 1),
    ("state=paused", "start", 1),
    ("state=paused suspended", "start", 0),
    ("state=paused suspended", "stop", 0),
    ("state=poweroff", "status", 3),
    ("state=aborted", "status", 3),
    ("state=poweroff", "ip", 2),
    ("state=poweroff", "start", 2),
    ("state=poweroff", "stop", 1),
    ("state=poweroff", "kill", 1),
]


def same(user: User, ended: Ended, expected: Ended) -> None:
    """Hold a command's end against a recorded one."""
    out, err = (here(text, user.home, FAKES) for text in (expected.out, expected.err))
    assert ended == Ended(expected.status, out, err)


@pytest.mark.parametrize(("facts", "command", "number"), DRIVER)
def test_what_needs_the_driver_is_as_recorded(user: User, facts: str, command: str, number: int) -> None:
    user.is_so(*facts.split())
    line = f"docker-machine {command} {NAME}"
    same(user, user.run(*words(line)), recorded("virtualbox-driver.txt", line, number))


@pytest.mark.parametrize(
    ("facts", "line", "number"),
    [
        ("state=paused", "docker-machine ls", 3),
        ("state=poweroff", "docker-machine ls", 7),
        ("state=paused", f"docker-machine ssh {NAME} true", 0),
        ("state=running", "docker-machine ls -q", 0),
    ],
)
def test_lists_and_ssh_are_as_recorded(user: User, facts: str, line: str, number: int) -> None:
    user.is_so(facts)
    same(user, user.run(*words(line)), recorded("virtualbox-driver.txt", line, number))


@pytest.mark.parametrize(
    "line",
    [
        *(f"docker-machine {command} nope" for command in NOBODY),
        "docker-machine ssh nope true",
        "docker-machine rm -f nope",
        "docker-machine status",
        "docker-machine frobnicate",
        "docker-machine ls --timeout x",
        "docker-machine ls -f '{{.Nope}}'",
        "docker-machine ls --filter foo",
    ],
)
def test_mistakes_are_as_recorded(user: User, line: str) -> None:
    user.is_so("state=poweroff")
    same(user, user.run(*words(line)), recorded("no-such-machine.txt", line))


@pytest.mark.parametrize(
    "line",
    [
        *("docker-machine ls", "docker-machine ls --timeout 3", "docker-machine ls --filter state=Running"),
        *("docker-machine ls --filter name=nope", "docker-machine ls --format '{{json .}}'", "docker-machine active"),
        *(
            f"docker-machine env {how}{NAME}"
            for how in ("", "--shell sh ", "--no-proxy --shell bash ", "--shell fish ")
        ),
        *("docker-machine env -u --shell bash", f"docker-machine config {NAME}", f"docker-machine version {NAME}"),
        f"docker-machine ssh {NAME} 'echo out; echo err >&2; exit 7'",
        f"docker-machine ssh {NAME} -- sudo true",
        f"docker-machine regenerate-certs {NAME}",
    ],
)
def test_a_healthy_machine_is_as_recorded(user: User, dockerd: ssl.SSLContext, line: str) -> None:
    same(user, user.run(*words(line)), recorded("healthy.txt", line))


def test_the_url_and_the_active_machine(user: User, dockerd: ssl.SSLContext) -> None:
    url = user.run("url", NAME).out.strip()
    user.env["DOCKER_HOST"] = url
    assert user.run("active") == Ended(0, f"{NAME}\n", "")
    row = user.run("ls", "--format", "{{.Name}}|{{.Active}}|{{.ActiveHost}}|{{.URL}}|{{.Error}}|{{.ResponseTime}}")
    assert re.fullmatch(rf"{NAME}\|\*\|true\|{url}\|\|\d+ms\n", row.out)


def test_an_engine_that_does_not_listen_is_as_recorded(user: User) -> None:
    for line in ("docker-machine ls", f"docker-machine env --shell bash {NAME}"):
        expected = recorded("regenerate-while-skewed.txt", line, -2 if line.endswith("ls") else 0)
        same(user, user.run(*words(line)), expected)


def test_an_engine_that_refuses_the_client_lets_env_pass(user: User, dockerd: ssl.SSLContext, tmp_path: Path) -> None:
    certs.make(tmp_path / "ca.pem", tmp_path / "key.pem", "others", certs.CA)
    folder = user.store / "machines" / NAME
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "server-key.pem")
    context.load_verify_locations(tmp_path / "ca.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    dockerd.sni_callback = lambda socket, name, _: setattr(socket, "context", context)
    expected = f'Get "https://{here("192.168.99.101", user.home, FAKES)}:2376/v1.15/version": remote error: tls: '
    assert user.run("env", NAME).status == 0
    ended = user.run("version", NAME)
    assert (ended.status, ended.out) == (1, "")
    assert ended.err.startswith(f"Unable to query docker version: {expected}")


def test_a_hung_vboxmanage_hangs_ls_whatever_its_limit_and_outlives_it(user: User) -> None:
    user.is_so("hang")
    assert user.run("ls", "-q").out == f"{NAME}\n"
    assert user.run("inspect", "-f", "{{.Driver.MachineName}} {{.Nope}}", NAME).out == f"{NAME} <no value>\n"
    with user.start("ls", "--timeout", "1") as process:
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=4)
        process.kill()
        process.wait()
        os.killpg(process.pid, 0)
        os.killpg(process.pid, signal.SIGKILL)


def test_a_slow_guest_times_out_once_the_driver_is_free(user: User) -> None:
    user.is_so("slow", "deaf")
    started = time.monotonic()
    same(user, user.run("ls", "-t", "1"), recorded("virtualbox-driver.txt", "docker-machine ls -t 3"))
    assert time.monotonic() - started > 2


def test_stop_never_ends_if_the_guest_ignores_the_button(user: User) -> None:
    user.is_so("stubborn")
    with pytest.raises(subprocess.TimeoutExpired):
        user.run("stop", NAME, limit=4)
    assert user.calls()[2] == f"controlvm {NAME} acpipowerbutton"
    assert set(user.calls()[3:]) == {f"showvminfo {NAME} --machinereadable"}


def test_states_without_a_word_and_a_vm_that_is_gone(user: User) -> None:
    user.is_so("state=gurumeditation")
    assert user.run("status", NAME) == Ended(0, "\n", "")
    (user.kept / "state").unlink()
    gone = f"error getting state for host {NAME}: machine does not exist\n"
    assert user.run("status", NAME) == Ended(1, "", gone)
    row = user.run("ls", "-f", "{{.State}}|{{.DockerVersion}}|{{.Error}}")
    assert row == Ended(0, "Error|Unknown|machine does not exist\n", "")


def test_questions_without_a_terminal(user: User) -> None:
    ended = user.run("rm", NAME)
    assert (ended.status, ended.err) == (0, "")
    assert ended.out.endswith("Are you sure? (y/n): ")
    question = "Regenerate TLS machine certs?  Warning: this is irreversible. (y/n): "
    assert user.run("regenerate-certs", NAME, stdin="n\n") == Ended(0, question, "")
    assert (user.store / "machines" / NAME).is_dir()


@pytest.mark.parametrize("how", ["-f", "--client-certs -f"])
def test_regenerating_is_as_recorded(user: User, dockerd: ssl.SSLContext, how: str) -> None:
    file = "regenerate-while-skewed.txt" if "client" in how else "regenerate-and-clock.txt"
    line = f"docker-machine regenerate-certs {how} {NAME}"
    server = user.store / "machines" / NAME / "server.pem"
    before = server.read_text()
    same(user, user.run(*words(line)), recorded(file, line))
    assert server.read_text() != before
    asked = "\n".join(user.calls())
    parts = ["docker stop", "docker0", "ca.pem", "server.pem", "server-key.pem", "profile", "docker start"]
    assert re.search(".*".join(map(re.escape, parts)), asked, re.DOTALL)


def test_a_mistyped_flag_does_nothing_and_is_noted(user: User) -> None:
    for command in ("start", "rm", "create"):
        ended = user.run(command, "--frobnicate", NAME)
        assert (ended.status, ended.err) == (0, "flag provided but not defined: -frobnicate\n")
        assert ended.out.startswith(f"Incorrect Usage.\n\nUsage: docker-machine {command}")
    assert user.refused()[0] == ["start", "--frobnicate", NAME]
    assert user.calls() == []


@pytest.mark.parametrize(
    "line",
    ["upgrade x", "ls --help", "create --swarm x", "create -d generic x", "--native-ssh ls", "env --shell cmd x", ""],
)
def test_what_the_field_book_does_not_know_is_refused(user: User, dockerd: ssl.SSLContext, line: str) -> None:
    ended = user.run(*line.replace(" x", f" {NAME}" if "env" in line else " x").split())
    assert (ended.status, ended.out) == (UNKNOWN, "")
    assert ended.err.startswith("docker-machine: the field book does not know ")
    assert len(user.refused()) == 1


def test_create_until_an_engine_of_others_answers_and_remove(
    tmp_path: Path, user: User, dockerd: ssl.SSLContext
) -> None:
    fresh = User(tmp_path)
    ended = fresh.run("create", "--driver", "virtualbox", "--virtualbox-memory", "4096", NAME, limit=60)
    drivers = re.compile(r"^\(osprey-service\) .*\n", re.MULTILINE)
    expected = here((FOLDER / "create.out").read_text(), fresh.home, FAKES)
    problem = "x509: certificate signed by unknown authority"
    assert drivers.sub("", ended.out) == drivers.sub("", expected).partition("Docker is up")[0]
    assert ended.status == 1 and problem in ended.err
    config = json.loads(fresh.run("inspect", NAME).out)
    assert (config["Driver"]["Memory"], config["Driver"]["IPAddress"]) == (4096, "127.168.99.101")
    assert f"modifyvm {NAME} --natpf1 ssh,tcp,127.0.0.1,{config['Driver']['SSHPort']},,22" in fresh.calls()
    again = fresh.run("create", "-d", "virtualbox", NAME)
    assert again == Ended(1, "", f'Docker machine "{NAME}" already exists\n')
    removed = fresh.run("rm", "-y", NAME)
    assert (removed.status, removed.out.splitlines()[-1]) == (0, f"Successfully removed {NAME}")
    assert not (fresh.store / "machines" / NAME).exists()


def test_certificates_are_like_the_real_ones(user: User) -> None:
    server = user.store / "machines" / NAME / "server.pem"
    show = ["openssl", "x509", "-in", str(server), "-noout", "-text"]
    text = subprocess.check_output(show, text=True)
    assert "Subject: O = jmartin.osprey-service" in text or "Subject: O=jmartin.osprey-service" in text
    assert f"IP Address:{here('192.168.99.101', user.home, FAKES)}, DNS:localhost" in text
    assert "Key Identifier" not in text
    assert "Public-Key: (2048 bit)" in text
