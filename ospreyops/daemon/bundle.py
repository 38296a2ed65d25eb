"""The tool as one file that needs nothing but Python, for a host that works on itself (PEP 441)."""

from __future__ import annotations

import re
import shutil
import zipfile
import zipimport
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import invoke

from .. import __version__, extensions, faults, machines
from ..errors import Blocked

VENDORED = ("invoke", "docker", "requests", "urllib3", "certifi", "idna", "charset_normalizer", "colorama")
"""The distributions in it. Fabric and its parts are left out: they are for other hosts, and partly compiled."""
OLDEST = (3, 9)
DATE = (1980, 1, 1, 0, 0, 0)
SHEBANG = b"#!/usr/bin/env python3\n"
MAIN = """\
import os.path
import sys

if sys.version_info < {needs}:
    sys.exit("osprey needs Python %d.%d or newer, and this is %d.%d" % ({needs} + sys.version_info[:2]))

import certifi.core

# Or a copy of it would be left in the temporary folder by each run that is killed.
certifi.core._CACERT_PATH = os.path.join(os.path.dirname(__file__), "certifi", "cacert.pem")

from ospreyops.daemon.bundle import program
from ospreyops.namespaces import ns

program(ns).run()
"""


class Config(invoke.Config):
    """Invoke's configuration, with the part of this checkout's invoke.yaml that is about tasks.

    sealed: a file of settings is that of -f alone, for a host that works on itself.
    """

    sealed = True

    @staticmethod
    def global_defaults() -> dict[str, Any]:
        """A task named twice in a chain runs twice."""
        defaults: dict[str, Any] = invoke.Config.global_defaults()
        defaults["tasks"]["dedupe"] = False
        return defaults


def program(
    tasks: invoke.Collection,
    name: str = "osprey",
    config_class: type[invoke.Config] = Config,
    kind: type[invoke.Program] = invoke.Program,
) -> invoke.Program:
    """The command line of those tasks, as `inv` has it; it looks for no tasks.py."""
    return kind(__version__, tasks, name=name, binary=name, config_class=config_class)


def needs() -> tuple[int, int]:
    """The oldest Python that all parts run with; the libraries installed here may need a newer one than this tool."""
    asked = [str(_part(name).metadata["Requires-Python"] or "") for name in VENDORED]
    return max(OLDEST, *((3, int(minor)) for line in asked for minor in re.findall(r">=\s*3\.(\d+)", line)))


def build(target: Path) -> Path:
    """Write the file; the same content gives the same bytes. Not compressed: each zlib compresses in its own way.

    Errors: Blocked when a part is not installed whole.
    """
    own = globals().get("__loader__")
    if isinstance(own, zipimport.zipimporter):
        shutil.copyfile(own.archive, target)
        return target
    files = {"__main__.py": MAIN.format(needs=needs()).encode()}
    for name, path in (*_own(), *_installed()):
        try:
            files[name] = path.read_bytes()
        except OSError as error:
            raise Blocked(f"{path} cannot be read: {error.strerror}", hint="this works in a checkout only") from None
    with target.open("wb") as out:
        out.write(SHEBANG)
        with zipfile.ZipFile(out, "w") as archive:
            for name in sorted(files):
                entry = zipfile.ZipInfo(name, DATE)
                entry.create_system, entry.external_attr = 3, 0o644 << 16
                archive.writestr(entry, files[name])
    return target


def _own() -> Iterator[tuple[str, Path]]:
    """This package, with what is added to it from outside."""
    package = Path(__file__).parent.parent
    for path in (*package.rglob("*.py"), *package.rglob("*.pl")):
        yield path.relative_to(package.parent).as_posix(), path
    for extended in (faults, machines):
        for folder in extensions.folders(extended.__name__):
            for path in Path(folder).glob("*.py"):
                yield f"{extended.__name__.replace('.', '/')}/{path.name}", path


def _installed() -> Iterator[tuple[str, Path]]:
    """The files of the libraries, with their licences."""
    for part in VENDORED:
        if not (files := _part(part).files):
            raise Blocked(
                f"what {part} consists of is not known", hint="pip install -r requirements.txt, in a new venv"
            )
        for file in files:
            code = file.suffix in (".py", ".pem") and not {"tests", ".."} & set(file.parts)
            told = ".dist-info/" in file.as_posix() and re.search("METADATA$|LICEN[CS]E|NOTICE", file.as_posix())
            if code or told:
                yield file.as_posix(), Path(str(file.locate()))


def _part(name: str) -> metadata.Distribution:
    try:
        return metadata.distribution(name)
    except metadata.PackageNotFoundError:
        raise Blocked(f"{name} is not installed on this computer", hint="pip install -r requirements.txt") from None
