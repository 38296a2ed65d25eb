"""A property that is made once for each object, while others are made for theirs."""

from __future__ import annotations

from functools import partial
from typing import Any, Callable, Generic, TypeVar

from .background import Outcome

Value = TypeVar("Value")


class once(Generic[Value]):  # noqa: N801 (used as `property` is)
    """Like functools.cached_property, whose lock all objects of a class share before Python 3.12.

    Hosts would be connected to one after the other under it; and the main thread, which alone asks the user, would
    wait for a thread that needs an answer.
    """

    def __init__(self, make: Callable[[Any], Value]) -> None:
        self._make, self.__doc__ = make, make.__doc__

    def __set_name__(self, kind: type, name: str) -> None:
        self._key = f"once {name}"

    def __get__(self, owner: Any, kind: object = None) -> Value:
        """The value, made by the thread that asks first. Errors: what making it raises; after that it is made anew."""
        own = Outcome()
        first: Outcome = vars(owner).setdefault(self._key, own)
        if first is own:
            own.make(partial(self._make, owner))
            if own.failed:
                self.forget(owner)
        value: Value = first.result()
        return value

    def forget(self, owner: Any) -> None:
        """The value is made anew when it is asked for next."""
        vars(owner).pop(self._key, None)
