"""Whatever the login shell is, and whatever is in a text, a line arrives as it was meant."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ospreyops.remote.command import quote
from ospreyops.remote.login_shell import exec_sh, word

SHELLS = [name for name in ("sh", "dash", "bash", "zsh", "tcsh", "csh", "fish") if shutil.which(name)]
"""Those of this computer; the lab has them all."""
FOLDERS = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=60)


def heard(shell: str, line: str) -> bytes:
    """What the line prints when that login shell runs it, as sshd has it do."""
    return subprocess.run([shell, "-c", line], capture_output=True, check=True, timeout=20).stdout


@pytest.mark.parametrize("shell", SHELLS)
@settings(max_examples=40, deadline=None)
@example(text=" !\\'\"$`\\\\'é ü~%:,{x}-\\", times=1)
@example(text="\\'!", times=500)
@given(text=FOLDERS, times=st.sampled_from([1, 1, 200]))
def test_a_text_in_a_line_is_the_same_behind_any_login_shell(shell: str, text: str, times: int) -> None:
    folder = f"/srv/{text}" * times
    inner = exec_sh(f"printf %s {quote(folder)}")
    assert heard(shell, exec_sh(f"printf %s {quote(folder)}")) == folder.encode()
    assert heard(shell, exec_sh(f"printf '<%s>' 1; {inner}", "env LC_ALL=C ")) == b"<1>" + folder.encode()


@given(text=st.text(st.characters(exclude_categories=["Cs"])))
def test_what_means_something_between_single_quotes_stands_outside_of_them(text: str) -> None:
    """A backslash means something to fish there, and an exclamation mark to csh, which this computer may not have."""
    assert re.fullmatch(r"""('[^'\\!]*'|"'"|\\[\\!])+""", word(text))
