"""Lines for a user's login shell, which may be any of sh, bash, dash, zsh, csh, tcsh, fish."""

from __future__ import annotations

ALONE = (("'", '"\'"'), ("\\", "\\\\"), ("!", "\\!"))
"""Signs that mean something to a shell even between single quotes: a backslash to fish, an exclamation mark to csh.

No replacement has a sign that comes after it here.
"""
WORD = 1500
"""Signs of a word: csh takes no word over 8 KiB."""
JOIN = 'IFS=; set -- "$*"; unset IFS; eval "$1"'


def exec_sh(line: str, before: str = "") -> str:
    """The words that have any login shell become a POSIX shell that runs the line. before: what starts that shell.

    A csh takes no line with a newline in it.
    """
    if len(line) <= WORD:
        return f"exec {before}/bin/sh -c {word(line)}"
    parts = (line[begin : begin + WORD] for begin in range(0, len(line), WORD))
    return f"exec {before}/bin/sh -c {word(JOIN)} sh {' '.join(map(word, parts))}"


def word(text: str) -> str:
    """The text as one word, for any login shell."""
    for sign, alone in ALONE:
        text = text.replace(sign, f"'{alone}'")
    return f"'{text}'"
