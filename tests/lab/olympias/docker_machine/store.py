"""The store: a folder with the certificates and, for each machine, a folder with its config.json."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

from .errors import Failure

HINT = 'Use "docker-machine ls" to list machines. Use "docker-machine create" to add a new one.'


class Machine:
    """A machine of the store; `config` is what its config.json holds."""

    def __init__(self, store: Path, config: dict[str, Any]) -> None:
        self.config = config
        self.name: str = config["Name"]
        self.folder = store / "machines" / self.name
        self.driver: dict[str, Any] = config["Driver"]
        self.auth: dict[str, Any] = config["HostOptions"]["AuthOptions"]
        self.engine: dict[str, Any] = config["HostOptions"]["EngineOptions"]

    def save(self) -> None:
        """Replace config.json by removing and renaming, with a moment in which it is not there."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = self.folder / "config.json"
        partial = self.folder / f"config.json.tmp{os.getpid()}"
        partial.write_text(json.dumps(self.config, indent=4))
        partial.chmod(0o600)
        file.unlink(missing_ok=True)
        partial.rename(file)


class Store:
    """All machines below one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.certs = root / "certs"
        self.machines = root / "machines"

    def names(self) -> list[str]:
        """The machines' names, in the order of `ls`."""
        if not self.machines.is_dir():
            return []
        folders = (path for path in self.machines.iterdir() if path.is_dir() and not path.name.startswith("."))
        return sorted((path.name for path in folders), key=str.lower)

    def load(self, name: str) -> Machine:
        """The machine of this name."""
        folder = self.machines / name
        if not folder.is_dir():
            raise Failure(f'Docker machine "{name}" does not exist. {HINT}')
        try:
            return Machine(self.root, json.loads((folder / "config.json").read_text()))
        except FileNotFoundError as error:
            raise Failure(f"open {error.filename}: no such file or directory") from None
        except (ValueError, KeyError):
            raise Failure("unexpected end of JSON input") from None

    def targets(self, names: list[str]) -> list[str]:
        """These names, or the machine `default`."""
        if not names and not (self.machines / "default").is_dir():
            raise Failure('Error: No machine name(s) specified and no "default" machine exists')
        return names or ["default"]

    def one(self, names: list[str]) -> Machine:
        """The one machine that is named."""
        if len(names) > 1:
            raise Failure("Error: Expected one machine name as an argument")
        return self.load(self.targets(names)[0])

    def delete(self, name: str) -> bool:
        """Remove the machine's folder, if there is one."""
        folder = self.machines / name
        if folder.is_dir():
            shutil.rmtree(folder)
            return True
        return False
