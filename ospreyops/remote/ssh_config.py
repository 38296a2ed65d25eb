"""What ssh_config says about a host: the outcome of all of it, as `ssh -G` prints it.

docs/ssh.md has each keyword, and whether it is taken, refused or left aside.
"""

from __future__ import annotations

import functools
import hashlib
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Callable, NamedTuple, Optional

import fabric
from paramiko.ssh_exception import ConfigParseError

from ..errors import Usage
from ..text import who

LOGIN = re.compile(r"(ssh://)?((?P<user>[^/]+)@)?(\[(?P<bare>[^\]]+)\]|(?P<host>[^@/]*?))(:(?P<port>[0-9]{1,5}))?/?")
NEXT_FILE = re.compile(r" (?=[/~]|[A-Za-z]:)")
TOKEN = re.compile(r"%(.)")
VARIABLE = re.compile(r"\$\{(\w+)\}")
HIGHEST_PORT = 65535
OWN_FILES = ("known_hosts", "known_hosts2")
IDENTITIES = ("id_rsa", "id_ecdsa", "id_ed25519")
MISSING = "ssh is not installed here: ssh_config is read without Match exec, CanonicalizeHostname and its like"
TOLD = threading.Event()
"""It was told that ssh is not installed."""


class Login(NamedTuple):
    """Whom to log in as, and where. "" and 0 are as ssh_config says. jumps: as for ProxyJump, "a,b"."""

    host: str
    user: str = ""
    port: int = 0
    jumps: str = ""

    @classmethod
    def parse(cls, text: str, jumps: str = "") -> Login:
        """Parse [user@]host[:port] or ssh://[user@]host[:port]. Errors: Usage."""
        plain = text.count(":") > 1 and "[" not in text and "//" not in text
        user, _, address = text.rpartition("@")
        found = LOGIN.fullmatch(text)
        if plain:
            return cls(address, user, 0, jumps)
        if not found or not (found["bare"] or found["host"]):
            raise Usage(f"{text!r} is not a host name")
        return cls(found["bare"] or found["host"], found["user"] or "", int(found["port"] or 0), jumps)

    @property
    def words(self) -> list[str]:
        """The options that tell ssh the same."""
        options = {"-l": self.user, "-p": str(self.port or ""), "-J": self.jumps}
        return [word for option, value in options.items() if value for word in (option, value)]


class SshConfig:
    """What ssh_config says about a login. A keyword is in lower case; "none" is said as nothing at all."""

    def __init__(self, login: Login, values: Mapping[str, Sequence[str]]) -> None:
        self.login = login
        self._values = values

    def get(self, keyword: str) -> str:
        """The keyword's value, "" where there is none."""
        return next(iter(self.all(keyword)), "")

    def all(self, keyword: str) -> list[str]:
        """The values of a keyword that may be given several times."""
        return [value for value in self._values.get(keyword, ()) if value != "none"]

    def is_none(self, keyword: str) -> bool:
        """The keyword's value is "none"."""
        return list(self._values.get(keyword, ())) == ["none"]

    def number(self, keyword: str, default: int) -> int:
        """A keyword's number. Errors: Usage."""
        value = self.get(keyword) or str(default)
        if not re.fullmatch("[0-9]{1,9}", value) or (keyword == "port" and int(value) > HIGHEST_PORT):
            raise Usage(f"ssh_config: {keyword} {value!r} is not a number that fits")
        return int(value)

    def names(self, keyword: str) -> list[str]:
        """The names of a list with commas, such as Ciphers."""
        return [name for name in self.get(keyword).split(",") if name]

    def files(self, keyword: str) -> list[Path]:
        """The files that a keyword names. A name with blanks is not marked as such: what begins like a path is one."""
        return [self.path(name) for value in self.all(keyword) for name in NEXT_FILE.split(value)]

    def path(self, text: str) -> Path:
        """A file, with ~, ${VARIABLE} and %-tokens filled in. Errors: Usage."""
        filled = VARIABLE.sub(lambda name: os.environ.get(name[1], ""), self.fill(text))
        if re.match("~(/|$)", filled):
            return Path(home() + filled[1:])
        try:
            return Path(filled).expanduser()
        except RuntimeError:
            raise Usage(f"ssh_config: {text!r} is the home of a user who is not there") from None

    def fill(self, text: str) -> str:
        """A text with its %-tokens filled in, as section TOKENS of ssh_config(5) has them. Errors: Usage."""
        tokens = self._tokens

        def token(found: re.Match[str]) -> str:
            if found[1] not in tokens:
                raise Usage(f"ssh_config: {text!r} has %{found[1]}, which is not known")
            return tokens[found[1]]

        return TOKEN.sub(token, text)

    @property
    def host(self) -> str:
        """The host name or address to connect to, in lower case."""
        return self.get("hostname").lower()

    @property
    def user(self) -> str:
        """The user to log in as."""
        return self.get("user")

    @property
    def port(self) -> int:
        """The port of the SSH server."""
        return self.number("port", 22)

    @functools.cached_property
    def jump(self) -> Optional[Login]:
        """The jump host that this one is reached from: ProxyJump's last. Those before it are on the way to that one."""
        first, _, last = self.get("proxyjump").rpartition(",")
        return Login.parse(last, first) if last else None

    @functools.cached_property
    def _tokens(self) -> dict[str, str]:
        here = socket.gethostname()
        remote = (self.host, str(self.port), self.user, self.get("proxyjump"))
        names = {"h": remote[0], "p": remote[1], "r": remote[2], "j": remote[3], "n": self.login.host, "%": "%"}
        ours = {"l": here, "L": here.partition(".")[0], "d": home(), "u": who()}
        whole = hashlib.sha1("".join((here, *remote)).encode()).hexdigest()  # noqa: S324 (ssh's own, no secret)
        number = str(os.getuid()) if hasattr(os, "getuid") else ""
        return {**names, **ours, "k": self.get("hostkeyalias") or self.login.host, "C": whole, "i": number}


def home() -> str:
    """The user's home folder as ssh knows it: passwd's, not $HOME."""
    try:
        import pwd
    except ImportError:
        return str(Path.home())
    return pwd.getpwuid(os.getuid()).pw_dir


def read(login: Login, limit: float, tell: Callable[[str], None]) -> SshConfig:
    """Ask ssh what ssh_config says; where OpenSSH is missing, read it, and tell so once.

    limit: seconds. Errors: Usage with ssh's own words.
    """
    ssh = shutil.which("ssh")
    if not ssh:
        if not TOLD.is_set():
            TOLD.set()
            tell(MISSING)
        return SshConfig(login, _read_without_ssh(login))
    return SshConfig(login, _asked([ssh, "-G", *login.words, "--", login.host], login.host, limit))


def built_in(keyword: str, limit: float) -> list[str]:
    """The names that ssh has for a keyword where no file says otherwise; none where OpenSSH is missing."""
    ssh = shutil.which("ssh")
    if not ssh:
        return []
    values = _asked([ssh, "-G", "-F", "none", "--", "host"], "host", limit)
    return SshConfig(Login("host"), values).names(keyword)


def _asked(words: list[str], host: str, limit: float) -> dict[str, list[str]]:
    pipe = subprocess.PIPE
    ssh = subprocess.Popen(  # noqa: S603 (ssh, no shell)
        words, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, start_new_session=True
    )
    try:
        out, err = ssh.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        os.killpg(ssh.pid, signal.SIGKILL)  # ssh, and what Match exec has started
        ssh.communicate()
        raise Usage(f"ssh -G {host} did not end within {limit:g} s", hint="a Match exec of ssh_config?") from None
    if ssh.returncode:
        said = err.decode(errors="replace").strip().splitlines() or [f"exit status {ssh.returncode}"]
        raise Usage(f"ssh does not say how to reach {host}: {said[0]}", hint=f"ssh -G {host}")
    found: dict[str, list[str]] = {}
    for line in out.decode(errors="surrogateescape").split("\n"):
        keyword, _, value = line.partition(" ")
        found.setdefault(keyword, []).append(value)
    return found


def _read_without_ssh(login: Login) -> dict[str, list[str]]:
    """What Fabric reads of ssh_config, with ssh's own defaults."""
    own = Path(home(), ".ssh")
    values = {
        "hostname": [login.host],
        "user": [who()],
        "port": ["22"],
        "identityfile": [str(own / name) for name in IDENTITIES],
        "userknownhostsfile": [" ".join(str(own / name) for name in OWN_FILES)],
        "globalknownhostsfile": [" ".join(f"/etc/ssh/ssh_{name}" for name in OWN_FILES)],
    }
    try:
        for keyword, value in fabric.Config().base_ssh_config.lookup(login.host).items():
            values[keyword] = list(value) if isinstance(value, list) else [str(value)]
    except ConfigParseError as error:
        raise Usage(f"ssh_config cannot be read: {error}") from None
    given = {"user": login.user, "port": str(login.port or ""), "proxyjump": login.jumps}
    values.update({keyword: [value] for keyword, value in given.items() if value})
    return values
