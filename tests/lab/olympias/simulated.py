"""olympias as it is simulated, and what a run there and a run on the real one must have in common."""

from __future__ import annotations

import re

from tests.conftest import Ran
from tests.sim.mac import SimMac
from tests.worlds import serving

NORMAL = {
    r"/Users/jmartin/releases|/usr/project/\S+/releases": "ARCHIVE",
    r"sha256:[0-9a-f]+": "DIGEST",
    r"192\.168\.99\.[0-9]+": "ADDRESS",
    r"172\.17\.[0-9]+\.[0-9]+": "CONTAINER",
    r"\(pid [0-9]+\)": "(pid N)",
    r": its start script ended with exit status [0-9]+": "",  # when it notices that its VM is gone is a matter of time
    r"osprey-service-left-[0-9]+-[0-9]+": "LEFT",
    r'"since": "[^"]*", "by": "[^"]*"': "BY WHOM AND WHEN",
}
PHASES = "phases still to come: "
# Lines that only look again; how often is a matter of time.
AGAIN = re.compile(r"curl |docker top |docker container inspect |docker-machine ssh \S+ docker version$")


def healthy_mac() -> SimMac:
    """A simulated olympias whose service 0.3 is healthy and the desired release."""
    return serving(name="olympias")


def steps(ran: Ran) -> list[str]:
    """Each step's reason and line, and the phases to come, without what differs from host to host and day to day."""
    found, text = [], ran.out
    for pattern, word in NORMAL.items():
        text = re.sub(pattern, word, text)
    for why, line in re.findall(r"^[•*#] (.*)\n(?:  \$ )?(.*)$", text, re.MULTILINE):
        if why.startswith(PHASES):
            found.append(why)
        elif not AGAIN.match(line):
            found += [why, line]
    return found
