"""A host without Perl: its questions are asked by sh alone, one after the other, to say what else is missing there.

Nothing is changed in this way: without Perl no line has a lock, nor a limit that outlives the connection.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from . import protocol
from .command import Answer, Command
from .host import Host
from .login_shell import exec_sh

LONGEST = 120
"""Seconds for all questions."""
ASK = (
    'ask() { t=; if command -v timeout >/dev/null; then t="timeout $2"; fi; '
    'o=$($t /bin/sh -c "$3" 2>/dev/null </dev/null; printf " %s" $?); '
    'printf "\\n%s %s 0 %s. .\\n" "$1" "${o##* }" "$(printf %s "${o% *}" | od -An -v -tx1 | tr -d " \\n")"; }; '
)
"""Prints a row as ask.pl does. The exit status is what follows the last blank."""


class PlainHost(Host):
    """The same host over a connection of its own."""

    def ask(self, questions: Mapping[str, Command], *, sudo: bool = False) -> dict[str, Answer]:
        """The answers to all questions; one that did not come is late. Errors: Unreachable; Blocked as for sudo."""
        asked = "; ".join(f"ask {name} {one.limit:.0f} {shlex.quote(one.line)}" for name, one in questions.items())
        words = exec_sh(protocol.PATH + ASK + asked)
        answer = self._execute(words, LONGEST, user="root" if sudo else self._owner)
        return {**dict.fromkeys(questions, Answer(-1, late=True)), **protocol.parse_batch(answer.out)}
