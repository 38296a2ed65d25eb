"""The Python that a host's watchdog runs with: new enough, and where root runs it, nobody else's to change."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Optional

from ..errors import Blocked
from ..facts.host import HostFacts
from ..remote import protocol
from ..remote.command import Answer, Command, quote
from ..settings import Settings
from . import bundle

PLACES = (
    *("/usr/local/bin/python3", "/opt/homebrew/bin/python3"),
    *("/Library/Frameworks/Python.framework/Versions/Current/bin/python3", "/usr/bin/python3"),
)
SAYS = "import sys, ssl, zlib; print('%d.%d' % sys.version_info[:2], sys.executable)"
ADVICE = "python.org's installer, brew install python or apt-get install python3"


@dataclass(frozen=True)
class Pythons:
    """What a host has. first: the first that is new enough; roots: and that nobody but root may change."""

    first: Optional[str]
    roots: Optional[str]


def questions(settings: Settings) -> dict[str, Command]:
    """The lines that ask for them."""
    # Without the developer tools a Mac's own is a stub, that asks somebody at the screen to install them.
    stub = '[ "$p" = /usr/bin/python3 ] && [ "$(uname -s)" = Darwin ] && ! xcode-select -p >/dev/null 2>&1'
    places = [settings.python] if settings.python else PLACES
    each = " ".join(map(quote, places))
    return {
        "pythons": Command(
            f'for p in {each}; do if {stub} || [ ! -x "$p" ]; then continue; fi; "$p" -I -c {quote(SAYS)}; done; true',
            20,
        ),
        "pythons_open": Command(protocol.own("tell", *places), 20),
    }


def found(answers: Mapping[str, Answer]) -> Pythons:
    """What the answers tell."""
    rows = [row.split("\t") for row in answers["pythons_open"].out.splitlines()]
    others_write = frozenset(row[1] for row in rows if row[0] == "root" and len(row) == 3)
    listing = answers["pythons"].out
    return Pythons(_first(listing, frozenset()), _first(listing, others_write))


def chosen(host: HostFacts, settings: Settings, there: Pythons, *, root: bool) -> str:
    """The host's Python. Errors: Blocked when it has none that is new enough, or, for root, others may change each."""
    if python := there.roots if root else there.first:
        return python
    elsewhere = f"osprey.hosts.{host.name}.python names one that lies elsewhere"
    if there.first:
        raise Blocked(
            f"root would run {there.first} on {host.name}, which others may write",
            hint=f"{ADVICE} there, for root; {elsewhere}",
        )
    needs = "{}.{}".format(*bundle.needs())
    case = f"{settings.python} is no Python" if settings.python else f"there is no Python on {host.name}"
    evidence = ""
    if bundle.needs() > bundle.OLDEST:
        evidence = f"the libraries that are installed here need {needs}; a checkout with an older Python has others"
    hint = f"{ADVICE} there; {elsewhere}"
    raise Blocked(f"{case} of {needs} or newer, which the watchdog needs", evidence=evidence, hint=hint)


def _first(listing: str, but: frozenset[str]) -> Optional[str]:
    """The first that is new enough, None without one; each line is a version and a path. but: these are none."""
    rows = [re.fullmatch(r"3\.([0-9]{1,4}) (/[^\x00-\x1f\x7f]+)", row) for row in listing.splitlines()]
    there = [(int(row[1]), row[2]) for row in rows if row and row[2] not in but]
    oldest = bundle.needs() if there else bundle.OLDEST
    return next((path for minor, path in there if (3, minor) >= oldest), None)
