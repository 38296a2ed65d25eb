"""Names and versions of a release, and what its archive must look like."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ospreyops.errors import Blocked, Usage
from ospreyops.release import Release, by_age, check_members, parse
from tests.published import FILES

GOOD = Release("0.3")
VERSIONS = st.from_regex(r"\A[0-9]{1,4}(\.[0-9]{1,4}){1,2}\Z")
NAMES = st.text(st.characters(codec="utf-8", exclude_characters="/\0\n", exclude_categories=["C", "Z"]), min_size=1)


def check(*members: str, mode: str = "-rw-r--r--") -> None:
    """Check a release that has these members beside its own; mode: of those beside."""
    modes = ["-rw-r--r--"] * len(FILES) + [mode] * len(members)
    names = [*FILES, *members]
    listing = [f"{mode} root/root 1 2021-09-01 00:00 {name}" for mode, name in zip(modes, names)]
    check_members(GOOD, "".join(f"{name}\n" for name in names), "".join(f"{line}\n" for line in listing))


@settings(deadline=None)
@given(VERSIONS)
def test_a_version_like_the_published_ones_is_taken(version: str) -> None:
    assert parse(version) == Release(version)


@settings(deadline=None)
@given(st.text())
@example("")
@example("0.3\n")
@example("latest")
@example("v0.3")
@example("3")
@example("0.3.")
@example("0.3.1.2")
@example("\u0660.\u0663")
@example("-1.0")
@example("../0.3")
@example("0.3; reboot")
@example("0.99999")
def test_anything_else_is_refused_as_no_version(version: str) -> None:
    with pytest.raises(Usage, match="is not a version") as refused:
        parse(version)
    _, meant, near = refused.value.case.rpartition("; did you mean ")
    assert parse(near.rstrip("?")) if meant else refused.value.hint == "one like 0.3"


@pytest.mark.parametrize("task", ["status", "heal", "image.load", "--force", "-H"])
def test_a_version_that_is_a_task_name_is_refused(task: str) -> None:
    with pytest.raises(Usage):
        parse(task)


def test_the_names_of_a_release_are_those_of_the_runbook() -> None:
    names = (GOOD.image, GOOD.archive, GOOD.image_archive)
    assert names == ("osprey/service:0.3", "osprey-service-docker-0.3.tar", "osprey-service-docker-0.3.tar.bz2")


def test_versions_are_ordered_by_number_not_by_letter() -> None:
    assert sorted(["1.0", "0.10", "0.9", "0.9.1", "10.0", "0.3"], key=by_age) == [
        *("0.3", "0.9", "0.9.1", "0.10", "1.0", "10.0")
    ]


def test_a_release_as_it_is_published_is_taken() -> None:
    check()


def test_a_release_packed_from_its_folder_is_taken() -> None:
    names = "".join(f"./{name}\n" for name in ("", *FILES))
    modes = "drwxr-xr-x\n" + "-rw-r--r--\n" * len(FILES)
    check_members(GOOD, names, modes)


@pytest.mark.parametrize("name", ["README.rst", "docs/", "docs/a.md", "._README.md", ".DS_Store", "notes (copy) ü.txt"])
def test_a_file_more_does_no_harm(name: str) -> None:
    check(name, mode="drwxr-xr-x" if name.endswith("/") else "-rw-r--r--")


def test_a_file_with_a_long_name_does_no_harm() -> None:
    check("a" * 200 + " (copy)")


@pytest.mark.parametrize("mode", ["lrwxrwxrwx", "hrw-r--r--", "crw-rw-rw-", "brw-rw----", "prw-r--r--"])
def test_a_release_with_a_member_that_is_no_plain_file_is_refused(mode: str) -> None:
    with pytest.raises(Blocked, match="outside is not a plain file"):
        check("outside", mode=mode)


@settings(deadline=None)
@given(NAMES, NAMES)
def test_a_release_that_would_write_outside_of_its_folder_is_refused(one: str, two: str) -> None:
    for name in ("..", "../", f"../{one}", f"/{one}", f"{one}/../../{two}", f"./../{one}", f"{one}/.."):
        with pytest.raises(Blocked, match="outside of its folder"):
            check(name)


@pytest.mark.parametrize("missing", ["osprey-service", "osprey-service-docker-0.3.tar.bz2"])
def test_an_archive_that_is_no_release_is_refused_and_told_what_it_has(missing: str) -> None:
    names = [name for name in FILES if name != missing]
    with pytest.raises(Blocked, match="is not a release of") as refused:
        check_members(GOOD, "\n".join(names), "-\n" * len(names))
    assert refused.value.case.endswith(f": it has no {missing}")
    assert "install.sh" in refused.value.evidence


def test_the_archive_of_another_version_is_refused() -> None:
    with pytest.raises(Blocked, match=r"not a release of 1.0: it has no osprey-service-docker-1.0.tar.bz2"):
        check_members(Release("1.0"), "\n".join(FILES), "-\n" * len(FILES))


def test_an_archive_of_which_not_every_member_could_be_seen_is_refused() -> None:
    names = "\n".join([*FILES, "../evil"])
    with pytest.raises(Blocked):
        check_members(GOOD, names, "-rw-r--r--\n" * len(FILES))


@settings(deadline=None)
@given(st.text(), st.text())
def test_an_archive_that_lists_just_anything_is_refused(names: str, listing: str) -> None:
    with pytest.raises(Blocked):
        check_members(GOOD, names, listing)
