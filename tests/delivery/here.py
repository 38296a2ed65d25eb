"""This computer as a host whose docker command reads as Docker: the real lines, and no engine."""

from __future__ import annotations

from pathlib import Path

from ospreyops.console import Console, Screen
from ospreyops.facts import Facts
from ospreyops.facts.engine import EngineFacts, Image
from ospreyops.facts.host import HostFacts
from ospreyops.facts.machine import MachineFacts, State
from ospreyops.facts.service import ProbeResult
from ospreyops.goals.image import loaded
from ospreyops.release import Release
from ospreyops.remote.host import Host
from ospreyops.settings import Settings
from ospreyops.target import target
from tests.delivery.images import written
from tests.look.here import look

RELEASE = Release("0.3")
DOCKER = """#!/usr/bin/env python3
import json, sys, tarfile
sys.excepthook = lambda _, error, __: print("Error processing tar file:", error, file=sys.stderr)
given = " ".join(sys.argv[1:])
if given == "load":
    with tarfile.open(fileobj=sys.stdin.buffer, mode="r|") as tar:
        texts = {member.name: tar.extractfile(member).read() for member in tar if member.isfile()}
    for image in json.loads(texts["manifest.json"]):
        open(f"{sys.path[0]}/images", "a").write(image["Config"][:64] + "\\n")
        for name in image["RepoTags"]:
            print(f"Loaded image: {name}")
elif given.startswith("image inspect"):
    print("id sha256:" + open(f"{sys.path[0]}/images").read().split()[-1])
else:
    open(f"{sys.path[0]}/given", "a").write(given + "\\n")
"""


class Here:
    """This computer, with a docker command of its own."""

    def __init__(self, home: Path) -> None:
        self.home, self.folder = home, home / "my osprey"
        self.folder.mkdir()
        (home / "bin").mkdir()
        written(home / "bin/docker", DOCKER.encode()).chmod(0o755)
        self.settings = Settings("localhost", folder=str(self.folder), archive=str(home))
        self.host = Host(self.settings, Console(Screen(), "localhost"))

    @property
    def own(self) -> HostFacts:
        return look(self.settings, self.home)

    def facts(self, **images: Image) -> Facts:
        engine = EngineFacts(
            False, {f"osprey/service:{version}": image for version, image in images.items()}, architecture="amd64"
        )
        return Facts(self.own, MachineFacts("native", State.RUNNING), engine, ProbeResult(""))

    def load(self, **images: Image) -> None:
        """Do all that loading the release takes."""
        for step in loaded(self.facts(**images), target(self.settings), RELEASE):
            step.do.perform(self.host)

    @property
    def images(self) -> list[str]:
        file = self.home / "bin/images"
        return file.read_text().split() if file.exists() else []

    def notes(self) -> set[str]:
        return {path.name for path in (self.folder / ".ospreyops").iterdir()}
