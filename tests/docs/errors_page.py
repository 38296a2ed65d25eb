"""The table of docs/errors.md, from the errors themselves: `python -m tests.docs.errors_page` writes it."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from ospreyops.errors import OspreyError
from tests.docs.citations import DOCS
from tests.docs.generated import write

DOCUMENT = DOCS / "errors.md"
WRITER = "tests.docs.errors_page"
TRY = "Try: "


def kinds(above: type[OspreyError] = OspreyError) -> Iterator[type[OspreyError]]:
    """The kinds of errors, each before those that are more exactly it."""
    for kind in above.__subclasses__():
        if kind.__module__ == OspreyError.__module__:
            yield kind
            yield from kinds(kind)


def told(kind: type[OspreyError]) -> tuple[str, str]:
    """What an error means, and what to try, as its docstring says them."""
    meaning, *others = (" ".join(part.split()) for part in inspect.cleandoc(kind.__doc__ or "").split("\n\n"))
    tried = [part.removeprefix(TRY) for part in others if part.startswith(TRY)]
    return meaning, " ".join(tried)


def table() -> str:
    """Each kind of error, its exit status, what it means, and what to try."""
    rows = ["| error | exit status | what it means | what to try |", "|---|---|---|---|"]
    for kind in kinds():
        meaning, tried = told(kind)
        above = kind.mro()[1]
        more = "" if above is OspreyError else f", a kind of {above.__name__}"
        rows.append(f"| {kind.__name__}{more} | {int(kind.status)} | {meaning} | {tried} |")
    return "\n".join(rows)


if __name__ == "__main__":
    write(DOCUMENT, WRITER, table())
