"""What a host is asked for once is asked for once, whichever threads need it at a time."""

from __future__ import annotations

import threading

import pytest

from ospreyops.errors import Blocked
from ospreyops.remote.background import Background, on_main_thread
from ospreyops.remote.once import once


class Asked:
    """Something whose password is asked for. refused: so many times there is none."""

    def __init__(self, refused: int = 0) -> None:
        self.refused, self.count = refused, 0
        self.begun, self.may_end = threading.Event(), threading.Event()

    @once
    def password(self) -> str:
        """The password."""
        self.begun.set()
        self.may_end.wait(10)
        return str(on_main_thread(self.typed))

    def typed(self) -> str:
        self.count += 1
        if self.count <= self.refused:
            raise Blocked("no password")
        return f"password {self.count}"


def waiting(asked: Asked) -> list[Background]:
    """Threads that want it while the first of them is about to ask."""
    first = Background(lambda: asked.password)
    asked.begun.wait(10)
    others = [Background(lambda: asked.password) for _ in range(3)]
    asked.may_end.set()
    return [first, *others]


def test_two_threads_that_need_a_password_have_it_asked_for_once() -> None:
    asked = Asked()
    assert [one.result(10) for one in waiting(asked)] == ["password 1"] * 4
    assert asked.password == "password 1"


def test_the_main_thread_that_needs_it_too_asks_the_user_for_the_thread_that_was_first() -> None:
    asked = Asked()
    first = Background(lambda: asked.password)
    asked.begun.wait(10)
    asked.may_end.set()
    assert asked.password == first.result(10) == "password 1"


def test_who_asks_after_a_refusal_is_asked_anew() -> None:
    asked = Asked(refused=1)
    first = Background(lambda: asked.password)
    asked.may_end.set()
    with pytest.raises(Blocked):
        first.result(10)
    assert asked.password == "password 2"


def test_it_is_asked_for_anew_for_another_owner_and_for_each_object() -> None:
    one, another = Asked(), Asked()
    one.may_end.set()
    another.may_end.set()
    assert one.password == another.password == "password 1"
    vars(Asked)["password"].forget(one)
    assert (one.password, another.password) == ("password 2", "password 1")
