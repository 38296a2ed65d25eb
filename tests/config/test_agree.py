"""`inv`, `fab` and `ospreyops` read the same settings, in the same order."""

from __future__ import annotations

import json

import pytest

from tests.config.places import COMMANDS, User

CHECKOUT = """\
osprey:
  host: lab
  service_port: 1000
  health_timeout: 300
  hosts:
    lab:
      address: 10.0.0.7
      user: jmartin
      folder: /srv/project
"""
OWN = """\
osprey:
  service_port: 2000
  vm_memory: 2048
  hosts:
    lab:
      user: jeff
"""


@pytest.fixture
def furnished(user: User) -> User:
    (user.checkout / "invoke.yaml").write_text(CHECKOUT)
    (user.home / ".invoke.yaml").write_text("osprey: {vm_cpus: 3, service_port: 500}\n")
    user.file.write_text(OWN)
    user.env.update(INVOKE_OSPREY_VM_MEMORY="1024", INVOKE_OSPREY_HOSTS_LAB_FOLDER="/srv/mine")
    return user


def test_the_three_commands_agree_on_every_setting_and_on_where_it_is_from(furnished: User) -> None:
    said = {command: furnished.run("config", "--json", command=command) for command in COMMANDS}
    found = [json.loads(ran.out) for ran in said.values()]
    assert found[0] == found[1] == found[2]
    assert found[0]["host"] == "lab"
    assert [ran.code for ran in said.values()] == [0, 0, 0]


def test_they_agree_in_a_folder_of_the_checkout_too(furnished: User) -> None:
    said = [furnished.run("config", "--json", command=command, folder="docs").out for command in COMMANDS]
    assert said[0] == said[1] == said[2]
    assert json.loads(said[0])["settings"]["service_port"]["value"] == 2000


def test_each_place_counts_more_than_those_before_it(furnished: User) -> None:
    (furnished.folder / "f.yaml").write_text("osprey: {health_timeout: 7}\n")
    ran = furnished.run("-f", str(furnished.folder / "f.yaml"), "config", "--json")
    found = {key: (told["value"], told["from"]) for key, told in json.loads(ran.out)["settings"].items()}
    assert found["vm_cpus"] == (3, "~/.invoke.yaml:1")
    assert found["address"] == ("10.0.0.7", "invoke.yaml:7")
    assert found["service_port"] == (2000, "~/.config/ospreyops.yaml:2")
    assert found["user"] == ("jeff", "~/.config/ospreyops.yaml:6")
    assert found["vm_memory"] == (1024, "INVOKE_OSPREY_VM_MEMORY")
    assert found["folder"] == ("/srv/mine", "INVOKE_OSPREY_HOSTS_LAB_FOLDER")
    assert found["health_timeout"] == (7, f"{furnished.folder}/f.yaml:1")
    assert found["ssh_connect_timeout"] == (10, "default")


def test_the_own_file_is_where_xdg_config_home_says(furnished: User) -> None:
    elsewhere = furnished.folder / "elsewhere"
    elsewhere.mkdir()
    furnished.file.rename(elsewhere / "ospreyops.yaml")
    assert furnished.told()["settings"]["user"]["value"] == "jmartin"
    furnished.env["XDG_CONFIG_HOME"] = str(elsewhere)
    assert furnished.told()["settings"]["user"]["value"] == "jeff"


def test_a_variable_that_fab_alone_would_read_is_refused_with_the_one_that_all_read(user: User) -> None:
    user.env["FABRIC_OSPREY_HOST"] = "lab"
    for command in COMMANDS:
        ran = user.run("lock.status", command=command)
        assert (ran.code, ran.err) == (1, "✗ FABRIC_OSPREY_HOST: it is not read\n  try: INVOKE_OSPREY_HOST\n")
