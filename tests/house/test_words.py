"""Foreign words are read in tools, facts and look alone, and Perl stands in files."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "ospreyops"
READERS = ("tools", "facts", "look")
"""The folders that turn what was printed into facts. What is above them takes the facts."""
OWN_WORDS = {
    "commandline/argv.py": "words that a user types",
    "commandline/program.py": "names of hosts, as a user writes them",
    "change/history.py": "the history's own texts, made to fit a table",
    "change/holder.py": "what guard.pl notes of a line",
    "change/lock.py": "what the lock's own Perl programs print",
    "config/places.py": "numbers in variables, as a user writes them",
    "console/__init__.py": "the colours of its own marks",
    "console/screen.py": "where a line that is shown begins",
    "daemon/bundle.py": "the metadata of Python packages, which PEP 345 defines",
    "daemon/install.py": "the ~ of a setting",
    "daemon/pythons.py": "a Python's version number",
    "delivery/image_archive.py": "names and digests in an archive's JSON, which the image specification defines",
    "delivery/partial.py": "names and digests in an archive's JSON, which the image specification defines",
    "delivery/pin.py": "the names in a SHA256SUMS, as people write it",
    "delivery/load.py": "what the gate's own Perl program prints",
    "healing/watch.py": "its own reasons, with the numbers left out",
    "release.py": "version numbers, as a user gives them",
    "remote/command.py": "the tool's own templates and lines",
    "remote/heard.py": "what the protocol's own Perl programs print, and the tool's own lines",
    "remote/ssh_config.py": "ssh's configuration, as ssh prints it: the connection is below tools/",
    "remote/perl.py": "the tool's own Perl programs, before they are sent",
    "remote/protocol.py": "what the protocol's own Perl programs print",
    "runbook/watch.py": "the job's own file, which the tool has written",
    "secret.py": "URLs, as a user writes them",
    "checks.py": "settings, as a user writes them",
    "settings.py": "settings, as a user writes them",
    "text.py": "the tool's own hints",
}
"""The other modules that may use patterns, and whose words they read."""
OUTPUT = ("out", "err", "said")
"""How an answer calls what a foreign program printed."""
PERL = re.compile(r"\bmy ?\(?[$@%]|\$\w+->|\$\w+ ?=~|\bq[qwx]?\(|\bsub ?\{")
"""What a program in Perl has, and a shell's line has not: `perl -e 'setsid; exec @ARGV'` is a command, no program."""


def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        yield path.relative_to(PACKAGE).as_posix(), ast.parse(path.read_text("utf-8"))


def uses_patterns(tree: ast.Module) -> bool:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import) and "re" in [alias.name for alias in node.names]:
            return True
        if isinstance(node, ast.ImportFrom) and node.module == "re" and not node.level:
            return True
    return False


def searched(tree: ast.Module) -> Iterator[str]:
    """The texts that a module looks for in what a program printed: `"refused" in answer.err`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.In, ast.NotIn)):
            where = node.comparators[0]
            if isinstance(where, ast.Attribute) and where.attr in OUTPUT and isinstance(node.left, ast.Constant):
                yield str(node.left.value)


def texts(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_words_of_foreign_programs_are_read_in_tools_facts_and_look_alone() -> None:
    outside = {name: tree for name, tree in modules() if not name.startswith(READERS)}
    assert {name for name, tree in outside.items() if uses_patterns(tree)} <= set(OWN_WORDS)
    assert {name: found for name, tree in outside.items() if (found := list(searched(tree)))} == {}


def test_each_module_that_may_use_patterns_does() -> None:
    found = dict(modules())
    assert [name for name in OWN_WORDS if name in found and not uses_patterns(found[name])] == []


def test_programs_in_perl_stand_in_files_of_their_own() -> None:
    found = {name: [text for text in texts(tree) if PERL.search(text)] for name, tree in modules()}
    assert {name: programs for name, programs in found.items() if programs} == {}
