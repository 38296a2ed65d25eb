"""What makes a guest a Docker host: waiting for it, its name, its certificates and its engine's profile."""

from __future__ import annotations

import contextlib
import re
import shlex
import socket
from pathlib import Path

from . import certs, ssh, wait
from .errors import Failure
from .log import LOG
from .store import Machine
from .virtualbox import VirtualBox

PORT = 2376
LISTENS = re.compile(rf":{PORT}\b")
FOLDER = "/var/lib/boot2docker"
REMOVE_BRIDGE = 'if [ ! -z "$(ip link show docker0)" ]; then sudo ip link delete docker0; fi'
PROFILE = """
EXTRA_ARGS='
{arguments}

'
CACERT={folder}/ca.pem
DOCKER_HOST='-H tcp://0.0.0.0:{port}'
DOCKER_STORAGE=overlay2
DOCKER_TLS=auto
SERVERKEY={folder}/server-key.pem
SERVERCERT={folder}/server.pem

{exports}
"""
UNREACHABLE = """
This machine has been allocated an IP address, but Docker Machine could not
reach it successfully.

SSH for the machine should still work, but connecting to exposed ports, such as
the Docker daemon port (usually <ip>:2376), may not work properly.

You may need to add the route manually, or use another related workaround.

This could be due to a VPN, proxy, or host file configuration issue.

You also might want to clear any VirtualBox host only interfaces you are not using."""


def detect(machine: Machine) -> None:
    """Wait for the guest's sshd, and see that it is boot2docker."""
    LOG.info("Waiting for SSH to be available...")
    ssh.available(machine)
    LOG.info("Detecting the provisioner...")
    if "ID=boot2docker" not in ssh.run(machine, "cat /etc/os-release"):
        raise Failure("Error detecting OS: OS type not recognized")


def wait_for_engine(machine: Machine) -> None:
    """Wait until the engine listens."""
    try:
        wait.until(lambda: _listens(machine), 10)
    except Failure as failure:
        raise Failure(f"Unable to verify the Docker daemon is listening: {failure}") from None


def provision(machine: Machine) -> None:
    """Name the guest, give its engine new certificates, and restart it, which ends its containers."""
    name = machine.name
    ssh.run(machine, f'sudo /usr/bin/sethostname {name} && echo "{name}" | sudo tee {FOLDER}/etc/hostname')
    wait_for_engine(machine)
    ssh.run(machine, f"sudo mkdir -p {FOLDER}")
    address = VirtualBox(machine).ip()
    LOG.info("Copying certs to the local machine directory...")
    certs.install(machine, address)
    ssh.run(machine, "sudo /etc/init.d/docker stop")
    ssh.run(machine, REMOVE_BRIDGE)
    LOG.info("Copying certs to the remote machine...")
    for kind, file in (("CaCertPath", "ca.pem"), ("ServerCertPath", "server.pem"), ("ServerKeyPath", "server-key.pem")):
        text = Path(machine.auth[kind]).read_text()
        ssh.run(machine, f"printf '%s' {shlex.quote(text)} | sudo tee {FOLDER}/{file}")
    LOG.info("Setting Docker configuration on the remote daemon...")
    ssh.run(machine, f"printf %s {shlex.quote(_profile(machine))} | sudo tee {FOLDER}/profile")
    ssh.run(machine, "sudo /etc/init.d/docker start")
    wait_for_engine(machine)
    _contact(machine)


def _profile(machine: Machine) -> str:
    """The engine's options, from the flags of `create`."""
    engine = machine.engine
    arguments = [f"--label {label}" for label in [*engine["Labels"], "provider=virtualbox"]]
    arguments += [f"--registry-mirror {mirror}" for mirror in engine["RegistryMirror"]]
    arguments += [f"--{flag}" for flag in engine["ArbitraryFlags"]]
    exports = "".join(f'export "{variable}"\n' for variable in engine["Env"])
    return PROFILE.format(arguments="\n".join(arguments), folder=FOLDER, port=PORT, exports=exports)


def _listens(machine: Machine) -> bool:
    try:
        return bool(LISTENS.search(ssh.run(machine, "ss -tln")))
    except Failure as failure:
        LOG.info(f"Error running SSH command: {failure}")
        return False


def _contact(machine: Machine) -> None:
    """Warn if the engine cannot be reached from here; that is no failure."""
    try:
        address = VirtualBox(machine).ip()
    except Failure as failure:
        LOG.info(f"Could not get IP address for created machine: {failure}")
        return
    try:
        with contextlib.closing(socket.create_connection((address, PORT), timeout=5)):
            pass
    except OSError:
        LOG.info(UNREACHABLE)
