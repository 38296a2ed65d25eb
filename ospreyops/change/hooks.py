"""The maintainer's own programs, which a rollout runs on this computer, with the facts in their environment."""

from __future__ import annotations

from ..errors import Blocked, Failed
from ..remote.command import Command, quote
from ..text import who
from .site import Site

LIMIT = 600


def run_pre(site: Site, version: str) -> None:
    """Run `osprey.pre_deploy`. Errors: Blocked when it exits non-zero, with what it said; nothing was changed yet."""
    if program := site.settings.pre_deploy:
        site.console.dim(f"pre_deploy: {program}")
        try:
            site.here().run(_line(site, program, version, ""))
        except Failed as error:
            raise Blocked(
                f"pre_deploy refuses {version}: {error.case}", evidence=error.evidence, hint=program
            ) from None


def run_post(site: Site, program: str, version: str, outcome: str) -> None:
    """Run `osprey.post_deploy` or `osprey.deploy_failed`; a failure of it is only printed, for the rollout is over."""
    if program:
        site.console.dim(f"{'post_deploy' if outcome == 'ok' else 'deploy_failed'}: {program}")
        try:
            site.here().run(_line(site, program, version, outcome))
        except Failed as error:
            site.console.dim(f"{program} did not work: {error.case}")


def _line(site: Site, program: str, version: str, outcome: str) -> Command:
    service = site.last.serving
    told = {
        "OSPREY_HOST": site.name,
        "OSPREY_VERSION": version,
        "OSPREY_RUNNING": service.version if service and service.running else "",
        "OSPREY_TASK": site.change.task,
        "OSPREY_WHO": who(),
        "OSPREY_OUTCOME": outcome,
    }
    given = " ".join(f"{key}={quote(value)}" for key, value in told.items())
    return Command(f"{given} {quote(program)}", LIMIT)
