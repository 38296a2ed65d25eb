"""olympias for a soak: a healthy service, faults that are made for real, and what must be so after each was healed."""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import Inv
from tests.lab.olympias import workstation
from tests.lab.olympias.faults import FAULTS, RULE
from tests.lab.olympias.host import Olympias
from tests.lab.olympias.machine import LabVm
from tests.lab.wait import until
from tests.release import build
from tests.sim.soak import Heal

FLAGS = ("-H", "olympias")
TIMEOUT = {"INVOKE_OSPREY_HEALTH_TIMEOUT": "120"}
BY_OPS = {"INVOKE_OSPREY_HOSTS_OLYMPIAS_USER": "ops", "INVOKE_OSPREY_OWNER": "jmartin"}
"""sudo wants no password of ops, who sets up what is jmartin's."""
LIMIT = 600


@contextmanager
def soaked() -> Iterator[tuple[list[str], Heal]]:
    """The faults, and what makes one and waits until olympias has healed itself; olympias is gone afterwards."""
    mac = Olympias.start()
    try:
        with tempfile.TemporaryDirectory() as folder:
            inv = Inv({**workstation.furnish(mac, Path(folder) / "home"), **TIMEOUT})
            workstation.offer(mac, build(Path(folder), "0.3"))
            done(inv, "deploy", "--version", "0.3", **BY_OPS)
            watched(inv)
            yield list(FAULTS), healer(inv, mac.vm())
    finally:
        mac.stop()


def watched(inv: Inv) -> None:
    """Have olympias watch itself, and nothing be wrong with it."""
    done(inv, "fix.sleep", "--yes", **BY_OPS)
    done(inv, "watch.install", "--every", "5", **BY_OPS)
    done(inv, "doctor")


def healer(inv: Inv, vm: LabVm) -> Heal:
    """Make a fault, wait until the watchdog has repaired it, and find what it leaves behind.

    What serves in spite of its fault is left alone by the watchdog, for the repair would end it.
    """
    before = left(vm)

    def heal(name: str) -> None:
        until(lambda: told(vm)[-1:] == ["healthy"], "the watchdog's word that all is well", LIMIT)
        before_it = len(told(vm))
        FAULTS[name][1](vm)
        fix = f"fix.{FAULTS[name][0]}"
        if f"inv {fix} --yes" in inv("doctor", *FLAGS, limit=900).out:
            done(inv, "net.check")
            done(inv, fix, "--yes", "--wait")
        else:
            until(lambda: told(vm)[before_it:][-2:] == ["unhealthy", "healthy"], f"the end of {name}", LIMIT)
        done(inv, "doctor")
        until(lambda: left(vm) == before, f"nothing left behind by {name}", 60, lambda: f"{before}\n{left(vm)}")

    return heal


def told(vm: LabVm) -> list[str]:
    """What the watchdog has written into the history at each change: healthy or unhealthy."""
    history = vm.host.homes / vm.user / "osprey/service-docker/.ospreyops/history.jsonl"
    return re.findall('"task": "watch", "outcome": "((?:un)?healthy)', history.read_text())


def done(inv: Inv, *words: str, **env: str) -> None:
    """Run a task, which must succeed."""
    ran = inv(*words, *FLAGS, limit=900, **env)
    assert ran.code == 0, ran.said


def left(vm: LabVm) -> tuple[object, ...]:
    """All that a fault or its repair could leave behind: rules, containers, processes and temporary files."""
    rules = vm.service_rules
    assert rules in ([], [RULE])
    containers = vm.ssh("docker ps -a --format {{.Image}}").split()
    processes = Counter(name for name in own(vm) if name.rpartition("/")[2] not in ("ps", "sh", "-sh"))
    return (rules, containers, processes, sorted(vm.host.sh("ls -A /tmp", vm.user).split()))


def own(vm: LabVm) -> Iterator[str]:
    """The programs that run on olympias, but for those of the watchdog's looks, and the start script's docker.

    That one ends before its container when a VM is saved. What has ended and is still listed (Z) runs no more.
    """
    listed = vm.host.sh("ps -axo pid=,ppid=,stat=,command=", vm.user).splitlines()
    shown = [line.split(None, 3) for line in listed if "docker run --name osprey-service" not in line]
    rows = [(pid, parent, line) for pid, parent, stat, line in shown if not stat.startswith("Z")]
    looking = {pid for pid, _, line in rows if "osprey.pyz" in line}
    yield from (line.split()[0] for pid, _, line in rows if pid in looking)
    while more := {pid for pid, parent, _ in rows if parent in looking} - looking:
        looking |= more
    yield from (line.split()[0] for pid, _, line in rows if pid not in looking)
