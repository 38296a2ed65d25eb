"""Scenarios on olympias and on the simulated Mac: the same line comes to the same steps and the same exit status."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Callable

import pexpect
import pytest

from tests.conftest import Inv, Ran
from tests.lab.olympias.asked import listed
from tests.lab.olympias.faults import RULE
from tests.lab.olympias.machine import LabVm
from tests.lab.olympias.simulated import healthy_mac, steps
from tests.sim.mac import SimMac

Sim = Callable[..., Ran]
OTHER = "other,tcp,,44342,,8080"


@dataclass(frozen=True)
class Scenario:
    """A healthy service 0.3, what goes wrong with it in the lab and in the simulation, and the line to run then."""

    name: str
    line: str
    lab: Callable[[LabVm], object] = lambda vm: None
    sim: Callable[[SimMac], object] = lambda mac: None
    code: int = 0


def power(state: str) -> Callable[[SimMac], None]:
    return lambda mac: mac.power(state)


def rules(*named: str) -> Callable[[SimMac], None]:
    return lambda mac: setattr(mac, "rules", [mac.rules[0], *named])


def replace_rule(vm: LabVm) -> None:
    vm.control("natpf1", "delete", "tcp-port44342")
    vm.control("natpf1", OTHER)


DEPLOY = "deploy --version 0.3 -H olympias"
SCENARIOS = [
    Scenario("a deploy of what runs does nothing", DEPLOY),
    Scenario(
        "each step of the runbook does nothing on a healthy host",
        "machine.create -H olympias machine.start image.load --version 0.3 service.start --version 0.3 net.forward"
        " image.prune",
    ),
    Scenario("a dry run shows the steps of an upgrade", "--dry deploy --version 0.4 -H olympias"),
    Scenario("a forward is taken away and made again", "net.unforward -H olympias net.forward net.check"),
    Scenario(
        "a stopped container is started",
        "service.stop -H olympias service.start --version 0.3",
        lambda vm: vm.ssh("docker stop osprey-service"),
        SimMac.stop,
    ),
    Scenario("a saved vm is started", DEPLOY, lambda vm: vm.control("savestate"), power("saved")),
    Scenario("a vm that the macs sleep paused goes on", DEPLOY, LabVm.host_suspend, power("paused")),
    Scenario("a rule that is missing is added", DEPLOY, lambda vm: vm.control("natpf1", "delete", RULE[:13]), rules()),
    Scenario("a rule in the way is replaced", DEPLOY, replace_rule, rules(OTHER)),
    Scenario(
        "while vboxmanage hangs and the vm lives nothing is wrong",
        "status -H olympias doctor heal",
        lambda vm: vm.host.hang_vboxmanage(),
        lambda mac: setattr(mac, "slow", 10**6),
    ),
    Scenario("a vm without power is started with its service", DEPLOY, LabVm.power_off, power("poweroff")),
    Scenario("a service is drained", "service.drain -H olympias"),
    Scenario(
        "a vm is shut down, started, killed and removed",
        "machine.stop -H olympias machine.restart machine.kill machine.remove --yes",
    ),
]


LOOKS = [
    *("status", "machine.status", "machine.env", "machine.ssh --command 'echo inside'", "image.list"),
    "exec --command 'echo contained'",
    *("service.status", "service.logs", "net.status", "net.check"),
]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name.replace(" ", "_"))
def test_the_simulation_does_what_olympias_does(scenario: Scenario, awake: LabVm, inv: Inv, sim: Sim) -> None:
    scenario.lab(awake)
    real = inv(*scenario.line.split(), limit=400)
    mac = healthy_mac()
    scenario.sim(mac)
    simulated = sim(scenario.line, mac)
    assert real.code == scenario.code, real.said
    assert (simulated.code, steps(simulated)) == (real.code, steps(real)), real.said + simulated.said


def test_a_mac_with_nothing_is_simulated_as_olympias_is(first: Ran, sim: Sim) -> None:
    simulated = sim(DEPLOY, SimMac(name="olympias", vm="", log_size=0))
    assert (simulated.code, steps(simulated)) == (first.code, steps(first)), first.said + simulated.said


def test_every_task_that_looks_succeeds_on_a_healthy_host(awake: LabVm, inv: Inv) -> None:
    first, *others = [shlex.split(line) for line in LOOKS]
    ran = inv(*first, "-H", "olympias", *(word for words in others for word in words), limit=300)
    assert ran.code == 0, ran.said
    assert {"inside", "contained"} <= set(ran.out.splitlines())


def test_a_shell_in_the_container_of_a_vm_is_worked_in_on_a_terminal(awake: LabVm, inv: Inv) -> None:
    child = inv.terminal("service.shell", "-H", "olympias")
    child.expect("/ # ")
    child.sendline("echo $((40 + 2)) is here; exit 3")
    child.expect("42 is here")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 1  # docker-machine's own, whatever the shell's is (field book: docker-machine, 8)


def test_every_task_of_the_runbook_is_run_on_olympias(inv: Inv) -> None:
    run = {word for line in (*LOOKS, *(scenario.line for scenario in SCENARIOS)) for word in line.split()}
    runbook = [task for task in listed(inv) if task.partition(".")[0] in ("machine", "image", "service", "net")]
    assert set(runbook) - {"machine.adopt", "service.restart", "service.shell"} <= run
