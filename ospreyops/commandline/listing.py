"""The tasks by name, help and flags, as they were noted; their modules are loaded when a task is run."""

from __future__ import annotations

import functools
import json
import os
import sys
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from importlib import import_module
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any, Optional

import invoke
from invoke.parser import Argument
from invoke.parser.context import to_flag

from .. import extensions

PACKAGE = Path(__file__).parent.parent
NOTES = Path(f"{cache_from_source(__file__)}.json")
"""Where the tasks are noted: among Python's own notes of the sources, which the same people may write."""

Flags = dict[str, Optional[bool]]
"""The flags of a task -> whether a value follows; None where it may."""


class Listed(invoke.Task[Any]):
    """A task that is known by its name, its help and its flags. The rest of it is loaded when it is asked for."""

    def __init__(self, module: str, name: str, doc: str, flags: Flags, *, default: bool) -> None:
        super().__init__(functools.partial(_loaded, module, name), name, default=default, positional=[])
        self.__doc__, self.flags = doc, flags

    def __deepcopy__(self, _: object) -> Listed:
        """Invoke copies all tasks before it looks for one."""
        return self

    def get_arguments(self, ignore_unknown_help: Optional[bool] = None) -> list[Argument]:  # noqa: FBT001 (Invoke's)
        """The options of the task."""
        task: invoke.Task[Any] = self.body()
        return task.get_arguments(ignore_unknown_help)

    def __call__(self, *args: Any, **given: Any) -> Any:
        """Run the task."""
        return self.body()(*args, **given)


def _loaded(module: str, name: str) -> invoke.Task[Any]:
    """The task of a module, which needs few others: to load them all takes a tenth of a look's processor time."""
    task: invoke.Task[Any] = invoke.Collection.from_module(import_module(module))[name]
    return task


def namespace() -> invoke.Collection:
    """All tasks. They are noted when they were not, or when a source has changed since."""
    stamp = _stamp()
    known = _noted(stamp)
    if known is not None:
        return listed(known)
    from ..namespaces import ns
    from ..text import whole_file

    if stamp is not None and not sys.dont_write_bytecode:
        with suppress(OSError):
            whole_file(NOTES, json.dumps({"stamp": stamp, "tasks": noted(ns)}))
    return ns


def noted(tasks: invoke.Collection) -> list[Any]:
    """What is noted of the tasks, for each of their groups: its name, its help, its tasks."""
    groups = (("", tasks), *tasks.collections.items())
    return [
        [
            space,
            inner.__doc__,
            {
                name: [task.body.__module__, task.__doc__, name == inner.default, _flags(task)]
                for name, task in inner.tasks.items()
            },
        ]
        for space, inner in groups
    ]


def listed(known: list[Any]) -> invoke.Collection:
    """The tasks of which that was noted."""
    root = invoke.Collection()
    for space, about, tasks in known:
        inner = invoke.Collection(space) if space else root
        inner.__doc__ = about
        for name, (module, doc, default, flags) in tasks.items():
            inner.add_task(Listed(module, name, doc, flags, default=default))
        if space:
            root.add_collection(inner)
    return root


def flags_of(arguments: Iterable[Argument]) -> Flags:
    """The flags of some options; `<name>` for a word that stands alone."""
    known = list(arguments)
    return {
        **{f"<{argument.name}>": True for argument in known if argument.positional},
        **{to_flag(name): None if one.optional else one.takes_value for one in known for name in one.names},
    }


def task_flags(tasks: invoke.Collection, name: str) -> Flags:
    """The flags of a task."""
    return _flags(tasks[name])


def _flags(task: invoke.Task[Any]) -> Flags:
    return task.flags if isinstance(task, Listed) else flags_of(task.get_arguments())


def _noted(stamp: Optional[int]) -> Any:
    """The tasks that were noted of just these sources; None when there are none."""
    try:
        found = json.loads(NOTES.read_text("utf-8"))
        return found["tasks"] if stamp is not None and found["stamp"] == stamp else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _stamp() -> Optional[int]:
    """A number for the paths, times and sizes of all sources; None where they are in a zip file."""
    try:
        sources = sorted(_sources(PACKAGE))
        for folder in extensions.folders("ospreyops.faults"):
            sources += sorted(_sources(Path(folder)))
    except OSError:
        return None
    return zlib.crc32(repr(sources).encode())


def _sources(folder: Path) -> Iterator[tuple[str, int, int]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(".py"):
                found = entry.stat()
                yield entry.path, found.st_mtime_ns, found.st_size
            elif "." not in entry.name and entry.name != "__pycache__" and entry.is_dir():
                yield from _sources(Path(entry.path))
