"""What is wrong with settings is told at once, with the place, and what was meant."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from ospreyops.checks import PATH_HINT
from ospreyops.config.configuration import Configuration
from ospreyops.config.places import environment, project
from ospreyops.config.source import read
from tests.config.places import COMMANDS, User

WRONG = """\
osprey:
  service_port: "443"
  hosts:
    lab:
      prot: 22
    other:
      machine: hyperv
      folder: here
    lab:
      user: jeff
  groups: {lab: [a, b], wide: ada}
"""


def test_config_tells_all_mistakes_of_all_hosts_with_file_and_line(user: User) -> None:
    (user.checkout / "invoke.yaml").write_text("osprey: {fodler: /srv}\n")
    user.file.write_text(WRONG)
    user.env["INVOKE_OSPREY_SERVICE_PROT"] = "1"
    ran = user.run("config", "-H", "lab")
    said = [line.removeprefix("  | ") for line in ran.err.splitlines()]
    assert ran.code == 1
    assert said[0] == "✗ 8 mistakes in the settings"
    for mistake in (
        "~/.config/ospreyops.yaml:9: osprey.hosts.lab is there twice; try: one of the two",
        "INVOKE_OSPREY_SERVICE_PROT: it is not a setting that a variable has; try: INVOKE_OSPREY_SERVICE_PORT",
        "invoke.yaml:1: osprey.fodler is not a setting; try: folder",
        "~/.config/ospreyops.yaml:2: osprey.service_port is '443', not a whole number",
        f"~/.config/ospreyops.yaml:8: osprey.hosts.other.folder is 'here', not an absolute path; try: {PATH_HINT}",
        "~/.config/ospreyops.yaml:7: other: 'hyperv' is no kind of machine; try: one of: native, virtualbox",
        "~/.config/ospreyops.yaml:11: osprey.groups.lab: lab is a host, not a group",
    ):
        assert mistake in said


def test_a_task_is_refused_over_the_mistakes_of_its_own_hosts_alone(user: User) -> None:
    user.file.write_text("osprey: {hosts: {bad: {prot: 1, usre: x}, localhost: {folder: /srv}}}\n")
    assert user.run("lock.status", "-H", "localhost").code == 0
    refused = user.run("lock.status", "-H", "bad")
    assert (refused.code, refused.out) == (1, "")
    assert "2 mistakes in the settings" in refused.err
    assert "  try: ospreyops config" in refused.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("osprey:\n  hosts: [\n", "f:3: this is no YAML: expected the node content, .* \\(is a bracket or a brace"),
        ("osprey:\n\tuser: jeff\n", "f:2: this is no YAML: .*blanks, not tabs, make the indent"),
        ("osprey:\n  user: 'jeff\n", "f:3: this is no YAML: .*is a quote left open"),
        ("osprey:\n  user: a: b\n", "f:2: this is no YAML: mapping values .* with a blank after the colon"),
        ("osprey:\n  user: a\n   port: 2\n", "f:3: this is no YAML"),
        ("osprey:\n  user:jeff\n", "f:1: osprey is 'user:jeff', not a mapping of settings"),
        ("user: jeff\n", "f:1: user is not under osprey; try: osprey: in a line above"),
    ],
)
def test_a_slip_of_yaml_is_one_line_with_its_own_line_and_what_is_meant(text: str, said: str) -> None:
    (slip,) = read(text, "f", own=True).slips
    assert "\n" not in str(slip)
    with pytest.raises(AssertionError, match=said):
        raise AssertionError(str(slip))


def test_groups_beside_osprey_in_a_checkouts_file_are_told_and_what_invoke_reads_there_is_not() -> None:
    found = read("groups: {lab: [a]}\nrun: {echo: true}\nosprey: {host: a}\n", "invoke.yaml")
    assert [str(slip) for slip in found.slips] == [
        "invoke.yaml:1: groups is not under osprey; try: osprey: in a line above"
    ]


def test_a_file_that_nobody_can_read_is_said_by_the_command_in_one_line(user: User) -> None:
    (user.home / ".invoke.yaml").write_text("osprey: {hosts: [\n")
    ran = user.run("lock.status")
    assert (ran.code, len(ran.err.splitlines())) == (1, 1)
    assert ran.err.startswith("✗ ~/.invoke.yaml:2: this is no YAML: ")


def test_config_says_that_a_port_in_an_address_is_from_there(user: User) -> None:
    user.file.write_text("osprey:\n  hosts:\n    lab: {address: 10.0.0.7:2299}\n")
    told = user.run("config", "-H", "lab").out.partition("defaults:")[0]
    assert re.search(r"port +2299 +~/.config/ospreyops.yaml:3\n", told)


def test_a_variable_is_a_number_where_the_setting_is_one_and_text_elsewhere() -> None:
    said = {"INVOKE_OSPREY_PORT": "22", "INVOKE_OSPREY_USER": "22", "INVOKE_OSPREY_PATIENCE": "soon", "HOME": "/"}
    found = environment(said, [])
    assert found.data == {"port": 22, "user": "22", "patience": "soon"}
    assert found.slips == ()


def test_another_users_file_in_a_folder_for_everybody_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = tmp_path / "work"
    inside.mkdir()
    (tmp_path / "invoke.yaml").write_text("osprey: {pre_deploy: /tmp/mine}\n")
    assert project(inside) == tmp_path
    tmp_path.chmod(0o1777)
    assert project(inside) == tmp_path
    os.chown(tmp_path / "invoke.yaml", 12345, -1)
    assert project(inside) != tmp_path


def test_a_file_of_f_that_is_not_there_is_said(user: User) -> None:
    for command in COMMANDS:
        ran = user.run("-f", "gone.yaml", "lock.status", command=command)
        assert (ran.code, ran.err) == (1, "✗ gone.yaml: the file of -f is not there\n")


def test_a_host_that_the_settings_do_not_name_is_said_with_the_one_that_was_meant(user: User) -> None:
    user.file.write_text("osprey: {hosts: {olympias: {user: jeff}}}\n")
    ran = user.run("config", "-H", "olympia")
    assert ran.out.startswith("nothing is set for olympia\ndefaults:\n")
    assert ran.out.endswith("it goes through ssh_config; did you mean olympias?\n")


@pytest.mark.parametrize(
    "text", ["osprey: [URL]\n", "osprey: {notify: [URL]}\n", "osprey: {usre: URL, notify: [URL]}\n"]
)
def test_no_mistake_shows_the_token_of_a_url(user: User, text: str) -> None:
    user.file.write_text(text.replace("URL", "https://chat.example/T0K3N"))
    ran = user.run("config")
    assert ran.code == 1
    assert "T0K3N" not in ran.said


def test_a_small_file_that_means_a_huge_one_is_told_in_short_lines() -> None:
    laughs = ["a: &a0 [x, x]"] + [f"a: &a{level} [*a{level - 1}, *a{level - 1}]" for level in range(1, 40)]
    rows = [line.replace("a:", f"a{at}:", 1) for at, line in enumerate(laughs)]
    for part in ("*a39", "{groups: {lab: *a39}, host: *a39, user: *a39, hosts: *a39}"):
        found = Configuration((read("\n".join([*rows, f"osprey: {part}"]), "f"),))
        assert found.groups == {}
        told = [str(one) for one in found.mistakes()]
        assert told and max(map(len, told)) < 1000
