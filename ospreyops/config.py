"""The settings as Invoke reads them from its files and the environment; what it cannot read is said in one line.

Each `inv --list` imports this before the settings are read, and the rest of the package only where it is needed.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Optional

import invoke
from invoke.config import AmbiguousMergeError
from invoke.exceptions import AmbiguousEnvVar, UncastableEnvVar
from invoke.util import yaml

FILE = ("filepath", "path")
"""How Invoke calls the file that it reads."""
UNREADABLE: dict[type[BaseException], str] = {
    RecursionError: "a part of it holds itself, or is nested too deeply",
    AmbiguousMergeError: "a single value stands where a mapping of names to values belongs",
    AttributeError: "it is no mapping of names to values",
}
"""What Python's own errors mean there; all others say it themselves."""


def keys_as_written(loader: Any, node: Any) -> Any:
    """A mapping in a settings file, whose keys are text as it stands there: to YAML, the version 0.10 is 0.1."""
    for key, _ in node.value:
        if isinstance(key, yaml.ScalarNode) and not key.tag.endswith(":merge"):
            key.tag = "tag:yaml.org,2002:str"
    return loader.construct_yaml_map(node)


LOADER: Any = yaml.SafeLoader
LOADER.add_constructor("tag:yaml.org,2002:map", keys_as_written)


def configured(context: invoke.Context) -> Mapping[str, Any]:
    """The `osprey` part of the configuration, with every default, as plain data. Errors: Usage.

    Invoke would merge this part itself, but could not say what is wrong with it.
    """
    from .errors import Usage
    from .secret import Secret
    from .settings import DEFAULTS

    try:
        context.config.load_collection({"osprey": DEFAULTS})
        context.config.load_shell_env()
    except (AmbiguousMergeError, AmbiguousEnvVar, UncastableEnvVar, ValueError, TypeError, AttributeError) as error:
        raise Usage(
            f"the settings do not fit: {Secret(str(error))}", hint="invoke.yaml, and the variables INVOKE_OSPREY_…"
        ) from None
    found = to_plain(context.config["osprey"])
    if not isinstance(found, dict):
        raise Usage(f"osprey is {found!r}, not a mapping of settings")
    return found


def tell_unreadable(kind: type[BaseException], error: BaseException, trace: Optional[TracebackType]) -> None:
    """Say in one line what Invoke could not read of the settings, for it would print a traceback.

    It reads the file beside tasks.py after that, so this is called where nothing else can catch it: sys.excepthook.
    """
    frames = [frame for frame, _ in traceback.walk_tb(trace)]
    modules = {str(frame.f_globals.get("__name__")).partition(".")[0] for frame in frames[1:]}
    reading = [frame for frame in frames if frame.f_globals.get("__name__") in ("invoke.config", "invoke.env")]
    if not reading or modules & {"ospreyops", "tasks"}:
        sys.__excepthook__(kind, error, trace)
        return
    known = [frame.f_locals[name] for frame in reversed(reading) for name in FILE if name in frame.f_locals]
    file = known[0] if known else "a file of settings"
    why = next((why for odd, why in UNREADABLE.items() if issubclass(kind, odd)), str(error))
    from .console import Console, Screen
    from .errors import Usage
    from .secret import Secret

    Console(Screen(), "").error(Usage(f"{file} cannot be read: {Secret(' '.join(why.split()))}"))


sys.excepthook = tell_unreadable


def to_plain(value: Any) -> Any:
    """Plain dictionaries, in place of Invoke's."""
    if isinstance(value, (Mapping, invoke.config.DataProxy)):
        found: Any = value
        return {str(key): to_plain(found[key]) for key in found}
    return value
