"""How the file of a job reaches a host."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from ospreyops.tools.supervisor import write


@pytest.mark.parametrize("shell", ["/bin/sh", "/bin/bash"])
def test_a_file_is_written_as_it_is_whatever_signs_it_has(tmp_path: Path, shell: str) -> None:
    text = '<!DOCTYPE> it\'s\n\n  "$HOME" `id` %s \\n \\0041 100%\n'
    command = write(f"{tmp_path}/a folder/file", text, sudo=False)
    assert not set("\n!") & set(command.line)
    subprocess.run([shell, "-c", command.line], check=True, timeout=10)
    assert (tmp_path / "a folder/file").read_text() == text
    assert [path.name for path in (tmp_path / "a folder").iterdir()] == ["file"]
