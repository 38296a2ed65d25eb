"""A file is uploaded: broken off, damaged, changed meanwhile. Real lines on this computer."""

from __future__ import annotations

import bz2
import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Callable

import pytest

from ospreyops.console import Console, Screen
from ospreyops.delivery.source import ENDS, outline
from ospreyops.delivery.upload import Upload
from ospreyops.errors import Blocked, Failed
from ospreyops.remote.command import Answer, Command
from ospreyops.remote.streams import Stream
from ospreyops.settings import Settings
from tests.delivery.far import SERVICE, Far, Sent
from tests.delivery.images import released, written
from tests.delivery.layered import classic

DATA = os.urandom(2 * ENDS + 700_000)


class Told(Sent):
    """A host that notes what it is asked, and how many bytes it is sent; then: what happens once a line is begun."""

    def __init__(self, home: Path) -> None:
        super().__init__(Settings("localhost", folder=str(home)), Console(Screen(), "far"))
        self.asked: list[str] = []
        self.sent = 0
        self.then: Callable[[], object] = lambda: None

    def ask(self, questions: Mapping[str, Command], *, sudo: bool = False) -> dict[str, Answer]:
        self.asked += questions
        return super().ask(questions, sudo=sudo)

    def stream(self, command: Command) -> Stream:
        stream: Any = super().stream(command)
        self.then()
        send = stream.sock.sendall

        def counted(part: bytes) -> None:
            self.sent += len(part)
            send(part)

        stream.sock.sendall = counted
        begun: Stream = stream
        return begun


@pytest.fixture
def host(tmp_path: Path) -> Told:
    return Told(tmp_path)


@pytest.fixture
def upload(tmp_path: Path) -> Upload:
    """An upload into a folder with a bad name, which is not there yet."""
    source = written(tmp_path / "a.tar", DATA)
    return Upload(source, f"{tmp_path}/it's there/.incoming/a.tar", "far")


def part(upload: Upload, content: bytes) -> Path:
    """What a broken upload left."""
    file = Path(upload.destination).with_name(f"{outline(upload.source)[1]}.part")
    file.parent.mkdir(parents=True, exist_ok=True)
    return written(file, content)


def arrived(upload: Upload) -> bool:
    """It is there, whole, and nothing else is."""
    there = Path(upload.destination)
    return there.exists() and there.read_bytes() == DATA and list(there.parent.iterdir()) == [there]


def test_a_file_is_verified_while_it_arrives_and_read_no_second_time(
    host: Told, upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ospreyops.delivery.upload.sha256", lambda _: pytest.fail("it is read once more"))
    upload.perform(host)
    assert arrived(upload) and host.asked == [] and host.sent == len(DATA)
    assert upload.digest == hashlib.sha256(DATA).hexdigest()


@pytest.mark.parametrize("begin", [1, 32_704, 261_632, 1_500_000, len(DATA)])
def test_a_broken_upload_goes_on_where_it_ended(host: Told, upload: Upload, begin: int) -> None:
    part(upload, DATA[:begin])
    upload.perform(host)
    assert arrived(upload) and host.asked == [] and host.sent == len(DATA) - begin


def test_a_file_that_is_there_is_not_sent_again(host: Told, upload: Upload) -> None:
    upload.perform(host)
    upload.perform(host)
    assert arrived(upload) and host.sent == len(DATA)


@pytest.mark.parametrize("there", [b"\0" * 5_000, b"\0" * len(DATA), DATA + b"more"])
def test_what_arrives_damaged_is_not_used_and_the_next_upload_is_good(host: Told, upload: Upload, there: bytes) -> None:
    file = part(upload, there)
    with pytest.raises(Failed, match="did not arrive whole: another sha256"):
        upload.perform(host)
    assert not Path(upload.destination).exists() and not file.exists()
    upload.perform(host)
    assert arrived(upload)


def test_the_part_of_a_file_that_begins_and_ends_alike_is_not_taken_for_its_own(host: Told, upload: Upload) -> None:
    other = bytearray(DATA)
    other[ENDS + 100] ^= 1
    assert outline(written(upload.source.with_name("b.tar"), bytes(other))) == outline(upload.source)
    part(upload, bytes(other[:-ENDS]))
    with pytest.raises(Failed, match="another sha256"):
        upload.perform(host)
    upload.perform(host)
    assert arrived(upload)


def test_another_file_of_the_same_size_in_its_place_is_replaced(host: Told, upload: Upload) -> None:
    part(upload, b"").unlink()
    written(Path(upload.destination), bytes(len(DATA)))
    upload.perform(host)
    assert arrived(upload) and host.sent == len(DATA)


def test_a_file_that_grows_while_it_is_sent_is_not_taken_for_whole(host: Told, upload: Upload) -> None:
    host.then = lambda: written(upload.source, DATA + b"more")
    with pytest.raises(Failed, match="it changed meanwhile"):
        upload.perform(host)
    assert not Path(upload.destination).exists()


@pytest.mark.parametrize("says", ["exit 1", "cat >/dev/null; exit 1", f"cat >/dev/null; echo {'0' * 64}"])
def test_where_openssl_does_not_tell_the_sum_the_file_is_read_again(
    host: Told, upload: Upload, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: str
) -> None:
    (tmp_path / "bin").mkdir()
    once = f'[ -e {tmp_path}/bin/again ] && exec /usr/bin/openssl "$@"; : >{tmp_path}/bin/again; {says}'
    written(tmp_path / "bin/openssl", f"#!/bin/sh\n{once}\n".encode()).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    upload.perform(host)
    assert arrived(upload) and host.asked == ([] if says == "exit 1" else ["sum"])


def test_a_file_that_cannot_be_read_is_refused_in_a_sentence(host: Told, tmp_path: Path) -> None:
    with pytest.raises(Blocked, match=r"none\.tar cannot be read: No such file"):
        Upload(tmp_path / "none.tar", f"{tmp_path}/there/a.tar", "far").perform(host)


def test_another_good_archive_in_the_place_of_what_was_sent_is_not_unpacked(tmp_path: Path) -> None:
    far = Far(tmp_path)
    upload, extract, _ = (step.do for step in far.steps({}))
    upload.perform(far.host)
    assert isinstance(upload, Upload)
    released(Path(upload.destination), bz2.compress(classic([SERVICE])))
    with pytest.raises(Failed, match="is not what was sent"):
        extract.perform(far.host)
    assert not (far.folder / "0.3").exists() and not Path(upload.destination).exists()
