"""What a maintainer types on the workstation, about the server."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.bench.bench import LIMIT
from tests.bench.figures import Way
from tests.lab.hosts import There


def typed(host: There, *words: str) -> Way:
    """A way that is a line on the workstation; the server is grisman there."""

    def way() -> None:
        done = subprocess.run(words, env=host.inv.env, capture_output=True, text=True, timeout=LIMIT)
        assert done.returncode == 0, done.stderr

    return way


def copied(host: There, file: Path) -> Way:
    """The file is copied into /tmp of the server."""
    config = f"{host.inv.env['HOME']}/.ssh/config"
    return typed(host, "scp", "-q", "-F", config, str(file), f"grisman:/tmp/{file.name}")
