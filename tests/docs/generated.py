"""A table of a document that the code itself writes, between two marks."""

from __future__ import annotations

from pathlib import Path

END = "<!-- to here -->"


def _begin(writer: str) -> str:
    return f"<!-- {writer.replace('.', '/')}.py writes from here -->"


def written(document: Path, writer: str) -> str:
    """The table that stands in the document. writer: the module that makes it."""
    return document.read_text().partition(_begin(writer))[2].partition(END)[0].strip()


def write(document: Path, writer: str, table: str) -> None:
    """Write the table into the document."""
    before, _, rest = document.read_text().partition(_begin(writer))
    after = rest.partition(END)[2]
    document.write_text(f"{before}{_begin(writer)}\n\n{table}\n\n{END}{after}")
