"""VBoxManage hangs on olympias: every task of the tool ends, says so, and leaves nothing behind."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tests.conftest import Inv, Ran
from tests.lab.olympias import network
from tests.lab.olympias.asked import listed
from tests.lab.olympias.machine import LabVm
from tests.lab.wait import until

HANGS = "VBoxManage does not answer"
# What each task is given, its exit status, and what its error says in one line; those that need no VM succeed.
# Dry are those that end the VM, on which the others are tried, or try for minutes, as long as their steps may take.
TASKS = {
    "deploy": ("--version 0.3", 3, HANGS),
    "doctor": ("", 2, HANGS),
    "heal": ("--dry", 0, ""),
    "history": ("", 0, ""),
    "rollback": ("--version 0.4", 3, HANGS),
    "status": ("", 2, HANGS),
    "fix.address": ("", 3, HANGS),
    "fix.certs": ("", 3, HANGS),
    "fix.clock": ("", 3, HANGS),
    "fix.disk": ("", 3, HANGS),
    "fix.docker": ("", 3, HANGS),
    "fix.forward": ("", 3, HANGS),
    "fix.hung": ("--dry", 0, ""),
    "fix.paused": ("", 3, HANGS),
    "fix.port": ("", 3, HANGS),
    "fix.service": ("", 3, HANGS),
    "fix.sleep": ("--dry", 0, ""),
    "fix.stopped": ("", 3, HANGS),
    "image.list": ("", 3, HANGS),
    "image.load": ("--version 0.3", 3, HANGS),
    "image.prune": ("", 3, HANGS),
    "lock.release": ("", 0, ""),
    "lock.status": ("", 0, ""),
    "machine.adopt": ("--owner jmartin", 3, HANGS),
    "machine.create": ("", 3, HANGS),
    "machine.env": ("", 3, HANGS),
    "machine.kill": ("--dry", 0, ""),
    "machine.remove": ("--yes", 3, HANGS),
    "machine.restart": ("", 3, HANGS),
    "machine.ssh": ("--command true", 3, HANGS),
    "machine.start": ("", 3, HANGS),
    "machine.status": ("", 2, HANGS),
    "machine.stop": ("", 3, HANGS),
    "net.check": ("", 0, ""),
    "net.forward": ("", 3, HANGS),
    "net.status": ("", 0, ""),
    "net.unforward": ("", 3, HANGS),
    "service.drain": ("", 3, HANGS),
    "service.logs": ("", 0, ""),
    "service.restart": ("", 3, HANGS),
    "service.start": ("--version 0.3", 3, HANGS),
    "service.status": ("", 3, HANGS),
    "service.stop": ("", 3, HANGS),
    "watch.install": ("--dry", 0, ""),
    "watch.status": ("", 2, "watchdog not installed"),
    "watch.uninstall": ("", 0, ""),
}
LOOPS = ["watch.run"]
AT_ONCE = 12  # more would keep two processors too busy to answer within the limits of a look
ALONE = "net.check"  # it wants answers of the service, which all others, asking at once, keep too busy


def test_while_vboxmanage_hangs_every_task_ends_with_a_clear_error_and_leaves_no_process(
    inv: Inv, deployed: LabVm
) -> None:
    assert listed(inv) == sorted([*TASKS, *LOOPS])
    before = set(network.processes())
    deployed.host.hang_vboxmanage()

    def run(task: str) -> Ran:
        words = TASKS[task][0].split()
        dry = [word for word in words if word == "--dry"]
        return inv(*dry, task, *words[len(dry) :], "-H", "olympias", limit=150)

    together = [task for task in TASKS if task != ALONE]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        ended = dict(zip(together, pool.map(run, together)))
    ended[ALONE] = run(ALONE)
    wrong = [f"inv {task}: {ran.code}\n{ran.said}" for task, ran in ended.items() if not as_it_should(task, ran)]
    assert wrong == [], "\n".join(wrong)
    until(lambda: set(network.processes()) <= before, "the end of what was asked", 40)


def as_it_should(task: str, ran: Ran) -> bool:
    """Whether a task ended with its exit status, and its first line of error says what is the case."""
    _, code, says = TASKS[task]
    first = ran.err.partition("\n")[0]
    return ran.code == code and (first.startswith("✗ ") and says in first if code else not first)
