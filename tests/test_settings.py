"""The settings, as they are written in invoke.yaml by people."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from ospreyops.delivery.upload import Upload
from ospreyops.errors import Usage
from ospreyops.settings import KEYS, Settings, names, number, settings

LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.dates()
KNOWN = st.sampled_from([*KEYS, "host", "hosts", "olympias"])
NESTED = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KNOWN | st.text() | st.integers(), inner, max_size=4),
    max_leaves=12,
)
CONFIG = st.dictionaries(KNOWN | st.text() | st.none() | st.integers(), NESTED, max_size=6)
HOST_NAME = r"[A-Za-z0-9_]([A-Za-z0-9_.@:-]*[A-Za-z0-9_])?"


def refusal(config: dict[Any, Any]) -> Usage:
    """Why these settings of olympias are refused."""
    with pytest.raises(Usage) as refused:
        settings(config, "olympias")
    return refused.value


def test_without_any_settings_every_default_is_good() -> None:
    assert settings({}, "localhost") == Settings("localhost")


def test_what_is_said_of_a_host_overrules_what_is_said_for_all() -> None:
    config = {
        "service_port": 1000,
        "user": "all",
        "hosts": {"olympias": {"service_port": 2000}, "other": {"service_port": 3000}},
    }
    assert settings(config, "olympias") == Settings("olympias", service_port=2000, user="all")
    assert settings(config, "unnamed").service_port == 1000


@pytest.mark.parametrize("empty", [None, {}])
def test_a_key_left_empty_means_the_next_best(empty: Any) -> None:
    assert settings({"hosts": empty, "service_port": None}, "olympias") == Settings("olympias")
    assert (
        settings({"service_port": 1000, "hosts": {"olympias": {"service_port": None}}}, "olympias").service_port == 1000
    )
    assert settings({"hosts": {"olympias": empty}}, "olympias") == Settings("olympias")


def test_a_mistyped_setting_is_refused_with_the_one_that_was_meant() -> None:
    assert (str(refusal({"prot": 1}))) == "osprey.prot is not a setting\n  try: port"
    assert refusal({"hosts": {"olympias": {"fodler": "/x"}}}).case == "osprey.hosts.olympias.fodler is not a setting"


def test_a_setting_unlike_any_other_is_refused_with_all_that_there_are() -> None:
    assert set(KEYS) <= set(re.findall(r"\w+", refusal({"xyzzy": 1}).hint))


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        ("service_port", "44342", "'44342', not a whole number"),
        ("service_port", True, "True, not a whole number"),
        ("service_port", 443.5, "443.5, not a whole number"),
        ("service_port", 0, "0, not between 1 and 65535"),
        ("service_port", 65536, "65536, not between 1 and 65535"),
        ("port", -1, "-1, not between"),
        ("health_timeout", 0, "0, not between 1 and 86400"),
        ("ssh_connect_timeout", 0, "0, not between 1 and"),
        ("patience", 0, "0, not between 1 and 86400"),
        ("patience", 10**30, "not between 1 and 86400"),
        ("user", 5, "5, not text"),
        ("address", "a\nb", "control characters"),
        ("folder", "/srv/a\nb", "control characters"),
        ("folder", "/srv/a\u2028b", "control characters"),
        ("archive", "/srv/a\udce9b", "control characters"),
        ("folder", "osprey", "not an absolute path"),
        ("folder", "~jeff/osprey", "not an absolute path"),
        ("archive", "", "not an absolute path"),
        ("public", "grisman-36.cs.duke.edu:44342", "not a URL"),
        ("public", "http://grisman-36.cs.duke.edu", "not a URL"),
    ],
)
def test_a_wrong_value_is_refused_where_it_stands(key: str, value: Any, why: str) -> None:
    for_all, for_one = refusal({key: value}).case, refusal({"hosts": {"olympias": {key: value}}}).case
    assert for_all.startswith(f"osprey.{key} is ") and why in for_all
    assert for_one.startswith(f"osprey.hosts.olympias.{key} is ") and why in for_one


@pytest.mark.parametrize("wrong", [["0.3"], {"0.3": "sha256:abc"}, {0.1: "a" * 64}, {"latest": "a" * 64}, {"0.3": 7}])
def test_a_release_that_is_pinned_to_no_sha256_is_refused_with_an_example(wrong: Any) -> None:
    for config in ({"releases": wrong}, {"hosts": {"olympias": {"releases": wrong}}}):
        refused = refusal(config)
        assert re.match(r"osprey\.(hosts\.olympias\.)?releases", refused.case) and '{"0.3": sha256:' in refused.hint


def test_a_pin_is_known_by_its_version_however_its_sha256_is_written() -> None:
    given = {"0.3": "sha256:" + "AB" * 32, "0.10": "cd" * 32}
    found = settings({"releases": given}, "olympias")
    assert [found.pin(version) for version in ("0.3", "0.10", "0.1")] == ["ab" * 32, "cd" * 32, None]


@pytest.mark.parametrize(("old", "new"), [("patience", "health_timeout"), ("connect_limit", "ssh_connect_timeout")])
def test_a_setting_is_read_under_its_old_name_too(old: str, new: str) -> None:
    given_anew: dict[str, Any] = {new: 7}
    expected = Settings("olympias", **given_anew)
    assert settings({old: 7}, "olympias") == expected
    assert settings({"hosts": {"olympias": {old: 7}}}, "olympias") == expected
    assert settings({old: 9, "hosts": {"olympias": given_anew}}, "olympias") == expected


@pytest.mark.parametrize("hosts", ["olympias", ["olympias"], 5, {"olympias": "jeff"}, {"olympias": [1]}])
def test_hosts_that_are_no_mapping_are_refused_with_an_example(hosts: Any) -> None:
    assert "is not a mapping" in refusal({"hosts": hosts}).case
    assert "user: jmartin" in refusal({"hosts": hosts}).hint


@hypothesis.settings(deadline=None)
@given(CONFIG)
@example({"hosts": {"olympias": {"hosts": {}}}})
@example({None: None, 5: {}})
def test_whatever_is_configured_it_is_good_settings_or_a_usage_error(config: dict[Any, Any]) -> None:
    refused = None
    try:
        found = settings(config, "olympias")
    except Usage as error:
        refused, found = error.case, Settings("olympias")
    assert refused is None or refused.startswith("osprey.")
    for field in fields(found):
        assert type(getattr(found, field.name)) is type(getattr(Settings("olympias"), field.name))
    assert 1 <= found.service_port <= 65535 and found.folder.startswith(("/", "~/"))


@hypothesis.settings(deadline=None)
@given(st.lists(st.from_regex(rf"\A{HOST_NAME}\Z"), min_size=1))
@example(["olympias", "grisman-36.cs.duke.edu", "jeff@olympias:2222", "10.0.0.1", "olympias"])
def test_hosts_are_taken_in_their_order_each_once(hosts: list[str]) -> None:
    assert names(",".join(hosts)) == names(" , ".join(hosts)) == list(dict.fromkeys(hosts))


@pytest.mark.parametrize(
    ("name", "user", "address", "port"),
    [
        ("jeff@10.0.0.1:2222", "jeff", "10.0.0.1", 2222),
        ("jeff@olympias", "jeff", "olympias", 0),
        ("olympias:22", "", "olympias", 22),
        ("olympias", "", "", 0),
    ],
)
def test_a_host_that_is_not_in_the_settings_may_say_user_and_port(
    name: str, user: str, address: str, port: int
) -> None:
    assert settings({}, name) == Settings(name, address=address, user=user, port=port)


@hypothesis.settings(deadline=None)
@given(st.from_regex(rf"\A{HOST_NAME}\Z"))
@example("olympias:" + "9" * 5000)
def test_any_name_that_is_taken_has_settings(name: str) -> None:
    assert settings({}, name).name == name


@hypothesis.settings(deadline=None)
@given(st.text())
@example("")
@example("olympias,")
@example("-oProxyCommand=reboot")
@example("olympias;reboot")
@example("$(reboot)")
@example("olympias\n")
@example("ólympias")
def test_what_cannot_be_a_host_name_is_refused(hosts: str) -> None:
    assume(not all(re.fullmatch(HOST_NAME, part.strip(), re.ASCII) for part in hosts.split(",")))
    with pytest.raises(Usage, match="is not a host name"):
        names(hosts)


@hypothesis.settings(deadline=None)
@given(st.integers(1, 86400))
def test_a_number_of_seconds_is_taken(seconds: int) -> None:
    assert number("--patience", str(seconds)) == seconds


@hypothesis.settings(deadline=None)
@given(st.text())
@example("0")
@example("86401")
@example("-5")
@example("1.5")
@example("٣")
@example("²")
@example("9" * 5000)
@example("0" * 5000 + "1")
def test_what_is_no_number_of_seconds_is_refused(text: str) -> None:
    assume(not (re.fullmatch("[0-9]{1,9}", text) and 1 <= int(text) <= 86400))
    with pytest.raises(Usage, match="--patience"):
        number("--patience", text)


def test_a_host_is_shown_as_ssh_would_be_told_of_it() -> None:
    assert Settings("olympias").ssh == "olympias"
    assert Settings("o", address="10.0.0.1", user="jeff", port=2222).ssh == "-p 2222 jeff@10.0.0.1"


def test_a_value_that_is_written_short_and_is_long_is_told_short() -> None:
    laughs: list[object] = ["x"]
    for _ in range(40):
        laughs = [laughs, laughs]
    with pytest.raises(Usage, match=r"osprey\.user is .*, not text") as refused:
        settings({"user": laughs}, "olympias")
    assert len(str(refused.value)) < 1000


def test_only_localhost_is_this_computer() -> None:
    assert Settings("localhost").here and not Settings("olympias").here


@pytest.mark.parametrize("url", ["https://[::1]:44342", "https://[2001:db8::7]/", "https://192.0.2.7"])
def test_users_may_reach_the_service_at_an_ip_address_of_either_family(url: str) -> None:
    assert settings({"public": url}, "box").public == url


def test_a_host_at_an_ipv6_address_is_bracketed_where_a_url_wants_it() -> None:
    own = settings({"hosts": {"box": {"address": "2001:db8::7", "user": "jeff", "port": 2222}}}, "box")
    assert own.login == "jeff@[2001:db8::7]:2222"
    upload = Upload(Path("a.tar"), "/srv/a.tar", "jeff@2001:db8::7")
    assert str(upload).endswith("scp a.tar jeff@[2001:db8::7]:/srv/a.tar")


@pytest.mark.parametrize(
    ("own", "ssh"),
    [
        ({"address": "root@10.0.0.7:2299"}, "-p 2299 root@10.0.0.7"),
        ({"address": "root@10.0.0.7:2299", "user": "ops", "port": 22}, "-p 22 ops@10.0.0.7"),
        ({"address": "fd00::7"}, "fd00::7"),
    ],
)
def test_an_address_may_have_user_and_port_in_it_but_those_of_their_own_count_more(own: Any, ssh: str) -> None:
    assert settings({"hosts": {"lab": own}}, "lab").ssh == ssh
