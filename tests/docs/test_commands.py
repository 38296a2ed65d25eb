"""Each command that the documents name can be typed."""

from __future__ import annotations

import pytest

from tests.docs.citations import PROJECT
from tests.docs.commands import PAGES, Typed, blocks, in_block, typed, wrong

COMMANDS = list(dict.fromkeys(command for page in PAGES for command in typed(page)))
OTHER_BLOCKS = {
    "README.md": ("pipx install", "pip's; tests/house/test_packaging.py installs the package"),
    "docs/architecture.md": ("settings → target", "stateDiagram", "a picture"),
    "docs/extending.md": ('"""The VM\'s clock', "Python; test_extending_page.py holds it against the file"),
    "docs/security.md": (" workstation", "a picture"),
    "docs/settings.md": ("osprey:", "YAML"),
    "docs/zero-downtime.md": ("1. before", "a picture"),
}
"""Page -> how its blocks without a command begin, and what they are."""
NOT_OURS = ("docs/runbook.md", "docs/fieldbook/", "docs/decisions/")
"""What quotes the lines of others. Where one of ours is in it, it is tried all the same."""


@pytest.mark.parametrize("command", COMMANDS, ids=str)
def test_each_command_in_the_documents_is_one_that_the_tool_understands(command: Typed) -> None:
    assert not wrong(command)


def test_no_block_of_code_is_passed_over_in_silence() -> None:
    silent = [
        f"{name}: {block[:40]}"
        for page in PAGES
        if not (name := page.relative_to(PROJECT).as_posix()).startswith(NOT_OURS)
        for block in blocks(page)
        if not list(in_block(block)) and not block.startswith(OTHER_BLOCKS.get(name, ("",))[:-1] or "\0")
    ]
    assert silent == []


@pytest.mark.parametrize(
    "text",
    [
        "inv deploi --version 0.3",
        "inv deploy --versoin 0.3",
        "inv status nowhere",
        "ospreyops --help gone",
        "make nothing",
        "make fuzz SED=7",
        "python -m tests.gone",
        "fab -c tasks gone",
    ],
)
def test_a_command_that_nobody_could_type_is_found(text: str) -> None:
    assert wrong(Typed("page", text))


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("$ inv status -H lab      # what runs", ["inv status -H lab"]),
        ('eval "$(inv completion bash)"   # in ~/.bashrc', ["inv completion bash"]),
        ("inv completion fish >~/.config/fish/completions/inv.fish", ["inv completion fish"]),
        ("make demo    # an engine", ["make demo"]),
        ("✓ inv status is fine", []),
        ("inventory", []),
    ],
)
def test_each_form_in_which_a_command_is_written_is_read(line: str, found: list[str]) -> None:
    assert list(in_block(line)) == found
