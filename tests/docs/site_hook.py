"""What `make docs` does to a page before it becomes part of the site (a hook of mkdocs)."""

from __future__ import annotations

import os
import re
from typing import Any

FENCED = re.compile(r"(^```.*?^```[^\n]*$)", re.MULTILINE | re.DOTALL)
LIST = re.compile(r"^((?! |[-*] |\d+\. |\|).+\n)(?= ?[-*] |\d+\. )", re.MULTILINE)
"""A line of a paragraph before a list: GitHub begins the list there, mkdocs wants an empty line."""
NESTED = re.compile(r"^  (?=[-*] )", re.MULTILINE)
"""A list in a list: mkdocs wants four spaces."""
LINK = re.compile(r"(?<!!)\[((?:[^\]\[]|\[[^\]]*\])*)\]\(([^)\s#:]+)(?:#[^)\s]*)?\)")


def on_page_markdown(markdown: str, page: Any, config: Any, **_: Any) -> str:
    """The page with its lists as GitHub finds them, and with no link that leaves the site.

    A link to a file of the checkout that is no page becomes its text: the site has the pages alone.
    """
    docs = os.path.realpath(config["docs_dir"])
    folder = os.path.dirname(os.path.join(docs, page.file.src_uri))

    def shown(link: re.Match[str]) -> str:
        target = os.path.realpath(os.path.join(folder, link[2]))
        outside = os.path.commonpath([docs, target]) != docs
        return link[1] if outside and os.path.exists(target) else link[0]

    parts = FENCED.split(markdown)
    parts[::2] = [NESTED.sub("    ", LIST.sub(r"\1\n", LINK.sub(shown, part))) for part in parts[::2]]
    return "".join(parts)


def anchor(title: str, separator: str) -> str:
    """The anchor of a heading, as GitHub makes it: the documents are read there, too."""
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", separator)
