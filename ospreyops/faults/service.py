"""The service is gone, dead or paused while it should run, runs in another version, or hangs.

Field book: osprey-release, 2 and 5: `/about` is a text of the proxy, so a hung Java is seen as Desktop asks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..facts import Facts
from ..goals import health, service
from ..goals.deploy import Stage, deployed
from ..goals.machine import docker_answers
from ..goals.rollout import Plan, Rollout
from ..release import Release
from ..step import Step
from ..target import Target

IMPACT = "what computes in the service is cut, if it hangs"


def repair(facts: Facts, target: Target) -> Iterator[Step]:
    """Start the desired release; stop it first if it hangs.

    One that is paused goes on. The faults of its machine come before.
    """
    if not facts.host.desired or not facts.engine or any(docker_answers(facts, target)):
        return
    rollout = Rollout(Release(facts.host.desired.version), any_image=True)
    hanging = health.hanging(facts, target) if Plan(facts, target, rollout).candidate else None
    if hanging:
        yield from (replace(step, why=str(hanging), lasting=True) for step in service.stopped(facts, target))
    else:
        yield from deployed(facts, target, rollout, end=Stage.LIVE)
