"""A local user who locks what an older version of this tool let everybody open: nobody is refused for long."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ospreyops.change import lock
from ospreyops.console import Console, Screen
from ospreyops.errors import Blocked
from ospreyops.remote.command import Command
from ospreyops.remote.host import Host
from ospreyops.remote.protocol import guarded, with_timeout
from ospreyops.settings import Settings
from tests.sim.answers import FOLDER
from tests.sim.host import SimHost
from tests.worlds import HOLDER, free, history, take

STRANGER = "open my $f, q(<), shift or die; flock $f, 2 or die; syswrite STDOUT, qq(locked\\n); sleep 60"
LONG_AGO = 100_000


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Somebody who may read the file has its lock."""
    with subprocess.Popen(["perl", "-MFcntl=:flock", "-e", STRANGER, str(file)], stdout=subprocess.PIPE) as process:
        assert process.stdout and process.stdout.readline() == b"locked\n"
        try:
            yield
        finally:
            process.kill()


def older(host: SimHost, name: str, text: str = "", age: float = LONG_AGO) -> Path:
    """A file as an older version left it: in a folder that everybody enters, for everybody to open."""
    files = host.files / ".ospreyops"
    files.mkdir(mode=0o755, exist_ok=True)
    (files / name).write_text(text)
    (files / name).chmod(0o644)
    os.utime(files / name, (time.time() - age, time.time() - age))
    return files / name


def attempt(host: SimHost) -> Any:
    any_host: Any = host
    return lock.take(any_host, FOLDER, HOLDER, sudo=False)


def modes(folder: Path) -> dict[str, str]:
    found = {path.name: f"{path.lstat().st_mode & 0o777:o}" for path in folder.iterdir() if not path.is_symlink()}
    return {".": f"{folder.stat().st_mode & 0o777:o}", **found}


@pytest.mark.parametrize("umask", [0o000, 0o002, 0o022])
@pytest.mark.parametrize("before", [False, True], ids=["new", "of an older version"])
def test_only_its_owner_enters_the_folder_or_opens_a_lock(umask: int, before: bool) -> None:
    host = SimHost()
    for name in ("lock", "line") if before else ():
        older(host, name)
    mask = os.umask(umask)
    try:
        held = take(host)
    finally:
        os.umask(mask)
    assert held.end({"when": "now"}).ok
    private = dict.fromkeys(("lock", "line", "host", "history.jsonl"), "600")
    assert modes(host.files / ".ospreyops") == {".": "700", **private}


@pytest.mark.parametrize("name", ["lock", "line"])
@pytest.mark.parametrize("said", ["", '{"who": "jeff"}\n', "1700000000 60 7 8\n{}\ntrue\n"])
def test_a_stranger_who_has_an_older_lock_refuses_nobody(name: str, said: str) -> None:
    host = SimHost()
    file = older(host, name, said)
    with locked(file):
        assert free(host)
        held = take(host)
        assert guard_runs(host, held)
        assert not free(host)
        held.tell({"when": "now"})
        assert held.end(None).ok
        assert free(host)
    assert history(host) == [{"when": "now"}]


def guard_runs(host: SimHost, held: lock.LockLease) -> bool:
    """A line of the task that has the lock runs."""
    line = Command(":", 20)
    words = guarded(with_timeout(line), line, held.guard)
    return subprocess.run(["sh", "-c", words], timeout=30).returncode == 0


def test_a_task_of_an_older_version_is_still_respected() -> None:
    host = SimHost()
    with locked(older(host, "lock", '{"who": "jeff"}\n', age=3)):
        assert not free(host)
        assert isinstance(attempt(host), lock.HeldByOther)
    take(host).end(None)


def test_a_line_of_an_older_version_is_respected_until_its_limit() -> None:
    host, now = SimHost(), int(time.time())
    with locked(older(host, "line", f"{now - 50} 3600 7 8\n{{}}\ndocker load\n")):
        refused = attempt(host)
        assert isinstance(refused, lock.HeldByOther) and "docker load" in str(refused)
        older(host, "line", f"{now - 4000} 3600 7 8\n{{}}\ndocker load\n")
        take(host).end(None)


def test_of_many_who_renew_an_older_lock_at_once_one_gets_it() -> None:
    for _ in range(5):
        host = SimHost()
        older(host, "lock")
        older(host, "line")
        any_host: Any = host
        streams = [lock_stream(any_host) for _ in range(6)]
        said = [stream.line("(ok|held|line) .*").split()[0] for stream in streams]
        assert said.count("ok") == 1, said
        for stream in streams:
            stream.end(None)
        assert sorted(modes(host.files / ".ospreyops")) == [".", "host", "line", "lock"]


def lock_stream(host: Any) -> lock.LockLease:
    """The program that takes the lock, begun and not waited for."""
    begun: list[Any] = []

    class Begun(Exception):
        pass

    class Host:
        name = "sim"

        def stream(self, command: Command) -> Any:
            begun.append(host.stream(command))
            raise Begun

    any_host: Any = Host()
    with pytest.raises(Begun):
        lock.take(any_host, FOLDER, HOLDER, sudo=False)
    return lock.LockLease(begun[0], "token", sudo=False)


def test_root_takes_no_lock_in_a_folder_where_others_could_lay_a_link(tmp_path: Path) -> None:
    """It would empty the file that the link leads to."""
    folder, victim = tmp_path / "folder", tmp_path / "victim"
    (folder / ".ospreyops").mkdir(parents=True)
    (folder / ".ospreyops/lock").symlink_to(victim)
    victim.write_text("kept")
    folder.chmod(0o777)
    host = Host(Settings("localhost"), Console(Screen(), "localhost"))
    if os.geteuid() == 0:
        with pytest.raises(Blocked, match=f"localhost refused a line: others may write {folder}"):
            lock.take(host, str(folder), HOLDER, sudo=False)
        assert victim.read_text() == "kept"
    else:
        taken = lock.take(host, str(folder), HOLDER, sudo=False)
        assert isinstance(taken, lock.LockLease) and taken.end(None).ok
