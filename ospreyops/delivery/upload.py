"""Upload a file of this computer to a host."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Callable, TypeVar

from ..console import Bar
from ..errors import Blocked, Failed
from ..remote.command import Command, quote, sh
from ..remote.host import Host
from ..remote.perl import program
from ..remote.protocol import check_begun
from ..text import bracketed, size, whole_number
from .source import outline, sha256

PACKET = 32704
"""Bytes that are sent at once: one more would cost one more packet (field book: world, "SSH")."""
BLOCK = 8 * PACKET
"""Bytes that are read at once."""
SEND_LIMIT = 6 * 3600
SILENCE = 60
"""Seconds without a byte after which the host waits for no more: this computer may sleep."""
SHA256 = "(openssl dgst -sha256 -r || sha256sum || shasum -a 256) 2>/dev/null"
"""The sha256 of its input. The others may take five times as long as openssl (field book: world, "Images")."""
SHA256SUM = "(openssl dgst -sha256 -r <{file} || sha256sum <{file} || shasum -a 256 <{file}) 2>/dev/null"
"""That of a file. It is read from the input, for a backslash in a file's name would come before the sum."""
THERE = (
    "umask 022 && mkdir -p {folder} && { wc -c <{part}; echo sum;"
    f" [ $(wc -c <{{file}}) = {{total}} ] && {SHA256SUM}; :; }} 2>/dev/null"
)
"""Makes the folder, and tells how much of the file is there: the size of its part, the sum of a file of its size."""
_T = TypeVar("_T")


@dataclass(frozen=True)
class Upload:
    """Upload a file: a broken upload is resumed, and the file is verified by its sha256 after arrival."""

    source: Path
    destination: str
    ssh: str = field(compare=False)
    sudo: bool = field(default=False, compare=False)

    def __str__(self) -> str:
        *options, login = self.ssh.split()
        port = f"-P {options[1]} " if options else ""
        user, at, address = login.rpartition("@")
        there = f"{user}{at}{bracketed(address)}:{quote(self.destination)}"
        made = f"mkdir -p {quote(self._folder)}"
        return f"ssh {self.ssh} {quote(made)} && scp {port}{quote(str(self.source))} {there}"

    @cached_property
    def digest(self) -> str:
        """The file's sha256; once it was sent, that of what was sent. Errors: Blocked when it cannot be read."""
        return self._read(sha256)

    def _read(self, reckon: Callable[[Path], _T]) -> _T:
        """What is reckoned of the file. Errors: Blocked when it cannot be read."""
        try:
            return reckon(self.source)
        except OSError as error:
            raise Blocked(f"{self.source} cannot be read: {error.strerror}") from None

    def perform(self, host: Host) -> None:
        """Errors: Blocked when the file cannot be read; Failed when it does not arrive whole."""
        total, name = self._read(outline)
        part = f"{self._folder}/{name}.part"
        there = host.run(self._line(THERE, folder=self._folder, part=part, file=self.destination, total=total)).out
        size_of_part, _, found = there.partition("sum")
        if found.strip() and self.digest in found:
            return
        self._append(host, part, total, min(whole_number(size_of_part) or 0, total))
        host.run(self._line("mv -f {part} {target}", part=part, target=self.destination))

    def _append(self, host: Host, part: str, total: int, begin: int) -> None:
        """Send what the host does not have yet. Errors: Failed when the whole is not the file."""
        if begin:
            host.console.dim(f"    resumed after {size(begin)}")
        stream = host.stream(self._receiving(part))
        with host.console.progress(total) as bar:
            bar.resume(begin)
            sent = self._send(stream.sock, bar)
        ended = stream.finish()
        check_begun(host.name, ended)
        told = ended.err if ended.ok and sent else ""
        if not sent or sent not in told:
            told = host.ask({"sum": sh(SHA256SUM, file=part, limit=120)}, sudo=self.sudo)["sum"].out
        if sent and sent in told:
            vars(self)["digest"] = sent
            return
        why = "another sha256" if sent else "it changed meanwhile"
        if sent and ended.ok:
            host.run(self._line("rm -f {part}", part=part))
        raise Failed(
            f"{self.source.name} did not arrive whole: {why if ended.ok else ended.first_line}",
            hint="run the same command again: it resumes where this one ended",
        )

    def _send(self, sock: Any, bar: Bar) -> str:
        """Send the file but for what the host has. The sha256 of the whole; "" where not all of it was sent."""
        digest, begin, read = hashlib.sha256(), bar.begun, 0
        with suppress(OSError, EOFError), self.source.open("rb") as file:
            while block := file.read(BLOCK):
                digest.update(block)
                for at in range(max(0, begin - read), len(block), PACKET):
                    sock.sendall(block[at : at + PACKET])
                read += len(block)
                bar.done = max(begin, read)
        return digest.hexdigest() if read == bar.total else ""

    def _receiving(self, part: str) -> Command:
        receive = program("ospreyops.remote", "receive.pl")
        line = "umask 022 && exec perl -e {receive} {silence} {part} {beside}"
        values = {"receive": receive, "silence": str(SILENCE), "part": part, "beside": SHA256}
        return sh(line, limit=SEND_LIMIT, sudo=self.sudo, own=self._folder, **values)

    @property
    def _folder(self) -> str:
        return self.destination.rpartition("/")[0]

    def _line(self, template: str, **values: object) -> Command:
        return sh(template, limit=120, sudo=self.sudo, own=self._folder, **values)
