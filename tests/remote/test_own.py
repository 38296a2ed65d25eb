"""Who may change what a line with more rights works on: real folders, with the ways in that a stranger would try."""

from __future__ import annotations

import grp
import os
import pwd
import subprocess
from pathlib import Path
from typing import Callable

import pytest

from ospreyops.errors import Blocked
from ospreyops.remote.command import Answer, Command
from ospreyops.remote.perl import program
from ospreyops.remote.protocol import check_begun, with_timeout

OWN = program("ospreyops.remote", "own.pl")
STRANGER = 54321


def told(path: Path) -> list[list[str]]:
    """What own.pl tells of a path."""
    done = subprocess.run(["perl", "-we", OWN, "tell", str(path)], capture_output=True, text=True, timeout=20)
    assert (done.returncode, done.stderr) == (0, "")
    return [row.split("\t") for row in done.stdout.splitlines()]


def open_to_others(path: Path) -> str:
    """The name that others than this user may change; "" for none."""
    return next((row[2] for row in told(path) if row[0] == "own"), "")


def begun(path: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """A line that would gain rights, and needs the path; it leaves a file in the folder."""
    line = Command(f": >{folder}/ran", 20, own=str(path))
    return subprocess.run(["sh", "-c", with_timeout(line, gains=True)], capture_output=True, text=True, timeout=30)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A service's folder: /…/srv/osprey, with an unpacked release and what the host remembers."""
    made = tmp_path / "srv/osprey"
    for name in ("0.3/osprey-service", ".ospreyops/wanted", ".ospreyops/osprey.pyz"):
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_text("")
        (made / name).chmod(0o644)
    for path in (made.parent, made, *made.glob("*/")):
        path.chmod(0o755)
    return made


ATTACKS: dict[str, tuple[Callable[[Path], object], str]] = {
    "the folder": (lambda folder: folder.chmod(0o777), ""),
    "the folder, sticky": (lambda folder: folder.chmod(0o1777), ""),
    "its parent": (lambda folder: folder.parent.chmod(0o777), "/.."),
    "the start script": (lambda folder: (folder / "0.3/osprey-service").chmod(0o666), "/0.3/osprey-service"),
    "its folder": (lambda folder: (folder / "0.3").chmod(0o757), "/0.3"),
    "the desired release": (lambda folder: (folder / ".ospreyops/wanted").chmod(0o602), "/.ospreyops/wanted"),
    "the watchdog's folder": (lambda folder: (folder / ".ospreyops").chmod(0o773), "/.ospreyops"),
}


@pytest.mark.parametrize("way", ATTACKS)
def test_a_line_with_more_rights_does_not_begin_where_others_may_write(way: str, folder: Path) -> None:
    assert (open_to_others(folder), begun(folder, folder.parent).returncode) == ("", 0)
    (folder.parent / "ran").unlink()
    attack, name = ATTACKS[way]
    attack(folder)
    where = os.path.normpath(f"{folder}{name}")
    assert open_to_others(folder) == where
    done = begun(folder, folder.parent)
    assert not (folder.parent / "ran").exists()
    with pytest.raises(Blocked, match=f"refused a line: others may write {where}"):
        check_begun("grisman", Answer(done.returncode, done.stdout, done.stderr))


def test_a_link_is_as_safe_as_what_it_leads_to_and_how(folder: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to("srv/../srv/./osprey")
    assert open_to_others(link) == ""
    (tmp_path / "srv").chmod(0o777)
    assert open_to_others(link) == str(tmp_path / "srv")
    (tmp_path / "srv").chmod(0o755)
    (folder / "0.4").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere").chmod(0o777)
    assert open_to_others(folder) == str(tmp_path / "elsewhere")


def test_a_link_in_a_circle_is_not_followed_for_ever(folder: Path) -> None:
    (folder / "a").symlink_to("b")
    (folder / "b").symlink_to("a")
    assert open_to_others(folder) in (str(folder / "a"), str(folder / "b"))


def test_what_is_not_there_is_safe_unless_others_could_make_it(tmp_path: Path) -> None:
    assert open_to_others(tmp_path / "a/b") == ""
    tmp_path.chmod(0o1777)
    assert open_to_others(tmp_path / "a/b") == str(tmp_path)
    (tmp_path / "a").mkdir()
    (tmp_path / "a").chmod(0o755)
    assert open_to_others(tmp_path / "a/b") == ""


def test_a_folder_of_another_user_is_open_to_that_user(folder: Path) -> None:
    """For root that is any other user; whoever runs this test is one, or can make one."""
    if os.geteuid() == 0:
        os.chown(folder / "0.3/osprey-service", STRANGER, STRANGER)
        assert {row[0]: row[2] for row in told(folder)} == dict.fromkeys(
            ("root", "own"), str(folder / "0.3/osprey-service")
        )
    else:
        assert [row[0] for row in told(folder)] == ["root"]


def test_a_group_that_may_write_is_others_unless_it_is_this_users_alone(folder: Path) -> None:
    """Debian gives each user such a group, and a umask that lets it write."""
    folder.chmod(0o775)
    user, group = pwd.getpwuid(os.geteuid()), grp.getgrgid(folder.stat().st_gid)
    alone = group.gr_name == user.pw_name and not {*group.gr_mem} - {user.pw_name}
    assert open_to_others(folder) == ("" if alone else str(folder))
    if os.geteuid() == 0:
        os.chown(folder, -1, STRANGER)
        assert open_to_others(folder) == str(folder)


def test_a_line_without_more_rights_is_its_users_own_affair(folder: Path) -> None:
    folder.chmod(0o777)
    line = Command(f": >{folder}/ran", 20, own=str(folder))
    done = subprocess.run(["sh", "-c", with_timeout(line)], capture_output=True, text=True, timeout=30)
    assert (folder / "ran").exists() is bool(os.geteuid())
    assert done.returncode == (0 if os.geteuid() else 121)


@pytest.mark.parametrize(("umask", "made"), [("000", "644 755"), ("002", "644 755"), ("077", "600 700")])
def test_others_may_write_nothing_that_a_line_makes_whatever_the_umask_is(
    umask: str, made: str, tmp_path: Path
) -> None:
    line = with_timeout(Command(f"cd {tmp_path} && : >file && mkdir folder", 20))
    subprocess.run(["sh", "-c", f"umask {umask}; {line}"], check=True, timeout=20)
    assert " ".join(f"{(tmp_path / name).stat().st_mode & 0o777:o}" for name in ("file", "folder")) == made
