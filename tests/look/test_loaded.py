"""A look wastes no time: while it waits for a host, it does what it can do without it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.conftest import PROJECT
from tests.lab.sshd import silent_server

MEANWHILE = """
import os, sys, threading, time

def wait():
    while not hasattr(sys.modules.get("ospreyops.tools.docker_api"), "read_engine"):
        time.sleep(0.01)
    print("loaded", flush=True)
    os._exit(0)

threading.Thread(target=wait, daemon=True).start()
sys.argv = ["ospreyops", "status", "-H", sys.argv[1]]
from ospreyops.main import main
main()
"""
"""It ends with the status of an unreachable host when the SDK is not loaded before that is known."""


def test_the_docker_sdk_is_loaded_while_the_ssh_server_is_waited_for(tmp_path: Path) -> None:
    env = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "INVOKE_OSPREY_SSH_CONNECT_TIMEOUT": "90"}
    with silent_server() as port:
        done = subprocess.run(
            [sys.executable, "-c", MEANWHILE, f"127.0.0.1:{port}"],
            cwd=PROJECT,
            env=env,
            capture_output=True,
            text=True,
            timeout=110,
        )
    assert (done.stdout.strip(), done.returncode) == ("loaded", 0), done.stderr
