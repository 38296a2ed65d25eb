"""Making a machine: its entry in the store, its VM, and its certificates."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import tarfile
from ipaddress import IPv4Interface
from pathlib import Path
from typing import Any

from . import certs, engine, provision, wait
from .config import config
from .errors import Failure, Unknown
from .flags import Default
from .log import LOG
from .store import Machine, Store
from .virtualbox import VirtualBox

FLAGS: dict[str, Default] = {
    "driver": "virtualbox",
    "virtualbox-memory": 1024,
    "virtualbox-cpu-count": 1,
    "virtualbox-disk-size": 20000,
    "virtualbox-boot2docker-url": "",
    "virtualbox-hostonly-cidr": "192.168.99.1/24",
    "virtualbox-hostonly-no-dhcp": False,
    "virtualbox-no-share": False,
    "virtualbox-share-folder": "",
    "virtualbox-no-vtx-check": False,
    "virtualbox-ui-type": "headless",
    "virtualbox-host-dns-resolver": False,
    "virtualbox-no-dns-proxy": False,
    "virtualbox-nat-nictype": "82540EM",
    "engine-opt": [],
    "engine-env": [],
    "engine-label": [],
    "engine-registry-mirror": [],
    "tls-san": [],
}
NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9\-.]*")
MAGIC = "boot2docker, please format-me"
MOST_CPUS = 32
FEATURES = (
    "firmware=bios bioslogofadein=off bioslogofadeout=off bioslogodisplaytime=0 biosbootmenu=disabled "
    "ostype=Linux26_64 acpi=on ioapic=on rtcuseutc=on cpuhotplug=off pae=on hpet=on hwvirtex=on nestedpaging=on "
    "largepages=on vtxvpid=on accelerate3d=off boot1=dvd"
)
PROPERTIES = ("MountPrefix", "MountDir")


def create(store: Store, name: str, flags: dict[str, Any]) -> None:
    """Create, start and provision a machine; one that fails on the way stays in the store."""
    if not NAME.fullmatch(name):
        allowed = "Allowed hostname chars are: 0-9a-zA-Z . -"
        raise Failure(f"Error creating machine: Invalid hostname specified. {allowed}")
    if flags["driver"] != "virtualbox" or any(variable.startswith("VIRTUALBOX_") for variable in os.environ):
        raise Unknown("a driver other than virtualbox, or its flags in the environment")
    try:
        IPv4Interface(flags["virtualbox-hostonly-cidr"])
    except ValueError as error:
        raise Unknown(f"the network {error}") from None
    if (store.machines / name).exists():
        raise Failure(f'Docker machine "{name}" already exists')
    machine = Machine(store.root, config(store, name, flags))
    certs.bootstrap(machine)
    LOG.info("Running pre-create checks...")
    iso = store.root / "cache" / "boot2docker.iso"
    try:
        _check(machine, iso)
    except Failure as failure:
        raise Failure(f'Error with pre-create check: "{failure}"', status=3) from None
    machine.save()
    LOG.info("Creating machine...")
    try:
        _perform(machine, iso)
    except Failure as failure:
        raise Failure(f"Error creating machine: {failure}") from None
    machine.save()
    how = f"docker-machine env {name}"
    LOG.info(
        f"To see how to connect your Docker Client to the Docker Engine running on this virtual machine, run: {how}"
    )


def make_vm(machine: Machine) -> None:
    """Make the VM, powered off, with the key on its disk; the guest behind the ISO is VBoxManage's affair."""
    driver, options, name = VirtualBox(machine), machine.driver, machine.name
    LOG.info("Creating SSH key...", name)
    key = ["-q", "-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "", "-C", "", "-f", options["SSHKeyPath"]]
    subprocess.run(["ssh-keygen", *key], stdin=subprocess.DEVNULL, check=True)
    disk = machine.folder / "disk.vmdk"
    size = str(options["DiskSize"] << 20)
    driver.manage("convertfromraw", "stdin", str(disk), size, "--format", "VMDK", stdin=_disk(options["SSHKeyPath"]))
    driver.manage("createvm", "--basefolder", str(machine.folder), "--name", name, "--register")
    cpus = min(options["CPU"] if options["CPU"] > 0 else os.cpu_count() or 1, MOST_CPUS)
    size_and_names = f"cpus={cpus} memory={options['Memory']} natdnshostresolver1={_switch(options['HostDNSResolver'])}"
    _modify(driver, f"{FEATURES} {size_and_names} natdnsproxy1={_switch(options['DNSProxy'])}")
    _modify(driver, f"nic1=nat nictype1={options['NatNicType']} cableconnected1=on")
    driver.manage("storagectl", name, "--name", "SATA", "--add", "sata", "--hostiocache", "on")
    for port, kind, medium in (("0", "dvddrive", "boot2docker.iso"), ("1", "hdd", "disk.vmdk")):
        place = ["--storagectl", "SATA", "--port", port, "--device", "0", "--type", kind]
        driver.manage("storageattach", name, *place, "--medium", str(machine.folder / medium))
    for property_ in PROPERTIES:
        driver.manage("guestproperty", "set", name, f"/VirtualBox/GuestAdd/SharedFolders/{property_}", "/")
    folder, _, share = (options["ShareFolder"] or "/Users:Users").rpartition(":")
    if not options["NoShare"] and Path(folder).exists():
        driver.manage("sharedfolder", "add", name, "--name", share, "--hostpath", folder, "--automount")
        driver.manage("setextradata", name, f"VBoxInternal2/SharedFoldersEnableSymlinksCreate/{share}", "1")


def _check(machine: Machine, iso: Path) -> None:
    """See that VBoxManage works, and have an ISO, which in the lab is an empty file."""
    driver = VirtualBox(machine)
    driver.manage("--version")
    if not iso.exists():
        LOG.info("No default Boot2Docker ISO found locally, downloading the latest release...", machine.name)
        iso.parent.mkdir(parents=True, exist_ok=True)
        iso.touch()
    driver.manage("list", "hostonlyifs")


def _perform(machine: Machine, iso: Path) -> None:
    """Make the VM and start it, then what makes it a Docker host."""
    driver = VirtualBox(machine)
    copy = machine.folder / iso.name
    try:
        LOG.info(f"Copying {iso} to {copy}...", machine.name)
        shutil.copy(iso, copy)
        LOG.info("Creating VirtualBox VM...", machine.name)
        make_vm(machine)
        LOG.info("Starting the VM...", machine.name)
        driver.start()
    except Failure as failure:
        raise Failure(f"Error in driver during machine creation: {failure}") from None
    machine.save()
    LOG.info("Waiting for machine to be running, this may take a few minutes...")
    wait.until(lambda: driver.is_in("Running"))
    LOG.info("Detecting operating system of created instance...")
    provision.detect(machine)
    LOG.info("Provisioning with boot2docker...")
    try:
        provision.provision(machine)
    except Failure as failure:
        raise Failure(f"Error running provisioning: {failure}") from None
    LOG.info("Checking connection to Docker...")
    try:
        engine.check(machine, driver.url())
    except Failure as failure:
        raise Failure(f"Error checking the host: {failure}") from None
    LOG.info("Docker is up and running!")


def _modify(driver: VirtualBox, values: str) -> None:
    pairs = (value.partition("=") for value in values.split())
    driver.manage("modifyvm", driver.name, *(word for name, _, value in pairs for word in (f"--{name}", value)))


def _switch(on: bool) -> str:
    return "on" if on else "off"


def _disk(key: str) -> bytes:
    """The start of the disk: an archive with the key, in place of a file system, as boot2docker wants it."""
    public = Path(f"{key}.pub").read_bytes()
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, text in ((MAGIC, MAGIC.encode()), (".ssh/authorized_keys", public)):
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            tar.addfile(entry, io.BytesIO(text))
    return archive.getvalue()
