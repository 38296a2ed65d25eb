"""A look at this computer, with the real questions and a real shell."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from ospreyops.facts.host import HostFacts
from ospreyops.look.host import host_facts, questions
from ospreyops.remote.protocol import batch, parse_batch
from ospreyops.settings import Settings


def look(settings: Settings, home: Path, shell: str = "sh") -> HostFacts:
    """The facts of this computer, for a user with that home folder."""
    line = batch(questions(settings))
    printed = subprocess.check_output([shell, "-c", line], env={**os.environ, "HOME": str(home)}, timeout=20)
    return host_facts(settings, parse_batch(printed.decode()))
