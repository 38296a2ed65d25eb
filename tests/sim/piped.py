"""`inv LINE` on the simulated hosts a, b and c, in a process of its own: `python -m tests.sim.piped LINE`.

0.3 runs on each; 0.4 does not become healthy on c. The last line on standard error is what runs there at the end.
"""

from __future__ import annotations

import json
import sys

from tests.conftest import simulated
from tests.worlds import running, unfit


def main(line: str) -> int:
    """Run the line."""
    hosts = [running(name=name) for name in ("a", "b", "c")]
    hosts[2].healthy = unfit
    code = 0
    try:
        simulated(*hosts).run(["inv", *line.split()])
    except SystemExit as end:
        code = int(end.code or 0)
    print(json.dumps([host.service and host.service.version for host in hosts]), file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
