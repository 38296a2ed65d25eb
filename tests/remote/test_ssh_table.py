"""What ssh does with files of ssh_config and known_hosts, the tool does, and docs/ssh.md says so."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator

import pytest

from tests.remote import ssh_table
from tests.remote.ssh_cases import Case
from tests.remote.ssh_table import CASES, DOCUMENT, Said, Servers


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    with ssh_table.servers() as ours:
        yield ours


@pytest.fixture(scope="module")
def said() -> dict[Case, Said]:
    """What was said in each case that has been tried."""
    return {}


@pytest.mark.parametrize("case", CASES, ids=[re.sub(r"\W+", "_", case.title) for case in CASES])
def test_the_tool_connects_where_ssh_does_and_nowhere_else(
    servers: Servers, said: dict[Case, Said], case: Case
) -> None:
    found = said[case] = servers.said(case)
    if case.stricter:
        assert (found.ssh, found.tool) == (True, False), found.words
    else:
        assert found.tool is found.ssh, found.words


def test_the_document_has_the_table_of_what_was_seen(servers: Servers, said: dict[Case, Said]) -> None:
    seen = {case: said.get(case) or servers.said(case) for case in CASES}
    table = DOCUMENT.read_text().partition(ssh_table.BEGIN)[2].partition(ssh_table.END)[0]
    assert table.strip() == ssh_table.table(seen).strip(), "python -m tests.remote.ssh_table"


def test_the_document_says_of_every_keyword_that_ssh_knows_what_becomes_of_it() -> None:
    said = subprocess.run(["ssh", "-G", "--", "host"], capture_output=True, text=True, timeout=20).stdout
    known = {line.partition(" ")[0].lower() for line in said.splitlines()}
    rows = re.findall(r"^\| ([A-Z][\w, ]+) \|", DOCUMENT.read_text(), re.MULTILINE)
    assert known - {word.strip().lower() for row in rows for word in row.split(",")} == set()
