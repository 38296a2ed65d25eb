"""What a maintainer types on the workstation, about the server."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench import slow
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
    return typed(host, "scp", "-q", "-F", str(_config(host)), str(file), f"grisman:/tmp/{file.name}")


@contextmanager
def slowly(host: There) -> Iterator[None]:
    """What is sent to the server, by scp or by the tool, goes through slow.py."""
    config, words = _config(host), shlex.join([sys.executable, str(slow.__file__)])
    before = config.read_text()
    config.write_text(f"{before}\nHost grisman\n    ProxyCommand {words} %h %p\n")
    try:
        yield
    finally:
        config.write_text(before)


def _config(host: There) -> Path:
    return Path(host.inv.env["HOME"]) / ".ssh/config"
