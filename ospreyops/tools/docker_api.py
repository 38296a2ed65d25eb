"""The only module that knows the docker SDK: it reads the engine over a running `docker system dial-stdio`.

So it reaches the engine that the host's own docker command reaches (DOCKER_HOST and contexts are honoured), through the
SSH connection that is already open, with sudo where only root may reach the engine. No key leaves the host.
"""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterable, Sequence
from http.client import HTTPException
from typing import Any, Optional

import docker.errors
from docker.constants import DEFAULT_DOCKER_API_VERSION as OURS
from requests.exceptions import RequestException

from ..facts.engine import ENDED, Container, EngineFacts, Image
from ..release import CONTAINER, IMAGE, versions_of
from ..remote.command import Command
from ..remote.host import Host
from .docker_stream import Channel, Client

JOBS = frozenset(["sander", "sqm", "antechamber", "tleap", "teLeap", "parmchk2", "probe", "reduce"])
"""The programs of AmberTools and others that a request runs in the container (field book: osprey-release, 5).

Their processes may have a version or a kind in their names: `probe.2.16r72.1`, `sander.MPI`.
"""
HELPERS = frozenset(["java", "jspawnhelper"])
"""Java's own processes."""
SERVER = "java"
"""What it starts computes, whatever it is called."""
PORT, API = re.compile("[0-9]{1,5}"), re.compile(r"[0-9]{1,3}(\.[0-9]{1,3}){0,3}")
NAME, WORD = re.compile(r"[\w.:/@-]{1,300}", re.ASCII), re.compile(r"\w{1,80}", re.ASCII)
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[\w.:+-]{0,40}", re.ASCII)
MOST = 1 << 53
"""The highest number that all programs take from JSON."""
OURS_NAME = re.compile(rf"/{CONTAINER}(-(left-[0-9]{{1,12}}-)?[0-9]{{1,5}})?")


class EngineUnavailable(Exception):
    """The engine could not be asked; the text is Docker's own."""


def read_engine(host: Host, dial: Command) -> EngineFacts:
    """What the engine has of the service. Errors: EngineUnavailable, with Docker's own words.

    dial: the line that connects to the engine.
    """
    stream = host.stream(dial)
    channel = Channel(stream)
    try:
        client = Client(channel, OURS)
        engine = client.version(api_version=False)
        if (spoken := _negotiated_version(engine)) != OURS:
            client = Client(channel, spoken)
        images = {image.name: image for raw in client.images(name=IMAGE) for image in _images(client, raw)}
        rows = client.containers(all=True)
        ours = [row for row in rows if any(map(OURS_NAME.fullmatch, row.get("Names") or ()))]
        found = [one for row in ours if (one := _container(client, _like(WORD, row["Id"])))]
        service = next((one for one in found if one.name == CONTAINER), None)
        others = tuple(one for one in found if one is not service)
        foreign = [row for row in rows if row not in ours]
        holders = {row["ImageID"]: "".join((row.get("Names") or [row["Id"][:12]])[:1]).lstrip("/") for row in foreign}
        architecture, own_rules = _architecture(engine.get("Arch")), _own_rules(client.info())
        return EngineFacts(dial.sudo, images, service, others, holders, architecture, own_rules)
    except (TimeoutError, socket.timeout):
        raise EngineUnavailable("no answer in time") from None
    except (docker.errors.DockerException, HTTPException, RequestException, OSError, EOFError) as error:
        said = stream.finish().err.strip() or str(getattr(error, "explanation", "") or error)
        raise EngineUnavailable(said or type(error).__name__) from None
    except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError, RecursionError) as error:
        raise EngineUnavailable(f"Docker's answer is not one of Docker: {type(error).__name__}") from None
    finally:
        stream.leave()


def _own_rules(info: dict[str, Any]) -> Optional[str]:
    """How else than by the host's iptables Docker leads connections to its ports; None when it does not."""
    if any("name=rootless" in option for option in info.get("SecurityOptions") or ()):
        return "Docker is rootless, in a network of its own"
    driver = (info.get("FirewallBackend") or {}).get("Driver", "")
    return f"Docker makes its rules with {driver}" if driver.startswith("nftables") else None


def _negotiated_version(engine: dict[str, str]) -> str:
    """The version of Docker's API to speak: the SDK's own, or the nearest that the engine speaks.

    boot2docker's engine ends before 1.41 (field book: docker-machine, 9), and newer engines drop the oldest versions.
    """
    lowest, highest = engine.get("MinAPIVersion", OURS), engine.get("ApiVersion", OURS)
    return max(lowest, min(OURS, highest, key=_numbers), key=_numbers)


def _numbers(version: str) -> list[int]:
    return [int(part) for part in _like(API, version).split(".")]


def _images(client: Any, raw: dict[str, Any]) -> list[Image]:
    """An image under each of its names."""
    digest = _like(DIGEST, raw["Id"])
    try:
        found = client.inspect_image(digest)
    except docker.errors.NotFound:
        return []
    built = _architecture(found.get("Architecture"))
    layers = tuple(_like(DIGEST, layer) for layer in (found.get("RootFS") or {}).get("Layers") or ())
    rest = (digest, _counted(raw["Created"]), _counted(raw["Size"]), versions_of(raw.get("Labels")), built, layers)
    return [Image(name, *rest) for name in raw.get("RepoTags") or () if NAME.fullmatch(name)]


def _container(client: docker.APIClient, ident: str) -> Optional[Container]:
    try:
        raw = client.inspect_container(ident)
    except docker.errors.NotFound:
        return None
    bound = [one for all_of in (raw["NetworkSettings"].get("Ports") or {}).values() for one in all_of or ()]
    ports = [int(_like(PORT, one["HostPort"])) for one in bound]
    if not OURS_NAME.fullmatch(raw["Name"]):
        return None
    state = _like(WORD, raw["State"]["Status"])
    return Container(
        id=_like(WORD, raw["Id"])[:12],
        image=_like(NAME, raw["Config"]["Image"]),
        digest=_like(DIGEST, raw["Image"]),
        state=state,
        started=_moment(raw["State"]["StartedAt"]),
        port=ports[0] if ports else None,
        jobs=tuple(_jobs(client, ident)) if state not in ENDED else (),
        auto_remove=bool(raw["HostConfig"].get("AutoRemove")),
        name=raw["Name"].lstrip("/"),
        pid=_counted(raw["State"].get("Pid", 0)),
    )


def _like(pattern: re.Pattern[str], text: Any) -> str:
    """The text, when all of it is as it must be: it becomes part of lines. Errors: ValueError."""
    if isinstance(text, str) and pattern.fullmatch(text):
        return text
    raise ValueError(text)


def _architecture(text: Any) -> str:
    return _like(WORD, text) if text else ""


def _moment(text: Any) -> str:
    """A moment that the calendar has. Errors: ValueError."""
    time.strptime(_like(MOMENT, text)[:19], "%Y-%m-%dT%H:%M:%S")
    return str(text)


def _counted(number: Any) -> int:
    """A number of bytes, of seconds or of a process; Docker's date for "never" is below zero. Errors: ValueError."""
    if not isinstance(number, int) or abs(number) > MOST:
        raise ValueError(number)
    return number


def _jobs(client: docker.APIClient, ident: str) -> Iterable[str]:
    try:
        top = client.top(ident, ps_args="-eo pid,ppid,comm")
    except docker.errors.APIError:
        return ()
    return jobs(top.get("Processes") or ())


def jobs(processes: Iterable[Sequence[str]]) -> list[str]:
    """The names of what computes, of processes as (pid, parent, name): known programs, and what the server started."""
    parents = {pid: parent for pid, parent, _ in processes}
    names = {pid: name for pid, _, name in processes}

    def started_by_server(pid: str) -> bool:
        seen = {pid}
        while (pid := parents.get(pid, "")) and pid not in seen:
            if names.get(pid) == SERVER:
                return True
            seen.add(pid)
        return False

    busy = set(parents.values())
    return sorted(
        name
        for pid, name in names.items()
        if name.partition(".")[0] in JOBS or (pid not in busy and name not in HELPERS and started_by_server(pid))
    )
