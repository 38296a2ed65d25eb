"""What is secret in the settings is shown nowhere: not in what is printed, logged or remembered, nor to other users."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Union

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ospreyops.errors import Usage
from ospreyops.remote.streams import LocalStream
from ospreyops.secret import Secret
from ospreyops.settings import settings
from tests.conftest import Inv
from tests.sim.daemons import Keeps, Linux, Mac
from tests.worlds import Sim

TOKEN = "T0K3N"
URL = f"https://{TOKEN}:{TOKEN}@chat.example/hook/{TOKEN}?key={TOKEN}"
SHOWN = "https://chat.example/"


@pytest.fixture(params=[Mac, Linux])
def host(request: pytest.FixtureRequest) -> Keeps:
    """A host that is to post its events to a URL with a token in it."""
    made: Keeps = request.param(configured={"notify": Secret(URL)})
    return made


def words_of_all_processes() -> Iterator[str]:
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            yield file.read_bytes().decode(errors="replace")


@pytest.fixture
def umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def written(host: Keeps) -> Path:
    return host.files / ".ospreyops/watch.json"


def test_installing_the_watchdog_shows_no_token_and_leaves_none_in_the_history(sim: Sim, host: Keeps) -> None:
    dry = sim("--dry watch.install -H sim", host)
    ran = sim("watch.install -v -H sim", host)
    assert TOKEN in written(host).read_text()
    told = [sim(f"{task} -H sim", host).said for task in ("history --json", "watch.status", "watch.status --json")]
    assert SHOWN in dry.out and SHOWN in ran.out and SHOWN in told[0]
    assert TOKEN not in "".join([dry.said, ran.said, *told, *host.ran])


def test_no_process_has_the_token_among_its_words_while_it_is_written(sim: Sim, host: Keeps) -> None:
    def listing(stream: LocalStream) -> LocalStream:
        while not any("watch.json" in words for words in listed):
            listed.extend(words_of_all_processes())
        return stream

    listed: list[str] = []
    host.on_stream = listing
    assert sim("watch.install -H sim", host).code == 0
    assert listed
    assert not [words for words in listed if TOKEN in words]


def test_settings_on_a_host_are_for_their_owner_alone_whatever_its_umask(sim: Sim, host: Keeps, umask: None) -> None:
    assert sim("watch.install -H sim", host).code == 0
    assert stat.S_IMODE(written(host).stat().st_mode) == 0o600
    assert "nothing to do" in sim("watch.install -H sim", host).out


def test_settings_that_an_older_version_left_for_all_to_read_are_written_anew(sim: Sim, host: Keeps) -> None:
    sim("watch.install -H sim", host)
    written(host).chmod(0o644)
    assert "watch.json is not this one on sim" in sim("watch.install -H sim", host).out
    assert stat.S_IMODE(written(host).stat().st_mode) == 0o600


def test_settings_that_arrive_cut_off_do_not_take_the_place_of_those_before(sim: Sim, host: Keeps) -> None:
    def cut_off(stream: LocalStream) -> LocalStream:
        stream.sock.shutdown(socket.SHUT_WR)
        return stream

    sim("watch.install -H sim", host)
    before = written(host).read_text()
    host.configured["service_port"] = 4711
    host.on_stream = cut_off
    ran = sim("watch.install -H sim", host)
    assert ran.code == 5 and "watch.json could not be written" in ran.err
    assert written(host).read_text() == before


@pytest.mark.parametrize(
    "wrong",
    [
        f"https:///{TOKEN}",
        f"https://chat example/{TOKEN}",
        f"https://[{TOKEN}/hook",
        f"https://chat.example/hook\n{TOKEN}",
        f"ftp://chat.example/{TOKEN}",
        f"https://me:{TOKEN}\u2100@chat.example/",
        [URL],
        {"url": URL},
    ],
)
def test_a_url_that_is_refused_is_not_shown_either(wrong: Union[str, list[str], dict[str, str]]) -> None:
    with pytest.raises(Usage) as refused:
        settings({"notify": wrong}, "olympias")
    assert refused.value.case.startswith("osprey.notify is ")
    assert TOKEN not in str(refused.value)


def test_a_token_in_the_environment_is_shown_by_no_debug_output(inv: Inv) -> None:
    ran = inv("--debug", "lock.status", INVOKE_OSPREY_NOTIFY=URL)
    assert ran.code == 0, ran.said
    assert TOKEN not in ran.said


@pytest.mark.parametrize("wrong", [f'["{URL}"]', f'{{"url": "{URL}"}}'])
def test_a_url_at_the_wrong_place_of_a_settings_file_is_not_shown(inv: Inv, tmp_path: Path, wrong: str) -> None:
    (tmp_path / "own.json").write_text(f'{{"osprey": {{"notify": {wrong}}}}}')
    ran = inv("-f", str(tmp_path / "own.json"), "lock.status")
    assert ran.code == 1 and SHOWN in ran.err
    assert TOKEN not in ran.said


@given(st.text())
def test_of_any_text_behind_a_scheme_no_more_than_a_host_is_shown(rest: str) -> None:
    shown = str(Secret(f"https://{rest}"))
    assert shown.startswith("https://") and shown.endswith("/…")
    host = shown[len("https://") : -len("/…")]
    assert rest.startswith(host) or f"@{host}" in rest
    assert not set(host) & set("/?#@")
