"""The watchdog's log: it stays small, and nothing else is touched."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

WRITER = (
    "import sys; from ospreyops.healing.watch import trim_log\n"
    "for line in 'abc': print(line * 60, flush=True); trim_log(sys.argv[1], 100)"
)


def test_a_log_that_has_grown_begins_anew_and_its_writer_goes_on(tmp_path: Path) -> None:
    log = tmp_path / "watch.log"
    with log.open("ab") as out:
        subprocess.run([sys.executable, "-c", WRITER, str(log)], stdout=out, check=True, timeout=30)
    assert (tmp_path / "watch.log.1").read_text() == "a" * 60 + "\n" + "b" * 60 + "\n"
    assert log.read_text() == "c" * 60 + "\n"


@pytest.mark.parametrize("name", ["watch.log", "absent/watch.log"])
def test_what_is_printed_elsewhere_is_let_alone(tmp_path: Path, name: str) -> None:
    (tmp_path / "watch.log").write_text("of a daemon")
    with (tmp_path / "mine").open("ab") as out:
        subprocess.run([sys.executable, "-c", WRITER, str(tmp_path / name)], stdout=out, check=True, timeout=30)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine", "watch.log"]
    assert (tmp_path / "mine").stat().st_size == 183
