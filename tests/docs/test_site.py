"""The site that `make docs` makes of the documents."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest

from tests.docs.citations import DOCS, PROJECT
from tests.docs.site_hook import on_page_markdown

SITE = (PROJECT / "mkdocs.yml").read_text()


def test_each_page_is_in_the_navigation_once() -> None:
    nav = re.findall(r"^ +- (?:.+: )?(\S+\.md)$", SITE, re.MULTILINE)
    assert sorted(nav) == sorted(page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md"))


def test_it_loads_nothing_from_elsewhere() -> None:
    assert "font: false" in SITE
    assert not re.search("://|superfences|cdn", SITE)


def page(markdown: str, name: str = "a.md") -> str:
    """The Markdown of a page of the site."""
    return on_page_markdown(markdown, SimpleNamespace(file=SimpleNamespace(src_uri=name)), {"docs_dir": str(DOCS)})


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("see [the rule](../ospreyops/goals/loss.py).", "see the rule."),
        (
            "[`README`](../README.md#install), [more](tasks.md#several-hosts)",
            "`README`, [more](tasks.md#several-hosts)",
        ),
        ("[gone](../gone.py), [here](#here)", "[gone](../gone.py), [here](#here)"),
        ("```\n[a](../README.md)\nb\n- c\n```", "```\n[a](../README.md)\nb\n- c\n```"),
        ("One:\n- a\n- b\n  more\n- c\n", "One:\n\n- a\n- b\n  more\n- c\n"),
        ("- a\n  - b\n    more\n- c\n", "- a\n    - b\n    more\n- c\n"),
    ],
)
def test_links_that_leave_it_are_text_and_a_list_begins_where_github_begins_it(written: str, shown: str) -> None:
    assert page(written) == shown
