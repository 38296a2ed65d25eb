"""What a task would cut: it is asked for, and said, before anything that computes is ended."""

from __future__ import annotations

from ..errors import Usage
from ..facts import Facts

YES_HELP = {"yes": "really: end what computes, too"}


def check_loss(facts: Facts, task: str, *, yes: bool) -> None:
    """Check that the task may end what runs. Errors: Usage, with what would be cut, while something computes.

    task: what the user typed, without --yes.
    """
    computing = [container for container in facts.engine.containers if container.jobs] if facts.engine else []
    if not computing or yes:
        return
    told = "; ".join(f"{container.image} computes {', '.join(container.jobs)}" for container in computing)
    raise Usage(
        f"{told}: {task} would cut that",
        hint=f"--yes, or inv service.drain -H {facts.host.name}, which lets it finish",
    )
