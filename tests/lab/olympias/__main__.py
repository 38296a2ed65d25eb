"""The lab's Mac by hand: `up` starts it with a booted VM, `status` says what runs, `down` removes every trace."""

from __future__ import annotations

import argparse

from tests.lab.olympias import network
from tests.lab.olympias.host import RUN, Olympias


def main() -> None:
    """Start, stop or describe olympias."""
    parser = argparse.ArgumentParser(prog="python -m tests.lab.olympias", description=main.__doc__)
    parser.add_argument("action", choices=["up", "down", "status"])
    action = parser.parse_args().action
    host = Olympias()
    if action == "down":
        host.stop()
    elif action == "up":
        host = Olympias.start()
        host.vm().provide()
        host.vm().start()
        host.ssh_config(RUN / "ssh_config", host.name, "jmartin")
    if not network.processes():
        print("olympias is down")
        return
    print(f"olympias is up: ssh -F {RUN / 'ssh_config'} {host.name}")
    print(host.sh("/usr/local/bin/VBoxManage list runningvms").strip() or "no VM runs")


if __name__ == "__main__":
    main()
