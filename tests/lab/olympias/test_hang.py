"""VBoxManage hangs on olympias while its VM lives: every task of the tool ends, and leaves nothing behind."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tests.conftest import Inv, Ran
from tests.lab.olympias import network
from tests.lab.olympias.asked import listed
from tests.lab.olympias.machine import LabVm
from tests.lab.wait import until

HANGS = "VBoxManage does not answer"
# What each task is given, its exit status, and what its error says in one line: the VM is asked past VBoxManage.
# Dry are those that would end the VM, on which the others are tried, or change it through VBoxManage.
TASKS = {
    "deploy": ("--version 0.3", 0, ""),
    "doctor": ("", 0, ""),
    "exec": ("--command true", 0, ""),
    "heal": ("", 0, ""),
    "history": ("", 0, ""),
    "rollback": ("--dry --version 0.4", 0, ""),
    "status": ("", 0, ""),
    "fix.address": ("", 0, ""),
    "fix.certs": ("", 0, ""),
    "fix.config": ("", 0, ""),
    "fix.clock": ("", 0, ""),
    "fix.disk": ("", 0, ""),
    "fix.docker": ("", 0, ""),
    "fix.forward": ("", 0, ""),
    "fix.hung": ("", 0, ""),
    "fix.paused": ("", 0, ""),
    "fix.port": ("", 0, ""),
    "fix.programs": ("", 0, ""),
    "fix.service": ("", 0, ""),
    "fix.sleep": ("--dry", 0, ""),
    "fix.state": ("", 0, ""),
    "fix.stopped": ("", 0, ""),
    "host.check": ("", 0, ""),
    "host.trust": ("", 0, ""),
    "image.list": ("", 0, ""),
    "image.load": ("--version 0.3", 0, ""),
    "image.prune": ("", 0, ""),
    "lock.release": ("", 0, ""),
    "lock.status": ("", 0, ""),
    "machine.adopt": ("--owner jmartin", 0, ""),
    "machine.create": ("", 0, ""),
    "machine.env": ("", 0, ""),
    "machine.kill": ("--dry", 0, ""),
    "machine.remove": ("--dry --yes", 0, ""),
    "machine.restart": ("--dry", 0, ""),
    "machine.ssh": ("--dry --command true", 0, ""),
    "machine.start": ("", 0, ""),
    "machine.status": ("", 0, ""),
    "machine.stop": ("--dry", 0, ""),
    "net.check": ("", 0, ""),
    "net.forward": ("", 0, ""),
    "net.status": ("", 0, ""),
    "net.unforward": ("", 3, HANGS),
    "service.drain": ("--dry", 0, ""),
    "service.logs": ("", 0, ""),
    "service.restart": ("--dry", 0, ""),
    "service.shell": ("--dry", 0, ""),
    "service.start": ("--version 0.3", 0, ""),
    "service.status": ("", 0, ""),
    "service.stop": ("--dry", 0, ""),
    "watch.install": ("--dry", 0, ""),
    "watch.status": ("", 2, "watchdog not installed"),
    "watch.uninstall": ("", 0, ""),
}
LOOPS = ["watch.run"]
ASK_NO_HOST = ["about", "config", "host.add", "hosts", "init"]
AT_ONCE = 2  # more would keep the service too busy to answer within the limits of a look


def test_while_vboxmanage_hangs_and_the_vm_lives_every_task_ends_and_leaves_no_process(inv: Inv, awake: LabVm) -> None:
    assert listed(inv) == sorted([*TASKS, *LOOPS, *ASK_NO_HOST])
    before = set(network.processes())
    awake.host.hang_vboxmanage()

    def run(task: str) -> Ran:
        words = TASKS[task][0].split()
        dry = [word for word in words if word == "--dry"]
        return inv(*dry, task, *words[len(dry) :], "-H", "olympias", limit=300)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        ended = dict(zip(TASKS, pool.map(run, TASKS)))
    # The service in the lab's emulated VM may have been too busy to answer: what judges it asks once more, alone.
    ended.update({task: run(task) for task, ran in ended.items() if not as_it_should(task, ran)})
    wrong = [f"inv {task}: {ran.code}\n{ran.said}" for task, ran in ended.items() if not as_it_should(task, ran)]
    assert wrong == [], "\n".join(wrong)
    until(lambda: set(network.processes()) <= before, "the end of what was asked", 40)


def as_it_should(task: str, ran: Ran) -> bool:
    """Whether a task ended with its exit status, and its first line of error says what is the case.

    Before that there may be lines about what takes long.
    """
    _, code, says = TASKS[task]
    first = next((line for line in ran.err.splitlines() if not line.startswith("  … ")), "")
    return ran.code == code and (first.startswith("✗ ") and says in first if code else not first)
