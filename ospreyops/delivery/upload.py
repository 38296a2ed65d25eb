"""Upload a file of this computer to a host."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from ..errors import Blocked, Failed
from ..remote.command import Command, quote, sh
from ..remote.host import Host
from ..remote.perl import program
from ..remote.protocol import check_begun
from ..text import bracketed, size, whole_number
from .source import sha256

CHUNK = 1 << 15
"""Bytes that are sent at once; more gains nothing over SSH."""
SEND_LIMIT = 6 * 3600
SILENCE = 60
"""Seconds without a byte after which the host waits for no more: this computer may sleep."""
SHA256SUM = "(sha256sum <{file} || shasum -a 256 <{file}) 2>/dev/null"
"""Read from its input, for a backslash in a file's name would come before the sum."""


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
        """The file's sha256. Errors: Blocked when it cannot be read."""
        try:
            return sha256(self.source)
        except OSError as error:
            raise Blocked(f"{self.source} cannot be read: {error.strerror}") from None

    def perform(self, host: Host) -> None:
        """Errors: Blocked when the file cannot be read; Failed when it does not arrive whole."""
        part = f"{self._folder}/{self.digest[:16]}.part"
        host.run(self._line("umask 022 && mkdir -p {folder}", folder=self._folder))
        there = host.ask(
            {
                "size": sh("wc -c <{part}", part=part, limit=20),
                "sum": sh(SHA256SUM, file=self.destination, limit=120),
            },
            sudo=self.sudo,
        )
        if there["sum"].out.startswith(self.digest):
            return
        self._append(host, part, whole_number(there["size"].out) or 0)
        host.run(self._line("mv -f {part} {target}", part=part, target=self.destination))

    def _append(self, host: Host, part: str, begin: int) -> None:
        """Send what the host does not have yet. Errors: Failed when the whole is not the file."""
        total = self.source.stat().st_size
        begin = min(begin, total)
        if begin:
            host.console.dim(f"    resumed after {size(begin)}")
        stream = host.stream(self._receiving(part))
        with host.console.progress(total) as bar, self.source.open("rb") as file:
            bar.resume(file.seek(begin))
            try:
                while chunk := file.read(CHUNK):
                    stream.sock.sendall(chunk)
                    bar.done += len(chunk)
            except (OSError, EOFError):
                pass
        ended = stream.finish()
        check_begun(host.name, ended)
        if host.ask({"sum": sh(SHA256SUM, file=part, limit=120)}, sudo=self.sudo)["sum"].out.startswith(self.digest):
            return
        if bar.done == total and ended.ok:
            host.run(self._line("rm -f {part}", part=part))
        raise Failed(
            f"{self.source.name} did not arrive whole: {ended.said or 'another sha256'}",
            hint="run the same command again: it resumes where this one ended",
        )

    def _receiving(self, part: str) -> Command:
        receive = program("ospreyops.remote", "receive.pl")
        line = "umask 022 && exec perl -e {receive} {silence} >>{part}"
        return sh(line, receive=receive, silence=SILENCE, part=part, limit=SEND_LIMIT, sudo=self.sudo, own=self._folder)

    @property
    def _folder(self) -> str:
        return self.destination.rpartition("/")[0]

    def _line(self, template: str, **values: str) -> Command:
        return sh(template, limit=20, sudo=self.sudo, own=self._folder, **values)
