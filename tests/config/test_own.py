"""The user's own file: made once, and given hosts."""

from __future__ import annotations

import stat

import pytest

from ospreyops.config.own import added, new_text
from ospreyops.config.source import read
from tests.config.places import User
from tests.conftest import said

VALUES = {"address": "10.0.0.7", "user": "jeff"}
WRITTEN = """\
# mine
osprey:
    host: lab   # the one
    hosts:
        # the first
        lab:
            address: 10.0.0.1   # since May
            # no user: ssh_config has it

    # for later
    health_timeout: 300
"""


def test_a_host_is_added_behind_the_others_with_their_indent_and_every_comment_stays() -> None:
    new = added(WRITTEN, "box", VALUES)
    entry = "        box:\n            address: 10.0.0.7\n            user: jeff\n"
    assert new == WRITTEN.replace("ssh_config has it\n", f"ssh_config has it\n{entry}")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing yet\n",
        "osprey:\n",
        "osprey:\n  hosts:\n",
        "osprey:\n  hosts: # none yet\n  user: jeff",
        "osprey:\n  user: jeff\nother: 7\n",
        "other: 7\n",
        "osprey:\r\n  hosts:\r\n    a:\r\n      user: jeff\r\n",
        "osprey:\n  hosts:\n    a: {user: x}\n    b:\n",
        new_text("lab", VALUES),
        new_text("", {}),
    ],
)
def test_whatever_is_in_the_file_afterwards_it_has_the_host_and_what_it_had(text: str) -> None:
    new = added(text, "on", VALUES)
    assert new is not None
    before, after = read(text, "f"), read(new, "f")
    assert after.data == {**before.data, "hosts": {**(before.data.get("hosts") or {}), "on": VALUES}}
    assert [line for line in text.splitlines() if line not in new.splitlines()] == []


@pytest.mark.parametrize("text", ["osprey: {hosts: {a: {}}}\n", "osprey:\n  hosts: {a: {}}\n", "- a\n", "osprey: [\n"])
def test_a_file_in_braces_or_a_broken_one_is_not_added_to(text: str) -> None:
    assert added(text, "box", VALUES) is None


def test_init_writes_a_file_that_only_its_user_can_read_and_never_writes_over_one(user: User) -> None:
    shown = user.run("--dry", "init", "--name", "lab", "--user", "jeff")
    assert "    lab:\n      user: jeff" in shown.out and not user.file.exists()
    made = user.run("init", "--name", "lab", "--user", "jeff")
    assert made.out == "✓ ~/.config/ospreyops.yaml is written\nnext: ospreyops host.trust lab\n"
    assert stat.S_IMODE(user.file.stat().st_mode) == 0o600
    before = user.file.read_text()
    assert user.run("init").out.startswith("✓ nothing to do: ~/.config/ospreyops.yaml is there")
    again = user.run("init", "--name", "other")
    assert (again.code, user.file.read_text()) == (3, before)
    assert "is there already, and was left as it is\n  try: ospreyops host.add other" in again.err


def test_init_asks_on_a_terminal_and_asks_again_where_an_answer_is_wrong(user: User) -> None:
    child = user.terminal("init")
    for question, answer in (
        ("Name of the first host", "my lab"),
        ("'my lab' is not a host name.*Name of the first host", "lab"),
        ("Address", "10.0.0.7"),
        ("User", ""),
        ("Where does Docker run", "hyperv"),
        ("no kind of machine.*Where does Docker run", "virtualbox"),
        ("Folder", ""),
    ):
        child.expect(question)
        child.sendline(answer)
    assert said(child).code == 0
    assert read(user.file.read_text(), "f").data == {
        "host": "lab",
        "hosts": {"lab": {"address": "10.0.0.7", "machine": "virtualbox"}},
    }


def test_ctrl_c_at_a_question_writes_nothing(user: User) -> None:
    child = user.terminal("init")
    child.expect("Name of the first host")
    child.sendintr()
    assert said(child).code == 130
    assert not user.file.exists()


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["lab"], "lab is there already: ~/.config/ospreyops.yaml:3"),
        (["all"], "'all' cannot be the name of a host"),
        (["wide"], "'wide' cannot be the name of a host"),
        (["a,b"], "'a,b' cannot be the name of a host"),
        (["-oProxyCommand=x"], "host.add has no option -oProxyCommand"),
        (["b", "--folder", "here"], "osprey.hosts.b.folder is 'here', not an absolute path"),
        (["b", "--machine", "native", "-H", "b"], "host.add has no option -H"),
        (["b", "--machine", "hyperv"], "'hyperv' is no kind of machine"),
    ],
)
def test_a_host_that_cannot_be_is_refused_and_nothing_is_written(user: User, words: list[str], why: str) -> None:
    user.file.write_text("osprey:\n  hosts:\n    lab:\n      user: jeff\n  groups: {wide: [lab]}\n")
    before = user.file.read_text()
    ran = user.run("host.add", *words)
    assert ran.code in (1, 3)
    assert why in ran.err
    assert user.file.read_text() == before


def test_a_broken_file_is_not_added_to_and_the_line_is_said(user: User) -> None:
    user.file.write_text("osprey:\n  hosts: [\n")
    ran = user.run("host.add", "box")
    assert (ran.code, user.file.read_text()) == (1, "osprey:\n  hosts: [\n")
    assert ran.err.startswith("✗ ~/.config/ospreyops.yaml:3: this is no YAML")


def test_a_file_in_braces_is_left_as_it_is_and_the_lines_to_add_are_shown(user: User) -> None:
    user.file.write_text("osprey: {hosts: {lab: {user: jeff}}}\n")
    ran = user.run("host.add", "box", "--user", "jeff")
    assert ran.code == 3
    assert "add this there\n  |     box:\n  |       user: jeff" in ran.err
