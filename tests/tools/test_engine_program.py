"""The engine of the host's own docker command is spoken to: without that command where it is sure which one that is."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Optional

import pytest

from ospreyops.facts.engine import Refusal
from ospreyops.remote.perl import program
from ospreyops.tools import df, docker
from ospreyops.tools.docker import refusal

pytestmark = pytest.mark.skipif(not Path("/proc").is_dir(), reason="a Mac's docker command is no program for Linux")
USUAL = "/var/run/docker.sock"
NOBODY = 65534
COMMAND = "system dial-stdio\n"
"""What a docker command prints here: its words."""


class Engine:
    """An engine at a socket, whose images are in a folder. folder: of the host; user: who asks, None for this one."""

    user: Optional[int] = None

    def __init__(self, folder: Path) -> None:
        self.folder, self.path = folder, folder / "engine.sock"
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.path))
        self._listener.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            with suppress(OSError), self._listener.accept()[0] as asked:
                said = asked.recv(65536)
                if said.startswith(b"GET /info "):
                    asked.sendall(b'HTTP/1.0 200 OK\r\n\r\n{"ID":"x","DockerRootDir":"/tmp","Name":"y"}')
                else:
                    while part := asked.recv(65536):
                        said += part
                    asked.sendall(b"the engine got %d bytes" % len(said))

    def ask(self, line: str, given: bytes = b"", /, **environment: str) -> str:
        """What a line prints on the host, where this engine is the one at the usual place."""
        line = line.replace(USUAL, str(self.path))
        env = {"PATH": f"{self.folder}:/usr/bin:/bin", "HOME": str(self.folder), **environment}
        return subprocess.run(
            ["/bin/sh", "-c", line], input=given, capture_output=True, env=env, timeout=20, user=self.user, cwd="/"
        ).stdout.decode()


@pytest.fixture
def engine() -> Iterator[Engine]:
    """An engine whose docker command is a program. The name of a socket is short."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        shutil.copy("/bin/echo", f"{folder}/docker")
        yield Engine(Path(folder))


def test_the_engine_at_the_usual_place_gets_all_and_is_heard_after_the_end_of_the_input(engine: Engine) -> None:
    assert engine.ask(docker.dial(), b"x" * 300_000) == "the engine got 300000 bytes"


def test_the_socket_that_docker_host_names_is_the_engines(engine: Engine) -> None:
    assert USUAL in program("ospreyops.tools", "engine.pl")
    moved = engine.path.rename(engine.folder / "moved.sock")
    assert engine.ask(docker.dial(), b"x") == COMMAND
    assert engine.ask(docker.dial(), b"x", DOCKER_HOST=f"unix://{moved}") == "the engine got 1 bytes"


def test_the_engine_says_where_its_images_are(engine: Engine) -> None:
    assert df.free(engine.ask(docker.root_disk())) is not None


@pytest.mark.parametrize("environment", [{"DOCKER_HOST": "tcp://192.0.2.1:2375"}, {"DOCKER_CONTEXT": "lab"}])
def test_another_engine_is_left_to_the_docker_command(engine: Engine, environment: dict[str, str]) -> None:
    assert engine.ask(docker.dial(), **environment) == COMMAND


@pytest.mark.parametrize(("text", "found"), [('{"currentContext": "lab"}', True), ('{"auths": {}}', False)])
def test_a_context_of_the_users_is_left_to_the_docker_command(engine: Engine, text: str, found: bool) -> None:
    (engine.folder / ".docker").mkdir()
    (engine.folder / ".docker/config.json").write_text(text)
    assert (engine.ask(docker.dial(), b"x") == COMMAND) == found


def test_a_docker_command_that_is_a_script_may_lead_elsewhere(engine: Engine) -> None:
    (engine.folder / "docker").write_text("#!/bin/sh\necho elsewhere\n")
    assert engine.ask(docker.dial()) == "elsewhere\n"


def test_a_socket_that_refuses_this_user_is_told_without_the_docker_command(engine: Engine) -> None:
    engine.folder.chmod(0o755)
    engine.path.chmod(0)
    engine.user = NOBODY if os.geteuid() == 0 else None
    said = engine.ask(f"( {docker.dial()} ) 2>&1")
    assert said == f"permission denied: {engine.path}\n"
    assert refusal(said).kind is Refusal.DENIED


def test_a_docker_command_that_is_missing_is_told(engine: Engine) -> None:
    (engine.folder / "docker").unlink()
    (engine.folder / "perl").symlink_to(shutil.which("perl") or "perl")
    said = engine.ask(f"( {docker.dial()} ) 2>&1; echo $?", PATH=str(engine.folder))
    assert said == "docker: not found\n127\n"
