"""`inv LINE` on the simulated hosts a and b, in a process of its own: `python -m tests.sim.asked LINE`.

0.3 runs on each, and sander computes in it. The last line is what runs there at the end, and what the history has.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace

from tests.conftest import simulated
from tests.sim.host import SimHost
from tests.worlds import history, running


def computing(name: str) -> SimHost:
    """A host where a job runs."""
    host = running(name=name)
    assert host.service
    host.service = replace(host.service, jobs=("sander",))
    return host


def main(line: str) -> int:
    """Run the line."""
    hosts = [computing(name) for name in ("a", "b")]
    code = 0
    try:
        simulated(*hosts).run(["inv", *line.split()])
    except SystemExit as end:
        code = int(end.code or 0)
    told = {host.name: [bool(host.service), *(entry["task"] for entry in history(host))] for host in hosts}
    print(json.dumps(told))
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
