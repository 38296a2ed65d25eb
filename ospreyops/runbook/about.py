"""The page that the command alone shows: what this is, the tasks of every day, and what is next."""

from __future__ import annotations

from .. import __version__, seen
from ..config.configuration import Configuration
from ..desk import Desk, desk_task
from ..settings import HERE
from ..text import command, counted, table

EVERY_DAY = (
    ("status -H {host}", "what runs there, and is it healthy?"),
    ("deploy 0.3 -H {host}", "bring a release there"),
    ("rollback -H {host}", "go back to the release before"),
    ("doctor -H {host}", "what is wrong, and what repairs it"),
    ("heal -H {host}", "repair it"),
)


@desk_task(default=True)
def about(desk: Desk) -> None:
    """Show the tasks of every day, and what is next."""
    for line in page(desk.config, command()):
        desk.console.say(line)


def page(config: Configuration, program: str) -> list[str]:
    """The page, a line each. program: the command that was typed."""
    rows = [(f"  {program} {line.format(host='HOST')}", what) for line, what in EVERY_DAY]
    more = [
        (f"  {program} --list", "all tasks"),
        (f"  {program} --help TASK", "the options of a task"),
        (f"  {program} --dry TASK …", "the lines that it would run"),
        (f"  {program} hosts", "the hosts of your settings"),
        (f"  {program} config -H HOST", "what is set for a host, and where"),
    ]
    lines = table([*rows, *more]).split("\n")
    title = f"ospreyops {__version__}: deploys the Osprey service onto a lab's hosts,"
    first = [title, "one Docker container each, and keeps it alive.", "", "Every day:"]
    return [*first, *lines[: len(rows)], "", "To find your way:", *lines[len(rows) :], "", *_next(config, program)]


def _next(config: Configuration, program: str) -> list[str]:
    """What is next for whoever has these settings; no host is asked for it."""
    if wrong := config.mistakes():
        return [f"Next: the settings have {counted(len(wrong), 'mistake')}:", f"  {program} config"]
    if not config.hosts:
        return ["Next: no host is named yet. This makes your file of settings:", f"  {program} init"]
    chosen = [host for host in config.default if host != HERE] or config.hosts[:1]
    steps = [seen.next_for(host) for host in chosen]
    look = seen.Next(f"a look at {', '.join(chosen)}", f"status -H {','.join(chosen)}")
    first = next((step for step in steps if not step.line.startswith("status ")), look)
    return [f"Next: {first.why}:", f"  {program} {first.line}"]
