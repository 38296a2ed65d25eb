"""What gives every task its -H: a task's body works on a Site; this makes one for each host."""

from __future__ import annotations

import dataclasses
import functools
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Optional

import invoke
from invoke.parser import Argument

from . import seen
from .change.change import Change
from .change.confirm import run_confirmed
from .change.history import image_of, typed
from .change.site import Site
from .config import configured
from .config.configuration import Configuration
from .console import Console, Screen
from .errors import Interrupted, NoSuchHost, OspreyError, Usage
from .facts import Facts
from .fleet import Kind, Pace, run_on_hosts
from .goals.desired import at_hand, running
from .look import Look
from .release import Release, parse
from .remote.host import Host
from .settings import number
from .target import target
from .text import either, near

ENDS = tuple(found for name in ("SIGTERM", "SIGHUP") if (found := getattr(signal, name, None)))
"""The signals that end a task as Ctrl-C does."""
OLD_FLAGS = {"health-timeout": "patience"}
"""Names that options had before, which release checklists may still have."""
SHORT_FLAGS = {"follow": "f", "lines": "n"}
"""Options that other tools have short names for, too: `service.logs -f -n 20`."""


class Session:
    """What the tasks of one chain share: the terminal, the connections, the hosts of the last task."""

    def __init__(self) -> None:
        self.lookers: dict[str, Look] = {}
        self.last: tuple[str, ...] = ()

    @functools.cached_property
    def screen(self) -> Screen:
        """The terminal, as it is once the options are read."""
        return Screen()

    @classmethod
    def of(cls, context: invoke.Context) -> Session:
        """The session of the command line that the context belongs to; it lives as long as its configuration."""
        kept: Session = vars(context.config).setdefault("osprey_session", cls())
        return kept

    def site(self, config: Configuration, name: str, *, verbose: bool, dry: bool) -> Site:
        """A site for one task; the connection to its host is the same for the whole chain."""
        if name not in self.lookers:
            own = config.settings(name)
            self.lookers[name] = Look(Host(own, Console(self.screen, name)), target(own))
        looker = self.lookers[name]
        console = looker.host.console
        console.verbose = verbose
        return Site(looker.target, looker.host, console, looker, Change(looker.host, console), dry)

    def chosen(self, context: invoke.Context, config: Configuration, given: Optional[str], title: str) -> list[str]:
        """The hosts of -H, of `fab -H`, of the task before, or of the settings. Errors: Usage. title: the task."""
        by_fab = getattr(context, "original_host", None)
        if by_fab and given:
            raise Usage("both fab's -H and the task's own are given", hint="one of them")
        if given is not None or by_fab:
            return config.selected(given if given is not None else str(by_fab))
        hosts = list(self.last) or config.default
        if hosts != config.default:
            Console(self.screen, "").dim(f"{title}: on {', '.join(hosts)}, as the task before")
        return hosts


def host_argument() -> Argument:
    """-H HOST. What is given several times has become one value with commas (commandline/argv.py)."""
    text = "hosts, groups, patterns or 'all', with commas (default: the host of the task before, else osprey.host)"
    return Argument(names=("host", "H"), help=text)


class HostTask(invoke.Task[Any]):
    """A task that runs on the hosts of -H: its body takes a Site, and may return an Outcome.

    changes_with: the option without which it only looks.
    """

    def __init__(self, body: Any, *, kind: Kind = Kind.CHANGE, changes_with: str = "", **given: Any) -> None:
        super().__init__(body, **given)
        self.kind, self.changes_with = kind, changes_with

    def get_arguments(self, ignore_unknown_help: Optional[bool] = None) -> list[Argument]:  # noqa: FBT001 (Invoke's)
        """The body's own arguments, -H, -v, --wait, --serial and --keep-going."""
        known = self.help.copy()  # Invoke takes each text away when it is read
        own = super().get_arguments(ignore_unknown_help)
        self.help = known
        for argument in own:
            argument.names += tuple(
                more[name] for more in (OLD_FLAGS, SHORT_FLAGS) for name in argument.names if name in more
            )
        return [
            *own,
            host_argument(),
            Argument(names=("verbose", "v"), kind=bool, default=False, help="show what the commands print"),
            Argument(names=("wait",), kind=bool, default=False, help="wait for the host's lock, an hour at most"),
            Argument(
                names=("serial",),
                help=f"how many of the hosts at a time (default {self.pace(None, self.kind).at_once or 'all'})",
            ),
            Argument(
                names=("keep-going",), kind=bool, default=False, help="begin on the other hosts though one failed"
            ),
        ]

    def __call__(self, context: invoke.Context, *args: Any, **given: Any) -> None:
        """Run the body on each host, at the pace of its kind or of --serial and --keep-going."""
        session = Session.of(context)
        chosen, verbose, wait = given.pop("host", None), given.pop("verbose", False), given.pop("wait", False)
        serial, keep_going = given.pop("serial", None), given.pop("keep-going", False)
        try:
            kind = Kind.LOOK if self.changes_with and not given.get(self.changes_with) else self.kind
            kind = Kind.WATCH if given.get("follow") else kind
            config, pace = configured(context), self.pace(serial, kind, keep_going=keep_going)
            where = session.chosen(context, config, chosen, self.title)
            sites = [session.site(config, name, verbose=verbose, dry=bool(context.config.run.dry)) for name in where]
            for site in sites:
                site.change.task, site.change.image, site.change.wait = typed(self.title, given), image_of(given), wait
            body = functools.partial(attended(self.body, config.hosts), *args, **given)
            with signals_as_interrupt():
                if len(sites) == 1:
                    run_confirmed(body, sites[0])
                else:
                    run_on_hosts(session.screen, sites, body, pace)
        except OspreyError as error:
            if not error.printed:
                Console(session.screen, "").error(error)
                error.printed = True
            raise
        except KeyboardInterrupt:
            raise Interrupted("interrupted") from None
        session.last = tuple(where)

    def pace(self, serial: Optional[str], kind: Kind, *, keep_going: bool = False) -> Pace:
        """How the task goes over several hosts. Errors: Usage when --serial is no number."""
        at_once = number("--serial", serial) if serial is not None else None
        return Pace.of(kind, at_once, keep_going=keep_going)

    @property
    def title(self) -> str:
        """The task as `inv` calls it: its module is its namespace."""
        space = self.body.__module__.rpartition(".")[2]
        return self.name if space == "tasks" else f"{space}.{self.name}"


task = functools.partial(invoke.task, klass=HostTask, auto_shortflags=False, positional=[])
"""The decorator of every task here. No short flags: `-h` must stay help, and `-v` and `-H` mean the same everywhere."""


def attended(body: Any, known: list[str]) -> Any:
    """The body of a task, which also notes the releases that it saw, and tells a slip in the name of a host."""

    def attending(site: Site, **given: Any) -> Any:
        try:
            return body(site, **given)
        except NoSuchHost as error:
            if site.name in known or not (meant := near(site.name, known)):
                raise
            raise Usage(f"{error.case}; did you mean {either(meant)}?") from None
        finally:
            if facts := getattr(site.change, "last", None):
                seen.note(site.name, at_hand(facts), running(facts), _place(site, facts))

    return attending


def _place(site: Site, facts: Facts) -> seen.Place:
    """Where the service is; the next command asks root about it only where sudo wants no password."""
    by_root = facts.engine is not None and facts.engine.sudo and facts.host.private
    return seen.Place(facts.host.folder, by_root and site.host.permit(root=True))


@contextmanager
def signals_as_interrupt() -> Iterator[None]:
    """In the block, SIGTERM and SIGHUP act as Ctrl-C: the host is left in order, and the history is written."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {one: signal.getsignal(one) for one in ENDS}
    ours = [one for one, how in before.items() if how is signal.SIG_DFL]
    for one in ours:
        signal.signal(one, signal.default_int_handler)
    try:
        yield
    finally:
        for one in ours:
            signal.signal(one, before[one])


def release_of(version: str) -> Release:
    """The release that --version names. Errors: Usage."""
    if not version:
        raise Usage("which version?", hint="the same with 0.3 after the task")
    return parse(version)


def as_json(data: Any) -> Any:
    """Facts as plain data."""
    if dataclasses.is_dataclass(data) and not isinstance(data, type):
        return {field.name: as_json(getattr(data, field.name)) for field in dataclasses.fields(data)}
    if isinstance(data, Mapping):
        return {key: as_json(value) for key, value in data.items()}
    if isinstance(data, (tuple, frozenset)):
        return [as_json(item) for item in (sorted(data) if isinstance(data, frozenset) else data)]
    return data
