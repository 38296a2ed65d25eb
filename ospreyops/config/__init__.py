"""The settings: of files and of the environment, read by the tool itself, so that `inv`, `fab` and `ospreyops` agree.

What Invoke cannot read of its own files is said in one line.
"""

from __future__ import annotations

import os
import sys
import traceback
from pathlib import Path
from types import TracebackType
from typing import Optional

import invoke
from invoke.config import AmbiguousMergeError

from ..console import Console, Screen
from ..errors import Usage
from ..secret import Secret
from .configuration import Configuration, refusal
from .places import environment, files
from .source import read_file

FILE = ("filepath", "path")
"""How Invoke calls the file that it reads."""
UNREADABLE: dict[type[BaseException], str] = {
    RecursionError: "a part of it holds itself, or is nested too deeply",
    AmbiguousMergeError: "a single value stands where a mapping of names to values belongs",
    AttributeError: "it is no mapping of names to values",
}
"""What Python's own errors mean there; all others say it themselves."""


def configured(context: invoke.Context) -> Configuration:
    """The settings for a task, with all that is wrong with them; nothing is refused yet."""
    config = vars(context.config)
    sealed = getattr(type(context.config), "sealed", False)
    below, above = files(config.get("_project_prefix"), config.get("_runtime_path"), sealed=sealed)
    hosts = Configuration((*below, *above)).hosts
    return Configuration((*below, environment(os.environ, hosts), *above))


def tell_unreadable(kind: type[BaseException], error: BaseException, trace: Optional[TracebackType]) -> None:
    """Say in one line what Invoke could not read of the settings, for it would print a traceback.

    It reads the file beside tasks.py after that, so this is called where nothing else can catch it: sys.excepthook.
    """
    frames = [frame for frame, _ in traceback.walk_tb(trace)]
    names = [str(frame.f_globals.get("__name__")) for frame in frames]
    after = names[names.index("invoke.program") :] if "invoke.program" in names else names[1:]
    reading = [frame for frame, name in zip(frames, names) if name in ("invoke.config", "invoke.env")]
    if not reading or {name.partition(".")[0] for name in after} & {"ospreyops", "tasks"}:
        sys.__excepthook__(kind, error, trace)
        return
    known: list[str] = [frame.f_locals[name] for frame in reversed(reading) for name in FILE if name in frame.f_locals]
    file = known[0] if known else "a file of settings"
    slips = read_file(Path(file), file).slips
    why = next((why for odd, why in UNREADABLE.items() if issubclass(kind, odd)), str(error))
    told = Usage(f"{file}: it cannot be read: {Secret(' '.join(why.split()))}")
    Console(Screen(), "").error(refusal(list(slips)) if slips else told)


sys.excepthook = tell_unreadable
