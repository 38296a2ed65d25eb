"""Command line: python -m tests.release VERSION."""

import argparse
import subprocess
import sys
from pathlib import Path

import docker.errors

from . import FAULTS, build


def main() -> int:
    """Build one sample release and print its path."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.release", description="Make a sample release of the Osprey service."
    )
    parser.add_argument("version", metavar="VERSION", help="version of the release, such as 0.3")
    parser.add_argument(
        "--protocols", metavar="V,V", help="protocol versions it serves, current one first (default: VERSION)"
    )
    parser.add_argument("--fault", choices=sorted(FAULTS), help="what is wrong with it (default: nothing)")
    parser.add_argument("--out", type=Path, default=Path(), metavar="DIR", help="folder to write to (default: .)")
    options = parser.parse_args()
    protocols = options.protocols.split(",") if options.protocols else None
    try:
        print(build(options.out, options.version, protocols, options.fault))
    except (OSError, ValueError, subprocess.SubprocessError, docker.errors.DockerException) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
