"""What gives every task its -H: a task's body works on a Site; this makes one, or several side by side."""

from __future__ import annotations

import dataclasses
import functools
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Optional

import invoke
from invoke.config import AmbiguousMergeError
from invoke.exceptions import AmbiguousEnvVar, UncastableEnvVar
from invoke.parser import Argument

from .aside import Aside
from .console import Console, Screen
from .errors import Interrupted, OspreyError, Usage
from .ledger import about, typed
from .plan import state
from .release import Release, parse
from .settings import DEFAULTS, names, settings
from .site import Site, site

ENDS = tuple(number for name in ("SIGTERM", "SIGHUP") if (number := getattr(signal, name, None)))
"""The signals that end a task as Ctrl-C does."""


class Session:
    """What the tasks of one chain share: the terminal, the sites with their connections, the last hosts."""

    def __init__(self) -> None:
        self.screen = Screen()
        self.sites: dict[str, Site] = {}
        self.last: tuple[str, ...] = ()

    @classmethod
    def of(cls, context: invoke.Context) -> Session:
        """The session of the command line that the context belongs to; it lives as long as its configuration."""
        kept: Session = vars(context.config).setdefault("osprey_session", cls())
        return kept

    def site(self, config: Mapping[str, Any], name: str, *, verbose: bool, dry: bool) -> Site:
        """The host's site, the same for all tasks of the chain."""
        if name not in self.sites:
            self.sites[name] = site(settings(config, name), Console(self.screen, name), dry=dry)
        self.sites[name].console.verbose = verbose
        return self.sites[name]


class HostTask(invoke.Task[Any]):
    """A task that runs on the hosts of -H: its body takes a Site, and may return a line for the summary."""

    def get_arguments(self, ignore_unknown_help: Optional[bool] = None) -> list[Argument]:
        """The body's own arguments, -H, -v and --wait."""
        return [
            *super().get_arguments(ignore_unknown_help),
            Argument(
                names=("host", "H"), help="the hosts, with commas; else the host of the task before, else osprey.host"
            ),
            Argument(names=("verbose", "v"), kind=bool, default=False, help="show what the commands print"),
            Argument(
                names=("wait",), kind=bool, default=False, help="wait while another changes the host, an hour at most"
            ),
        ]

    def __call__(self, context: invoke.Context, *args: Any, **given: Any) -> None:
        """Run the body on each host, and show one that fails to the end."""
        session = Session.of(context)
        chosen, verbose, wait = given.pop("host", None), given.pop("verbose", False), given.pop("wait", False)
        try:
            config = configured(context)
            where = self._hosts(context, session, config, chosen)
            sites = [session.site(config, name, verbose=verbose, dry=bool(context.config.run.dry)) for name in where]
            for one in sites:
                one.ledger.task, one.ledger.image, one.ledger.wait = typed(self.title, given), about(given), wait
            body = functools.partial(self.body, *args, **given)
            with ended_alike():
                if len(sites) == 1:
                    with sites[0].ledger.closed():
                        body(sites[0])
                else:
                    side_by_side(session.screen, sites, body)
        except OspreyError as error:
            if not error.printed:
                Console(session.screen, "").bad(error)
                error.printed = True
            raise
        except KeyboardInterrupt:
            raise Interrupted("interrupted") from None
        session.last = tuple(where)

    def _hosts(
        self, context: invoke.Context, session: Session, config: Mapping[str, Any], chosen: Optional[str]
    ) -> list[str]:
        """The hosts of -H, of `fab -H`, of the task before, or of the settings."""
        by_fab = getattr(context, "original_host", None)
        if by_fab and chosen:
            raise Usage("both fab's -H and the task's own are given", hint="one of them")
        if chosen is not None or by_fab:
            return names(chosen if chosen is not None else str(by_fab))
        default = config.get("host")
        if not isinstance(default, str):
            raise Usage(f"osprey.host is {default!r}, not a host name")
        hosts = list(session.last) or names(default)
        if hosts != names(default):
            Console(session.screen, "").note(f"{self.title}: on {', '.join(hosts)}, as the task before")
        return hosts

    @property
    def title(self) -> str:
        """The task as `inv` calls it: its module is its namespace."""
        space = self.body.__module__.rpartition(".")[2]
        return self.name if space == "tasks" else f"{space}.{self.name}"


task = functools.partial(invoke.task, klass=HostTask, auto_shortflags=False, positional=[])
"""The decorator of every task here. No short flags: `-h` must stay help, and `-v` and `-H` mean the same everywhere."""


def side_by_side(screen: Screen, sites: list[Site], body: Any) -> None:
    """Run the body on all sites at once; one that fails does not stop the others. A summary, and the worst error."""
    screen.shared = True
    running = [(one, Aside(functools.partial(_alone, body, one))) for one in sites]
    try:
        outcomes = [(one, aside.result()) for one, aside in running]
    except KeyboardInterrupt:
        for one in sites:
            one.interrupted = True
        left = [f"{one.name}: {state(one)}" for one, aside in running if not aside.over]
        for one in sites:
            one.ledger.end("interrupted")
        raise Interrupted("interrupted; the hosts are left so", evidence="\n".join(left)) from None
    screen.shared = False
    summary = Console(screen, "")
    for one, outcome in outcomes if not body.keywords.get("json_") else ():
        failed = isinstance(outcome, OspreyError)
        summary.row(not failed, one.name, outcome.case if failed else outcome or "done")
    errors = [outcome for _, outcome in outcomes if isinstance(outcome, OspreyError)]
    if errors:
        worst = max(errors, key=lambda error: error.exit_code)
        worst.printed = True
        raise worst


def _alone(body: Any, one: Site) -> Any:
    try:
        with one.ledger.closed():
            return body(one)
    except OspreyError as error:
        one.console.bad(error)
        return error


@contextmanager
def ended_alike() -> Iterator[None]:
    """In the block, an end by a signal is an end by Ctrl-C: the host is left in order, and the history told."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in ENDS}
    ours = [number for number, how in before.items() if how is signal.SIG_DFL]
    for number in ours:
        signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, before[number])


def configured(context: invoke.Context) -> Mapping[str, Any]:
    """The `osprey` part of the configuration, with every default, as plain data.

    Invoke merges this part itself only after it could say what is wrong with it; hence here. Errors: Usage.
    """
    try:
        context.config.load_collection({"osprey": DEFAULTS})
        context.config.load_shell_env()
    except (AmbiguousMergeError, AmbiguousEnvVar, UncastableEnvVar, ValueError) as error:
        raise Usage(
            f"the settings do not fit: {error}", hint="invoke.yaml, and the variables INVOKE_OSPREY_…"
        ) from None
    found = _plain(context.config["osprey"])
    if not isinstance(found, dict):
        raise Usage(f"osprey is {found!r}, not a mapping of settings")
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, (Mapping, invoke.config.DataProxy)):
        found: Any = value
        return {str(key): _plain(found[key]) for key in found}
    return value


def wanted(version: str) -> Release:
    """The release that --version names. Errors: Usage."""
    if not version:
        raise Usage("which version?", hint="--version 0.3")
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
