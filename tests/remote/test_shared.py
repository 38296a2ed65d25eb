"""Questions that begin alike: one shell runs the beginning once, and each has an answer of its own all the same."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from ospreyops.remote.command import Answer, Command, quote
from ospreyops.remote.protocol import batch, parse_batch


def ask(shared: str, limit: float = 20, **lines: str) -> dict[str, Answer]:
    """The answers to lines that have a beginning in common, and to one that has not."""
    questions = {name: Command(shared + line, limit, shared=shared) for name, line in lines.items()}
    words = ["sh", "-c", batch({**questions, "other": Command("echo it", limit)})]
    answers = parse_batch(subprocess.check_output(words, text=True, timeout=60))
    assert answers.pop("other") == Answer(0, "it\n")
    return answers


def test_the_beginning_runs_once_and_each_question_has_its_own_answer(tmp_path: Path) -> None:
    log = tmp_path / "log"
    begin = f"x=1; echo begun >>{quote(str(log))}; "
    assert ask(begin, a="echo $x; x=2; cd /", b='echo "$x"; echo no >&2; exit 3', c="pwd", d="printf '\n\n'") == {
        "a": Answer(0, "1\n"),
        "b": Answer(3, "1\n", "no\n"),
        "c": Answer(0, f"{Path.cwd()}\n"),
        "d": Answer(0, "\n\n"),
    }
    assert log.read_text() == "begun\n"


def test_a_question_that_hangs_leaves_the_answers_before_it(tmp_path: Path) -> None:
    (tmp_path / "there").touch()
    answers = ask(f"cd {quote(str(tmp_path))}; ", limit=2, a="ls", b="echo begun; sleep 60", c="ls")
    assert answers == {
        "a": Answer(0, "there\n"),
        "b": Answer(-1, "begun\n", late=True),
        "c": Answer(-1, late=True),
    }


def test_a_shell_that_is_killed_has_answered_no_question_after_that() -> None:
    answers = ask("x=1; ", a="echo $x", b="kill -9 $$; sleep 1", c="echo never")
    assert answers["a"] == Answer(0, "1\n") and answers["c"] == Answer(-1, late=True)


@pytest.mark.parametrize("words", ["\nospreyops-1 0\n", "\n$1 0\n", "\nc 0 0 61. .\n", "\n\0\n"])
def test_what_a_question_prints_ends_no_answer(tmp_path: Path, words: str) -> None:
    (tmp_path / "file").write_text(words)
    assert ask(f"f={quote(str(tmp_path))}/file; ", a='cat "$f"', b="echo b") == {
        "a": Answer(0, words),
        "b": Answer(0, "b\n"),
    }


def test_more_than_is_kept_of_an_answer_is_no_answer() -> None:
    answers = ask("n=7000000; ", a="echo a", b="head -c $n /dev/zero", c="echo c")
    assert answers["a"] == Answer(0, "a\n") and answers["b"].late and answers["c"].late
