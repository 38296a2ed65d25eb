"""A second deploy of the release that runs, over SSH."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.bench.bench import FIRST, Bench, inv, task
from tests.bench.figures import Figure, Way, alternate
from tests.bench.there import typed


def figures(bench: Bench) -> Iterator[Figure]:
    """By the peers, by fab, and by the tool."""
    host = bench.there
    inv(host, "deploy", "--version", FIRST, "--from", str(bench.small(FIRST)))
    ways: dict[str, Way] = {
        "pyinfra, one operation": typed(host, "pyinfra", "-y", "grisman", "server.shell", "exit 0"),
        "ansible ping": typed(host, "ansible", "all", "-i", "grisman,", "-m", "ping"),
        "ansible, ten tasks": typed(host, "ansible-playbook", "-i", "grisman,", str(playbook(bench.folder))),
        "fab -H HOST -- true": typed(host, sys.executable, "-m", "fabric", "-H", "grisman", "--", "true"),
        "deploy, the second time": task(host, "deploy", "--version", FIRST),
    }
    yield from alternate(ways, bench.rounds)


def playbook(folder: Path) -> Path:
    """Ten tasks that change nothing, for Ansible."""
    tasks = [{"name": f"task {number}", "command": "true", "changed_when": False} for number in range(10)]
    path = folder / "ten.yml"
    path.write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": tasks}]))
    return path
