"""A look at many hosts at once: names of one SSH server here, which gives again what a first look was answered."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from statistics import median

from tests.bench.bench import Bench
from tests.bench.figures import Figure, Way, alternate, processor
from tests.conftest import Inv
from tests.lab.sshd import Sshd
from tests.own_ssh import path_with_own_ssh

COUNTS = (1, 10, 50, 200)
MOST = 50
"""Processes at a time of the peers that have one for each host: 200 of Ansible took two processors minutes."""
NO_DOCKER = 3
"""How a look at this computer ends: its own Docker does not run."""
MORE = "MaxStartups 1000\nMaxSessions 1000\nForceCommand {program}\nSetEnv HOME={folder}\n"
"""HOME: what the login shell of this computer's user begins with would run 200 times."""
ANSWERED = """\
#!/bin/sh
case $SSH_ORIGINAL_COMMAND in *"splice @ARGV, 0, 4"*) ;; *) exec sh -c "$SSH_ORIGINAL_COMMAND" ;; esac
known={folder}/$(printf %s "$SSH_ORIGINAL_COMMAND" | sed 's/ospreyops-[0-9a-f]*//g' | cksum | tr ' ' -)
[ -e "$known" ] || {{ sh -c "$SSH_ORIGINAL_COMMAND" >"$known.$$" && mv "$known.$$" "$known"; }}
exec cat "$known"
"""
"""What the server runs. The questions of a look (remote/ask.pl) are answered once: 200 hosts have a processor each.

A mark in them is another one each time (sudo.check).
"""
GROUP = "import fabric, sys; fabric.ThreadingGroup(*sys.argv[1:]).run('true', hide=True)"
BATCH = "printf '%s\\n' {hosts} | xargs -P {count} -I {{}} ssh {{}} true"


def figures(bench: Bench) -> Iterator[Figure]:
    """By xargs and ssh, by Fabric's threads, and by the tool."""
    folder = bench.folder / "sshd"
    folder.mkdir()
    program = folder / "answered"
    program.write_text(ANSWERED.format(folder=folder))
    program.chmod(0o755)
    sshd = Sshd(folder, MORE.format(program=program, folder=folder), listen="0.0.0.0")
    try:
        home = configured(bench.folder / "many", sshd)
        for count in COUNTS[:2] if bench.tried else COUNTS:
            yield from measured(bench, home, [f"many-{number}" for number in range(count)])
    finally:
        sshd.stop()


def configured(home: Path, sshd: Sshd) -> Inv:
    """A workstation that knows that server under many names and loopback addresses."""
    (home / ".ssh").mkdir(parents=True)
    config = home / ".ssh/config"
    sshd.ssh_config(config, "many-*", "root")
    own = "".join(f"Host many-{number}\n    HostName 127.1.0.{number + 1}\n" for number in range(max(COUNTS)))
    config.write_text(f"{own}{config.read_text()}    HostKeyAlias [{sshd.address}]:{sshd.port}\n")
    settings = home / "many.yaml"
    settings.write_text(json.dumps({"osprey": {"folder": str(home / "osprey")}}))
    return Inv({"HOME": str(home), "PATH": path_with_own_ssh(home), "INVOKE_OSPREY_FOLDER": str(home / "osprey")})


def measured(bench: Bench, inv: Inv, hosts: list[str]) -> Iterator[Figure]:
    """Those hosts, by each way; the peers run one command on each."""
    comma, count, at_once = ",".join(hosts), len(hosts), min(len(hosts), MOST)
    spent: list[float] = []
    inventory = bench.folder / f"inventory_{count}.py"
    inventory.write_text(f"hosts = {hosts!r}\n")

    def looked() -> None:
        before = processor()
        ran = inv("status", "-H", comma, limit=600)
        spent.append(processor() - before)
        assert ran.code == NO_DOCKER and all(host in ran.said for host in hosts), ran.said

    def shell(text: str) -> Way:
        def way() -> None:
            inv.shell(text)

        return way

    ways: dict[str, Way] = {
        f"{count}: xargs -P ssh HOST true": shell(BATCH.format(hosts=" ".join(hosts), count=at_once)),
        f"{count}: Fabric's ThreadingGroup": shell(f'{sys.executable} -c "{GROUP}" {" ".join(hosts)}'),
        f"{count}: pyinfra, one operation": shell(f"pyinfra -y {inventory} server.shell 'exit 0'"),
        f"{count}: ansible raw": shell(f"ansible all -f {at_once} -i {comma}, -m raw -a true"),
        f"{count}: status": looked,
    }
    *others, own = alternate(ways, bench.rounds)
    yield from others
    yield replace(own, note=f"{1000 * median(spent) / count:.0f} ms of the processor a host")
