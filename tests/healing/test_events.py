"""What brings the watch's next look before its time: a changed file, an ended process, Docker's own events."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ospreyops.errors import Interrupted
from ospreyops.healing.events import Events
from ospreyops.healing.watch import POLL, SETTLE, Watch
from ospreyops.remote.perl import program
from tests.sim.host import SimHost
from tests.sim.site import simulated
from tests.worlds import serving, with_fault

CHANGED = program("ospreyops.tools", "changed.pl")
EVERY = 30


@pytest.fixture
def listening() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Listens to files and a process; the program has begun."""
    begun: list[subprocess.Popen[str]] = []

    def listen(pid: int, *files: Path) -> subprocess.Popen[str]:
        words = ["perl", "-e", CHANGED, str(pid), *map(str, files)]
        begun.append(subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        assert begun[-1].stdout and begun[-1].stdout.readline() == "begun\n"
        return begun[-1]

    yield listen
    for process in begun:
        process.kill()
        with process:
            process.wait(20)


def said(process: subprocess.Popen[str]) -> str:
    """The next line that the program says."""
    assert process.stdout
    return process.stdout.readline()


def rewrite(file: Path) -> None:
    """Put another file in the place of one, as VirtualBox does."""
    new = file.with_suffix(".new")
    new.write_text(file.read_text())
    new.rename(file)


@pytest.mark.parametrize(
    "change",
    [lambda file: file.write_text("longer"), rewrite, Path.unlink],
    ids=["another size", "another file of the same size", "it is gone"],
)
def test_a_file_that_changes_is_told(listening: Any, tmp_path: Path, change: Callable[[Path], object]) -> None:
    file = tmp_path / "osprey's vm.vbox"
    file.write_text("one")
    process = listening(0, tmp_path / "never", file)
    change(file)
    assert said(process) == "changed\n"


def test_a_file_that_comes_is_told(listening: Any, tmp_path: Path) -> None:
    process = listening(0, tmp_path / "VBox.log")
    (tmp_path / "VBox.log").touch()
    assert said(process) == "changed\n"


def test_the_end_of_the_process_ends_the_line(listening: Any, tmp_path: Path) -> None:
    watched = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    process = listening(watched.pid, tmp_path)
    watched.communicate(timeout=20)
    assert process.wait(20) == 0


def test_the_process_of_another_user_has_not_ended(listening: Any, tmp_path: Path) -> None:
    process = listening(1, tmp_path / "file")
    (tmp_path / "file").touch()
    assert said(process) == "changed\n"


def test_the_end_of_its_input_ends_the_line(listening: Any, tmp_path: Path) -> None:
    process = listening(0, tmp_path)
    process.stdin.close()
    assert process.wait(20) == 0


class Told(Events):
    """Events at those times of a simulated host."""

    def __init__(self, host: SimHost, *times: float) -> None:
        super().__init__()
        self._host, self._times = host, list(times)

    def wait(self, seconds: float, sleep: Callable[[float], None]) -> bool:
        end = self._host.now + seconds
        if self._times and self._times[0] <= end:
            sleep(max(0, self._times.pop(0) - self._host.now))
            return True
        sleep(seconds)
        return False


def watch(host: SimHost, *times: float) -> Watch:
    """A watch of the host, with events at those times."""
    made = Watch(simulated(host), EVERY, wall=lambda: 1e9 + host.now, events=Told(host, *times))
    made.site.console.screen.still()
    return made


def test_a_healthy_host_is_looked_at_as_soon_as_something_happens() -> None:
    host = serving()
    watched = watch(host, 7)
    watched.rest(watched.round())
    assert host.now == 7 + SETTLE


def test_without_an_event_the_watch_rests_its_whole_time() -> None:
    host = serving()
    watched = watch(host)
    watched.rest(watched.round())
    assert host.now == EVERY


def test_events_that_tell_of_nothing_bring_ever_fewer_looks() -> None:
    host = serving()
    watched = watch(host, *range(600))
    rests = []
    for _ in range(6):
        before = host.now
        watched.rest(watched.round())
        rests.append(host.now - before)
    assert rests == sorted(rests)
    assert rests[0] < POLL and rests[-1] >= EVERY


def test_a_fault_that_could_not_be_repaired_is_tried_ever_more_seldom_whatever_happens() -> None:
    host = with_fault("paused")
    host.fails = "resume"
    watched = watch(host, *range(1, 600))
    rests = []
    for _ in range(3):
        seconds, before = watched.round(), host.now
        watched.rest(seconds)
        rests.append(host.now - before)
    assert rests == [EVERY, 2 * EVERY, 4 * EVERY]


def test_a_second_fault_right_after_a_repair_is_seen_by_its_event() -> None:
    host = with_fault("forward")
    watched = watch(host, 1)
    seconds, before = watched.round(), host.now
    watched.rest(seconds)
    assert host.now - before < EVERY


def test_where_nothing_can_be_listened_to_only_time_passes() -> None:
    host = serving()
    site = simulated(host)
    site.look()
    events = Events()
    events.listen(site.host, site.target, site.last)
    assert not events.wait(5, site.sleep)
    assert host.now == 5


def test_ctrl_c_in_the_middle_of_a_repair_ends_the_watch() -> None:
    host = with_fault("paused")

    def interrupt(line: str) -> None:
        raise KeyboardInterrupt

    host.before_run = interrupt
    with pytest.raises(Interrupted):
        watch(host).round()
