"""What is read, and how, where that takes more than a call."""

from __future__ import annotations

import base64
import io
import json
import socket
import tempfile
from contextlib import redirect_stdout, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import SSHCertificateBuilder, SSHCertificateType

from ospreyops import release
from ospreyops.change import history, lock
from ospreyops.config.configuration import Configuration
from ospreyops.config.source import read
from ospreyops.console import Console, Screen
from ospreyops.daemon import install
from ospreyops.delivery import archive, image_archive, pin
from ospreyops.facts.engine import EngineFacts
from ospreyops.facts.host import HostFacts
from ospreyops.facts.needs import Needs
from ospreyops.look import https
from ospreyops.look import needs as look_needs
from ospreyops.look import service as look_service
from ospreyops.remote import known_hosts
from ospreyops.remote.background import Background
from ospreyops.remote.command import Answer
from ospreyops.remote.host_certificates import Certificate
from ospreyops.settings import Settings
from ospreyops.tools import iptables
from tests.tools.api import RESPONSES, read_raw, response

ARCHIVE = "osprey-service-docker-0.3.tar"
RELEASE = release.Release("0.3")
HOST = HostFacts("sim", "ops", "Linux", "/home/ops", "/home/ops/osprey", 1_800_000_000)


def binary(data: bytes) -> Answer:
    """Bytes as the text of an answer, a sign each."""
    return Answer(0, data.decode("latin-1"))


def of_bytes(answer: Answer) -> bytes:
    """The bytes of such an answer."""
    return answer.out.encode("latin-1", "replace")


def switched(answer: Answer) -> tuple[iptables.Room, str]:
    """What was asked where the engine is, and the line that would switch: no word of a rule leaves its quotes."""
    room = iptables.room(answer.out, 44342)
    line = iptables.switch(44342, 24343, room.routes)
    assert line.count("'") == 2 * sum(route.refused is None for route in room.routes), line
    return room, line


def needed(answer: Answer) -> Needs:
    """What a host has of what the tool needs, each answer being the same."""
    names = ("has", "perl", "client", "sudo", "engine")
    found = look_needs.needs(dict.fromkeys(names, answer))
    assert not found.engine or found.engine.too_old in (True, False)
    return found


def api(path: str, answer: Answer) -> EngineFacts:
    """What is read of an engine that answers so at that path."""
    return read_raw({**RESPONSES, path: response(answer.out)})


def head(answer: Answer) -> EngineFacts:
    """What is read of an engine whose first response is that, head and all."""
    return read_raw({**RESPONSES, "/version": of_bytes(answer)}, last="/version")


def host_certificate(answer: Answer) -> Any:
    """Whether a server that shows those bytes as its certificate is taken for the host."""
    blob = SimpleNamespace(key_type="ssh-ed25519-cert-v01@openssh.com", key_blob=of_bytes(answer))
    key: Any = SimpleNamespace(public_blob=blob)
    found = Certificate.of(key)
    return found and found.is_valid("olympias", ())


def certified() -> bytes:
    """A host certificate, as a server shows it."""
    authority, host = (ed25519.Ed25519PrivateKey.generate() for _ in range(2))
    made = SSHCertificateBuilder().public_key(host.public_key()).type(SSHCertificateType.HOST).serial(1)
    made = made.key_id(b"olympias").valid_principals([b"olympias"]).valid_after(0).valid_before(2**40)
    return base64.b64decode(made.sign(authority).public_bytes().split()[1])


def pinned(answer: Answer) -> None:
    """Whether a file of sums with that text has another sum of an archive."""
    pin.check(ARCHIVE, "0" * 64, None, answer.out)


def known(answer: Answer) -> list[Any]:
    """What a file of known hosts with that text has for a host."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(of_bytes(answer))
        file.flush()
        return list(known_hosts.look_up([Path(file.name)], ["olympias"]))


def lease(answer: Answer) -> str:
    """What a task reads of the program that holds the lock."""
    ours, theirs = socket.socketpair()

    def send() -> None:
        with theirs, suppress(OSError):
            theirs.sendall(answer.out.encode(errors="replace"))

    sending = Background(send)
    stream: Any = SimpleNamespace(sock=ours, finish=lambda: Answer(1, err=answer.err))
    taken = lock.LockLease(stream, "token", sudo=False)
    try:
        return taken.line("files .*") + taken.line("ok|(held|line) .*")
    finally:
        ours.close()
        sending.wait(5)


def recalled(answer: Answer) -> Any:
    """What `inv history` makes of the host's answer."""
    found, torn = history.entries(history.newest(answer.out)[0])
    return found, torn, history.rows(found)


def printed(found: Any) -> None:
    """Print it as JSON, which every program can read."""
    with redirect_stdout(io.StringIO()) as out:
        Console(Screen(), "sim").data({"history": found[0]})
    assert not {"NaN", "Infinity", "-Infinity"} & {*out.getvalue().replace(",", " ").replace("}", " ").split()}
    json.loads(out.getvalue())


def watchdog(answer: Answer) -> install.WatchdogState:
    """What is read of a watchdog, all of whose questions are answered so."""
    asked = {**install.questions(Settings("sim"), HOST), **install.settings_question(HOST)}
    return install.watchdog_state(HOST, dict.fromkeys(asked, answer))


def configured(answer: Answer) -> list[str]:
    """What is wrong with the settings of a file of YAML; for a host that they name or do not."""
    found = Configuration((read(answer.out, "invoke.yaml", own=True),))
    return [found.settings("olympias").name, *found.selected("all,o*"), *map(str, found.mistakes())]


def members(answer: Answer) -> None:
    """What the listings of a release archive tell."""
    names, _, listing = answer.out.partition("\n\n")
    release.check_members(RELEASE, names, listing)


def image(answer: Answer) -> Any:
    """What an image archive says of itself."""
    return image_archive.read(io.BytesIO(of_bytes(answer)))


def described(answer: Answer) -> Any:
    """What the JSON in an image archive says, all of it in one object: a member each."""
    try:
        parts = json.loads(answer.out)
    except (ValueError, RecursionError):
        parts = {"manifest.json": answer.out}
    parts = parts if isinstance(parts, dict) else {"index.json": parts}
    return image_archive.described({name: json.dumps(part).encode() for name, part in parts.items()})


def whole_archive(answer: Answer) -> Any:
    """What a release archive of this computer says of itself."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(of_bytes(answer))
        file.flush()
        return archive.archive(file.name, RELEASE)


def certificate(answer: Answer) -> https.Response:
    """What a response over TLS tells, with that certificate."""
    return https.Response(200, "", of_bytes(answer))


def page(answer: Answer) -> Any:
    """What a service's page tells of it."""
    versions = look_service.versions_of(answer.out)
    return versions, look_service.content_problem(200, answer.out, "0.3")
