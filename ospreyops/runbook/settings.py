"""The tasks about the settings: make the file, add a host, list the hosts, tell what counts for a host and why."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Callable, Optional

from ..config import own
from ..config.configuration import ALL, Configuration, refusal
from ..config.places import own_file, shown
from ..config.source import Mistake, Source, read
from ..desk import Desk, desk_task
from ..errors import Blocked, OspreyError, Usage
from ..secret import Secret
from ..settings import HERE, KEYS, examined, names
from ..text import counted, table

HELP = {
    "address": "host name or IP address for SSH, or an alias of ssh_config; the host's name if not given",
    "user": "user to log in as",
    "machine": "where Docker runs: native, or virtualbox",
    "folder": "folder on the host for releases and the log",
}
QUESTIONS = {
    "address": ("Address: host name, IP address or alias of ssh_config", "the name"),
    "user": ("User to log in as", "as ssh_config says"),
    "machine": ("Where does Docker run: native, or virtualbox", "native"),
    "folder": ("Folder for releases and the log", str(KEYS["folder"].default)),
}
"""What is asked for a host, and what an empty answer means: the setting's default."""
_KEY = f"  {{:<{max(map(len, KEYS))}}}"
"""The column of the settings' names, which is the same for what is set and for the defaults."""


@desk_task(positional=[], help={"name": "name of the first host, as -H takes it", **HELP})
def init(desk: Desk, name: str = "", address: str = "", user: str = "", machine: str = "", folder: str = "") -> None:
    """Make your own file of settings, with a first host.

    It asks questions on a terminal, unless --name is given. A file that is there is left as it is.
    """
    given = {"address": address, "user": user, "machine": machine, "folder": folder}
    if own.current() is not None:
        if name:
            hint = f"inv host.add {name}, with the same options"
            raise Blocked(f"{shown(own_file())} is there already, and was left as it is", hint=hint)
        desk.console.success(f"nothing to do: {shown(own_file())} is there; inv host.add NAME adds a host")
        return
    if not name and desk.interactive:
        desk.console.say(f"Your settings go to {shown(own_file())}. Enter alone takes what is in brackets.")
        name = _asked(desk, "Name of the first host, as you will type it after -H", "", lambda text: _new(desk, text))
        given = _answers(desk, name, given)
    if name:
        _new(desk, name)
    values = _checked(name, given)
    _write(desk, own.new_text(name, values), name, values)


@desk_task(positional=["name"], help={"name": "the new host's name, as -H takes it", **HELP})
def add(desk: Desk, name: str, address: str = "", user: str = "", machine: str = "", folder: str = "") -> None:
    """Name a new host in your own file of settings.

    It asks questions on a terminal, unless an option is given. Comments in the file stay.
    """
    _new(desk, name)
    given = {"address": address, "user": user, "machine": machine, "folder": folder}
    text = own.current()
    if text and (slips := read(text, shown(own_file()), own=True).slips):
        raise refusal(list(slips))
    if desk.interactive and not any(given.values()):
        given = _answers(desk, name, given)
    values = _checked(name, given)
    new = own.new_text(name, values) if text is None else own.added(text, name, values)
    if new is None:
        lines = own.entry(name, values, 4).rstrip()
        raise Blocked(f"{shown(own_file())} is not in lines that can be added to: add this there", evidence=lines)
    _write(desk, new, name, values)


@desk_task(positional=[], help={"json_": "one line of JSON for each host"})
def hosts(desk: Desk, host: Optional[str] = None, json_: bool = False) -> None:
    """Show the hosts of the settings, and their groups."""
    shown_hosts = desk.chosen(host) if host else desk.config.hosts
    rows = [("host", "login", "Docker", "groups", "from")]
    for name in shown_hosts:
        found, _ = examined(desk.config.data, name)
        groups = [group for group, members in desk.config.groups.items() if name in members]
        place = desk.config.place(("hosts", name))
        if json_:
            told = {"host": name, "login": found.login, "machine": found.machine, "groups": groups, "from": place}
            desk.console.data(told)
        rows.append((name, found.login, found.machine, ", ".join(groups), place))
    if not json_ and shown_hosts:
        _table(desk, rows)
        desk.console.dim(f"a task without -H works on {', '.join(desk.config.default)}")
    if not json_ and not shown_hosts:
        desk.console.say("no host is named in the settings yet: inv init, or inv host.add NAME")


@desk_task(positional=[], help={"json_": "one line of JSON for each host"})
def config(desk: Desk, host: Optional[str] = None, json_: bool = False) -> None:
    """Show what counts for a host, and where that is set.

    It also tells every mistake in the settings, of any host.
    """
    wrong = desk.config.mistakes()
    for name in desk.chosen(host):
        found, _ = examined(desk.config.data, name)
        origins = {key: desk.config.origin(name, key) for key in KEYS}
        told = {key: _shown(getattr(found, key)) for key in KEYS}
        if json_:
            each = {key: {"value": told[key], "from": origins[key]} for key in KEYS}
            desk.console.data({"host": name, "settings": each, "mistakes": [str(one) for one in wrong]})
            continue
        own = [key for key in KEYS if origins[key] != "default"]
        desk.console.say(f"set for {name}:" if own else f"nothing is set for {name}")
        _table(desk, [(_KEY.format(key), str(told[key]), origins[key]) for key in own])
        desk.console.say("defaults:")
        _table(desk, [(_KEY.format(key), str(told[key])) for key in KEYS if key not in own and told[key]])
        if name not in (HERE, *desk.config.hosts):
            near = difflib.get_close_matches(name, desk.config.hosts, 1)
            meant = f"; did you mean {near[0]}?" if near else ""
            desk.console.dim(f"{name} is not in the settings: it goes through ssh_config{meant}")
    if wrong:
        raise Usage(f"{counted(len(wrong), 'mistake')} in the settings", evidence="\n".join(map(str, wrong)))


def _table(desk: Desk, rows: Sequence[Sequence[str]]) -> None:
    """Rows in columns; what the terminal has no room for goes on below."""
    if rows:
        desk.console.say(table(rows), hang=2)


def _answers(desk: Desk, name: str, given: Mapping[str, str]) -> dict[str, str]:
    """The settings of a host, as somebody answers on the terminal; what is given is not asked for."""
    found = dict(given)
    for key, (question, default) in QUESTIONS.items():
        if not found[key]:
            check = functools.partial(_check_answer, name, key)
            found[key] = _meant(key, _asked(desk, question, default, check))
    return found


def _asked(desk: Desk, question: str, default: str, check: Callable[[str], object]) -> str:
    """An answer that is right; a wrong one is told, and asked for again."""
    while True:
        answer = desk.ask(question, default)
        try:
            check(answer)
        except Usage as error:
            desk.console.error(error)
        else:
            return answer


def _check_answer(name: str, key: str, answer: str) -> None:
    _checked(name, {key: _meant(key, answer)})


def _meant(key: str, answer: str) -> str:
    return "" if answer == QUESTIONS[key][1] else answer


def _new(desk: Desk, name: str) -> None:
    """Errors: Usage, Blocked where the name is none, or is taken."""
    names(name)
    if "," in name or name in (ALL, HERE, *desk.config.groups):
        raise Usage(f"{name!r} cannot be the name of a host", hint="a name of its own, such as olympias")
    if name in desk.config.hosts:
        raise Blocked(f"{name} is there already: {desk.config.place(('hosts', name))}", hint=f"inv config -H {name}")


def _checked(name: str, given: Mapping[str, str]) -> dict[str, str]:
    """The settings that are given, if they are right. Errors: Usage."""
    values = {key: value for key, value in given.items() if value}
    config = Configuration((Source("", {"hosts": {name: values}}),))
    wrong = [Mistake("", one.error) for one in config.mistakes()]
    if name and wrong:
        raise refusal(wrong)
    return values


def _write(desk: Desk, text: str, name: str, values: Mapping[str, str]) -> None:
    """Write the file, or show it in a dry run; then tell what is next for the host of that name."""
    if desk.dry:
        desk.console.dry_step(f"{shown(own_file())} is to be", text.rstrip("\n"))
        return
    path = own.write(text)
    desk.console.success(f"{shown(path)} is written")
    task = "add" if not name else "check" if _is_known(name, values) else "trust"
    desk.console.say(f"next: inv host.{task} {name or 'NAME'}")


def _is_known(name: str, values: Mapping[str, str]) -> bool:
    """known_hosts has a key of the host. Where that cannot be told, host.trust tells why."""
    from ..remote.ssh import is_known

    with suppress(OspreyError):
        return is_known(examined({"hosts": {name: values}}, name)[0])
    return False


def _shown(value: Any) -> Any:
    """A setting's value for a person, or for JSON."""
    if isinstance(value, tuple):
        return ", ".join(f"{version} {digest[:12]}" for version, digest in value)
    return str(value) if isinstance(value, Secret) else value
