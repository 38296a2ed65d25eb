"""Which release to deploy: those that a host has, for whoever names none."""

from __future__ import annotations

from typing import NoReturn

from ..change.site import Site
from ..errors import Usage
from ..facts import Facts
from ..goals.desired import at_hand
from ..goals.marks import marks
from ..release import Release
from ..text import size, table


def choose(site: Site) -> NoReturn:
    """Show the releases that the host has, the newest first. Errors: Usage, for nothing was deployed."""
    facts = site.look()
    versions = at_hand(facts)[::-1]
    if not versions:
        raise Usage(f"which version? {site.name} has no release", hint="inv deploy 0.3 --from FILE")
    rows = [["RELEASE", "IS THERE AS", "STATE"]]
    for version in versions:
        told = [*(["newest"] if version == versions[0] else []), *marks(facts, version)]
        rows.append([version, ", ".join(_forms(facts, version)), ", ".join(told)])
    site.console.say(table(rows), hang=2)
    raise Usage("which version?", hint=f"inv deploy {versions[0]} -H {site.name}")


def _forms(facts: Facts, version: str) -> list[str]:
    """As what the host has a release."""
    host, images = facts.host, facts.engine.images if facts.engine else {}
    archive = [f"archive ({size(host.archives[version][1])})"] if version in host.archives else []
    folder = ["folder"] if version in host.unpacked else []
    folder += [f"folder, on top of {host.parts[version]}"] if version in host.parts else []
    return [*archive, *folder, *(["image"] if Release(version).image in images else [])]
