"""The lab's Mac: what one finds there over SSH."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.lab.olympias import network
from tests.lab.olympias.etc import PATH
from tests.lab.olympias.host import Olympias


def test_ssh_enters_a_mac(mac: Olympias, tmp_path: Path) -> None:
    mac.ssh_config(tmp_path / "config", "olympias", "jmartin")
    script = "uname -s; echo $PATH; pwd; hostname; sw_vers -productVersion; sysctl -n kern.waketime; sudo -n true"
    words = ["ssh", "-F", str(tmp_path / "config"), "olympias", script]
    done = subprocess.run(words, capture_output=True, text=True, timeout=20)
    assert done.stdout.splitlines()[:5] == [
        *("Darwin", "/usr/bin:/bin:/usr/sbin:/sbin", "/Users/jmartin", "olympias", "10.15.7")
    ]
    assert "{ sec = 0, usec = 0 }" in done.stdout
    assert "password is required" in done.stderr


def test_a_mac_lacks_what_only_linux_has(mac: Olympias) -> None:
    names = "timeout setsid flock nproc tac ss ip systemctl realpath VBoxManage docker"
    assert mac.sh(f"command -v {names}", check=False) == ""


@pytest.mark.parametrize(
    "line", ["date -d @0", "date +%s -s @0", "readlink -f /tmp", "stat -c %s /etc/hosts", "sed --version", "python3 -V"]
)
def test_a_mac_refuses(mac: Olympias, line: str) -> None:
    assert mac.run("/bin/sh", "-c", line, path=PATH).returncode == 1


def test_a_mac_understands_its_own(mac: Olympias) -> None:
    assert mac.sh("date -u -r 0 +%Y-%m-%dT%H:%M:%S") == "1970-01-01T00:00:00\n"
    assert mac.sh("date -u -j -f %Y-%m-%d 1970-01-02 +%d") == "02\n"
    assert re.fullmatch(r"\d{10}\.\d\d\n", mac.sh("date -u +%m%d%H%M%y.%S"))
    assert mac.sh("printf abc >f; stat -f '%z %Su' f; sed -i '' s/a/A/ f; cat f") == "3 jmartin\nAbc"
    assert mac.sh("sudo -n -u jmartin id -un", user="ops") == "jmartin\n"
    assert "sleep" in mac.sh("pmset -g")


def test_a_mac_is_cut_off_but_for_its_own_address(mac: Olympias) -> None:
    route = subprocess.check_output(["ip", "route", "get", "192.168.99.101"], text=True)
    assert network.CABLE not in route
    assert mac.sh("ls /work /root /home", check=False) == ""
