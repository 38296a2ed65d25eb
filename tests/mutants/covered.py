"""Which tests come by which lines. What was measured is kept for as long as a test and what it is made of stay."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import partial
from itertools import groupby
from pathlib import Path

import coverage
import pytest

from .child import in_child, passes

PROJECT = Path(__file__).parents[2]
KEPT = PROJECT / ".cache" / "mutants.json"


@dataclass(frozen=True)
class Seen:
    """What one test did. of: the state of the sources; seconds: of processor; lines: of each file of the package."""

    of: str
    seconds: float
    passed: bool
    lines: dict[str, list[int]]

    @property
    def cost(self) -> float:
        """What it costs to ask it first: a quick test that comes by little is most likely about one decision."""
        return self.seconds * sum(map(len, self.lines.values()))

    def comes_by(self, path: str, first: int, last: int) -> bool:
        return any(first <= line <= last for line in self.lines.get(path, ()))


def seen(session: pytest.Session) -> dict[str, Seen]:
    """What each test did, by its name; what is not known is measured, in a child, so that nothing is left here."""
    shared = _shared()
    states = {item.nodeid: f"{shared} {_hash([item.path])}" for item in session.items}
    known = {name: one for name, one in _kept().items() if states.get(name) == one.of and one.passed}
    new = [item for item in session.items if item.nodeid not in known]
    for path, items in groupby(new, key=lambda item: item.path):
        print(f"measuring which lines the tests of {path.relative_to(PROJECT)} come by", flush=True)
        in_child(partial(_measured, session, list(items), states, known))
        known = _kept()
    return known


def _measured(
    session: pytest.Session, items: list[pytest.Item], states: dict[str, str], known: dict[str, Seen]
) -> bool:
    measure = coverage.Coverage(data_file=None, include=["ospreyops/*"], config_file=False)
    times: dict[str, tuple[float, bool]] = {}
    with measure.collect():
        for item in items:
            measure.switch_context(item.nodeid)
            began = time.process_time()
            passed = passes(session, item)
            times[item.nodeid] = time.process_time() - began, passed
    data = measure.get_data()
    for name, (seconds, passed) in times.items():
        data.set_query_context(name)
        files = {str(Path(path).relative_to(PROJECT)): data.lines(path) or [] for path in data.measured_files()}
        lines = {path: found for path, found in files.items() if found}
        known[name] = Seen(states[name], seconds, passed, lines)
    KEPT.parent.mkdir(exist_ok=True)
    KEPT.write_text(json.dumps({name: asdict(one) for name, one in known.items()}))
    return True


def _kept() -> dict[str, Seen]:
    return {name: Seen(**one) for name, one in json.loads(KEPT.read_text()).items()} if KEPT.exists() else {}


def _shared() -> str:
    """The state of what tests share: the package, and the files beside the tests, but for those of this command."""
    files = [*PROJECT.glob("ospreyops/**/*.p[yl]"), *PROJECT.glob("tests/**/*.py")]
    own = Path(__file__).parent
    return _hash(sorted(path for path in files if not path.name.startswith("test_") and path.parent != own))


def _hash(files: Iterable[Path]) -> str:
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in files)).hexdigest()[:16]
