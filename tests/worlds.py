"""The worlds that tests begin in: simulated hosts in a named state, and what is done to them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Callable, TypeVar

from ospreyops.change import lock
from ospreyops.change.holder import Holder
from ospreyops.facts.engine import Container
from ospreyops.remote import host as remote
from tests.conftest import Ran
from tests.sim.answers import FOLDER
from tests.sim.host import Killed, SimHost
from tests.sim.mac import SimMac

Host = TypeVar("Host", bound=SimHost)
Sim = Callable[..., Ran]
"""The fixture `sim`."""
RULE = "tcp-port44342,tcp,,44342,,44342"
"""The runbook's rule of the VM for the service's port."""
HOLDER = Holder("jeff", "grisman-12", 4711, "2020-01-02T03:04:05Z", "deploy --version 0.4")
"""Somebody else, who changes a host."""
HELD = "jeff@grisman-12 (pid 4711): deploy --version 0.4, begun "
"""How the tool tells of them."""


def running(version: str = "0.3", **state: Any) -> SimHost:
    """A server where a release serves, which is the desired one."""
    return running_on(SimHost(**state), version)


def serving(**state: Any) -> SimMac:
    """A Mac where 0.3 serves, which is the desired release, but for what the state says."""
    desired = state.pop("desired", "0.3")
    mac = running_on(SimMac(**state), "0.3")
    mac.rules.append(RULE)
    mac.desired = desired
    return mac


def running_on(host: Host, version: str) -> Host:
    """The same host, where a release serves, which is the desired one."""
    host.load(version)
    host.unpacked.add(version)
    host.start(version)
    host.record(version, host.images[f"osprey/service:{version}"])
    return host


def change(**state: Any) -> Callable[[SimMac], None]:
    """What sets a Mac's state so."""
    return lambda mac: mac.__dict__.update(state)


def kill_docker(mac: SimMac) -> None:
    """Docker in the VM is killed, and its proxies with it: what its container serves does not come through."""
    ended = mac.service.id if mac.service else ""
    mac.engine_why = "dial unix /var/run/docker.sock: connect: connection refused"
    mac.healthy = lambda container: container.id != ended


FAULTS: dict[str, Callable[[SimMac], object]] = {
    "clock": change(clock_behind=90, tls="remote error: tls: bad certificate"),
    "paused": change(vm="paused"),
    "hung": change(hung=True),
    "stopped": lambda mac: mac.power("poweroff"),
    "docker": kill_docker,
    "certs": change(tls="x509: certificate has expired or is not yet valid"),
    "forward": lambda mac: mac.rules.remove(RULE),
    "service": SimMac.stop,
    "address": change(tls="x509: certificate is valid for 192.168.99.101, not 192.168.99.107"),
    "sleep": change(pmset=" SleepDisabled\t\t0\n sleep                1 (sleep prevented by powerd)\n"),
}
"""How each fault comes to a Mac where the desired release serves."""
CURABLE = [name for name in FAULTS if name != "sleep"]
"""The faults that heal repairs; the other one needs a yes."""
WANT_YES = ("sleep", "certs", "address")
"""The faults whose repair wants a yes: it changes how the host behaves, or ends a service that serves."""


def with_fault(name: str, **state: Any) -> SimMac:
    """A Mac where the desired release served, until that fault came."""
    mac = serving(**state)
    FAULTS[name](mac)
    return mac


def hung_java(mac: SimMac) -> SimMac:
    """The same Mac, where the proxy answers, and Java does not until the container was started again."""
    mac.healthy = lambda container: "docker stop" in " ".join(mac.ran)
    return mac


def unfit(container: Container) -> bool:
    """Every release becomes healthy but 0.4."""
    return container.version != "0.4"


def clean(host: SimHost, version: str) -> None:
    """One container of that version is left, which users reach."""
    assert host.service and host.service.version == version
    assert host.others == []
    assert host.behind(44342) is host.service


def kill_before(host: SimHost, done: int) -> None:
    """Have the tool killed before the next line, once so many were done."""

    def kill(_: str) -> None:
        if len(host.ran) == done:
            raise Killed

    host.before_run = kill


def kill_at(host: SimHost, words: str) -> None:
    """Have the tool killed before a line with these words."""

    def kill(line: str) -> None:
        if words in line:
            raise Killed

    host.before_run = kill


def spare(host: SimHost) -> None:
    """Have the tool killed no more."""
    host.before_run, host.on_look = lambda _: None, lambda: None


def deployed(sim: Sim, *versions: str, **settings: str) -> SimHost:
    """A server that these releases were deployed to, one after the other."""
    host = SimHost(archives={"0.1", "0.2", "0.3", "0.4"}, configured=settings)
    for version in versions:
        assert sim(f"deploy --version {version} -H sim", host).code == 0
    host.ran.clear()
    return host


def history(host: SimHost) -> list[dict[str, Any]]:
    """The host's history, oldest first."""
    file = host.files / ".ospreyops/history.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def take(host: SimHost) -> lock.LockLease:
    """The host's lock, held by somebody else."""
    any_host: Any = host
    taken = lock.take(any_host, FOLDER, HOLDER, sudo=False)
    assert isinstance(taken, lock.LockLease)
    return taken


def taken(host: remote.Host, folder: Path, holder: Holder = HOLDER) -> lock.LockLease:
    """The lock of a folder on a real host."""
    lease = lock.take(host, str(folder), holder, sudo=False)
    assert isinstance(lease, lock.LockLease), lease
    return lease


def free(host: SimHost) -> bool:
    """Nobody holds the host's lock."""
    return lock.lock_state(host.really(lock.question(FOLDER))) is None


def until_free(host: SimHost) -> None:
    """Wait for the lock as the kernel gives it."""
    line = f"exec perl -MFcntl=:flock -e 'open F,q(<),shift; flock F,LOCK_SH' {host.files}/.ospreyops/lock"
    subprocess.run(["sh", "-c", line], check=True, timeout=20)


def once(host: SimHost, act: Callable[[], Ran]) -> list[Ran]:
    """What the act comes to, that is done in the middle of the next task."""
    found: list[Ran] = []

    def run(_: str) -> None:
        host.before_run = lambda line: None
        found.append(act())

    host.before_run = run
    return found


def shown(lines: Iterable[str]) -> list[str]:
    """The lines of a dry run that would be typed: without the reasons, and the last line, which sums up."""
    return [line for line in lines if not line.startswith(("#", "ok ", "✓ "))]
