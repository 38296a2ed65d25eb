"""The programs that lines on a host need, and what installs them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

DOCKER = "docker"
NEEDED = (DOCKER, "curl", "openssl", "ps", "tar")
"""On every host. Perl is not among them: without it, a host answers nothing at all."""
DECODERS = ("lbzip2", "bzip2")
"""What decodes an image faster than Docker does, the fastest first."""
INSTALLERS = {
    "apt-get": "sudo apt-get install",
    "dnf": "sudo dnf install",
    "yum": "sudo yum install",
    "zypper": "sudo zypper install",
    "apk": "sudo apk add",
    "pacman": "sudo pacman -S",
    "brew": "brew install",
}
"""The first of these that a host has installs programs there."""
PACKAGES = {
    ("apt-get", DOCKER): "docker.io",
    ("apt-get", "perl"): "perl-base",
    ("dnf", "perl"): "perl-interpreter",
    ("dnf", DOCKER): "moby-engine",
    ("dnf", "ps"): "procps-ng",
    ("yum", "ps"): "procps-ng",
    ("pacman", "ps"): "procps-ng",
}
"""What a program's package is called where it is not called like the program, and not procps."""
ASKED = (*NEEDED, *DECODERS, *INSTALLERS)


def missing(tools: frozenset[str]) -> tuple[str, ...]:
    """The needed programs that are not among those of a host; none where it named none, for then it was not asked."""
    return tuple(name for name in NEEDED if tools and name not in tools)


def advice(tools: frozenset[str]) -> str:
    """What installs the programs that are missing there."""
    return install(missing(tools), tools)


def install(names: Iterable[str], tools: frozenset[str]) -> str:
    """The line that installs those programs on a host that has these tools."""
    installer = next((name for name in INSTALLERS if name in tools), None)
    if installer is None:
        return f"install {', '.join(names)} there"
    return f"{INSTALLERS[installer]} {' '.join(_packages(installer, names))}"


def _packages(installer: str, names: Iterable[str]) -> Iterator[str]:
    for name in names:
        yield PACKAGES.get((installer, name), "procps" if name == "ps" else name)
