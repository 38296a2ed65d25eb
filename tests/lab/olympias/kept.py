"""A healthy service in a running VM, kept: what most tests on olympias begin with."""

from __future__ import annotations

import contextlib
import json
import ssl
import time
from pathlib import Path
from urllib.request import urlopen

from tests.lab.olympias import network
from tests.lab.olympias.machine import LabVm, VmError, rules_in
from tests.lab.wait import until

ABOUT = f"https://{network.ADDRESS}:44342/v0.3/about"
ENGINE = "sudo curl --silent --fail --unix-socket /var/run/docker.sock http://docker"
INSIDE = f"{ENGINE}/containers/json?all=1; {ENGINE}/images/json; date +%s"
CLOCK_LIMIT = 2
TRUSTING = ssl._create_unverified_context()


class Kept:
    """The home of a VM's user as it is now, to return to after each test that changes it."""

    def __init__(self, vm: LabVm, folder: Path) -> None:
        """Save the VM's state and copy the home."""
        self.vm, self._folder = vm, folder
        self._wanted = self._seen()
        vm.keep(folder)

    def ready(self) -> None:
        """Make sure that the VM is as it was kept: a look if no test has changed it, else from the copy."""
        for hook in ("hang", "linger"):
            (self.vm.host.homes / self.vm.user / "Library/VirtualBox" / hook).unlink(missing_ok=True)
        if not self._unchanged():
            self.vm.bring(self._folder)
            self.vm.start()
            until(self._unchanged, "the kept service", 60, self.vm.console)

    def _unchanged(self) -> bool:
        with contextlib.suppress(VmError, OSError):
            return self._seen() == self._wanted and self._answers()
        return False

    def _seen(self) -> tuple[object, ...]:
        """What tells a VM that a test has changed; its clock is set right."""
        info = self.vm.info
        if info["VMState"] != "running":
            return ()
        rules = sorted(rules_in(info))
        containers, images, clock = self.vm.ssh(INSIDE).splitlines()
        if abs(float(clock) - time.time()) > CLOCK_LIMIT:
            self.vm.set_clock(0)
        service = [(found["Image"], found["State"]) for found in json.loads(containers)]
        names = [name for image in json.loads(images) for name in image["RepoTags"]]
        return (rules, service, names, self.vm.address, self._releases())

    def _releases(self) -> list[str]:
        folder = self.vm.host.homes / self.vm.user / "osprey/service-docker"
        return sorted(path.name for path in folder.iterdir() if path.is_dir())

    @staticmethod
    def _answers() -> bool:
        with urlopen(ABOUT, timeout=10, context=TRUSTING) as answer:
            return bool(answer.status == 200)
