"""Everything that reads what somebody else wrote, with what it reads each day."""

from __future__ import annotations

import bz2
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ospreyops.change import holder, lock
from ospreyops.config import source
from ospreyops.delivery import partial as partly
from ospreyops.look import service
from ospreyops.remote import protocol
from ospreyops.remote.command import Answer
from ospreyops.secret import Secret
from ospreyops.settings import names
from ospreyops.text import ago_iso, parse_json, visible
from ospreyops.tools import curl, df, docker, docker_machine, guest, openssl, pmset, ps, sockets, systemctl, vboxmanage
from ospreyops.tools.docker_api import EngineUnavailable
from ospreyops.tools.launchd import Launchd
from ospreyops.tools.systemd import Systemd
from tests.delivery.images import IMAGE, PACKERS, classic, configuration, digest, oci, released
from tests.fuzz import looks, readings
from tests.fuzz.parser import Parser
from tests.fuzz.readings import binary
from tests.tools.api import GOOD, RESPONSES
from tests.tools.recorded import recorded

HOLDER = '{"who":"jeff","computer":"grisman-12","pid":4711,"since":"2020-01-02T03:04:05Z","task":"deploy","perl":77}'
NOTED = f"1600000000 600 1 4711\t{HOLDER}\tdocker load"
ENTRY = '{"when":"2020-01-02T03:04:05Z","who":"jeff","task":"deploy","outcome":"ok","seconds":1.5,"steps":[{"at":1}]}'
SETTINGS = """osprey:
  user: jmartin
  vm_memory: 4096
  hosts: {olympias: &o {machine: virtualbox, public: "https://olympias.cs.duke.edu:44342", folder: ~/osprey}, 7: *o}
"""
LISTED = "osprey-service\nosprey-service-docker-0.3.tar.bz2\n\n-rwxr-xr-x root 1 osprey-service\n-rw-r--r-- root 2 x\n"
SERVICE = '{"response": {"name": "Osprey Service", "version": "0.3"}}'
ABOUT = "Osprey service running! Supported service versions: v0.3, v0.4"
WAYS = f"10.0.0.7 0 {ABOUT}\n[fd00::7] 7 curl: (7) Failed to connect\n"
LOADED = "Loaded image: osprey/service:0.3\nid sha256:" + "03" * 32 + "\n"
GREETING = "Welcome\n\nfiles /home/ops/.ospreyops\n\nheld "
WATCHDOG = "3.9 /usr/bin/python3\n3.13 /usr/local/bin/python3\nosprey.pyz\nActiveState=active\nMainPID=7\nage = 01:02\n"
WORST = {
    "iptables": ("iptables readable\n-A DOCKER ", "--dport 1 "),
    "guest": ("", "asked at port 1\n"),
}
NO_ENGINE, LOST = (EngineUnavailable,), (lock.LockLost,)


def said(*texts: str) -> list[Answer]:
    """Answers of lines that went well."""
    return [Answer(0, one) for one in texts]


def tools() -> Iterator[Parser]:
    """What reads foreign programs' words."""
    for name, read in {
        "curl": curl.problem,
        "df": lambda answer: df.free(answer.out),
        "docker_machine": docker_machine.store,
        "guest": lambda answer: guest.guest(answer, None),
        "iptables": readings.switched,
        "launchd": lambda answer: Launchd().job_state({"daemon_file": answer, "daemon": answer}),
        "openssl": openssl.certificate,
        "pmset": lambda answer: pmset.sleeps_after(answer.out),
        "ps": lambda answer: [process.words for process in ps.processes(answer.out, ["VBoxManage", "bash"])],
        "systemctl": lambda answer: systemctl.unit(answer.out),
        "systemd": lambda answer: Systemd().job_state({"daemon_file": answer, "daemon": answer}),
        "vboxmanage": lambda answer: vboxmanage.info(answer, "osprey-service"),
    }.items():
        yield Parser(f"tools.{name}", [case.answer for case in recorded(name)], read, worst=WORST.get(name, ("", "")))
    words = [case.answer for case in recorded("docker")]
    yield Parser("tools.docker.refusal", words, lambda answer: docker.refusal(answer.said))
    moved = ("", "certificate is valid for ")
    yield Parser("tools.docker.tls", words, lambda answer: docker.tls(answer.said), worst=moved)
    yield Parser(
        "tools.docker.loaded", said(LOADED), lambda answer: (docker.loaded(answer.out), docker.loaded_id(answer.out))
    )
    rows = [case.answer for case in recorded("sockets")]
    yield Parser("tools.sockets.listener", rows, lambda answer: sockets.listener(answer.out))
    yield Parser("tools.sockets.table", rows, lambda answer: sockets.open_connections(answer.out, 44342))
    for path, answer in GOOD.items():
        read_path = partial(readings.api, path)
        yield Parser(f"tools.docker_api {path}", said(json.dumps(answer)), read_path, looks.show_engine, NO_ENGINE)
    yield Parser("tools.docker_stream", [binary(RESPONSES["/version"])], readings.head, refuses=NO_ENGINE)


def hosts() -> Iterator[Parser]:
    """What reads the answers and the files of a host, its lock's program, and the service."""
    row = f"host 0 0 {b'Linux'.hex()}. .\nunit 1 1 . {b'no'.hex()}.\n"
    yield Parser("remote.protocol", said(row), lambda answer: protocol.parse_batch(answer.out))
    yield Parser("change.lock.lock_state", said(f"held 3 1 {HOLDER}\nline {NOTED}\n", "free\n"), lock.lock_state)
    yield Parser("change.lock.LockLease", said(f"{GREETING}{HOLDER}\n", "files /x\nok\n"), readings.lease, str, LOST)
    yield Parser("change.holder.holder_of", said(HOLDER), lambda answer: holder.holder_of(answer.out))
    yield Parser("change.holder.running_line", said(NOTED), lambda answer: holder.running_line(answer.out))
    yield Parser("change.history", said(f"{ENTRY}\n{ENTRY}\n"), readings.recalled, readings.printed)
    yield Parser("daemon.install", said(WATCHDOG), readings.watchdog)
    yield Parser("look.service.ways", said(WAYS), lambda answer: service.ways(44342, answer))
    yield Parser("look.service.page", said(SERVICE, ABOUT), readings.page)
    yield Parser("look.https", [binary(certificate())], readings.certificate, refuses=(ValueError,))
    yield Parser("look.needs", said("perl 5.36.0 podman", "20.10.24 1.41\n"), readings.needed)
    yield from looks.parsers()


def files() -> Iterator[Parser]:
    """What reads the files of this computer, and what it is told."""
    yield Parser("config.configuration", said(SETTINGS), readings.configured)
    yield Parser("config.source", said(SETTINGS), lambda answer: [*source.read(answer.out, "f").slips])
    yield Parser("settings.names", said("olympias, jeff@[fd00::1]:22"), lambda answer: names(answer.out))
    yield Parser("delivery.pin", said(f"{'0' * 64}  {readings.ARCHIVE}\n"), readings.pinned)
    yield Parser("remote.host_certificates", [binary(readings.certified())], readings.host_certificate)
    yield Parser("remote.known_hosts", said("olympias,*.edu ssh-ed25519 AAAA\n"), readings.known)
    yield Parser("secret", said("https://u:p@hook.example:8/t?x"), lambda answer: str(Secret(answer.out)))
    yield Parser("text", said("2020-01-02T03:04:05Z"), lambda answer: (ago_iso(answer.out), visible(answer.out)))
    yield Parser("text.parse_json", said(ENTRY, HOLDER), lambda answer: parse_json(answer.out), refuses=(ValueError,))
    yield Parser("release", said(LISTED), readings.members)
    packers = [PACKERS[how] for how in ("plain", "bzip2", "gzip", "xz")]
    packed = [pack(layout(IMAGE, layer=b"x")) for pack in packers for layout in (classic, oci)]
    blocks = ("", bz2.compress(b"x").decode("latin-1"))
    yield Parser("delivery.image_archive", [binary(data) for data in packed], readings.image, worst=blocks)
    name = f"{digest(configuration())}.json"
    described = {
        "manifest.json": [{"Config": name, "RepoTags": [IMAGE]}],
        "index.json": {"manifests": [{"annotations": {"io.containerd.image.name": IMAGE}}]},
        name: json.loads(configuration()),
    }
    yield Parser(
        "delivery.image_archive.described", said(json.dumps(described)), readings.described, refuses=(ValueError,)
    )
    layers = ["sha256:" + "0" * 64, "sha256:" + "1" * 64]
    ending = {
        name: {"rootfs": {"diff_ids": layers}},
        "manifest.json": [{"Config": name, "Layers": ["0/layer.tar", "1/layer.tar"]}],
    }
    rows = "".join(f"{member}\n{json.dumps(content)}\n" for member, content in ending.items())
    yield Parser(
        "delivery.partial", said(rows), lambda answer: partly.words(partly.members_of(answer.out), [layers[:1]], IMAGE)
    )
    with TemporaryDirectory() as folder:
        whole = released(Path(folder) / "x.tar", packed[2]).read_bytes()
    yield Parser("delivery.archive", [binary(whole)], readings.whole_archive)


def certificate() -> bytes:
    """A certificate as the service's proxy makes it, in DER."""
    key, begin = ec.generate_private_key(ec.SECP256R1()), datetime(2026, 1, 1)  # noqa: DTZ001 (as X.509 has it)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "osprey.service")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(begin).not_valid_after(begin + timedelta(days=1))
    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


@cache
def parsers() -> tuple[Parser, ...]:
    """All of them."""
    return (*tools(), *hosts(), *files())
