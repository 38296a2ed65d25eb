"""What the code and the documents cite of the field book and of the runbook is there."""

from __future__ import annotations

import re

import pytest

from tests.docs.citations import DOCS, Citation, FieldBook, Passage, Runbook, passages, unfenced

FIELD_BOOK = FieldBook(DOCS / "fieldbook")
RUNBOOK = Runbook(DOCS / "runbook.md")
SOURCES = [DOCS / "runbook.md", *(DOCS / "fieldbook" / f"{book}.md" for book in FIELD_BOOK.books)]


def wrong(citations: list[Citation]) -> str:
    return "\n".join(str(citation) for citation in citations if citation.wrong)


def test_each_citation_of_the_field_book_names_a_section_that_is_there() -> None:
    cited = list(FIELD_BOOK.citations(passages(without=SOURCES)))
    assert len([one for one in cited if one.where.startswith("ospreyops/")]) >= 20
    assert not wrong(cited), wrong(cited)


def test_each_quotation_of_the_runbook_is_in_it() -> None:
    quoted = list(RUNBOOK.citations(passages(without=SOURCES)))
    assert len([one for one in quoted if one.where.startswith("ospreyops/")]) >= 25
    assert not wrong(quoted), wrong(quoted)


def test_each_quotation_in_the_table_of_tasks_is_in_the_runbook() -> None:
    cells = re.findall(r'^\| "(.+?)"[^"|]*\|', unfenced((DOCS / "tasks.md").read_text()), re.MULTILINE)
    assert len(cells) >= 8
    assert not [cell for cell in cells if RUNBOOK.missing(cell, shell=False)]


def test_each_section_that_one_book_names_of_another_is_there() -> None:
    found = []
    for book in FIELD_BOOK.books:
        text = (DOCS / "fieldbook" / f"{book}.md").read_text()
        found += [(named or book, number) for named, number in re.findall(r"(?:([\w-]+)\.md )?§(\d+)", text)]
    assert len(found) >= 20
    assert not [(book, number) for book, number in found if FIELD_BOOK.missing(f"{book}, {number}")]


@pytest.mark.parametrize(
    "text",
    [
        "Kept on the host (field book: macos, 99).",
        "Kept on the host (field book: macosx, 5).",
        "Kept on the host (field book: osprey-release, 5-77).",
        "Field book: docker-machine, 9 and 100: nothing starts it again.",
        "As the field book has it (vboxmanage, 12), it is saved.",
        "Field book: docker-machine 9 has it.",
        'Field book: world, "Windows": nothing.',
    ],
)
def test_a_citation_of_a_section_that_is_not_there_is_found(text: str) -> None:
    assert wrong(list(FIELD_BOOK.citations([Passage("a.py", 1, text)])))


@pytest.mark.parametrize(
    "text",
    [
        'Runbook: "Starting the service of Osprey".',
        'Runbook, "Starting Osprey service", "Stopping the service"; and more.',
        "Runbook: `docker stop the-service`.",
        "Runbook: `VBoxManage controlvm … natpf2 …`; and more.",
        "Runbook: `docker store < FILE`.",
        "Runbook: `…`.",
        "Runbook: how it is stopped.",
        "See runbook, line 4500.",
    ],
)
def test_a_quotation_that_the_runbook_does_not_have_is_found(text: str) -> None:
    assert wrong(list(RUNBOOK.citations([Passage("a.py", 1, text)])))


@pytest.mark.parametrize(
    ("text", "cited"),
    [
        ("Of a Mac (field book: macos,\n    5) and of none.", ["macos, 5"]),
        ("Field book: docker-machine, 3 and 11: DHCP.", ["docker-machine, 3 and 11"]),
        ("VMs (field book: docker-machine, vboxmanage).", ["docker-machine", "vboxmanage"]),
        ("Both (field book: macos, 1 and vboxmanage, 5-7).", ["macos, 1", "vboxmanage, 5-7"]),
        ('Field book: world, "Shells, sudo": fish.', ['world, "Shells, sudo"']),
        ("As the field book has it (macos, 1); more.", ["macos, 1"]),
        ("The field book does not know it.", []),
    ],
)
def test_each_form_in_which_the_field_book_is_cited_is_read(text: str, cited: list[str]) -> None:
    found = list(FIELD_BOOK.citations([Passage("a.py", 1, text)]))
    assert [one.cited for one in found] == cited
    assert not wrong(found)


@pytest.mark.parametrize(
    ("text", "cited"),
    [
        (
            'Runbook, "Starting Osprey service",\n"Check service status".',
            ["Starting Osprey service", "Check service status"],
        ),
        ("Runbook: `docker stop osprey-service`; until `--rm` is done.", ["docker stop osprey-service"]),
        ('Runbook: `docker-machine ssh … "sudo date -u …"`.', ['docker-machine ssh … "sudo date -u …"']),
        ("See runbook, line 45.", ["line 45"]),
        ("The runbook's way.", []),
    ],
)
def test_each_form_in_which_the_runbook_is_cited_is_read(text: str, cited: list[str]) -> None:
    found = list(RUNBOOK.citations([Passage("a.py", 1, text)]))
    assert [one.cited for one in found] == cited
    assert not wrong(found)
