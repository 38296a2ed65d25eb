"""Which folders this tool unpacked itself, with the real questions, lines and shells; and what is removed of them."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ospreyops import lines
from ospreyops.delivery.extract import Extract
from ospreyops.facts import Facts
from ospreyops.facts.engine import EngineFacts
from ospreyops.facts.machine import MachineFacts, State
from ospreyops.facts.service import ProbeResult
from ospreyops.goals.prune import pruned
from ospreyops.release import MARK, Release
from ospreyops.settings import Settings
from ospreyops.target import target
from tests.delivery.images import released
from tests.look.test_host import look

ODD = (
    r"0.1\0057..",
    r"\0057",
    "0.3 copy",
    "$(touch x)",
    "it's",
    '"',
    "-rf",
    "*",
    "0.3\n0.4",
    "ü",
    ".0.3",
    "0.3.part",
    "99999.1",
)
NAMES = st.sampled_from([*ODD, "0.3", "0.4", "1.0"]) | st.text(
    st.characters(codec="utf-8", exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=8
).filter(lambda name: name not in (".", "..", ".ospreyops"))
KINDS = st.sampled_from(
    ["own", "own", "added to", "added to below", "by hand", "linked", "marked by hand", "taken from"]
)


def unpack(folder: Path, archive: Path, name: str) -> None:
    """Unpack a release with the tool's own line, into a folder of that name."""
    subprocess.run(["sh", "-c", Extract(Release("0.3"), str(archive), f"{folder}/{name}").command.line], check=True)


def make(folder: Path, archive: Path, name: str, kind: str) -> None:
    """A folder of that name, and what became of it."""
    place = folder / name
    if place.exists() or place.is_symlink():
        return
    if kind == "by hand":
        place.mkdir()
        subprocess.run(["tar", "-xf", archive], cwd=place, check=True)
        return
    if kind == "linked":
        unpack(folder.parent, archive, "elsewhere")
        place.symlink_to(folder.parent / "elsewhere")
        return
    unpack(folder, archive, "made")
    (folder / "made").rename(place)
    if kind == "added to":
        (place / "notes").touch()
    elif kind == "added to below":
        (place / "sub").mkdir()
    elif kind == "marked by hand":
        (place / MARK).write_text("")
    elif kind == "taken from":
        (place / "README.md").unlink()


def everything(folder: Path) -> set[str]:
    """All that lies in the folder, and where links lead."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(NAMES, KINDS, max_size=5))
@example({r"0.1\0057..": "own", "0.1": "by hand"})
@example({"x\n0.3": "own", "0.3": "added to"})
@example({"0.3": "linked"})
def test_only_folders_that_this_tool_unpacked_and_nobody_added_to_are_removed(
    tmp_path_factory: object, kinds: dict[str, str]
) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as made:
        home = Path(made)
        archive = released(home / "release.tar", b"BZh9")
        folder = home / "my osprey"
        folder.mkdir()
        for name, kind in kinds.items():
            make(folder, archive, name, kind)
        found = look(Settings("sim", folder=str(folder), archive=str(home)), home)
        engine, local = EngineFacts(False, {}), ProbeResult("")
        facts = Facts(found, MachineFacts("native", State.RUNNING), engine, local)
        before = everything(home)
        for step in pruned(facts, target(Settings("sim")), keep=1):
            subprocess.run(["sh", "-c", str(step.do)], check=True, cwd=home)
        removable = {
            name for name, kind in kinds.items() if name in ("0.3", "0.4", "1.0") and kind in ("own", "taken from")
        }
        gone = {path.split("/")[1] for path in before - everything(home)}
        assert gone == removable
        assert all((folder / name).exists() for name in kinds if name not in removable)


def test_a_folder_that_something_was_added_to_since_the_look_is_not_removed(tmp_path: Path) -> None:
    archive = released(tmp_path / "release.tar", b"BZh9")
    unpack(tmp_path, archive, "0.3")
    found = look(Settings("sim", folder=str(tmp_path)), tmp_path)
    assert found.own == {f"{tmp_path}/0.3"}
    (tmp_path / "0.3" / "notes").write_text("precious")
    facts = Facts(replace(found), MachineFacts("native", State.RUNNING), None, ProbeResult(""))
    ended = subprocess.run(["sh", "-c", str(lines.remove_release(facts, "0.3"))])
    assert ended.returncode != 0
    assert (tmp_path / "0.3" / "notes").read_text() == "precious"


def test_no_folder_is_its_own_where_the_folder_cannot_be_entered(tmp_path: Path) -> None:
    archive = released(tmp_path / "release.tar", b"BZh9")
    unpack(tmp_path, archive, "0.3")
    found = look(Settings("sim", folder=str(tmp_path / "none")), tmp_path)
    assert (found.own, found.unpacked) == (frozenset(), {})
