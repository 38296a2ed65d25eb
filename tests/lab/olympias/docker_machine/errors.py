"""How a command ends when it does not end well."""

from __future__ import annotations


class Failure(Exception):
    """What docker-machine says on standard error, and its exit status."""

    def __init__(self, text: str, status: int = 1) -> None:
        super().__init__(text)
        self.status = status


class NotRunning(Failure):
    """A question that only a running machine can answer."""

    def __init__(self) -> None:
        super().__init__("Host is not running")


class NoMachine(Failure):
    """VirtualBox does not know the machine."""

    def __init__(self) -> None:
        super().__init__("machine does not exist")


class Misuse(Exception):
    """A flag that docker-machine does not know, which it complains about with exit status 0."""


class Unknown(Exception):
    """Something the real docker-machine may do, of which the field book says nothing: the lab fails loudly."""
