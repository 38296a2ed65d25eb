"""The watch on simulated hosts: it heals by itself, backs off, gives up, waits for maintainers, and tells."""

from __future__ import annotations

import io
import json
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from ospreyops.change import history
from ospreyops.console import Console, Screen
from ospreyops.errors import Failed
from ospreyops.healing import notify
from ospreyops.healing.watch import TRIES, Watch
from ospreyops.secret import Secret
from tests.sim.host import SimHost
from tests.sim.site import sim_site
from tests.worlds import CURABLE, HELD, serving, take, with_fault


class Watched:
    """A watch of a simulated host, what it says, and what its hook was told."""

    def __init__(self, host: SimHost, tmp: Path) -> None:
        self.out = io.StringIO()
        hook = tmp / "hook"
        hook.write_text(f"#!/bin/sh\ncat >>{tmp}/events\n")
        hook.chmod(0o755)
        self._events = tmp / "events"
        with redirect_stdout(self.out):
            self.site = sim_site(host, Console(Screen(), host.name))
        self.notify(str(hook))
        self.jumped = 0.0
        self.watch = Watch(self.site, 30, wall=lambda: 1e9 + host.now + self.jumped)

    def notify(self, to: str) -> None:
        """Set the program, or the URL, that is told."""
        self.site.target = replace(self.site.target, settings=replace(self.site.settings, notify=Secret(to)))

    @property
    def said(self) -> str:
        return self.out.getvalue()

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._events.read_text().splitlines()] if self._events.exists() else []


def test_root_tells_no_program_that_others_may_write(tmp_path: Path) -> None:
    watched = Watched(with_fault("paused"), tmp_path)
    (tmp_path / "hook").chmod(0o757)
    watched.watch.round()
    assert bool(watched.events) is bool(os.geteuid())
    assert os.geteuid() or "others may write" in watched.said


@pytest.mark.parametrize("name", CURABLE)
def test_a_fault_is_healed_without_anybody_there(tmp_path: Path, name: str) -> None:
    mac = with_fault(name)
    watched = Watched(mac, tmp_path)
    watched.watch.round()
    watched.watch.round()
    assert watched.watch.well, watched.said
    assert mac.service


def test_the_hook_is_told_what_was_found_and_repaired(tmp_path: Path) -> None:
    watched = Watched(with_fault("paused"), tmp_path)
    watched.watch.round()
    assert [event["event"] for event in watched.events] == ["found", "repaired"]
    assert watched.events[0]["faults"][0] == "paused"
    assert watched.events[0]["host"] == "sim"


def test_what_cannot_be_healed_is_tried_ever_more_seldom_given_up_and_said(tmp_path: Path) -> None:
    mac = with_fault("paused")
    mac.fails = "resume"
    watched = Watched(mac, tmp_path)
    rests = [watched.watch.round() for _ in range(TRIES)]
    assert rests[:4] == [30, 60, 120, 240]
    assert "gives up" in watched.said
    assert watched.events[-1]["event"] == "gave up"
    tried = len(mac.ran)
    watched.watch.round()
    assert len(mac.ran) == tried
    mac.fails = "$^"
    mac.power("poweroff")
    watched.watch.round()
    watched.watch.round()
    assert watched.watch.well


def test_a_repair_that_does_not_last_is_given_up_too(tmp_path: Path) -> None:
    mac = with_fault("forward")
    watched = Watched(mac, tmp_path)
    for _ in range(TRIES):
        mac.rules = mac.rules[:1]
        watched.watch.round()
    assert "gives up" in watched.said


def test_a_service_stopped_on_purpose_stays_stopped(tmp_path: Path) -> None:
    mac = serving(desired="")
    mac.service = None
    watched = Watched(mac, tmp_path)
    watched.watch.round()
    assert mac.ran == []
    assert watched.events == []


def test_a_maintainer_who_changes_the_host_is_waited_for_and_named(tmp_path: Path) -> None:
    mac = with_fault("forward")
    watched = Watched(mac, tmp_path)
    held = take(mac)
    watched.watch.round()
    watched.watch.round()
    assert watched.said.count(f"waits: sim is locked by {HELD}") == 1
    assert mac.ran == []
    held.end(None)
    watched.watch.round()
    assert mac.ran


def test_it_looks_at_once_when_the_computer_woke_up(tmp_path: Path) -> None:
    mac = serving()
    watched = Watched(mac, tmp_path)
    site = watched.site
    site.look()
    asleep = site.sleep

    def sleep(seconds: float) -> None:
        asleep(seconds)
        if mac.now > 10:
            watched.jumped = 3600

    site.sleep = sleep
    watched.watch.rest(30)
    assert 10 < mac.now < 20
    assert "woke up" in watched.said


def test_a_host_that_cannot_be_reached_is_asked_again(tmp_path: Path) -> None:
    mac = serving()
    watched = Watched(mac, tmp_path)
    mac.reachable = False
    assert watched.watch.round() == 30
    assert "cannot be reached" in watched.said
    mac.reachable = True
    watched.watch.round()
    assert watched.watch.well


def test_a_hook_that_fails_is_said_and_keeps_nothing_from_being_healed(tmp_path: Path) -> None:
    mac = with_fault("paused")
    watched = Watched(mac, tmp_path)
    (tmp_path / "hook").write_text("#!/bin/sh\nexit 3\n")
    watched.watch.round()
    assert mac.vm == "running"
    assert "did not take it" in watched.said


@pytest.fixture
def posted() -> Iterator[tuple[str, list[bytes]]]:
    """A web server's address, and what was posted to it."""
    got: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/hook", got
    server.shutdown()


def test_a_web_server_is_told_as_well(tmp_path: Path, posted: tuple[str, list[bytes]]) -> None:
    url, got = posted
    watched = Watched(with_fault("clock"), tmp_path)
    watched.notify(url)
    watched.watch.round()
    assert [json.loads(body)["event"] for body in got] == ["found", "repaired"]


def test_a_server_that_says_a_token_back_gets_it_into_no_log(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def echo() -> None:
            with server.accept()[0] as connection:
                connection.sendall(connection.recv(65536))

        thread = threading.Thread(target=echo, daemon=True)
        thread.start()
        watched = Watched(serving(), tmp_path)
        watched.notify(f"http://127.0.0.1:{server.getsockname()[1]}/hook/T0K3N")
        notify.tell(watched.site, {"event": "found"})
        thread.join()
    assert "osprey.notify (http://127.0.0.1/…) did not take it: BadStatusLine" in watched.said
    assert "T0K3N" not in watched.said


def test_what_it_did_is_in_the_hosts_history(tmp_path: Path) -> None:
    mac = with_fault("forward")
    watched = Watched(mac, tmp_path)
    watched.watch.round()
    watched.watch.round()
    site = watched.site
    text = site.host.ask({"history": history.question(site.settings.folder, 10)})["history"].out
    tasks = [json.loads(line)["task"] for line in text.splitlines()]
    assert tasks == ["watch", "watch"]


def test_a_step_that_fails_is_not_the_end_of_the_watch(tmp_path: Path) -> None:
    mac = with_fault("stopped")
    mac.before_run = lambda line: (_ for _ in ()).throw(Failed("it did not work"))
    watched = Watched(mac, tmp_path)
    watched.watch.round()
    assert watched.events[-1]["event"] == "failed"
