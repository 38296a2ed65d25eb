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


SLOWLY = """
import importlib.machinery, sys, time

class Slow:
    @staticmethod
    def find_spec(name, path, target=None):
        if name != "ospreyops.tools.docker_api":
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        load = spec.loader.exec_module

        def slowly(module):
            time.sleep(2)
            load(module)
            print("loaded", flush=True)

        spec.loader.exec_module = slowly
        return spec

sys.meta_path.insert(0, Slow)
sys.argv = ["ospreyops", "status", "-H", "127.0.0.1:1"]
from ospreyops.main import main
main()
"""
"""Nobody listens there: the task is over while the SDK is being loaded."""


def test_no_task_ends_in_the_middle_of_loading_a_library(tmp_path: Path) -> None:
    env = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    words = [sys.executable, "-c", SLOWLY]
    done = subprocess.run(words, cwd=PROJECT, env=env, capture_output=True, text=True, timeout=110)
    assert (done.stdout.strip(), done.returncode) == ("loaded", 4), done.stderr
