"""The Perl programs that run on a host: each is a file in this package, and is sent as one line."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

REFUSED = {
    "!": "an exclamation mark, which a csh expands even between quotes",
    "'": "a single quote, which is quoted again by each shell on its way",
    "<<": "a here-document, which needs its newlines",
    r"\s#": "a comment behind code, which would hide the rest of the program",
    "^=[a-z]": "documentation (POD), which needs its newlines",
    "^__(END|DATA)__": "an end mark, which would hide the rest of the program",
    r'^[^"]*"([^"]*"[^"]*")*[^"]*$': "a text over more than one line",
    r"[^ -~]": "a character that is not printable ASCII",
}
"""What cannot be sent in one line, as a pattern for a line of the program."""


@cache
def program(package: str, name: str) -> str:
    """The program in that file of the package, on one line, for `perl -e`."""
    return one_line(resources.files(package).joinpath(name).read_text(encoding="utf-8"))


def one_line(source: str) -> str:
    """The program without its comments, indentation and newlines: a login shell may be csh, which takes none.

    Errors: ValueError, with the reason and the line, when the program would not be the same on one line.
    """
    lines = [line.strip() for line in source.splitlines()]
    code = [line for line in lines if line and not line.startswith("#")]
    for line in code:
        for pattern, reason in REFUSED.items():
            if re.search(pattern, line):
                raise ValueError(f"{reason}: {line}")
    return " ".join(code)
