"""What a host remembers, in a folder of the service's: what it is meant to run, who changes it, and what was done."""

from __future__ import annotations

import getpass
import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Optional

from .command import Command, quote, sh
from .errors import Blocked, Busy, Failed, Interrupted, OspreyError, Unreachable
from .facts import Facts
from .lock import FILES, Hold, Holder, Lost, ascii_json, parsed, stamp, take
from .plan import Await, Step
from .release import IMAGE

if TYPE_CHECKING:
    from .site import Site

PAUSE = 2.0
"""Seconds between two tries to get a lock that is waited for."""
WAIT = 3600
CUT_OFF = "cut off"
LIMIT = 20
COLUMNS = ("WHEN", "WHO", "TASK", "BEFORE", "AFTER", "SECONDS", "OUTCOME")


def who() -> str:
    """The user of this computer."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return f"uid-{os.getuid()}"


@dataclass
class Ledger:
    """The host's lock and history, as the tasks of this process use them: one change, and one line, per task.

    task: as it was typed; image: what it is about, "" when it names no release; wait: for others who change the host.
    sha256: of the release archive that was sent.
    """

    task: str = ""
    image: str = ""
    wait: bool = False
    sha256: Optional[str] = None
    _hold: Optional[Hold] = None
    _site: Optional[Site] = None
    _record: dict[str, Any] = field(default_factory=dict)
    _began: float = 0
    _seen: Optional[Facts] = None

    @property
    def held(self) -> bool:
        """This task has the lock."""
        return self._hold is not None

    @property
    def untouched(self) -> bool:
        """This task has not changed anything yet."""
        return not self._hold or not self._record

    def begin(self, site: Site) -> bool:
        """Take the lock unless it is held; whether it was taken, and the host may be another than it was before.

        Errors: Blocked, with who changes the host, or why there can be no lock; Unreachable.
        """
        if self._hold:
            return False
        until = site.clock() + WAIT
        while True:
            if site.interrupted:
                raise KeyboardInterrupt
            host = site.last.host
            mine = Holder(who(), socket.gethostname(), os.getpid(), stamp(host.now), self.task)
            taken = take(site.host, host.folder, mine, sudo=not host.writable)
            if isinstance(taken, Hold):
                break
            case = f"{site.name} is being changed by {taken or 'somebody'}"
            if not self.wait or site.clock() >= until:
                hint = f"inv lock.status -H {site.name}" if self.wait else f"--wait, or inv lock.status -H {site.name}"
                raise Busy(case, hint=hint)
            with site.console.waiting(case):
                site.sleep(PAUSE)
        self._hold, self._site, self._began, self._record, self.sha256 = taken, site, site.clock(), {}, None
        return True

    def since(self, line: str) -> Optional[float]:
        """Seconds since the step with that line was begun; None when it was not."""
        at = [step["at"] for step in self._record.get("steps", ()) if step["line"] == line]
        return self._site.clock() - self._began - float(at[0]) if at and self._site else None

    @contextmanager
    def step(self, step: Step) -> Iterator[None]:
        """Tell the host of a step before and after it is done. Errors: Blocked, Unreachable when the lock is lost."""
        if not self._hold or not self._site or isinstance(step.do, Await):
            yield
            return
        site = self._site
        if not self._record:
            self._record = self._new(site)
        at = round(site.clock() - self._began, 1)
        done: dict[str, Any] = {"why": step.why, "line": str(step.do), "at": at, "seconds": None, "ok": None}
        self._record["steps"].append(done)
        self._tell()
        try:
            self._hold.sure()
        except Lost as lost:
            self._hold = None
            raise self._gone(site, lost) from None
        start, self._seen = site.clock(), site.last
        try:
            yield
            done["ok"] = True
        except BaseException:
            done["ok"] = False
            raise
        finally:
            done["seconds"] = round(site.clock() - start, 1)
            self._tell()

    def end(self, outcome: str) -> None:
        """Free the lock, and leave the history a line if something was done."""
        hold, site, self._hold = self._hold, self._site, None
        if not hold or not site:
            return
        record = self._so_far(outcome) if self._record else None
        ended = hold.end(record)
        if record and ended.code > 0:
            site.console.note(f"the history of {site.name} could not be written: {ended.said}")

    @contextmanager
    def closed(self) -> Iterator[None]:
        """The task in the block ends, however it does, with the lock free and the history told."""
        try:
            yield
        except (KeyboardInterrupt, Interrupted):
            self.end("interrupted")
            raise
        except OspreyError as error:
            if self._record and error.evidence:
                self._record["evidence"] = error.evidence
            self.end(f"failed: {error.case}")
            raise
        except BaseException as error:
            self.end(f"failed: {type(error).__name__}")
            raise
        self.end("ok")

    def _new(self, site: Site) -> dict[str, Any]:
        return {
            "when": stamp(site.last.host.now),
            "who": who(),
            "from": socket.gethostname(),
            "task": self.task,
            "host": site.name,
            "before": _version(site.last),
            "steps": [],
        }

    def _so_far(self, outcome: str) -> dict[str, Any]:
        assert self._site, "a record is begun by a site's step"
        facts = None if self._site.last is self._seen else self._site.last
        return {
            **self._record,
            "after": facts and _version(facts),
            "seconds": round(self._site.clock() - self._began, 1),
            "outcome": outcome,
            "image": facts and _digest(facts, self.image),
            "archive_sha256": self.sha256,
        }

    def _tell(self) -> None:
        if self._hold:
            self._hold.tell(self._so_far(CUT_OFF))

    @staticmethod
    def _gone(site: Site, lost: Lost) -> OspreyError:
        hint = f"inv history -H {site.name}, then the same command again: it goes on from where the host is"
        if not lost.connected and not site.settings.here:
            return Unreachable(f"the connection to {site.name} was lost", hint=hint)
        return Blocked(
            f"the lock of {site.name} was lost: somebody released it, or this computer slept",
            evidence=str(lost),
            hint=hint,
        )


def _version(facts: Facts) -> Optional[str]:
    service = facts.serving
    return service.version if service and service.running else None


def _digest(facts: Facts, image: str) -> Optional[str]:
    """The image of the task's release, else of the service that runs."""
    if not facts.engine:
        return None
    if image in facts.engine.images:
        return facts.engine.images[image].digest
    service = facts.serving
    return service.digest if service and service.running else None


def typed(title: str, options: dict[str, Any]) -> str:
    """A task with its options, as `inv` would be given them."""
    words = [title]
    for name, value in options.items():
        flag = "--" + name.strip("_").replace("_", "-")
        words += [flag] * (value is True) + ([flag, quote(value)] if isinstance(value, str) and value else [])
    return " ".join(words)


def about(options: dict[str, Any]) -> str:
    """The image of the release that a task's options name; "" when they name none."""
    version = options.get("version")
    return f"{IMAGE}:{version}" if version else ""


def sample(site: Site, outcome: str) -> None:
    """Leave the history a line of what the watch saw; a host that does not take it is no reason not to watch on."""
    host = site.last.host
    entry = {"when": stamp(host.now), "who": who(), "from": socket.gethostname(), "task": "watch", "outcome": outcome}
    line = sh(
        "umask 022 && mkdir -p {files} && printf '%s\\n' {entry} >>{files}/history.jsonl",
        files=f"{host.folder}/{FILES}",
        entry=ascii_json({**entry, "host": site.name, "after": _version(site.last)}),
        limit=LIMIT,
        sudo=not host.writable,
    )
    try:
        site.host.run(line)
    except Failed as error:
        site.console.note(f"the history of {site.name} could not be written: {error.case}")


def lines(folder: str, count: int) -> Command:
    """The last lines of the history."""
    file = f"{folder}/{FILES}/history.jsonl"
    return sh("[ ! -e {file} ] || tail -n {count} {file}", file=file, count=count, limit=LIMIT)


def history(text: str) -> tuple[list[dict[str, Any]], int]:
    """The entries of a history, oldest first, and how many of its lines are torn: a line that is no entry."""
    rows = [(row, parsed(row)) for row in text.split("\n") if row.strip()]
    entries = [entry for _, entry in rows if entry.keys() >= {"when", "task", "outcome"}]
    return entries, len(rows) - len(entries)


def row(entry: dict[str, Any]) -> tuple[str, ...]:
    """An entry for the table."""

    def text(key: str) -> str:
        value = entry.get(key)
        return "-" if value in (None, "") else re.sub(r"\s+", " ", str(value))

    return (
        re.sub(r"[TZ]", " ", text("when")).strip() + "Z",
        f"{text('who')}@{text('from')}",
        text("task"),
        text("before"),
        text("after"),
        text("seconds"),
        text("outcome"),
    )
