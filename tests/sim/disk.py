"""A simulated server whose notes of itself are real files, in a folder of this computer."""

from __future__ import annotations

from collections.abc import Mapping

from ospreyops.remote.command import Answer, Command
from tests.sim.host import SimHost

NOTES = ("desired", "proven", "loading", "loaded")
"""The questions that read them."""


class OnDisk(SimHost):
    """A server whose files in `.ospreyops` are read and written by the tool's own lines."""

    def ask(self, questions: Mapping[str, Command], *, sudo: bool = False) -> dict[str, Answer]:
        """Real answers about the notes, simulated ones about all else."""
        found = super().ask(questions, sudo=sudo)
        return {name: self.really(questions[name]) if name in NOTES else said for name, said in found.items()}

    def run(self, command: Command) -> Answer:
        """Change as the line would change a server; a line about the notes is run."""
        said = super().run(command)
        if "/.ospreyops" in command.line and "history.jsonl" not in command.line:
            done = self.really(command)
            assert done.ok, done.said
        return said

    def note(self, name: str, text: str = "") -> None:
        """Leave a file in `.ospreyops`, as an older version of the tool did."""
        folder = self.files / ".ospreyops"
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(text)

    def notes(self) -> dict[str, str]:
        """What the files have in them, by their names."""
        return {path.name: path.read_text() for path in sorted((self.files / ".ospreyops").iterdir())}
