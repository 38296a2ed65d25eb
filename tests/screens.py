"""The screens that are kept in docs/screens: `make screens` makes them anew, a test compares them."""

from __future__ import annotations

import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import PROJECT
from tests.terminal import Terminal

FOLDER = PROJECT / "docs" / "screens"
WIDTHS = (80, 120)
REAL = "real"
"""No world: the tool itself, on a computer where olympias is a closed port."""
SETTINGS = "osprey: {hosts: {olympias: {address: 127.0.0.1, port: 1}}}\n"
THREE = "grisman-36,grisman-37,jerry"
VARY = {
    r"\([0-9.]+ s\)": "(N s)",
    r"  [0-9.]+ s  ": "  N s  ",
    r"… [0-9]+ s": "… N s",
    r"[0-9]+ of (?=[0-9]+ s)": "N of ",
    r"\[=* *\]": "[==                  ]",
    r"[0-9]+% [0-9]+ MB of": "N% N MB of",
    r"[0-9]+ MB/s, [0-9]+ s left": "N MB/s, N s left",
    "[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]": "⠋",
}
"""What is never the same: seconds, rates, the turns of what goes on."""


@dataclass(frozen=True)
class Kept:
    """A screen. world: that it begins in; typed: after `inv`; about: what is to be seen, in a sentence.

    there: what is on the screen when it is taken; "" for what is left in the end. ctrl_c: is pressed then.
    """

    world: str
    typed: str
    about: str
    there: str = ""
    ctrl_c: bool = False


SCREENS = {
    "first-deploy": Kept("fresh", "deploy --version 0.3 -H grisman-36", "A release comes to a server that had none."),
    "upgrade": Kept(
        "upgrade", "deploy --version 0.4 -H sim", "The next release takes over while the previous one serves."
    ),
    "nothing-to-do": Kept("upgrade", "deploy --version 0.3 -H sim", "The same release once more."),
    "dry-run": Kept("upgrade", "--dry deploy --version 0.4 -H sim", "What a maintainer would have to type."),
    "failed-deploy": Kept("failing", "deploy --version 0.4 -H sim", "The new release does not become healthy."),
    "failed-step": Kept("damaged", "deploy --version 0.4 -H grisman-36", "The archive is damaged."),
    "failed-blocked": Kept("taken", "deploy --version 0.3 -H grisman-36", "Another program has the service's port."),
    "failed-unreachable": Kept(REAL, "deploy --version 0.4 -H olympias", "The host cannot be reached."),
    "failed-usage": Kept("server", "deploy --verison 0.4 -H grisman-36", "An option is mistyped."),
    "interrupted": Kept(
        "starting",
        "deploy --version 0.4 -H grisman-36",
        "Ctrl-C while the new release is not healthy yet.",
        "[0-9]{2} of 20 s",
        ctrl_c=True,
    ),
    "drain": Kept(
        "draining",
        "deploy --version 0.4 -H grisman-36",
        "The new release serves; two users are still connected to the previous one, which computes.",
        r"safe\)… [0-9]+ s",
    ),
    "status": Kept("upgrade", "status -H sim", "A healthy server."),
    "slow-look": Kept("silent", "status -H olympias", "A look that waits for VBoxManage.", "waiting for: VBoxManage"),
    "doctor": Kept("ill", "doctor -H olympias", "A Mac with three faults."),
    "hung-vm": Kept("hung", "doctor -H olympias", "A Mac whose VM hangs, and VBoxManage with it."),
    "healed-vm": Kept("hung", "heal -H olympias", "The same Mac is healed."),
    "history": Kept("changed", "history -H grisman-36", "What was done to a server."),
    "three-working": Kept(
        "working",
        f"deploy --version 0.4 --serial 3 -H {THREE}",
        "Three servers at once: one loads the image, one waits for the release, one is looked at.",
        r" [0-9]{2}% [0-9]{2} MB of .*, [0-9]{2} s left\n.* [0-9]{2} of 20 s\n.*jerry… [0-9]+ s",
    ),
    "three-done": Kept("second-fails", f"deploy --version 0.4 -H {THREE}", "The second of three servers fails."),
}
INTRODUCTION = """# Screens

![A deploy: the next release takes over while the previous one serves](deploy.svg)

What a terminal of 80 and of 120 columns shows. `make screens` makes them anew: the tool runs on simulated hosts
([tests/screens.py](../../tests/screens.py)), and what is on its terminal is kept. Seconds and rates, which are never
the same, are N. A test compares them with what the tool shows now.

| screen | columns |
|---|---|
"""


def captured(name: str, columns: int) -> str:
    """What a terminal shows."""
    kept = SCREENS[name]
    with tempfile.TemporaryDirectory() as folder:
        text = "\n".join([f"$ inv {kept.typed}", *_lines(kept, columns, Path(folder))]) + "\n"
    for pattern, instead in VARY.items():
        text = re.sub(pattern, instead, text)
    return text


def _lines(kept: Kept, columns: int, folder: Path) -> list[str]:
    """The lines on a terminal. folder: for all files of the program's, also of one that is killed."""
    words = ["tests.sim.on_terminal", kept.world]
    env = {**os.environ, "TMPDIR": str(folder)}
    if kept.world == REAL:
        words = ["invoke"]
        env["XDG_CONFIG_HOME"] = str(folder)
        (folder / "ospreyops.yaml").write_text(SETTINGS)
    with Terminal("-m", *words, *kept.typed.split(), columns=columns, env=env) as terminal:
        if not kept.there:
            return terminal.end()
        terminal.until(lambda text: re.search(kept.there, text) is not None)
        if kept.ctrl_c:
            terminal.child.sendintr()
            return terminal.end()
        return terminal.lines


def listed() -> str:
    """The README of the folder."""
    rows = [
        f"| {kept.about} | {', '.join(f'[{width}]({name}-{width}.txt)' for width in WIDTHS)} |"
        for name, kept in SCREENS.items()
    ]
    return INTRODUCTION + "\n".join(rows) + "\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / "README.md").write_text(listed(), "utf-8")
    for screen in SCREENS:
        for width in WIDTHS:
            (FOLDER / f"{screen}-{width}.txt").write_text(captured(screen, width), "utf-8")
