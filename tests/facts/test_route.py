"""Whether the rules of a switch still lead to where Docker itself leads."""

from __future__ import annotations

from typing import Optional

import pytest

from ospreyops.facts.route import Route

RULE = "! -i docker0 -p tcp -m tcp --dport 24343 -j DNAT --to-destination 172.17.0.3:24343"


@pytest.mark.parametrize(
    ("switched", "leads", "published", "astray"),
    [
        (24343, "172.17.0.3:24343", {24343: RULE}, False),
        (24343, "172.17.0.9:24343", {24343: RULE}, True),
        (24343, "172.17.0.3:24343", {}, True),
        (24343, None, {}, False),
        (24343, None, {24343: RULE}, False),
        (None, "172.17.0.3:24343", {24343: RULE}, False),
        (None, None, {}, False),
    ],
    ids=[
        "Docker's own road",
        "another container's",
        "a container that ended",
        "Docker's proxy",
        "the proxy, beside a rule",
        "nowhere, for no port is switched",
        "no switch",
    ],
)
def test_a_switch_is_astray_where_its_own_address_is_not_dockers(
    switched: Optional[int], leads: Optional[str], published: dict[int, str], astray: bool
) -> None:
    assert Route("IPv4", switched=switched, leads=leads, published=published).astray is astray
