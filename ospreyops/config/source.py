"""One place that settings come from, with the line of each; what is wrong with it is kept beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from invoke.util import yaml

from ..errors import Usage
from ..secret import Secret
from ..settings import Key, dotted
from ..text import parse_json

DEEPEST = 4
"""Levels below `osprey` whose lines are told: hosts.NAME.releases.VERSION."""
OURS = ("host", "hosts", "groups")
"""What no other program reads: above `osprey` in a file, it is a slip."""
LONGEST_HINT = 90
"""Signs of a hint that still stands in the line of its mistake."""
COLON = "it is NAME: VALUE, with a blank after the colon; a value that has a colon itself stands in quotes"
INDENT, TAB = "all names of a mapping have the same indent", "blanks, not tabs, make the indent"
HINTS = {
    "found character '\\t'": TAB,
    "mapping values are not allowed": COLON,
    "could not find expected ':'": COLON,
    "expected <block end>": INDENT,
    "expected ',' or": "is a bracket or a brace left open?",
    "expected the node content": "is a bracket or a brace left open?",
    "found unexpected end of stream": "is a quote left open?",
}
"""What is meant where PyYAML's problem begins so."""


def keys_as_written(loader: Any, node: Any) -> Any:
    """A mapping in a settings file, whose keys are text as it stands there: to YAML, the version 0.10 is 0.1."""
    for key, _ in node.value:
        if isinstance(key, yaml.ScalarNode) and not key.tag.endswith(":merge"):
            key.tag = "tag:yaml.org,2002:str"
    return loader.construct_yaml_map(node)


LOADER: Any = yaml.SafeLoader
LOADER.add_constructor("tag:yaml.org,2002:map", keys_as_written)


class Mistake(NamedTuple):
    """What is wrong, and where: a file with its line, or a variable."""

    place: str
    error: Usage

    def __str__(self) -> str:
        hint = f"; try: {self.error.hint}" if 0 < len(self.error.hint) <= LONGEST_HINT else ""
        return f"{self.place}: {self.error.case}{hint}" if self.place else f"{self.error.case}{hint}"


@dataclass(frozen=True)
class Source:
    """The part `osprey` of a file, or of the environment. places: where each key stands, for people."""

    name: str
    data: Any = field(default_factory=dict)
    places: Mapping[Key, str] = field(default_factory=dict)
    slips: tuple[Mistake, ...] = ()

    def value(self, key: Key) -> Any:
        """What stands there; None for nothing."""
        found = self.data
        for part in key:
            found = found.get(part) if isinstance(found, Mapping) else None
        return found


def read_file(path: Path, name: str, *, own: bool = False) -> Source:
    """The settings in a file; none where there is none. own: nothing but `osprey` belongs there."""
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return Source(name)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        return Source(name, slips=(Mistake(name, Usage(f"it cannot be read: {why}")),))
    if path.suffix == ".json":
        return _read_json(text, name)
    return read(text, name, own=own)


def read(text: str, name: str, *, own: bool = False) -> Source:
    """The settings in a text of YAML."""
    loader, places, slips = None, {}, []
    try:
        loader = LOADER(text)
        node = loader.get_single_node()
        for key, mark, again in _marks(node):
            place = f"{name}:{mark.line + 1}"
            if again:
                slips.append(Mistake(place, Usage(f"{_title(key)} is there twice", hint="one of the two")))
            elif key[:1] == ("osprey",):
                places[key[1:]] = place
            elif len(key) == 1 and (own or key[0] in OURS):
                slips.append(Mistake(place, Usage(f"{key[0]} is not under osprey", hint="osprey: in a line above")))
        whole = loader.construct_document(node) if node else {}
    except yaml.MarkedYAMLError as error:
        return Source(name, slips=(_unreadable(error, text, name),))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        why = " ".join(str(error).split()) or "it is nested too deeply"
        return Source(name, slips=(Mistake(name, Usage(f"it cannot be read: {Secret(why)}")),))
    finally:
        if loader:
            loader.dispose()
    return _source(name, whole, places, slips)


def _read_json(text: str, name: str) -> Source:
    try:
        whole = parse_json(text)
    except ValueError as error:
        return Source(name, slips=(Mistake(name, Usage(f"it cannot be read: {error}")),))
    return _source(name, whole, {(): name}, [])


def _source(name: str, whole: Any, places: Mapping[Key, str], slips: list[Mistake]) -> Source:
    if not isinstance(whole, Mapping):
        return Source(name, slips=(Mistake(name, Usage("it cannot be read: it is no mapping of names to values")),))
    part = whole.get("osprey")
    if part is not None and not isinstance(part, Mapping):
        told = f"{Secret(part[:80])!r}, " if isinstance(part, str) else ""
        slips.append(Mistake(places.get((), name), Usage(f"osprey is {told}not a mapping of settings")))
        part = None
    return Source(name, part or {}, places, tuple(slips))


def _marks(node: Any, key: Key = ()) -> Iterator[tuple[Key, Any, bool]]:
    """Each key of a mapping and of those in it, with its mark, and whether it was there before."""
    if not isinstance(node, yaml.MappingNode) or len(key) > DEEPEST:
        return
    seen = set()
    for name, value in node.value:
        if isinstance(name, yaml.ScalarNode) and not name.tag.endswith(":merge"):
            yield (*key, name.value), name.start_mark, name.value in seen
            seen.add(name.value)
            if not key and name.value != "osprey":
                continue
            yield from _marks(value, (*key, name.value))


def _title(key: Key) -> str:
    return dotted(key[1:]) if key[:1] == ("osprey",) else ".".join(key)


def _unreadable(error: Any, text: str, name: str) -> Mistake:
    """The mistake that PyYAML tells, in one line."""
    mark = error.problem_mark or error.context_mark
    problem = " ".join(str(error.problem or error.context).split())
    lines = [*text.splitlines(), ""]
    line = lines[min(mark.line, len(lines) - 1)] if mark else ""
    near = next((hint for words, hint in HINTS.items() if problem.startswith(words)), "")
    hint = TAB if "\t" in line[: len(line) - len(line.lstrip())] else near
    place = f"{name}:{mark.line + 1}" if mark else name
    return Mistake(place, Usage(f"this is no YAML: {Secret(problem)}{f' ({hint})' if hint else ''}"))
