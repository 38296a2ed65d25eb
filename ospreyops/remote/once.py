"""A property that is made once for each object, while others are made for theirs."""

from __future__ import annotations

from typing import Any, Callable, Generic, TypeVar

Value = TypeVar("Value")


class once(Generic[Value]):  # noqa: N801 (used as `property` is)
    """Like functools.cached_property, whose lock all objects of a class share before Python 3.12.

    Hosts would be connected to one after the other under it.
    """

    def __init__(self, make: Callable[[Any], Value]) -> None:
        self._make, self.__doc__ = make, make.__doc__

    def __get__(self, owner: Any, kind: object = None) -> Value:
        """The value, made when it is asked for first."""
        value = vars(owner)[self._make.__name__] = self._make(owner)
        return value
