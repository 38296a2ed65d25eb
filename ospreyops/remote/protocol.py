"""The limit of a line, kept by Perl on the host: a Mac has no `timeout` and no `setsid` (field book: macos, 5).

A remote process goes on when the connection to it is closed. So each line runs in a process group of its own, and Perl
kills that group when the time is over. A line of a task that has the host's lock is guarded, too: it does not begin
once another task has the lock, and nobody gets the lock while it goes on.
"""

from __future__ import annotations

import re
import secrets
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..errors import Blocked, Superseded
from .command import Answer, Command, quote
from .login_shell import exec_sh
from .perl import program

LATE = 124
"""The exit status of a line whose time was over."""
LATE_MARK = "ospreyops: ended at its limit"
"""What such a line ends its standard error with: a line of its own may exit with 124, too."""
REFUSED = 123
"""The exit status of a line that did not begin."""
REFUSED_MARK = "ospreyops: refused: "
"""What its standard error has then."""
NOT_OWN = 121
"""The exit status of a line that did not begin, because others may change what it works on (own.pl)."""
OPEN = re.compile("^ospreyops: others may write: (.*)$", re.MULTILINE)
"""What its standard error has then."""
LONGEST = 1 << 20
"""Bytes of a question's output that are kept; the rest is dropped."""
PATH = 'umask g-w,o-w; PATH="$PATH:/usr/local/bin:/opt/homebrew/bin:/usr/sbin:/sbin"; LC_ALL=C; export PATH LC_ALL; '
"""A Mac's sshd gives none of these folders, and a Linux user's PATH has no sbin. Programs speak as they are read.

Nobody else may write what a line makes, whatever the umask of the host is.
"""


@dataclass(frozen=True)
class Guard:
    """The lock of a host, under which lines run.

    files: the folder of its files; token: of the task that has it; sudo: only root may read the files.
    """

    files: str
    token: str
    sudo: bool


def new_mark() -> str:
    """A mark that no other line prints."""
    return f"ospreyops-{secrets.token_hex(8)}"


def with_timeout(command: Command, mark: str = "", *, gains: bool = False) -> str:
    """The command's line under its limit, for any login shell.

    mark: what it prints on both of its outputs first; gains: it has more rights than the login user.
    """
    line = command.line
    if command.own:
        line = f"{own('check' if gains else 'root', command.own)} || exit {NOT_OWN}; {line}"
    begins = f"echo {mark}; echo {mark} >&2; " if mark else ""
    return _in_sh("limit.pl", [_seconds(command), begins + line])


def own(how: str, *paths: str) -> str:
    """Shell that asks whether others may change the paths. how: as own.pl takes it."""
    return f"perl -e {quote(program(__package__, 'own.pl'))} {how} {' '.join(map(quote, paths))}"


def guarded(words: str, command: Command, guard: Guard) -> str:
    """The words that run a command, for as long as the guard's task has the lock, for any login shell."""
    shown = " ".join(re.sub("perl -e '[^']*'", "perl -e …", command.line).split())
    return _in_sh("guard.pl", [guard.files, guard.token, _seconds(command), shown, words])


def kept(words: str) -> str:
    """The words of a sudo that a guard runs, in a shell that stays: sudo closes the descriptor that locks the line.

    A signal is for what runs in it.
    """
    return f"trap : INT TERM HUP; {words}; exit $?"


def check_begun(name: str, answer: Answer) -> None:
    """Check that a line began on the host of that name.

    Errors: Superseded when its task had lost the lock; Blocked when others may change what it works on.
    """
    if answer.code == REFUSED and REFUSED_MARK in answer.err:
        raise Superseded(f"{name} refused a line: {answer.err.partition(REFUSED_MARK)[2].strip()}")
    if answer.code == NOT_OWN:
        check_own(name, answer.err)


def check_own(name: str, said: str) -> None:
    """Check that a line did not say that others may change what it works on. Errors: Blocked."""
    if found := OPEN.search(said):
        hint = f"ls -ld {quote(found[1])}, on {name}: nobody but root, or the user whose line it is, may write there"
        raise Blocked(f"{name} refused a line: others may write {found[1]}", hint=hint)


def batch(questions: Mapping[str, Command]) -> str:
    """One line that runs all questions at the same time, each under its own limit.

    Those that share their beginning run one after the other, under the longest of their limits.
    `parse_batch` reads what it prints.
    """
    groups: dict[str, dict[str, Command]] = {}
    for name, question in questions.items():
        groups.setdefault(question.shared or name, {})[name] = question
    words = []
    for shared, group in groups.items():
        longest = max(group.values(), key=lambda question: question.limit)
        line = longest.line if len(group) == 1 else _one_after_the_other(shared, group.values())
        words += [",".join(group), _seconds(longest), str(longest.vain or ""), line]
    return _in_sh("ask.pl", words)


def _one_after_the_other(shared: str, questions: Iterable[Command]) -> str:
    """The line of all that share their beginning. After each comes the mark that ask.pl gives, on both outputs."""
    mark = 'printf "\\n%s %s\\n" "$1" $?; printf "\\n%s\\n" "$1" >&2; '
    return shared + "".join(f"( {question.line.removeprefix(shared)} ); {mark}" for question in questions)


def parse_batch(printed: str) -> dict[str, Answer]:
    """The answers by the names of their questions. Bytes that are not UTF-8 are replaced, other lines passed over."""
    found = {}
    for line in printed.splitlines():
        if row := re.fullmatch(r"(\w+) (-?[0-9]{1,3}) ([01]) ((?:[0-9a-f]{2})*)\. ((?:[0-9a-f]{2})*)\.", line):
            name, code, late, out, err = row.groups()
            found[name] = Answer(int(code), _text(out), _text(err), late == "1")
    return found


def no_answers(name: str, answered: str, answer: Answer, hint: str) -> Blocked:
    """Why the host of that name answered only so many questions. hint: a line that shows whether Perl runs there."""
    if re.search("perl: (command )?not found", answer.err):
        return Blocked(f"perl is missing on {name}", hint="apt-get install perl-base")
    evidence = answer.said or f"exit status {answer.code}"
    return Blocked(f"{name} answered {answered} questions", evidence=evidence, hint=hint)


def _in_sh(name: str, words: list[str]) -> str:
    perl = shlex.join(["exec", "perl", "-e", program(__package__, name), *words])
    return exec_sh(PATH + perl)


def _seconds(command: Command) -> str:
    return str(max(1, round(command.limit)))


def _text(hexadecimal: str) -> str:
    return bytes.fromhex(hexadecimal).decode(errors="replace")
