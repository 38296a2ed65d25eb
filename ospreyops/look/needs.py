"""Ask a host for what the tool needs there, beyond what a look asks. Nothing of it needs Perl, but to judge sudo."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Optional

from ..facts import programs
from ..facts.needs import Engine, Needs, Sudo
from ..machines import Machine
from ..remote import sudo
from ..remote.command import Answer, Command
from ..tools import docker

LIMIT = 10
PERL = "perl"
MORE = (PERL, "sudo", "iptables", "ufw", "firewall-cmd")
"""Programs that a look does not ask for."""
VERSION = re.compile(r"[0-9]{1,5}(?:\.[0-9]{1,5}){1,3}")
ENGINE = re.compile(rf"({VERSION.pattern})\S* ({VERSION.pattern})\n?")


def questions(*, perl: bool) -> dict[str, Command]:
    """The lines that ask; `needs` reads their answers. perl: the host has it."""
    may = sudo.wanted("root") if perl else "LC_ALL=C sudo -k -n true 2>&1"
    return {
        "has": Command(f"for t in {' '.join((*programs.ASKED, *MORE))}; do command -v $t; done; true", LIMIT),
        "perl": Command("perl -v", LIMIT),
        "client": Command("docker --version", LIMIT),
        "sudo": Command(may, sudo.CHECK_SECONDS + 5),
    }


def engine_question(machine: Machine) -> dict[str, Command]:
    """The line that asks the engine, where it is, for its versions."""
    return {"engine": machine.inside(Command(docker.versions(), LIMIT))}


def needs(answers: Mapping[str, Answer]) -> Needs:
    """What the answers tell; that of the engine may be missing."""
    client = answers["client"].out
    return Needs(
        tools=frozenset(path.rpartition("/")[2] for path in answers["has"].out.split()),
        perl=_version(answers["perl"]),
        docker=_version(answers["client"]),
        podman="podman" in client.lower(),
        sudo=_sudo(answers["sudo"]),
        said=answers["sudo"].last_line,
        engine=_engine(answers.get("engine")),
    )


def _version(answer: Answer) -> Optional[str]:
    found = VERSION.search(answer.out) if answer.ok else None
    return found[0] if found else None


def _sudo(answer: Answer) -> Sudo:
    if answer.ok:
        return Sudo.FREE
    return Sudo.ASKS if answer.out == sudo.ASKS or "password is required" in answer.out else Sudo.REFUSED


def _engine(answer: Optional[Answer]) -> Optional[Engine]:
    found = ENGINE.fullmatch(answer.out) if answer else None
    return Engine(found[1], found[2]) if found else None
