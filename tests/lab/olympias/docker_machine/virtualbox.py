"""The virtualbox driver: what it asks of VBoxManage, and what it makes of the answers."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import time
from ipaddress import IPv4Interface
from typing import NamedTuple

from . import ssh, wait
from .errors import Failure, NoMachine, NotRunning
from .log import LOG
from .store import Machine

STATES = {"running": "Running", "paused": "Paused", "saved": "Saved", "poweroff": "Stopped", "aborted": "Stopped"}
NOT_READY = "error: The object is not ready"
NETWORK = "HostInterfaceNetworking-"
SSH_RULE = "ssh"


class Answer(NamedTuple):
    """What VBoxManage said."""

    out: str
    err: str
    ok: bool
    line: str


class VirtualBox:
    """The driver of one machine; none of its calls has a limit in time."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.name = machine.name

    def ask(self, *words: str, stdin: bytes = b"") -> Answer:
        """Run VBoxManage, again if it is not ready; `error:` on standard error is a failure whatever the status."""
        program = shutil.which("VBoxManage")
        if not program:
            raise Failure("VBoxManage not found. Make sure VirtualBox is installed and VBoxManage is in the path")
        line = " ".join((program, *words))
        LOG.debug(f"COMMAND: {line}", self.name)
        for _ in range(5):
            done = subprocess.run([program, *words], input=stdin, capture_output=True, check=False)
            answer = Answer(done.stdout.decode(), done.stderr.decode().rstrip(), done.returncode == 0, line)
            if NOT_READY not in answer.err:
                break
            time.sleep(0.1)
        return answer._replace(ok=answer.ok and "error:" not in answer.err)

    def manage(self, *words: str, stdin: bytes = b"") -> str:
        """Run VBoxManage, which must succeed."""
        answer = self.ask(*words, stdin=stdin)
        if not answer.ok:
            raise Failure(f"{answer.line} failed:\n{answer.err}")
        return answer.out

    @property
    def state(self) -> str:
        """The machine's state in docker-machine's words; empty for those that it has no word for."""
        found = re.search(r'^VMState="([\w-]+)"', self._info(), re.MULTILINE)
        return STATES.get(found[1], "") if found else ""

    def is_in(self, state: str) -> bool:
        """Whether the machine is in this state; not if that cannot be asked."""
        try:
            return self.state == state
        except Failure:
            return False

    def ip(self) -> str:
        """The address of the host-only card, by its MAC address, as the guest says it."""
        if self.state != "Running":
            raise NotRunning
        info = self._info()
        card = re.search(r"^hostonlyadapter(\d)", info, re.MULTILINE)
        if not card:
            raise Failure("Machine does not have a host-only adapter")
        mac = re.search(f'^macaddress{card[1]}="(.*)"', info, re.MULTILINE)
        if not mac:
            raise Failure(f"Could not find MAC address for adapter {card[1]}")
        colons = ":".join(re.findall("..", mac[1].lower()))
        cards = re.split(r"^\d+: ", ssh.run(self.machine, "ip addr show"), flags=re.MULTILINE)
        for lines in cards:
            address = re.search(r"^\s*inet ([\d.]+)/", lines, re.MULTILINE)
            if f"link/ether {colons}" in lines and address:
                return address[1]
        raise Failure(f"Could not find matching IP for MAC address {mac[1].lower()}")

    def url(self) -> str:
        """Where the engine listens."""
        return f"tcp://{self.ip()}:2376"

    def start(self) -> None:
        """Start or resume the machine, and wait for its address."""
        state = self.state
        if state == "Stopped":
            LOG.info("Check network to re-create if needed...", self.name)
            try:
                self._host_only_network()
            except Failure as failure:
                text = f"Error setting up host only network on machine start: {failure}"
                raise Failure(text) from None
        if state in ("Stopped", "Saved"):
            self._forward_ssh()
            try:
                self.manage("startvm", self.name, "--type", self.machine.driver["UIType"])
            except Failure as failure:
                raise Failure(f"Unable to start the VM: {failure}") from None
        elif state == "Paused":
            self.manage("controlvm", self.name, "resume", "--type", self.machine.driver["UIType"])
            LOG.info("Resuming VM ...", self.name)
        else:
            LOG.info("VM not in restartable state", self.name)
        LOG.info("Waiting for an IP...", self.name)
        self._wait_for_address()

    def stop(self) -> None:
        """Press the power button, and wait for as long as the guest takes."""
        if self.state == "Paused":
            self.manage("controlvm", self.name, "resume")
            LOG.info("Resuming VM ...", self.name)
        self.manage("controlvm", self.name, "acpipowerbutton")
        while self.state == "Running":
            time.sleep(1)
        self.machine.driver["IPAddress"] = ""

    def restart(self) -> None:
        """Stop and start a running machine."""
        for what, action in (("stopping", self.stop), ("starting", self.start)):
            try:
                action()
            except Failure as failure:
                raise Failure(f"Problem {what} the VM: {failure}") from None

    def kill(self) -> None:
        """Pull the plug."""
        self.manage("controlvm", self.name, "poweroff")

    def remove(self) -> None:
        """Delete the VM; one that VirtualBox does not know is gone already."""
        try:
            state = self.state
        except NoMachine:
            return
        if state not in ("Stopped", "Saved"):
            self.kill()
        self.manage("unregistervm", "--delete", self.name)

    def _info(self) -> str:
        answer = self.ask("showvminfo", self.name, "--machinereadable")
        if "Could not find a registered machine named" in answer.err:
            raise NoMachine
        if not answer.ok:
            raise Failure(f"{answer.line} failed:\n{answer.err}")
        return answer.out

    def _host_only_network(self) -> None:
        """Find the network of the machine's CIDR, give it a DHCP server, and attach the second card to it."""
        options = self.machine.driver
        wanted = IPv4Interface(options["HostOnlyCIDR"])
        name = ""
        for block in self.manage("list", "hostonlyifs").split("\n\n"):
            pairs = (line.partition(":") for line in block.splitlines())
            values = {key: value.strip() for key, _, value in pairs}
            if (values.get("IPAddress"), values.get("NetworkMask")) == (str(wanted.ip), str(wanted.netmask)):
                name = values["Name"]
        if not name:
            name = self._make_interface(wanted)
        first = wanted.network.network_address
        known = f"{NETWORK}{name}\n" in self.manage("list", "dhcpservers")
        words = ["--ip", str(first + 6), "--netmask", str(wanted.netmask)]
        words += ["--lowerip", str(first + 100), "--upperip", str(first + 254)]
        words.append("--disable" if options["HostOnlyNoDHCP"] else "--enable")
        self.manage("dhcpserver", "modify" if known else "add", "--netname", f"{NETWORK}{name}", *words)
        card = ["--nic2", "hostonly", "--nictype2", options["HostOnlyNicType"]]
        card += ["--nicpromisc2", options["HostOnlyPromiscMode"], "--hostonlyadapter2", name, "--cableconnected2", "on"]
        self.manage("modifyvm", self.name, *card)

    def _make_interface(self, wanted: IPv4Interface) -> str:
        found = re.search(r"Interface '(.+)' was successfully created", self.manage("hostonlyif", "create"))
        if not found:
            raise Failure("failed to create hostonly interface")
        words = ["--ip", str(wanted.ip), "--netmask", str(wanted.netmask)]
        self.manage("hostonlyif", "ipconfig", found[1], *words)
        return found[1]

    def _forward_ssh(self) -> None:
        """Make the rule anew, with the port it had if that is free."""
        options = self.machine.driver
        options["SSHPort"] = _ssh_port(options["SSHPort"])
        self.ask("modifyvm", self.name, "--natpf1", "delete", SSH_RULE)
        self.manage("modifyvm", self.name, "--natpf1", f"{SSH_RULE},tcp,127.0.0.1,{options['SSHPort']},,22")

    def _wait_for_address(self) -> None:
        ssh.available(self.machine)
        wait.until(self._has_address, 5, 4)

    def _has_address(self) -> bool:
        try:
            self.machine.driver["IPAddress"] = self.ip()
        except Failure:
            return False
        return True


def _ssh_port(known: int) -> int:
    """This port of 127.0.0.1, which must be free; any free one for 0."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", known))
            listener.listen()
        except OSError:
            raise Failure(f"listen tcp4 127.0.0.1:{known}: bind: address already in use") from None
        return int(listener.getsockname()[1])
