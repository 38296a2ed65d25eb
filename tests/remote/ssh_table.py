"""What ssh and the tool say to the same files, before real servers.

`python -m tests.remote.ssh_table` writes it into docs/ssh.md.
"""

from __future__ import annotations

import base64
import getpass
import hmac
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple
from unittest import mock

from ospreyops.errors import OspreyError
from ospreyops.remote.ssh import connect
from ospreyops.settings import Settings
from tests.lab.ssh import make_key
from tests.lab.sshd import Sshd
from tests.own_ssh import path_with_own_ssh
from tests.remote.ssh_cases import CONFIG, KNOWN_HOSTS, LOGIN, Case

DOCUMENT = Path(__file__).parents[2] / "docs/ssh.md"
BEGIN, END = "<!-- tests/remote/ssh_table.py writes from here -->", "<!-- to here -->"
PARTS = {"Host keys": KNOWN_HOSTS, "ssh_config": CONFIG, "Keys, and the way there": LOGIN}
CASES = [case for cases in PARTS.values() for case in cases]
CERTIFICATES = {
    "certified": ("127.0.0.1", "+1d"),
    "elsewhere": ("lab", "+1d"),
    "expired": ("127.0.0.1", "20200101:20210101"),
}
"""Servers that have a certificate: its name, and how long it is valid."""
BOX = """\
Host box
{config}
Host box
    HostName 127.0.0.1
    Port {port}
{identity}
Host one
    HostName 127.0.0.1
    Port {port_one}
Host two
    HostName 127.0.0.1
    Port {port_two}
{nested}
Host stranger
    HostName 127.0.0.1
    Port {port_one}
    UserKnownHostsFile /dev/null
Host *
    IdentityFile {key}
    IdentitiesOnly yes
    UserKnownHostsFile {folder}/known_hosts
    GlobalKnownHostsFile none
"""


class Said(NamedTuple):
    """Whether ssh connects, whether the tool does, and the tool's words when it does not."""

    ssh: bool
    tool: bool
    words: str


class Servers:
    """The servers that the cases connect to, their keys, and the files that the cases name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = make_key(folder / "key")
        keys = {"ed": [], "other": [], "ca": [], "rsa": ["-t", "rsa", "-b", "2048"], "other_rsa": ["-t", "rsa"]}
        for name, kind in keys.items():
            _keygen(*(kind or ["-t", "ed25519"]), "-N", "", "-f", str(folder / name))
        for name in ("ed", "other", "ca"):
            _keygen("-k", "-f", str(folder / f"{name}.krl"), str(folder / f"{name}.pub"))
        _keygen("-t", "ed25519", "-N", "a passphrase", "-f", str(folder / "locked"))
        self._sshd: dict[str, Sshd] = {}

    def start(self) -> None:
        """Start a server of each kind: two jump hosts, of which only the first lets on to the second."""
        for kind in ("plain", *CERTIFICATES):
            self._sshd[kind] = self._server(kind, f"HostKey {self.folder}/rsa\n")
        self._sshd["authority"] = self._server("authority", f"TrustedUserCAKeys {self.folder}/ca.pub\n")
        for kind, onto in (("two", self._sshd["plain"].port), ("one", 0)):
            ports = [self._sshd[name].port for name in ("plain", "two")] if kind == "one" else [onto]
            self._sshd[kind] = self._server(kind, f"PermitOpen {' '.join(f'127.0.0.1:{port}' for port in ports)}\n")

    def stop(self) -> None:
        """End the servers."""
        for sshd in self._sshd.values():
            sshd.stop()

    def said(self, case: Case) -> Said:
        """What ssh and the tool say to a case."""
        sshd = self._sshd.get(case.server) or self._sshd["plain"]
        fields = self._fields(sshd)
        known = case.known.format(**fields)
        always = "".join(f"[127.0.0.1]:{self._sshd[name].port} {fields['ed']}\n" for name in ("one", "two"))
        (self.folder / "known_hosts").write_bytes(f"{always}{known}".encode("latin-1"))
        for name in ("127.0.0.1", "a b"):
            (self.folder / name).write_text(f"[127.0.0.1]:{sshd.port} {fields['ed']}\n")
        (self.folder / "included").write_text("    HostName 127.0.0.1\n")
        config = case.config.format(**fields)
        if case.server == "included":
            config = f"Include {self.folder}/included\n{config}"
        identity = "" if case.server == "keyless" else f"    IdentityFile {self.key}"
        nested = "    ProxyJump one" if case.server == "nested" else ""
        text = BOX.format(**{**fields, "config": config, "identity": identity, "nested": nested})
        if case.server == "keyless":
            text = text.replace(f"Host *\n    IdentityFile {self.key}\n", "Host *\n")
        (self.folder / ".ssh").mkdir(exist_ok=True)
        (self.folder / ".ssh/config").write_text(text)
        with mock.patch.dict(
            os.environ, PATH=path_with_own_ssh(self.folder), FOLDER=str(self.folder), SSH_AUTH_SOCK=""
        ):
            tool, words = _tool()
            return Said(_ssh(), tool, words)  # ssh last: accept-new writes into known_hosts

    def _fields(self, sshd: Sshd) -> dict[str, object]:
        public = {name: (self.folder / f"{name}.pub").read_text() for name in ("ed", "rsa", "ca", "other", "other_rsa")}
        keys = {name: " ".join(text.split()[:2]) for name, text in public.items()}
        names = {"port": f"[127.0.0.1]:{sshd.port}", "bare": "127.0.0.1", "else": "127.0.0.2"}
        hashes = {f"hash_{kind}": _hashed(name) for kind, name in names.items()}
        ports = {"port": sshd.port, "port_one": self._sshd["one"].port, "port_two": self._sshd["two"].port}
        alone = {"ed_alone": keys["ed"].split()[1], "user": getpass.getuser()}
        return {**keys, **hashes, **ports, **alone, "folder": self.folder, "key": self.key}

    def _server(self, kind: str, more: str) -> Sshd:
        folder = self.folder / kind
        folder.mkdir()
        for source, name in (("ed", "host_key"), ("ed.pub", "host_key.pub"), ("key", "key"), ("key.pub", "key.pub")):
            (folder / name).write_bytes((self.folder / source).read_bytes())
            (folder / name).chmod(0o600)
        if kind in CERTIFICATES:
            name, valid = CERTIFICATES[kind]
            words = ("-s", str(self.folder / "ca"), "-I", kind, "-h", "-n", name, "-V", valid)
            _keygen(*words, str(folder / "host_key.pub"))
            more += f"HostCertificate {folder}/host_key-cert.pub\n"
        if kind == "authority":
            self._certify_user(folder)
        return Sshd(folder, more)

    def _certify_user(self, folder: Path) -> None:
        """Have a server take no key as such, but with the authority's certificate for the user who runs this."""
        (folder / "key.pub").write_text("")
        own = make_key(folder / "own")
        for key in (self.key, own):
            words = ("-s", str(self.folder / "ca"), "-I", "user", "-n", getpass.getuser())
            _keygen(*words, f"{key}.pub")
        Path(f"{self.key}-cert.pub").rename(self.folder / "user.pub")


@contextmanager
def servers() -> Iterator[Servers]:
    """The servers, in a folder of their own, until the block ends."""
    with ExitStack() as stack:
        ours = Servers(Path(stack.enter_context(tempfile.TemporaryDirectory())))
        stack.callback(ours.stop)
        ours.start()
        yield ours


def table(said: dict[Case, Said]) -> str:
    """The table of docs/ssh.md."""
    word = {True: "yes", False: "no"}
    lines = []
    for title, cases in PARTS.items():
        lines += [f"\n### {title}\n", "| the files have | ssh | ospreyops | |", "|---|---|---|---|"]
        for case in cases:
            text = case.title.replace("{{", "{").replace("}}", "}")
            lines.append(f"| {text} | {word[said[case].ssh]} | {word[said[case].tool]} | {case.stricter} |")
    return "\n".join(lines) + "\n"


def _hashed(name: str) -> str:
    salt = bytes(range(20))
    digest = hmac.digest(salt, name.encode(), "sha1")
    return f"|1|{base64.b64encode(salt).decode()}|{base64.b64encode(digest).decode()}"


def _keygen(*words: str) -> None:
    subprocess.run(["ssh-keygen", "-q", *words], check=True, capture_output=True, timeout=60)


def _ssh() -> bool:
    words = ["ssh", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10", "box", "true"]
    return subprocess.run(words, capture_output=True, timeout=60, stdin=subprocess.DEVNULL).returncode == 0


def _tool() -> tuple[bool, str]:
    try:
        connect(Settings("box")).close()
    except OspreyError as error:
        return False, str(error)
    return True, ""


def main() -> None:
    """Write the table into the document."""
    with servers() as ours:
        made = table({case: ours.said(case) for case in CASES})
    before, _, rest = DOCUMENT.read_text().partition(BEGIN)
    DOCUMENT.write_text(f"{before}{BEGIN}\n{made}\n{END}{rest.partition(END)[2]}")


if __name__ == "__main__":
    main()
