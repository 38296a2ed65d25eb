"""An ssh that reads another home's configuration: OpenSSH itself looks for it in the home that passwd knows."""

from __future__ import annotations

import os
import shlex
import shutil
from pathlib import Path


def path_with_own_ssh(home: Path) -> str:
    """Put a program `ssh` into HOME/bin that reads HOME/.ssh/config, and return a PATH where it is the first."""
    program = home / "bin/ssh"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} -F {shlex.quote(str(home))}/.ssh/config "$@"\n')
    program.chmod(0o755)
    return f"{program.parent}:{os.environ['PATH']}"
