"""Load on a service, as its users make it: short requests at a rate, and computations that go on for a while."""

from __future__ import annotations

import contextlib
import http.client
import json
import random
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.lab.wait import until
from tests.release import FAULTS

TRUSTING = ssl._create_unverified_context()
LONGEST = 30.0
RUNBOOK = (
    "{sudo} docker stop osprey-service; "
    "while {sudo} docker container inspect osprey-service >/dev/null 2>&1; do sleep 0.1; done; "
    "cd {folder} && ({sudo} nohup {version}/osprey-service --version {version} >log 2>&1 &)"
    " && until curl --insecure --silent --fail https://localhost:44342/v{version}/about; do sleep 0.1; done"
)
"""Stops the service and starts it again, until it answers; by hand, the name is free once `--rm` is done."""
SERVES = "service: osprey/service:0.3 still serves, users are not affected"
"""What a failed rollout says of the previous release."""
BAD = [fault for fault in FAULTS if not fault.startswith("slow") and fault != "hostile"]
"""The faults of releases that never take over."""
REFUSED = ("wrong-tag", "truncated", "traversal", "link", "no-script")
"""Those that are seen on the deployer's computer, before anything is sent."""
FRESH, KEPT = 8, 12
"""Threads that ask over fresh connections, and over kept ones."""
STALE = (http.client.RemoteDisconnected, ConnectionError)


@dataclass
class Report:
    """The result of a load. took: seconds of each short request; cut: why computations failed.

    moved: kept connections that the server had closed between two requests, and that were opened again.
    lasted: seconds from begin to end.
    """

    took: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    done: int = 0
    cut: list[str] = field(default_factory=list)
    moved: int = 0
    outage: float = 0.0
    lasted: float = 0.0

    @property
    def sent(self) -> int:
        """Short requests."""
        return len(self.took) + len(self.errors)

    @property
    def p99(self) -> float:
        """The seconds in which 99 of 100 answers came."""
        return sorted(self.took)[len(self.took) * 99 // 100] if self.took else 0.0

    def __str__(self) -> str:
        rate = self.sent / self.lasted if self.lasted else 0
        asked = f"{self.sent} requests, {rate:.0f} a second, {len(self.errors)} lost, p99 {self.p99 * 1000:.0f} ms"
        computed = f"{self.done} computations ended, {len(self.cut)} cut"
        first = f"; {', '.join([*self.errors, *self.cut][:3])}" if self.errors or self.cut else ""
        return f"{asked}, outage {self.outage:.1f} s; {computed}; {self.moved} kept connections moved{first}"


class Load:
    """Requests to one version of a service, until it is told to stop; then all computations come to their end.

    rate: short requests a second; kept: of these, so many are asked over connections that stay open.
    jobs: computations that run at any time, each over a connection of its own, of so many seconds.
    """

    def __init__(
        self, host: str, version: str, rate: float, kept: float, jobs: int, seconds: tuple[float, float]
    ) -> None:
        self.report = Report()
        self._at, self._path = (host, 44342), f"/v{version}"
        self._seconds, self._draw = seconds, random.Random(1)
        self._over, self._lock = threading.Event(), threading.Lock()
        self._failing_since, self._begun = 0.0, 0
        self._threads = [threading.Thread(target=self._compute, daemon=True) for _ in range(jobs)]
        for work, share, count in ((self._ask_fresh, rate - kept, FRESH), (self._ask_kept, kept, KEPT)):
            pause = [count / share] if share else []
            self._threads += [threading.Thread(target=work, args=pause, daemon=True) for _ in range(count) if share]

    @contextlib.contextmanager
    def going_on(self, once: bool = False) -> Iterator[Report]:
        """The load, for as long as the block lasts, from an answer before it to one after it.

        once: there is nothing but computations, each begun once, before the block.
        """
        begun = time.monotonic()
        for thread in self._threads:
            thread.start()
        try:
            if once:
                until(lambda: self._begun == len(self._threads), "all computations' begin", LONGEST)
                self._over.set()
            else:
                self._answered()
            yield self.report
            if not once:
                self._answered()
        finally:
            self.report.lasted = time.monotonic() - begun
            self._over.set()
            for thread in self._threads:
                thread.join(self._seconds[1] + LONGEST)

    def _answered(self) -> None:
        before = len(self.report.took)
        until(lambda: len(self.report.took) > before, "an answer", LONGEST)

    def _ask_fresh(self, pause: float) -> None:
        for _ in self._turns(pause):
            start = time.monotonic()
            try:
                with contextlib.closing(self._connection(LONGEST)) as connection:
                    self._answer(connection)
            except (OSError, http.client.HTTPException, AssertionError) as error:
                self._failed(error, start)
            else:
                self._went_well(start)

    def _ask_kept(self, pause: float) -> None:
        connection = self._connection(LONGEST)
        for _ in self._turns(pause):
            start = time.monotonic()
            try:
                used = connection.sock is not None
                try:
                    self._answer(connection)
                except STALE:
                    # A kept connection that turns out to be closed: once more over a new one, as all clients do.
                    connection.close()
                    if not used:
                        raise
                    self._answer(connection)
                    with self._lock:
                        self.report.moved += 1
            except (OSError, http.client.HTTPException, AssertionError) as error:
                connection.close()
                self._failed(error, start)
            else:
                self._went_well(start)
        connection.close()

    def _compute(self) -> None:
        while not self._over.is_set():
            with self._lock:
                seconds = self._draw.uniform(*self._seconds)
            try:
                with contextlib.closing(self._connection(seconds + LONGEST)) as connection:
                    connection.request("POST", f"{self._path}/minimize", json.dumps({"seconds": seconds}))
                    with self._lock:
                        self._begun += 1
                    answer = connection.getresponse()
                    assert answer.status == 200, f"HTTP {answer.status}: {answer.read()[:80]!r}"
                    answer.read()
                with self._lock:
                    self.report.done += 1
            except (OSError, http.client.HTTPException, AssertionError) as error:
                with self._lock:
                    self.report.cut.append(f"{type(error).__name__}: {error}")
                self._over.wait(1)

    def _turns(self, pause: float) -> Iterator[None]:
        """One thread's turns, one in each pause, until all is over; those that an answer took up come after it."""
        due = time.monotonic() + self._draw.random() * pause
        while not self._over.wait(max(0, due - time.monotonic())):
            yield
            due += pause

    def _answer(self, connection: http.client.HTTPSConnection) -> None:
        connection.request("GET", f"{self._path}/about")
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == 200 and b"Osprey Service" in body, f"HTTP {answer.status}"

    def _went_well(self, start: float) -> None:
        now = time.monotonic()
        with self._lock:
            self.report.took.append(now - start)
            if self._failing_since:
                self.report.outage += now - self._failing_since
                self._failing_since = 0.0

    def _failed(self, error: Exception, start: float) -> None:
        with self._lock:
            self.report.errors.append(f"{type(error).__name__}: {error}")
            self._failing_since = self._failing_since or start

    def _connection(self, limit: float) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection(*self._at, timeout=limit, context=TRUSTING)
