"""`make` alone."""

from __future__ import annotations

import re
import subprocess

from tests.conftest import PROJECT


def test_make_alone_prints_the_targets_that_a_person_types() -> None:
    done = subprocess.run(["make"], cwd=PROJECT, capture_output=True, text=True, check=True)
    told = re.findall(r"^make ([a-z-]+) +\S", done.stdout, re.MULTILINE)
    phony = re.findall(r"^\.PHONY: (help .*)", (PROJECT / "Makefile").read_text(), re.MULTILINE)[0].split()
    assert sorted(told) == sorted(phony)
