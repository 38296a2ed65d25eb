"""The README's picture: it shows what the tool does, on light and on dark pages, wherever it is looked at."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from tests.contrast import contrast
from tests.picture import DARK, FILE, LIGHT, drawn, steady

DRAWN = {"svg", "title", "style", "defs", "clipPath", "rect", "circle", "g", "text"}
KEPT = FILE.read_text("utf-8")


def test_the_picture_shows_what_a_deploy_shows_now() -> None:
    assert steady(drawn()) == steady(KEPT)


def test_the_picture_loads_nothing() -> None:
    parts = [*ET.fromstring(KEPT).iter()]
    assert {part.tag.rpartition("}")[2] for part in parts} <= DRAWN
    told = [value for part in parts for value in part.attrib.values()]
    style = next(part.text or "" for part in parts if part.tag.endswith("style"))
    assert [value for value in told if re.search(r":|url\((?!#)", value)] == []
    assert not re.search(r"url|@(?!media)", style)


@pytest.mark.parametrize(("ground", "text"), [LIGHT, DARK])
def test_the_picture_can_be_read_on_light_and_dark_pages(ground: str, text: str) -> None:
    assert f'"{LIGHT[0]}"' in KEPT and f"fill: {DARK[0]}" in KEPT and f"color: {DARK[1]}" in KEPT
    assert contrast(text[1:], ground[1:]) > 7
    colours = set(re.findall(r"-r[0-9]+ \{ fill: #([0-9a-f]{6}) \}", KEPT))
    assert colours
    assert {colour for colour in colours if contrast(colour, ground[1:]) < 3.1} == set()
