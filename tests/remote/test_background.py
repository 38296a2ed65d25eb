"""Who asks the user something does it in the main thread, whichever thread needs the answer."""

from __future__ import annotations

import threading
import time

import pytest

from ospreyops.remote.background import Background, on_main_thread


def test_a_question_of_any_thread_is_asked_in_the_main_thread() -> None:
    asked = [Background(lambda: on_main_thread(threading.current_thread)) for _ in range(3)]
    assert [one.result(10) for one in asked] == [threading.main_thread()] * 3
    assert on_main_thread(threading.current_thread) is threading.main_thread()


def test_a_question_takes_nothing_of_the_limit_of_who_waits() -> None:
    def slow() -> str:
        time.sleep(0.3)
        return "said"

    asked = Background(lambda: on_main_thread(slow))
    assert asked.result(0.2, "late") == "said"


def test_whoever_is_interrupted_at_the_question_gets_the_interrupt_and_the_thread_an_error() -> None:
    def interrupted() -> str:
        raise KeyboardInterrupt

    asked = Background(lambda: on_main_thread(interrupted))
    with pytest.raises(KeyboardInterrupt):
        asked.result(10)
    with pytest.raises(KeyboardInterrupt):
        asked.result(10)


def test_a_call_that_never_ends_is_given_up_at_the_limit() -> None:
    never = threading.Event()
    waiting = Background(never.wait)
    assert waiting.result(0.05, "late") == "late" and not waiting.over
    with pytest.raises(TimeoutError):
        waiting.wait(0.05)
    never.set()
    assert waiting.result(10) is True and waiting.over
