"""sudo on a host: how its password gets to it, and to nothing that runs behind it.

The password goes to a shell of our own, which reads one line before sudo starts, and hands it on through a pipe. So no
prompt is ever answered: whoever prints one gets nothing. What the program reads comes after that line, or not at all.
"""

from __future__ import annotations

import functools
import getpass
import shlex
import sys
import threading
from collections.abc import Iterator
from typing import Callable

import invoke

from ..console import Console
from ..errors import Blocked
from .background import on_main_thread
from .command import Answer
from .login_shell import exec_sh
from .perl import program
from .protocol import new_mark

CHECK_SECONDS = 15
"""Until sudo must have judged a password: PAM waits for two or three seconds after a wrong one."""
ASKS = "asks\n"
"""What sudo_check.pl prints last where sudo wants a password, or another one. Any other failure is a refusal."""
TRIES = 3
"""Passwords that are asked for."""
READ = "IFS= read -r p || exit 1; "
GIVE = "printf '%s\\n' \"$p\""


def free(words: str, user: str) -> str:
    """The words as that user, where sudo wants no password."""
    return f"env LC_ALL=C sudo -k -n {_as(user)}{words.removeprefix('exec ')}"


def run(words: str, user: str, mark: str) -> str:
    """The words as that user, without an input. They print the mark when they read the password's line."""
    return _sh(f"echo {mark} >&2; {READ}{GIVE} | sudo -k -S -p '' {_as(user)}{words.removeprefix('exec ')}")


def wanted(user: str) -> str:
    """A line that tells whether sudo wants a password to run something as that user."""
    return _sh(f"{check(f'{_as(user)}true')} </dev/null")


def tried(user: str, mark: str) -> str:
    """A line that tries the password once, for that user. It prints the mark when it reads the password."""
    return _sh(f"echo {mark} >&2; {READ}{GIVE} | {check(f'{_as(user)}true')}")


def check(words: str) -> str:
    """The line that runs the words through sudo as sudo_check.pl does."""
    prompt = new_mark()
    perl = ["perl", "-e", program(__package__, "sudo_check.pl"), prompt, str(CHECK_SECONDS)]
    return shlex.join([*perl, *f"sudo -k -S -p {prompt} {words}".split()])


def freely(words: str) -> str:
    """Shell text that sets $s to what runs such words as root, if that needs no password, and else to nothing.

    `sudo -n` is for that, but sudo-rs counts it as a wrong password where one is wanted.
    """
    counts = f'case "$(sudo -V 2>&1)" in sudo-rs*) {check(words)} </dev/null >/dev/null 2>&1 || s=;; esac'
    return f's=; [ "$(id -u)" = 0 ] || {{ s="sudo -n"; {counts}; }}; '


def stream(words: str, user: str) -> str:
    """The words as that user. The first line of their input is the password, the rest is the program's.

    sudo-rs reads ahead: what follows the password on its own input would be lost. sudo checks the password alone, and
    runs the program on its word. A sudo that does not remember that is the older one, which reads no further.
    """
    line = f"{_as(user)}{words.removeprefix('exec ')}"
    remembered = f"{GIVE} | sudo -S -p '' -v && sudo -n true 2>/dev/null"
    anew = f"{{ {GIVE}; exec cat; }} | sudo -k -S -p '' {line}"
    return _sh(f"{READ}if {remembered}; then sudo -n {line}; else {anew}; fi; r=$?; sudo -k; exit $r")


def asked(console: Console, user: str, first: Answer, check: Callable[[str], Answer]) -> str:
    """The password of that user, asked for on the terminal until sudo takes it; "" where sudo wants none.

    first: what `wanted` said; check: tries one. Errors: Blocked without a terminal, and in sudo's own words when it
    refuses for another reason.
    """
    answer, host = first, console.name
    for _ in range(TRIES):
        if answer.ok or not answer.out.endswith(ASKS):
            break
        if not sys.stdin.isatty():
            raise Blocked(
                f"sudo on {host} needs the password of {user}, and there is no terminal to ask for it",
                hint="run the same command in a terminal, or add a sudoers rule with NOPASSWD",
            )
        if answer is not first:
            console.dim("wrong password, try again")
        password: str = on_main_thread(
            functools.partial(_read_hidden, console, f"[sudo] password for {user} on {host}: ")
        )
        answer = check(password)
        if answer.ok:
            return password
    if answer.ok:
        return ""
    raise Blocked(f"{user} may not use sudo on {host}", evidence=answer.err)


def _read_hidden(console: Console, question: str) -> str:
    with console.paused():
        return getpass.getpass(question)


def without(mark: str, said: str) -> str:
    """What a line said, without its mark."""
    return said.replace(f"{mark}\n", "", 1)


class Once(invoke.StreamWatcher):
    """Gives the password when the mark appears for the first time, in whichever stream.

    answered: Invoke watches each stream with an object of its own; this is what they share.
    """

    def __init__(self, mark: str, password: str, answered: threading.Event) -> None:
        super().__init__()
        self._mark, self._password, self._answered = mark, password, answered

    def submit(self, stream: str) -> Iterator[str]:
        """The line to send, if any."""
        if self._mark in stream and not self._answered.is_set():
            self._answered.set()
            yield f"{self._password}\n"


def _as(user: str) -> str:
    return "" if user == "root" else f"-H -u {user} "


def _sh(line: str) -> str:
    return exec_sh(line, "env LC_ALL=C ")
