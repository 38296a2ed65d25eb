"""The maintainer's own programs around a deploy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Callable

import pytest

from tests.worlds import Sim, deployed


def hook(folder: Path, name: str, line: str) -> str:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def told(tmp_path: Path) -> Callable[[], list[list[str]]]:
    """What the hooks were told."""

    def read() -> list[list[str]]:
        file = tmp_path / "told"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    return read


def hooks(tmp_path: Path) -> dict[str, str]:
    names = ["$OSPREY_HOST", "$OSPREY_VERSION", "$OSPREY_RUNNING", "$OSPREY_TASK", "$OSPREY_OUTCOME"]
    said = ",".join(f'\\"{name}\\"' for name in names)
    return {
        name: hook(tmp_path, name, f'echo "[\\"{name}\\",{said}]" >>{tmp_path}/told')
        for name in ("pre_deploy", "post_deploy", "deploy_failed")
    }


def test_programs_run_before_and_after_a_deploy_and_know_what_is_done(
    sim: Sim, tmp_path: Path, told: Callable[[], list[list[str]]]
) -> None:
    host = deployed(sim, "0.3", **hooks(tmp_path))
    assert told() == [
        ["pre_deploy", "sim", "0.3", "", "deploy --version 0.3", ""],
        ["post_deploy", "sim", "0.3", "0.3", "deploy --version 0.3", "ok"],
    ]
    for line in ("deploy --version 0.3 -H sim", "--dry deploy --version 0.4 -H sim"):
        assert sim(line, host).code == 0
    assert len(told()) == 2


def test_a_deploy_that_fails_tells_the_program_that_is_for_it(
    sim: Sim, tmp_path: Path, told: Callable[[], list[list[str]]]
) -> None:
    host = deployed(sim, "0.3", **hooks(tmp_path))
    host.healthy = lambda container: container.version == "0.3"
    assert sim("deploy --version 0.4 -H sim", host).code == 2
    assert [row[0] for row in told()[2:]] == ["pre_deploy", "deploy_failed"]
    assert "HTTP" in told()[-1][-1] or "answer" in told()[-1][-1]


def test_a_program_that_refuses_stops_the_deploy_before_anything_is_changed(sim: Sim, tmp_path: Path) -> None:
    host = deployed(sim, "0.3")
    host.configured["pre_deploy"] = hook(tmp_path, "freeze", "echo release freeze until Monday >&2; exit 1")
    ran = sim("deploy --version 0.4 -H sim", host)
    assert (ran.code, host.ran) == (3, [])
    assert "release freeze until Monday" in ran.err
    assert "runs again" not in ran.err


def test_a_program_that_fails_after_a_deploy_is_said_and_no_failure_of_the_deploy(sim: Sim, tmp_path: Path) -> None:
    host = deployed(sim, "0.3", post_deploy=hook(tmp_path, "chat", "exit 7"))
    host.configured["post_deploy"] = hook(tmp_path, "chat", "exit 7")
    ran = sim("deploy --version 0.4 -H sim", host)
    assert ran.code == 0
    assert "did not work: exit status 7" in ran.out
