"""All settings that there are, put together, with where each stands, and all that is wrong with them."""

from __future__ import annotations

import fnmatch
import reprlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import Usage
from ..machines import machine
from ..settings import HERE, Key, Settings, examined, given, login_parts, names, own_part
from ..text import counted
from .source import Mistake, Source

ALL = "all"
"""The name of all hosts of the settings, for -H."""


@dataclass(frozen=True)
class Configuration:
    """What the sources say together; the last one counts most."""

    sources: tuple[Source, ...]
    data: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        """Put them together."""
        data: dict[str, Any] = {}
        for source in self.sources:
            merge(data, source.data)
        object.__setattr__(self, "data", data)

    @property
    def hosts(self) -> list[str]:
        """The hosts that the settings name."""
        found = self.data.get("hosts")
        return [str(name) for name in found] if isinstance(found, Mapping) else []

    @property
    def groups(self) -> dict[str, list[str]]:
        """The groups of hosts, as far as they are right."""
        found = self.data.get("groups")
        each = found.items() if isinstance(found, Mapping) else ()
        return {str(name): group for name, group in each if _is_names(group)}

    def settings(self, name: str) -> Settings:
        """The checked settings of a host. Errors: Usage, with all that is wrong with them."""
        found, wrong = examined(self.data, name)
        mistakes = [*self._slips(), *(Mistake(self.place(key), error) for key, error in wrong)]
        if mistakes:
            raise refusal(mistakes)
        return found

    def selected(self, hosts: str) -> list[str]:
        """The hosts that a value of -H names, each once: hosts, groups, patterns, all. Errors: Usage."""
        found: list[str] = []
        for part in (part.strip() for part in hosts.split(",")):
            if part in self.groups:
                found += names(",".join(self.groups[part]))
            elif part == ALL or set(part) & set("*?["):
                matching = self.hosts if part == ALL else fnmatch.filter(self.hosts, part)
                if not matching:
                    raise Usage(f"no host of the settings matches {part!r}", hint=", ".join(self.hosts) or "inv init")
                found += matching
            else:
                found += names(part)
        return list(dict.fromkeys(found))

    @property
    def default(self) -> list[str]:
        """The hosts of a task without -H. Errors: Usage."""
        chosen = self.data.get("host")
        if chosen is not None and not isinstance(chosen, str):
            raise Usage(f"osprey.host is {reprlib.repr(chosen)}, not a host name")
        return self.selected(HERE if chosen is None else chosen)

    def place(self, key: Key) -> str:
        """Where a key, or what it is in, stands: a file with its line, or a variable."""
        having = [source for source in reversed(self.sources) if key in source.places]
        filled = [source for source in having if source.value(key) is not None] or having
        if filled:
            return filled[0].places[key]
        return self.place(key[:-1]) if key else ""

    def origin(self, name: str, key: str) -> str:
        """Where a host's setting comes from; "default" where it is given nowhere."""
        own = own_part(self.data, name)
        at, value = given(self.data, own, name, key)
        if value is None and key in ("user", "port"):
            at, address = given(self.data, own, name, "address")
            value = login_parts(str(address or "")).get(key)
        return "default" if value is None else self.place(at)

    def mistakes(self) -> list[Mistake]:
        """All that is wrong, of all hosts, each once."""
        return list({str(one): one for one in (*self._slips(), *self._of_hosts(), *self._of_groups())}.values())

    def _slips(self) -> Iterator[Mistake]:
        for source in self.sources:
            yield from source.slips

    def _of_hosts(self) -> Iterator[Mistake]:
        for name in self.hosts or [HERE]:
            found, wrong = examined(self.data, name)
            yield from (Mistake(self.place(key), error) for key, error in wrong)
            yield from self._refused(("hosts", name), lambda name=name: names(name))
            at, _ = given(self.data, own_part(self.data, name), name, "machine")
            yield from self._refused(at, lambda found=found: machine(found))

    def _of_groups(self) -> Iterator[Mistake]:
        yield from self._refused(("host",), lambda: self.default)
        found = self.data.get("groups") or {}
        hint = "groups: {lab: [olympias, grisman-36]}"
        if not isinstance(found, Mapping):
            yield Mistake(self.place(("groups",)), Usage("osprey.groups is not a mapping of names to hosts", hint=hint))
            return
        taken = {ALL: "all hosts", **dict.fromkeys(self.hosts, "a host")}
        for name, hosts in found.items():
            at = ("groups", str(name))
            if name in taken:
                yield Mistake(self.place(at), Usage(f"osprey.groups.{name}: {name} is {taken[name]}, not a group"))
            if not _is_names(hosts):
                yield Mistake(self.place(at), Usage(f"osprey.groups.{name} is not a list of host names", hint=hint))
            else:
                yield from self._refused(at, lambda hosts=hosts: names(",".join(hosts)))

    def _refused(self, key: Key, check: Any) -> Iterator[Mistake]:
        try:
            check()
        except Usage as error:
            yield Mistake(self.place(key), error)


def _is_names(group: Any) -> bool:
    return isinstance(group, list) and bool(group) and all(isinstance(host, str) for host in group)


def merge(into: dict[str, Any], data: Any, depth: int = 2) -> None:
    """Put data over what is there: single values, and what is said of a host or of a group."""
    for key, value in data.items():
        if depth and isinstance(value, Mapping) and isinstance(there := into.get(key) or {}, dict):
            into[key] = there
            merge(there, value, depth - 1)
        elif value is not None or key not in into:
            into[key] = value


def refusal(mistakes: list[Mistake]) -> Usage:
    """The error that tells mistakes: one in its own line, several in a line each."""
    if len(mistakes) == 1:
        ((place, error),) = mistakes
        return Usage(f"{place}: {error.case}" if place else error.case, hint=error.hint)
    lines = [str(one) for one in mistakes]
    return Usage(f"{counted(len(mistakes), 'mistake')} in the settings", evidence="\n".join(lines), hint="inv config")
