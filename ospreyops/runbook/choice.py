"""Which release to deploy: those that a host has, for whoever names none."""

from __future__ import annotations

from typing import NoReturn, Optional

from ..change.site import Site
from ..errors import Usage
from ..facts import Facts
from ..goals.desired import at_hand, rollback_target
from ..release import Release
from ..text import size, table


def choose(site: Site) -> NoReturn:
    """Show the releases that the host has, the newest first. Errors: Usage, for nothing was deployed."""
    facts = site.look()
    versions = at_hand(facts)[::-1]
    if not versions:
        raise Usage(f"which version? {site.name} has no release", hint="inv deploy 0.3 --from FILE")
    rows = [["RELEASE", "IS THERE AS", ""]]
    for version in versions:
        marks = [mark for mark, marked in _marks(facts, versions[0]).items() if marked == version]
        rows.append([version, ", ".join(_forms(facts, version)), ", ".join(marks)])
    site.console.say(table(rows))
    raise Usage("which version?", hint=f"inv deploy {versions[0]} -H {site.name}")


def _forms(facts: Facts, version: str) -> list[str]:
    """As what the host has a release."""
    host, images = facts.host, facts.engine.images if facts.engine else {}
    archive = [f"archive ({size(host.archives[version][1])})"] if version in host.archives else []
    folder = ["folder"] if version in host.unpacked else []
    return [*archive, *folder, *(["image"] if Release(version).image in images else [])]


def _marks(facts: Facts, newest: str) -> dict[str, Optional[str]]:
    """What is said of a release -> its version; None where it is said of none."""
    serving, desired = facts.serving, facts.host.desired
    return {
        "newest": newest,
        "runs": serving.version if serving and serving.running else None,
        "desired": desired.version if desired else None,
        "rollback target": rollback_target(facts),
    }
