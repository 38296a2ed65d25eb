"""A private Docker engine: a dockerd that lives in one folder, beside any other on the machine.

It is in the network of whoever starts it, has its own bridge and subnet there and makes no firewall rules: containers
are reached by their address, published ports through dockerd's proxy. It runs in its own mount namespace, so its mounts
end with it.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import ipaddress
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Optional

from tests.lab.cache import locked
from tests.lab.processes import children, having
from tests.lab.wait import NotReady, until

PACKAGES = {"dockerd": "docker.io", "docker": "docker.io", "ip": "iproute2", "unshare": "util-linux"}
SUBNETS = [ipaddress.ip_network(f"10.213.{number}.0/24") for number in range(256)]
LONGEST_SOCKET = "/exec/containerd/containerd-debug.sock.ttrpc"
SOCKET_LIMIT = 107
BECOMING = 5
"""Seconds without a dockerd after which it counts as ended."""
# An own /run/containerd hides the machine's containerd, which dockerd would otherwise share.
LAUNCH = 'mkdir -p /run/containerd && mount -t tmpfs tmpfs /run/containerd && exec dockerd --config-file "$0"'


class EngineError(RuntimeError):
    """The engine cannot run, or a docker command failed on it."""


class Engine:
    """The dockerd whose data, sockets, configuration and log are in `folder`."""

    def __init__(self, folder: Path) -> None:
        """Describe the engine of this folder, running or not."""
        self.folder = folder.resolve()
        self.log = self.folder / "dockerd.log"
        self.bridge = "lab" + hashlib.sha256(str(self.folder).encode()).hexdigest()[:8]
        self._config = self.folder / "daemon.json"
        self._run = self.folder / "run"
        self._seen = time.monotonic()

    @property
    def socket(self) -> Path:
        """Docker's socket."""
        return self._run.resolve() / "docker.sock"

    @property
    def host(self) -> str:
        """The engine's address, as DOCKER_HOST takes it."""
        return f"unix://{self.socket}"

    @classmethod
    def start(cls, folder: Path) -> Engine:
        """Start the folder's engine, unless it runs, and wait until it answers."""
        for command, package in PACKAGES.items():
            if not shutil.which(command):
                raise EngineError(f"{command} is not installed: apt-get install {package}")
        engine = cls(folder)
        with locked(engine.folder):
            if not engine._daemon():
                engine._clear()
                engine._launch()
            engine._seen = time.monotonic()
            until(engine._answers, "dockerd's answer", 60, engine._tail)
        return engine

    def stop(self) -> None:
        """End the engine with its containers, and take away its bridge."""
        if not self._config.exists():
            return
        with locked(self.folder):
            for pid in self._daemon():
                os.kill(pid, signal.SIGTERM)
            until(lambda: not self._daemon(), "dockerd's end", 60, self._tail)
            self._clear()

    def docker(self, *arguments: str, stdin: Optional[Path] = None, check: bool = True, limit: float = 300) -> str:
        """Run a docker command on this engine, its standard input from a file, and return its output."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("DOCKER_")}
        with open(stdin or os.devnull, "rb") as source:
            done = subprocess.run(
                ["docker", "--host", self.host, *arguments],
                stdin=source,
                capture_output=True,
                env=environment,
                timeout=limit,
                text=True,
                errors="replace",
                check=False,
            )
        if check and done.returncode:
            output = (done.stdout + done.stderr).strip()
            raise EngineError(f"docker {' '.join(arguments)}: status {done.returncode}\n{output}")
        return done.stdout.strip()

    def _launch(self) -> None:
        """Start dockerd on a fresh bridge, as nobody's child, with its output in the log."""
        if len(f"{self._run}{LONGEST_SOCKET}") > SOCKET_LIMIT:
            self._run.symlink_to(tempfile.mkdtemp(prefix="engine-"))
        else:
            self._run.mkdir()
        self._add_bridge()
        run = self._run.resolve()
        settings = {
            "data-root": str(self.folder / "data"),
            "exec-root": str(run / "exec"),
            "pidfile": str(run / "dockerd.pid"),
            "hosts": [self.host],
            "group": "root",
            "bridge": self.bridge,
            "iptables": False,
            "ip-forward": False,
            "ip-masq": False,
        }
        self._config.write_text(json.dumps(settings, indent=2) + "\n")
        command = ["setsid", "--fork", "unshare", "--mount", "sh", "-c", LAUNCH, str(self._config)]
        with self.log.open("ab") as log:
            subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=True)

    def _add_bridge(self) -> None:
        """Make the engine's bridge, with a subnet that nothing on this machine overlaps."""
        routes = json.loads(subprocess.check_output(["ip", "-json", "-4", "route", "show", "table", "all"]))
        used = [ipaddress.ip_network(route["dst"]) for route in routes if route["dst"] != "default"]
        first = int(self.bridge[-2:], 16)
        free = next(net for net in SUBNETS[first:] + SUBNETS[:first] if not any(net.overlaps(other) for other in used))
        for arguments in (
            ["link", "add", self.bridge, "type", "bridge"],
            ["address", "add", f"{free[1]}/{free.prefixlen}", "dev", self.bridge],
            ["link", "set", self.bridge, "up"],
        ):
            subprocess.run(["ip", *arguments], check=True)

    def _answers(self) -> bool:
        """Whether dockerd answers. Errors: EngineError if it has ended.

        A shell becomes dockerd. In that moment it has no command line, and on a busy machine the moment is long.
        """
        if self._daemon():
            self._seen = time.monotonic()
        elif time.monotonic() - self._seen > BECOMING:
            raise EngineError(f"dockerd ended by itself\n{self._tail()}")
        with contextlib.suppress(EngineError, subprocess.TimeoutExpired):
            return bool(self.docker("version", limit=5))
        return False

    def _daemon(self) -> list[int]:
        """The engine's dockerd, or the shell that is about to become it."""
        return having("--config-file", str(self._config)) + having(LAUNCH, str(self._config))

    def _helpers(self) -> list[int]:
        """The engine's containerd and container shims."""
        containerd = self._run.resolve() / "exec" / "containerd"
        toml, socket = str(containerd / "containerd.toml"), str(containerd / "containerd.sock")
        return having("--config", toml) + having("-address", socket)

    def _clear(self) -> None:
        """Take away what a dockerd leaves; if it was killed, also its containerd, shims and containers."""
        for helper in self._helpers():
            for pid in [*children(helper), helper]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        until(lambda: not self._helpers(), "containerd's end", 10, self._tail)
        subprocess.run(["ip", "link", "delete", self.bridge], check=False, capture_output=True)
        shutil.rmtree(self._run.resolve(), ignore_errors=True)
        if self._run.is_symlink():
            self._run.unlink()

    def _tail(self) -> str:
        """The end of dockerd's log."""
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return "\n".join([f"The end of {self.log}:", *lines[-15:]])


def main() -> None:
    """Start or stop the engine of a folder; print its address when it runs."""
    parser = argparse.ArgumentParser(prog="python -m tests.lab.engine", description=main.__doc__)
    parser.add_argument("action", choices=["start", "stop"])
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    try:
        if arguments.action == "start":
            print(Engine.start(arguments.folder).host)
        else:
            Engine(arguments.folder).stop()
    except (EngineError, NotReady) as error:
        raise SystemExit(f"{parser.prog}: {error}") from None


if __name__ == "__main__":
    main()
