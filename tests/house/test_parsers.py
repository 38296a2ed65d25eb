"""Each module that reads what somebody else wrote is fed odd inputs by tests/fuzz."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.fuzz.registry import parsers

PACKAGE = Path(__file__).parents[2] / "ospreyops"
MODULES = ("re", "tarfile", "urllib.parse", "cryptography", "requests", "plistlib", "xml", "struct")
NAMES = tuple(f"{module}." for module in MODULES)
CALLS = ("parse_json", "parse_object", "whole_number", "splitlines", "loads", "strptime", "fromhex")
"""What a module has that reads texts: it imports one of the former, or names one of the latter."""
BY_LOOKS = (
    *("look.host", "look.place", "look.state", "look.service", "look.alongside", "facts.engine"),
    *("tools.supervisor", "daemon.pythons"),
)
"""Modules that whole looks and the tools' own entries go through."""
OWN = {
    "change.detached": "a number, which text.py reads",
    "commandline.argv": "what the user types; its own tests feed it odd words",
    "commandline.program": "leaves out what is no name of a host",
    "commandline.listing": "what the tool itself wrote",
    "checks": "values of settings, which settings.py hands it",
    "config.own": "a file of the user's own, which source.py reads before and after",
    "config.places": "variables of the user's own",
    "console": "colours of its own, and what it shows",
    "console.screen": "what it shows",
    "daemon.bundle": "the metadata of installed packages",
    "delivery.load": "looks for words of its own gate, and shows the rest",
    "delivery.part": "a tar that archive.py has read; its own tests damage one",
    "delivery.source": "writes a tar, and reads none",
    "delivery.upload": "a number, which text.py reads",
    "errors": "what it shows",
    "healing.notify": "a URL of the user's own settings",
    "healing.watch": "its own reasons",
    "remote.command": "the tool's own lines; the last line of an answer is shown",
    "remote.heard": "looks for the first words of a row, and for two numbers in a line of its own gate",
    "remote.host": "looks for words, and shows the rest",
    "remote.perl": "the tool's own programs",
    "remote.identities": "the user's own keys, on this computer",
    "remote.ssh_config": "what this computer's own ssh prints of the user's own files",
    "tools.docker_events": "writes a URL, and reads no text: whatever Docker says is an event",
    "runbook.lock": "what it shows",
    "runbook.watch": "the job's own file, of which a bounded part is looked at",
}
"""Modules that only look for words, or read what the tool itself wrote."""


def reads(tree: ast.Module) -> Iterator[str]:
    """What makes a module one that reads."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if f"{alias.name}.".startswith(NAMES))
        elif isinstance(node, ast.ImportFrom) and not node.level and f"{node.module}.".startswith(NAMES):
            yield str(node.module)
        elif isinstance(node, (ast.Name, ast.Attribute)):
            name = node.id if isinstance(node, ast.Name) else node.attr
            yield from [name] * (name in CALLS)


def readers() -> dict[str, list[str]]:
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        name = ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")
        if because := list(reads(ast.parse(path.read_text("utf-8")))):
            found[name] = because
    return found


def test_each_module_that_reads_texts_is_fed_odd_ones_or_says_why_not() -> None:
    fed = {parser.name.split()[0] for parser in parsers()}
    unfed = {
        module: because
        for module, because in readers().items()
        if module not in (*OWN, *BY_LOOKS) and not any(f"{name}.".startswith(f"{module}.") for name in fed)
    }
    assert unfed == {}


def test_each_module_that_is_fed_nothing_reads_texts() -> None:
    assert [module for module in (*OWN, *BY_LOOKS) if module not in readers()] == []


def test_a_parser_has_a_name_of_its_own_and_something_that_it_reads_each_day() -> None:
    names = [parser.name for parser in parsers()]
    assert len(names) == len(set(names)) > 50
    assert [parser.name for parser in parsers() if not parser.seeds] == []
