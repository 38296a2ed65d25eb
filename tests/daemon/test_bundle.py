"""The tool as one file: whole, the same each time, and content with nothing but a Python."""

from __future__ import annotations

import ssl
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ospreyops import __version__
from ospreyops.daemon import bundle
from ospreyops.delivery.source import sha256
from ospreyops.errors import Blocked
from tests.conftest import Inv

PYTHONS = [
    *Path.home().glob(".pyenv/versions/3.*/bin/python3"),
    *(Path(f"/usr/bin/python3.{minor}") for minor in range(9, 30)),
]


@pytest.fixture(scope="module")
def pyz(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bundle.build(tmp_path_factory.mktemp("bundle") / "osprey.pyz")


def ran(pyz: Path, *words: str, python: str = sys.executable, **env: str) -> subprocess.CompletedProcess[str]:
    """The file as a daemon has it run: none of this computer's packages, nor variables."""
    whole = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", **env}
    command = [python, "-I", "-S", str(pyz), *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, cwd="/", env=whole)


def version(python: Path) -> tuple[int, ...]:
    words = [str(python), "-c", "import sys; print(*sys.version_info[:2])"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return tuple(map(int, done.stdout.split()))


def test_the_file_has_the_tasks_of_this_checkout_and_none_of_the_folder_it_is_run_in(pyz: Path) -> None:
    listed = ran(pyz, "--list")
    assert listed.returncode == 0, listed.stderr
    assert listed.stdout.partition("\n")[2] == Inv({})("--list").out.partition("\n")[2]


def test_it_runs_with_every_python_that_is_new_enough_and_refuses_others_in_a_line(pyz: Path) -> None:
    tried = {version(python): python for python in PYTHONS if python.exists()}
    assert tried
    for found, python in tried.items():
        done = ran(pyz, "--version", python=str(python))
        if found >= bundle.needs():
            assert (done.returncode, done.stdout) == (0, f"osprey {__version__}\n"), done.stderr
        else:
            assert done.returncode == 1
            assert done.stderr.startswith("osprey needs Python ") and done.stderr.count("\n") == 1


def test_the_same_checkout_gives_the_same_file(pyz: Path, tmp_path: Path) -> None:
    assert sha256(bundle.build(tmp_path / "again.pyz")) == sha256(pyz)


def test_nothing_compiled_and_nothing_for_other_hosts_is_in_it(pyz: Path) -> None:
    names = zipfile.ZipFile(pyz).namelist()
    assert {Path(name).suffix for name in names if ".dist-info/" not in name} == {".py", ".pl", ".pem"}
    assert not [name for name in names if name.startswith(("fabric", "paramiko", "cryptography"))]
    assert [name for name in names if "LICENSE" in name]


def test_a_host_that_works_on_itself_imports_nothing_for_other_hosts(pyz: Path, tmp_path: Path) -> None:
    code = (
        "import runpy, sys; sys.argv = sys.argv[1:]; sys.path.insert(0, sys.argv[0])\n"
        "try: runpy.run_path(sys.argv[0], run_name='__main__')\n"
        "except SystemExit: pass\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    settings = tmp_path / "watch.json"
    settings.write_text('{"osprey": {"host": "localhost", "public": "none", "folder": "/nonexistent"}}')
    words = [sys.executable, "-I", "-S", "-c", code, str(pyz), "-f", str(settings), "status"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, cwd="/")
    modules = done.stdout.splitlines()[-1]
    assert "'docker'" in modules and "localhost" in done.stdout
    assert not [name for name in ("fabric", "paramiko", "cryptography") if f"'{name}'" in modules]


def test_the_settings_that_f_names_are_honoured(pyz: Path, tmp_path: Path) -> None:
    (tmp_path / "watch.json").write_text('{"osprey": {"machine": "abacus"}}')
    done = ran(pyz, "-f", str(tmp_path / "watch.json"), "status")
    assert "localhost: 'abacus' is no kind of machine" in done.stderr


def test_no_other_file_of_settings_is_read(pyz: Path, tmp_path: Path) -> None:
    (tmp_path / "ospreyops.yaml").write_text("osprey: {machine: abacus}")
    assert ran(pyz, "lock.status", XDG_CONFIG_HOME=str(tmp_path)).stdout.endswith("localhost is not locked\n")


def test_a_task_that_is_named_twice_in_a_chain_runs_twice_as_in_the_checkout(pyz: Path) -> None:
    assert ran(pyz, "lock.status", "lock.status").stdout.count("localhost is not locked") == 2


def test_a_run_that_is_killed_leaves_no_temporary_files(pyz: Path, tmp_path: Path) -> None:
    code = (
        "import os, runpy, sys; sys.argv = sys.argv[1:]; sys.path.insert(0, sys.argv[0])\n"
        "try: runpy.run_path(sys.argv[0], run_name='__main__')\n"
        "finally: print('docker' in sys.modules, flush=True); os._exit(9)"
    )
    words = [sys.executable, "-I", "-S", "-c", code, str(pyz), "status"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, env={"TMPDIR": str(tmp_path)})
    assert (done.returncode, done.stdout.splitlines()[-1]) == (9, "True")
    assert list(tmp_path.iterdir()) == []


def test_from_within_the_file_the_same_file_is_made(pyz: Path, tmp_path: Path) -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(pyz)!r}); from pathlib import Path; from ospreyops.daemon import bundle; "
        f"print(bundle.needs()); bundle.build(Path({str(tmp_path / 'copy.pyz')!r}))"
    )
    words = [sys.executable, "-I", "-S", "-c", code]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert done.stdout == f"{bundle.needs()}\n", done.stderr
    assert sha256(tmp_path / "copy.pyz") == sha256(pyz)


def test_what_the_parts_need_of_python_is_what_the_file_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    part = SimpleNamespace(metadata={"Requires-Python": ">=3.12,<4"})
    monkeypatch.setattr(bundle, "_part", lambda name: part)
    assert bundle.needs() == (3, 12)


def test_a_part_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def missing(name: str) -> Any:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "distribution", missing)
    with pytest.raises(Blocked, match="invoke is not installed"):
        bundle.build(tmp_path / "osprey.pyz")


NOTIFY = (
    "import sys; sys.path.insert(0, sys.argv[1])\n"
    "from ospreyops.healing.notify import post\n"
    "post(sys.argv[2], {'event': 'found'})"
)


class Hook(BaseHTTPRequestHandler):
    """A web server that takes events at /hook, and sends everybody else there."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204 if self.path == "/hook" else 302)
        self.send_header("Location", "/hook")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def hook(tmp_path: Path) -> Iterator[str]:
    """The URL of that server, whose certificate is web.pem."""
    name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "1", "-out", "web.pem"]
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", *name]
    subprocess.run(make, cwd=tmp_path, check=True, capture_output=True)
    server = HTTPServer(("127.0.0.1", 0), Hook)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(tmp_path / "web.pem", tmp_path / "key.pem")
    server.socket = tls.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
    yield f"https://127.0.0.1:{server.server_port}"
    server.shutdown()


def test_an_event_leaves_the_file_for_a_web_server_whose_certificate_is_trusted_and_no_other(
    pyz: Path, tmp_path: Path, hook: str
) -> None:
    def posted(path: str, **env: str) -> subprocess.CompletedProcess[str]:
        words = [sys.executable, "-S", "-c", NOTIFY, str(pyz), hook + path]
        return subprocess.run(words, capture_output=True, text=True, timeout=60, cwd="/", env=env)

    trusted = str(tmp_path / "web.pem")
    taken = posted("/hook", SSL_CERT_FILE=trusted)
    assert taken.returncode == 0, taken.stderr
    assert "HTTP 302" in posted("/moved", SSL_CERT_FILE=trusted).stderr
    assert "CERTIFICATE_VERIFY_FAILED" in posted("/hook").stderr
