"""Login shells as they are, with what they say unasked, and folders with signs that mean something to each of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from shlex import quote

import pytest

from tests.lab.hosts import Releases, There
from tests.lab.server import PASSWORD, Server
from tests.lab.wait import until

pytestmark = pytest.mark.reliability
SAYS = """sh -c 'echo Welcome to grisman; echo files /tmp; stty -echo; printf asks; echo "be good" >&2; echo asks'\n"""
WARNS = "export LC_ALL=xx_XX.UTF-8\n"
RC = {
    "bash": (".bashrc", SAYS + WARNS),
    "dash": (".profile", SAYS),
    "zsh": (".zshenv", SAYS + WARNS),
    "tcsh": (".tcshrc", SAYS + "setenv LC_ALL xx_XX.UTF-8\n"),
    "bsd-csh": (".cshrc", SAYS + "setenv LC_ALL xx_XX.UTF-8\n"),
    "fish": (".config/fish/config.fish", SAYS + "set -gx LC_ALL xx_XX.UTF-8\n"),
}
"""What a login shell reads first, and what it is made to say there, with a locale that the server does not have."""
STATUS = ("status", "--json")
QUESTION = r"\[sudo\] password for maint on grisman: "
BANNER = "/etc/ssh/sshd_config.d/banner.conf"
SIGNS = {
    "bash": "a b {limit} %h %% $HOME ${HOME} `id`",
    "dash": "back\\\\slash \\n \\t \\' \\\" end\\",
    "zsh": "-leading ~ = # * ? [a] <b> >c (d) ;e &f |g ^h",
    "tcsh": "wow! !! !$ \\! 'quoted' \"twice\"",
    "bsd-csh": "it's 100% \\'é ü ß €! \"",
    "fish": "\\'; é \\\\' ü, a:b !",
}
"""What the service's folder has in its name: signs that mean something to the shell, or to another one."""
ALL = "-%h $HOME \\\\'\"! `é ü`, a:b"


@pytest.fixture(params=list(RC))
def shell(booted: Server, request: pytest.FixtureRequest) -> Iterator[str]:
    """A login shell of ops and maint, which greets on both of its outputs, and an SSH server that does so before."""
    name = str(request.param)
    file, text = RC[name]
    booted.reset(keep_images=True)
    booted.sh(f"echo 'Banner /etc/motd' >{BANNER} && echo be good >/etc/motd && systemctl reload ssh")
    for user in ("ops", "maint"):
        path = f"/home/{user}/{file}"
        kept = f"mkdir -p $(dirname {path}); [ ! -e {path} ] || cp {path} {path}.kept"
        booted.sh(f"{kept}; printf %s {quote(text)} >{path}", user=user)
        booted.sh(f"usermod --shell $(command -v {name}) {user}")
    yield name
    for user in ("ops", "maint"):
        path = f"/home/{user}/{file}"
        booted.sh(f"usermod --shell /bin/bash {user}; rm {path}; [ ! -e {path}.kept ] || mv {path}.kept {path}")
    booted.sh(f"rm {BANNER}; : >/etc/motd; systemctl reload ssh")


def test_any_login_shell_and_any_folder_will_do(shell: str, booted: Server, releases: Releases, tmp_path: Path) -> None:
    there, folder, here = There(booted, tmp_path, "ops"), f"/srv/osprey/{SIGNS[shell]}", tmp_path / SIGNS[shell]
    there.inv.env["INVOKE_OSPREY_FOLDER"] = folder
    here.mkdir()
    (here / "osprey-service-docker-0.3.tar").symlink_to(releases("0.3"))
    ran = there.inv("deploy", "--version", "0.3", "--from", str(here), *there.flags)
    assert ran.code == 0, ran.said
    at = f"cd {quote(folder)} && "
    booted.sh(f"{at}cp -a 0.3 0.1")
    ran = there.inv("image.prune", *there.flags, "status", *there.flags, "history", *there.flags)
    assert ran.code == 0 and f"{folder}/0.1 is removed" in ran.out, ran.said
    assert f"deploy --version 0.3 --from {quote(str(here))}" in ran.out, ran.said
    assert booted.sh(f"{at}ls -A").split() == [".incoming", ".ospreyops", "0.3", "osprey-service.log"]
    log = booted.sh(f"{at}tail -n 50 osprey-service.log").rstrip()
    told = there.inv("service.logs", *there.flags, "lock.status", "--json", *there.flags, *STATUS, *there.flags)
    *logs, lock, status = told.out.splitlines()
    assert (logs, json.loads(lock)["lock"]) == (log.splitlines(), None), told.said
    facts = json.loads(status)["facts"]["host"]
    assert (facts["folder"], facts["damaged"], there.running()) == (folder, {}, ["osprey/service:0.3"])


@pytest.mark.parametrize("shell", ["fish"], indirect=True)
def test_the_watchdog_works_in_any_folder(shell: str, there: There, releases: Releases) -> None:
    folder, archive = f"/srv/osprey/{ALL}", f"/srv/osprey/archive {ALL}"
    there.inv.env.update({"INVOKE_OSPREY_FOLDER": folder, "INVOKE_OSPREY_ARCHIVE": archive})
    there.server.sh(f"mkdir -p {quote(archive)}")
    there.server.put(releases("0.3"), f"{archive}/osprey-service-docker-0.3.tar")
    for task in (("deploy", "--version", "0.3"), ("service.restart",), ("watch.install", "--every", "2")):
        ran = there.inv(*task, *there.flags)
        assert ran.code == 0, ran.said
    there.server.sh("docker rm --force osprey-service")
    until(lambda: there.running() == ["osprey/service:0.3"], "the service's return", 90)
    for end in (("watch.status",), ("watch.uninstall", "--wait")):
        ran = there.inv(*end, *there.flags)
        assert ran.code == 0, ran.said


@pytest.mark.parametrize("shell", ["bash", "bsd-csh", "fish"], indirect=True)
def test_sudo_gets_its_password_behind_any_login_shell(shell: str, booted: Server, tmp_path: Path) -> None:
    maint = There(booted, tmp_path, "maint")
    ran = maint.inv.asked(QUESTION, PASSWORD, "image.prune", *maint.flags)
    assert ran.code == 0, ran.said
