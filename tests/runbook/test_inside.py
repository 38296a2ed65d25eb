"""A shell, or one line, inside the service's container."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ospreyops.remote.command import Command
from ospreyops.tools import docker
from tests.conftest import Ran, simulated
from tests.lab.wait import until
from tests.sim.entered import Entered, enter
from tests.sim.host import SimHost
from tests.sim.mac import SimMac
from tests.worlds import Sim, history, running, serving, take


@pytest.fixture
def host() -> SimHost:
    """A server where 0.3 serves."""
    return running()


@pytest.fixture
def entered(host: SimHost, tmp_path: Path) -> Entered:
    return enter(host, tmp_path / "bin")


def execute(line: str, host: SimHost, *more: str) -> Ran:
    """`inv exec --command LINE` on a simulated host: the line is one word."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    with redirect_stdout(out), redirect_stderr(err):
        try:
            simulated(host).run(["inv", "exec", "-H", "sim", "--command", line, *more])
        except SystemExit as end:
            code = int(end.code or 0)
    return Ran(code, out.getvalue(), err.getvalue())


@pytest.mark.usefixtures("entered")
def test_a_line_runs_in_the_container_that_serves_and_what_it_prints_is_shown(host: SimHost) -> None:
    ran = execute("echo $CONTAINER; echo; echo it\\'s fine; echo no >&2", host)
    assert (ran.code, ran.out, ran.err) == (0, f"{host.containers[0].id}\n\nit's fine\n", "no\n")


@pytest.mark.usefixtures("entered")
def test_the_exit_status_of_the_line_is_passed_on(host: SimHost) -> None:
    ran = execute("exit 7", host)
    assert ran.code == 7
    assert "the command in osprey/service:0.3 ended with exit status 7" in ran.err


@pytest.mark.usefixtures("entered")
@pytest.mark.parametrize("text", ["'\"$x", "a\\b", "\x1b[2J", "ü", "*"])
def test_what_the_line_says_gets_there_as_it_is_and_comes_back_harmless(host: SimHost, text: str) -> None:
    quoted = text.replace("'", "'\\''")
    ran = execute(f"printf %s '{quoted}'", host)
    assert (ran.code, ran.out) == (0, f"{text}\n".replace("\x1b", "\\x1b"))


@pytest.mark.parametrize("line", ["echo a; exit 7", "printf a; exit 7"])
def test_the_end_of_a_line_is_seen_though_the_way_to_it_stays_open(host: SimHost, entered: Entered, line: str) -> None:
    entered.lingers = True
    ran = execute(line, host)
    assert (ran.code, ran.out) == (7, "a\n")


@contextmanager
def long(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A line that goes on, and the file that then has the number of its process."""
    pid = tmp_path / "pid"
    yield f"echo $$ >{pid}; exec sleep 1000", pid
    until(lambda: not Path(f"/proc/{int(pid.read_text())}").exists(), "the end of the line in the container", 10)


@pytest.mark.usefixtures("entered")
def test_a_line_is_ended_in_the_container_too_when_its_time_is_over(host: SimHost, tmp_path: Path) -> None:
    with long(tmp_path) as (line, _):
        ran = execute(line, host, "--timeout", "1")
    assert ran.code == 5
    assert "was ended after 1 s, its limit" in ran.err


@pytest.mark.usefixtures("entered")
def test_a_line_is_ended_in_the_container_too_when_nobody_reads_it_any_more(host: SimHost, tmp_path: Path) -> None:
    def give_up(_: object) -> bytes:
        until(lambda: pid.exists() and pid.read_text(), "the line's beginning", 10)
        raise KeyboardInterrupt

    enter_again = enter(host, tmp_path / "again")
    streams = enter_again.stream
    with long(tmp_path) as (line, pid):

        def stream(command: Command) -> Any:
            begun: Any = streams(command)
            begun.sock.recv = give_up
            return begun

        any_host: Any = host
        any_host.stream = stream
        ran = execute(line, host)
    assert ran.code == 130


def test_what_a_container_runs_by_itself_is_left_alone(host: SimHost, entered: Entered) -> None:
    execute("true", host)
    line = entered.commands[0].line
    assert "docker exec -i c1 sh -c " in line and "stop" not in line and "kill -" not in line


@pytest.mark.usefixtures("entered")
def test_a_release_that_runs_alongside_is_entered_by_its_version(host: SimHost) -> None:
    host.load("0.4")
    host.others.append(replace(host.containers[0], id="c9", name="osprey-service-24343", image="osprey/service:0.4"))
    assert execute("echo $CONTAINER", host, "--version", "0.4").out == "c9\n"
    assert execute("echo $CONTAINER", host).out == "c1\n"


@pytest.mark.usefixtures("entered")
def test_a_release_that_does_not_run_cannot_be_entered(host: SimHost) -> None:
    ran = execute("true", host, "--version", "0.4")
    assert ran.code == 3
    assert "no container of 0.4 runs on sim\n  try: --version, one of: 0.3" in ran.err


def test_where_no_service_runs_nothing_can_be_entered(sim: Sim) -> None:
    ran = sim("exec --command true -H sim", SimHost())
    assert (ran.code, "no service runs on sim" in ran.err) == (3, True)


@pytest.mark.parametrize("options", ["", "--command x --timeout soon", "--command x --version x"])
def test_an_odd_command_line_is_said(sim: Sim, options: str) -> None:
    assert sim(f"exec {options} -H sim", running()).code == 1


def test_a_command_that_is_too_long_is_refused_before_anything_is_asked(host: SimHost) -> None:
    ran = execute("x" * 4001, host)
    assert (ran.code, host.looks) == (1, 0)
    assert "4001 signs, and 4000 fit" in ran.err


@pytest.mark.usefixtures("entered")
def test_it_goes_on_while_somebody_changes_the_host_and_leaves_no_history(host: SimHost) -> None:
    lease = take(host)
    ran = execute("echo in", host)
    lease.end(None)
    assert (ran.code, ran.out, history(host)) == (0, "in\n", [])


@pytest.mark.parametrize("sudo", [False, True])
def test_a_shell_is_opened_in_the_container_as_root_where_only_root_may(
    sim: Sim, host: SimHost, entered: Entered, sudo: bool
) -> None:
    host.sudo = sudo
    ran = sim("service.shell -H sim", host)
    assert ran.code == 0, ran.said
    assert entered.shells[0].line.startswith("docker exec -it c1 sh -c 'if command -v bash ")
    assert entered.shells[0].sudo is sudo


def test_a_shells_exit_status_is_passed_on(sim: Sim, host: SimHost, entered: Entered) -> None:
    entered.status = 42
    assert sim("service.shell -H sim", host).code == 42


def test_in_a_vm_a_shell_gets_a_terminal_from_docker_machine(sim: Sim, tmp_path: Path) -> None:
    mac = serving()
    entered = enter(mac, tmp_path / "bin")
    assert sim("service.shell -H sim", mac).code == 0
    assert entered.shells[0].line.startswith("docker-machine ssh osprey-service -t 'docker exec -it c1 ")
    assert entered.shells[0].sudo is False


def test_in_a_vm_a_line_goes_past_docker_machine_which_loses_exit_statuses(sim: Sim) -> None:
    ran = sim("--dry exec --command true -H sim", serving())
    assert "docker@127.0.0.1 'docker exec -i c1 sh -c " in ran.out
    assert "docker-machine ssh" not in ran.out


def test_a_vm_that_is_off_cannot_be_entered(sim: Sim) -> None:
    ran = sim("service.shell -H sim", SimMac(vm="poweroff"))
    assert ran.code == 3
    assert "Docker on sim cannot be used" in ran.err


def test_two_hosts_have_no_shell_together_but_run_a_line_each(sim: Sim, tmp_path: Path) -> None:
    hosts = running(), running(name="other")
    for host in hosts:
        enter(host, tmp_path / host.name)
    ran = sim("service.shell -H sim,other", *hosts)
    assert (ran.code, "a shell is for one host" in ran.err) == (1, True)
    ran = sim("service.shell --command false -H sim,other", *hosts)
    assert (ran.code, ran.err.count("ended with exit status 1"), "not begun" in ran.out) == (5, 1, True)
    ran = sim("service.shell --command false -H sim,other --keep-going", *hosts)
    assert (ran.code, ran.err.count("ended with exit status 1")) == (5, 2)


@pytest.mark.parametrize("shells", [["sh"], ["sh", "bash"]])
def test_the_shell_is_bash_where_there_is_one(tmp_path: Path, shells: list[str]) -> None:
    for name in shells:
        (tmp_path / name).write_text(f"#!/bin/sh\necho {name} is here\n")
        (tmp_path / name).chmod(0o755)
    line = docker.shell("c1").replace("docker exec -it c1 sh", "/bin/sh")
    said = subprocess.run(["/bin/sh", "-c", line], env={"PATH": str(tmp_path)}, capture_output=True, timeout=10)
    assert said.stdout.decode() == f"{shells[-1]} is here\n"
