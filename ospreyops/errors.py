"""What can go wrong, as a user is told of it.

OspreyError             an invoke Exit: printed without a traceback, then the exit status
├── Usage          1    the command line or the settings are wrong (Invoke's own status for that)
│   └── Unconfirmed     it wants a yes: --yes, or an answer on the terminal
├── Unhealthy      2    the service is not what it should be
│   └── NotConverged    a step was done, its patience is over, and nothing changed
├── Blocked        3    something that only a person can change is in the way
│   ├── Declined        the answer to a question was no
│   ├── Busy            another task changes the host
│   ├── Superseded      this task has the host's lock no more: the host refused its line
│   └── Spared          what has to be ended serves or computes
├── Unreachable    4    the host is unreachable, or the connection to it was lost
│   └── NoSuchHost      nobody knows its name
├── Failed         5    a step was tried and did not work
└── Interrupted  130    Ctrl-C
"""

from __future__ import annotations

from collections.abc import Iterable

from invoke.exceptions import Exit

from .outcome import Status
from .text import visible

EVIDENCE = "  | "
LOG_LINES = 6
"""Of a log that another line shows whole."""


class OspreyError(Exit):
    """One clear line (`case`), then what was seen, what serves now, what was completed, and what to try next.

    verdict, serving: of a rollout that failed, what it came to, which is told first, and what serves now, told last.
    log: the line that shows the log of a release that failed.
    """

    status = Status.USAGE

    def __init__(self, case: str, *, hint: str = "", evidence: str = "") -> None:
        super().__init__(case, self.status)
        self.case, self.hint, self.evidence = case, hint, evidence
        self.completed: tuple[str, ...] = ()
        self.verdict, self.serving = "", ""
        self.log = ""
        self.printed = False

    def after(self, completed: Iterable[str]) -> OspreyError:
        """The same error, which also tells what was completed before it."""
        self.completed += tuple(completed)
        return self

    def __str__(self) -> str:
        lines = [self.verdict, f"  why: {self.case}"] if self.verdict else [self.case]
        evidence = [f"{EVIDENCE}{line}" for line in self.evidence.splitlines() if line.strip()]
        lines += evidence[-LOG_LINES:] if self.log else evidence
        if self.completed and not self.verdict:
            lines.append(f"  completed: {'; '.join(self.completed)}")
        if self.log:
            lines.append(f"  log: {self.log}")
        if self.hint:
            lines.append(f"  try: {self.hint}")
        if self.serving:
            lines.append(f"  service: {self.serving}")
        return "\n".join(lines)

    @property
    def message(self) -> str:
        """What Invoke prints: nothing once the console has printed it, where it stood in the output."""
        return "" if self.printed else visible(str(self))

    @message.setter
    def message(self, _: str) -> None:
        """Exit's own initialiser sets this; the text is made from the parts instead."""


class Usage(OspreyError):
    """The command line or the settings are wrong.

    Try: what the line offers; `inv --help TASK` for a task's options, `inv config` for the settings.
    """


class Unconfirmed(Usage):
    """What the task would end or change is of use, and nobody has said yes to that.

    Try: `--yes`, once you have read what would be cut.
    """

    def __init__(self, case: str, *, hint: str = "--yes", evidence: str = "") -> None:
        super().__init__(case, hint=hint, evidence=evidence)


class Unhealthy(OspreyError):
    """The service is not what it should be.

    Try: `inv doctor`, which says what is wrong, then `inv heal`.
    """

    status = Status.UNHEALTHY


class NotConverged(Unhealthy):
    """A step was done, its patience is over, and a fresh look asks for it again.

    Try: `inv service.logs`; a longer `--health-timeout` where the service only starts slowly.
    """


class Blocked(OspreyError):
    """Something that only a person can change is in the way.

    Try: the line that is shown, by hand, then the same command again. `inv host.check NAME` shows what a host lacks.
    """

    status = Status.BLOCKED


class Declined(Blocked):
    """The answer to a question was no.

    Try: type the task again, and answer yes; or give it `--yes`.
    """


class Busy(Blocked):
    """Another task changes the host.

    Try: `--wait`; `inv lock.status` says who it is, `inv lock.release --yes` ends one that is stuck.
    """


class Superseded(Blocked):
    """This task has the host's lock no more: the host refused its line.

    Try: `inv history`, to see what was done meanwhile; then the same command again.
    """


class Spared(Blocked):
    """What has to be ended for a repair serves or computes, or nobody can say whether it does.

    Try: to wait until it has ended; or the repair itself with `--yes`.
    """


class Unreachable(OspreyError):
    """The host is unreachable, or the connection to it was lost.

    Try: `ssh HOST`, which must work first. An unknown host key: `inv host.trust NAME`. Then the same command again.
    """

    status = Status.UNREACHABLE


class NoSuchHost(Unreachable):
    """Neither DNS nor ssh_config knows the name.

    Try: `inv hosts`, for the names that the settings have; `inv host.add NAME --address ADDRESS` for a new one.
    """


class Failed(OspreyError):
    """A step was tried and did not work.

    Try: its line, which is shown whole, by hand; once that works, the same command again.
    """

    status = Status.FAILED


class Interrupted(OspreyError):
    """A person or a signal ended the task: Ctrl-C, SIGTERM or SIGHUP.

    Try: the same command again, which goes on from where the host is; or `inv status`, to see where that is.
    """

    status = Status.INTERRUPTED


def of_status(status: Status, case: str) -> OspreyError:
    """An error that ends with that status."""
    kinds = (Usage, Unhealthy, Blocked, Unreachable, Failed, Interrupted)
    return next(kind(case) for kind in kinds if kind.status is status)
