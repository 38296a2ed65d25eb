"""What a step's outcome must be: a sentence that stands alone, for it is told without its step."""

from __future__ import annotations

import re

POINTERS = re.compile(r"(it|its|they|their|that|those|this|these)\b", re.IGNORECASE)
"""What begins a sentence that needs another one before it."""
SUBJECT_AND_VERB = re.compile(r"\S+ (.+ )?(is|are|has|does|goes|gets|will|ends|starts|stays|answers|serves|removed)\b")


def check(outcome: str) -> None:
    """AssertionError for an outcome that does not stand alone."""
    assert not POINTERS.match(outcome), f"an outcome that needs another sentence: {outcome!r}"
    assert SUBJECT_AND_VERB.match(outcome), f"an outcome without a subject or a verb: {outcome!r}"
