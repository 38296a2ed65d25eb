"""Each relative link in the documents leads somewhere, and each page can be found."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.citations import DOCS, PROJECT, unfenced
from tests.docs.site_hook import anchor

PAGES = [PROJECT / "README.md", PROJECT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]


def links(page: Path) -> list[str]:
    """The targets of a page's links, but for those to other sites."""
    text = re.sub(r"`[^`\n]*`", "", unfenced(page.read_text()))
    targets = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r"^\[[^\]]+\]:\s+(\S+)", text, re.MULTILINE)
    return [target for target in targets if not re.match(r"[a-z]+:", target)]


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    found: set[str] = set()
    for title in re.findall(r"^#{1,6} +(.+?)\s*$", unfenced(page.read_text()), re.MULTILINE):
        made = first = anchor(re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title), "-")
        again = 0
        while made in found:
            again += 1
            made = f"{first}-{again}"
        found.add(made)
    return found


def missing(page: Path, link: str) -> str:
    """What the link names that is not there; "" when it leads somewhere."""
    name, _, anchor = link.partition("#")
    target = (page.parent / name).resolve() if name else page
    if not target.exists():
        return f"{page.relative_to(PROJECT)}: there is no {name}"
    if anchor and target.suffix == ".md" and anchor not in anchors(target):
        return f"{page.relative_to(PROJECT)}: {name or 'this page'} has no heading #{anchor}"
    return ""


def test_each_link_in_the_documents_leads_to_a_file_and_a_heading_that_are_there() -> None:
    found = [(page, link) for page in PAGES for link in links(page)]
    assert len(found) >= 20
    wrong = [said for page, link in found if (said := missing(page, link))]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("link", ["gone.md", "fieldbook/macos.md#7-nothing", "#nothing", "../README.md#nothing"])
def test_a_link_that_leads_nowhere_is_found(link: str) -> None:
    assert missing(DOCS / "runbook.md", link)


@pytest.mark.parametrize("index", sorted(DOCS.rglob("README.md")), ids=lambda index: str(index.parent.name))
def test_each_page_of_a_folder_of_documents_is_in_the_folders_index(index: Path) -> None:
    pages = {page.name for page in index.parent.iterdir() if page.is_file()} - {"README.md"}
    assert pages
    assert pages <= set(links(index))
