"""The service, as one place sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Optional


class Symptom(str, Enum):
    """What was met instead of a healthy service."""

    CLOSED = "nothing listens"
    SILENT = "no answer in time"
    CUT = "the connection ended too early"
    SERVER_ERROR = "HTTP 5xx"
    FOREIGN = "not the JSON of an Osprey service"
    UNASKED = "the question could not be asked"
    OTHER = "something else"


HANGING = frozenset(Symptom) - {Symptom.OTHER, Symptom.UNASKED}
"""How a service that hangs looks; a restart cures none of the others, such as another version or certificate."""


@dataclass(frozen=True)
class Problem:
    """Why something is not as it should be; None stands for fine."""

    text: str
    symptom: Symptom = Symptom.OTHER

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class ProbeResult:
    """How the service looks from one place.

    about: the proxy's text at /about, None when it did not answer; error: why not.
    desktop: protocol version -> None when OSPREY Desktop is content three times in a row, else the problem.
    expires: epoch seconds, of the certificate. family: of the addresses over which it was asked; "" when any would do.
    """

    where: str
    about: Optional[str] = None
    error: Optional[Problem] = None
    desktop: Mapping[str, Optional[Problem]] = field(default_factory=dict)
    issuer: str = ""
    expires: Optional[float] = None
    family: str = ""

    @property
    def content(self) -> list[str]:
        """The versions whose OSPREY Desktop is content here."""
        return [version for version, problem in self.desktop.items() if problem is None]

    def version_problem(self, version: str) -> Optional[Problem]:
        """Why OSPREY Desktop of that version is not content from here; None if it is."""
        if self.about is None:
            error = self.error or Problem("no answer", Symptom.SILENT)
            return Problem(f"{self.where} does not answer: {error}", error.symptom)
        if version not in self.desktop:
            return Problem(f"{self.where} does not know v{version}: {self.about.strip()!r}")
        if problem := self.desktop[version]:
            return Problem(f"{self.where}/v{version}/about: {problem}", problem.symptom)
        return None

    def problem(self, version: str) -> Optional[Problem]:
        """Why OSPREY Desktop of that version, or of another that is served, is not content; None if all are."""
        return next(filter(None, map(self.version_problem, (version, *self.desktop))), None)


@dataclass(frozen=True)
class Way:
    """One of the host's own addresses that are no loopback, asked on the host: packets for it meet the same rules.

    about: the text of /about at the service's port, None when nothing answers there.
    port: that of a container, asked in the same way; alongside: the text that it answers.
    """

    where: str
    about: Optional[str] = None
    port: Optional[int] = None
    alongside: Optional[str] = None

    @property
    def family(self) -> str:
        """Of the address."""
        return "IPv6" if "[" in self.where else "IPv4"

    def at(self, port: int) -> str:
        """The same address at another port."""
        return f"{self.where.rpartition(':')[0]}:{port}"
