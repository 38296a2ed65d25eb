"""The subcommands: their flags, and what each does with its arguments."""

from __future__ import annotations

import json
import sys

from . import create, engine, host, listing, shells, ssh
from .call import Call, Command, confirmed, on_each, then
from .errors import Failure, NoMachine, Unknown
from .log import LOG
from .template import Template, compact, lookup, pretty
from .virtualbox import VirtualBox

VERSION = "docker-machine version 0.16.2, build bd45ab13"


def _active(call: Call) -> None:
    if call.names:
        raise Failure("Error: Too many arguments given")
    listing.active(call.store, call.flags["timeout"])


def _config(call: Call) -> None:
    LOG.out = sys.stderr
    machine = call.store.one(call.names)
    try:
        url = VirtualBox(machine).url()
        engine.check(machine, url)
    except Failure as failure:
        raise Failure(f"Error running connection boilerplate: {failure}") from None
    print("--tlsverify")
    for flag, name in (("tlscacert", "ca.pem"), ("tlscert", "cert.pem"), ("tlskey", "key.pem")):
        print(f'--{flag}="{machine.folder / name}"')
    print(f"-H={url}", flush=True)


def _create(call: Call) -> None:
    if not call.names:
        raise Failure("Error: No machine name specified")
    if len(call.names) > 1:
        extra = " ".join(call.names[1:])
        raise Failure(f"Invalid command line. Found extra arguments [{extra}]")
    create.create(call.store, call.names[0], call.flags)


def _env(call: Call) -> None:
    LOG.out = sys.stderr
    if call.flags["unset"]:
        if call.flags["no-proxy"]:
            raise Unknown("env -u --no-proxy")
        shells.unset(call.names, call.flags["shell"], call.words)
    else:
        shells.env(call.store, call.names, call.flags["shell"], call.flags["no-proxy"], call.words)


def _inspect(call: Call) -> None:
    machine = call.store.one(call.names)
    if call.flags["format"]:
        template = Template(call.flags["format"], {"json": compact, "prettyjson": pretty})
        print(template.fill(lookup(machine.config)), flush=True)
    else:
        print(json.dumps(machine.config, indent=4), flush=True)


def _ls(call: Call) -> None:
    flags = call.flags
    listing.ls(call.store, flags["format"], flags["filter"], flags["timeout"], flags["quiet"])


def _regenerate(call: Call) -> None:
    question = "Regenerate TLS machine certs?  Warning: this is irreversible."
    if not call.flags["force"] and not confirmed(question):
        return
    LOG.info("Regenerating TLS certificates")
    on_each(host.regenerate_all if call.flags["client-certs"] else host.regenerate)(call)


def _rm(call: Call) -> None:
    if not call.names:
        raise Failure("Error: Expected to get one or more machine names as arguments")
    LOG.info(f"About to remove {', '.join(call.names)}")
    LOG.info("WARNING: This action will delete both local reference and remote instance.")
    force = call.flags["force"]
    try:
        if not call.flags["y"] and not force and not confirmed("Are you sure?"):
            return
    except Failure:
        return
    failures = []
    for name in call.names:
        try:
            VirtualBox(call.store.load(name)).remove()
        except Failure as failure:
            failures.append(f'Error removing host "{name}": {failure}')
            if not force:
                continue
        if call.store.delete(name):
            LOG.info(f"Successfully removed {name}")
        else:
            failures.append(f'Can\'t remove "{name}"')
    if failures and not force:
        raise Failure("\n".join(failures))
    for text in failures:
        LOG.error(text)


def _scp(call: Call) -> None:
    if len(call.names) != 2:
        raise Failure("Improper number of arguments")
    options = ["-3"] + [f"-{letter}" for flag, letter in (("recursive", "r"), ("quiet", "q")) if call.flags[flag]]
    if call.flags["delta"]:
        raise Unknown("scp --delta")
    places = []
    for text in call.names:
        where, colon, path = text.rpartition(":")
        user, _, name = where.rpartition("@")
        if not colon:
            places.append(text)
            continue
        driver = call.store.load(name).driver
        options += ["-o", f"Port={driver['SSHPort']}", "-o", f'IdentityFile="{driver["SSHKeyPath"]}"']
        places.append(f"{user or driver['SSHUser']}@127.0.0.1:{path}")
    ssh.passed_through(["scp", *ssh.COPY, *options, *places])


def _ssh(call: Call) -> None:
    machine = call.store.load(call.store.targets(call.names[:1])[0])
    if VirtualBox(machine).state != "Running":
        raise Failure(f'Error: Cannot run SSH command: Host "{machine.name}" is not running')
    ssh.shell(machine, call.names[1:])


def _status(call: Call) -> None:
    machine = call.store.one(call.names)
    try:
        LOG.info(VirtualBox(machine).state)
    except NoMachine as failure:
        raise Failure(f"error getting state for host {machine.name}: {failure}") from None


def _url(call: Call) -> None:
    print(VirtualBox(call.store.one(call.names)).url(), flush=True)


def _version(call: Call) -> None:
    if not call.names:
        print(VERSION, flush=True)
        return
    machine = call.store.one(call.names)
    try:
        url = VirtualBox(machine).url()
    except Failure as failure:
        raise Failure(f"Unable to query docker version: {failure}") from None
    print(engine.version(machine, url), flush=True)


COMMANDS = {
    "active": Command(_active, "Print which machine is active", {"timeout": 10}, {"t": "timeout"}),
    "config": Command(_config, "Print the connection config for machine"),
    "create": Command(_create, "Create a machine", create.FLAGS, {"d": "driver"}),
    "env": Command(
        _env,
        "Display the commands to set up the environment for the Docker client",
        {"shell": "", "unset": False, "no-proxy": False},
        {"u": "unset"},
    ),
    "inspect": Command(_inspect, "Inspect information about a machine", {"format": ""}, {"f": "format"}),
    "ip": Command(on_each(host.ip), "Get the IP address of a machine"),
    "kill": Command(on_each(host.kill), "Kill a machine"),
    "ls": Command(
        _ls,
        "List machines",
        {"quiet": False, "filter": [], "timeout": 10, "format": ""},
        {"q": "quiet", "t": "timeout", "f": "format"},
    ),
    "provision": Command(on_each(host.regenerate), "Re-provision existing machines"),
    "regenerate-certs": Command(
        _regenerate,
        "Regenerate TLS Certificates for a machine",
        {"force": False, "client-certs": False},
        {"f": "force"},
    ),
    "restart": Command(then(on_each(host.restart), "Restarted"), "Restart a machine"),
    "rm": Command(_rm, "Remove a machine", {"force": False, "y": False}, {"f": "force"}),
    "scp": Command(
        _scp,
        "Copy files between machines",
        {"recursive": False, "delta": False, "quiet": False},
        {"r": "recursive", "d": "delta", "q": "quiet"},
    ),
    "ssh": Command(_ssh, "Log into or run a command on a machine with SSH.", raw=True),
    "start": Command(then(on_each(host.start), "Started"), "Start a machine"),
    "status": Command(_status, "Get the status of a machine"),
    "stop": Command(on_each(host.stop), "Stop a machine"),
    "url": Command(_url, "Get the URL of a machine"),
    "version": Command(_version, "Show the Docker Machine version or a machine docker version"),
}
