"""Simulated hosts that keep a program running: launchd and systemd are simulated, what lies in folders is real."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Callable

from ospreyops.errors import Failed
from ospreyops.remote.command import Answer, Command
from ospreyops.remote.streams import LocalStream
from tests.sim.host import HOMES, SimHost
from tests.sim.mac import SimMac

FILES = ("shipped", "sent", "watch_files", "watch_settings", "watch_log", "size", "sum")
FOLDER = "osprey/service-docker"
PLACES = "/Library/LaunchDaemons|/etc/systemd/system"


@dataclass
class Keeps(SimHost):
    """A host's daemons. crashes: the program ends as soon as it is started; age: seconds that it has run for.

    on_stream: what happens to the line that writes the settings.
    """

    pythons: str = "3.8 /usr/local/bin/python3\n3.13 /opt/homebrew/bin/python3.13\n"
    loaded: bool = False
    crashes: bool = False
    age: float = 0
    writable: bool = True
    on_stream: Callable[[LocalStream], LocalStream] = lambda stream: stream
    pythons_open: str = ""
    home: str = "/home/ops"

    def ask(self, questions: Mapping[str, Command], *, sudo: bool = False) -> dict[str, Answer]:
        """Real answers about files, simulated ones about the daemon."""
        own = {"pythons": self._pythons, "pythons_open": self._pythons_open, "daemon": self._daemon}
        names = {*own, *FILES, "daemon_file"}
        found = super().ask({name: question for name, question in questions.items() if name not in names}, sudo=sudo)
        for name in questions.keys() & names:
            found[name] = own[name]() if name in own else self._really(questions[name])
        if "disk" in found and not self.writable:
            found["disk"] = Answer(0, found["disk"].out.replace("writable\n", ""))
        if "daemon_file" in questions:
            file = found["daemon_file"]
            found["daemon_file"] = Answer(file.code, re.sub(r"^-rw-r--r-- +\d+ \S+ +\S+", "-rw-r--r-- 1 0 0", file.out))
        return found

    def run(self, command: Command) -> Answer:
        """Change as the line would change a host."""
        line = command.line
        if not re.search(f"/[.]ospreyops|launchctl|systemctl|{PLACES}", line) or "wanted" in line:
            return super().run(command)
        self.before_run(line)
        self.ran.append(str(command))
        if re.search(self.fails, line):
            raise Failed("exit status 1: it did not work")
        if re.search("launchctl|systemctl", line) and "rm -f" not in line:
            self.loaded, self.age = bool(re.search("bootstrap|restart", line)), self.now
            return Answer(0)
        return self._really(Command(line.partition(" && systemctl")[0], command.limit))

    def stream(self, command: Command) -> LocalStream:
        """A line with input; the one that writes the settings counts as one that changes the host."""
        if "watch.json" not in command.line:
            return super().stream(command)
        self.before_run(command.line)
        self.ran.append(str(command))
        return self.on_stream(super().stream(command))

    def _really(self, command: Command) -> Answer:
        """What a line comes to in the host's folder, which is one of this computer, and has another name there."""
        line = re.sub(PLACES, f"{self.files}/daemons", command.line)
        line = re.sub(HOMES, str(self.files), line)
        done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=30)
        return Answer(done.returncode, self.named(done.stdout), done.stderr)

    def read(self, name: str) -> str:
        """A file of the host."""
        return self.named((self.files / name).read_text())

    def named(self, text: str) -> str:
        """The text with the host's own names of folders."""
        place = "Library/LaunchDaemons" if self.home.startswith("/Users") else "etc/systemd/system"
        return text.replace(f"{self.files}/daemons", f"/{place}").replace(
            str(self.files), "/var/lib/ospreyops" if self.sudo else f"{self.home}/{FOLDER}"
        )

    def _pythons(self) -> Answer:
        return Answer(0, self.pythons)

    def _pythons_open(self) -> Answer:
        return Answer(0, f"root\t{self.pythons_open}\t/opt\n" if self.pythons_open else "")

    def _daemon(self) -> Answer:
        raise NotImplementedError


@dataclass
class Mac(Keeps, SimMac):
    """A Mac, with its launchd."""

    machine: str = "virtualbox"
    home: str = "/Users/jmartin"

    def _daemon(self) -> Answer:
        if not self.loaded:
            return Answer(113, "", 'Could not find service "edu.duke.cs.osprey" in domain for system\n')
        age = f"{int(self.now - self.age) // 60:02}:{int(self.now - self.age) % 60:02}"
        how = "\tlast exit code = 78\n" if self.crashes else f"\tpid = 99\nage = {age}\n"
        return Answer(0, f"system/edu.duke.cs.osprey = {{\n\tstate = running\n{how}")


@dataclass
class Linux(Keeps):
    """A server, with its systemd."""

    def _daemon(self) -> Answer:
        pid = 99 if self.loaded and not self.crashes else 0
        state = ("activating" if self.crashes else "active") if self.loaded else "inactive"
        result = (
            "Result=exit-code\nExecMainStatus=1"
            if self.crashes
            else f"Result=success\nage = 00:{int(self.now - self.age):02}"
        )
        enabled = "enabled" if self.loaded else ""
        return Answer(
            0, f"ActiveState={state}\nUnitFileState={enabled}\nNeedDaemonReload=no\nMainPID={pid}\n{result}\n"
        )
