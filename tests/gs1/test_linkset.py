"""What a resolver answers: linksets in the form of GS1's schema, and the link that a request means."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema_rs
import pytest

from wuma_gs1.digital_link import DigitalLink
from wuma_gs1.linkset import LINK_TYPES, Level, Link, choose, levels_of, link_header, linkset

GTIN = "https://id.gs1.org/01/06901234567892"
SERIAL = f"{GTIN}/21/A1"

DEFAULT = Link("https://brand.example/p", "Product", "gs1:defaultLink")
CHINESE = Link("https://brand.example/zh", "产品", "gs1:pip", languages=("zh-CN",), media_type="text/html")
ENGLISH = Link("https://brand.example/en", "Product", "gs1:pip", languages=("en",), media_type="text/html")
DATA = Link("https://brand.example/json", "Data", "gs1:pip", languages=("en",), media_type="application/json")
RECALL = Link("https://brand.example/recall", "Recall", "gs1:recallStatus", contexts=("CN",))
MARKET = Link("https://brand.example/jp", "Japan", "gs1:defaultLinkMulti", languages=("ja",))
LEVELS = [
    Level(SERIAL, "This can", (RECALL,)),
    Level(GTIN, "Tea, 250 g", (DEFAULT, MARKET, CHINESE, ENGLISH, DATA)),
]


def test_a_linkset_has_the_form_of_the_schema(shared: Path) -> None:
    schema = json.loads((shared / "gs1/resolver/linkset/gs1-linkset-schema.json").read_text("utf-8"))
    jsonschema_rs.validate(schema, linkset(LEVELS))


def test_a_linkset_has_every_level_and_every_link() -> None:
    serial, gtin = linkset(LEVELS)["linkset"]
    assert (serial["anchor"], serial["itemDescription"]) == (SERIAL, "This can")
    assert serial["https://gs1.org/voc/recallStatus"] == [
        {"href": "https://brand.example/recall", "title": "Recall", "context": ["CN"]}
    ]
    assert len(gtin["https://gs1.org/voc/pip"]) == 3
    assert set(gtin["https://gs1.org/voc/defaultLink"][0]) == {"href", "title"}


@pytest.mark.parametrize(
    ("request_headers", "expected"),
    [
        ({}, DEFAULT),
        ({"accept_language": "ja"}, MARKET),
        ({"accept_language": "fr"}, DEFAULT),
        ({"link_type": "gs1:pip", "accept_language": "zh"}, CHINESE),
        ({"link_type": "gs1:pip", "accept_language": "zh-CN, en;q=0.5"}, CHINESE),
        ({"link_type": "gs1:pip", "accept_language": "zh-TW;q=0, en"}, None),
        ({"link_type": "gs1:pip", "accept_language": "en", "accept": "application/json"}, DATA),
        (
            {
                "link_type": "gs1:pip",
                "accept_language": "en;q=0.9, zh;q=0.8",
                "accept": "text/html, */*;q=0.1",
            },
            ENGLISH,
        ),
        ({"link_type": "https://gs1.org/voc/recallStatus"}, RECALL),
    ],
)
def test_a_request_gets_the_link_that_it_means(
    request_headers: dict[str, str], expected: Link | None
) -> None:
    found = choose(LEVELS, **request_headers)
    if expected is None:
        assert found == (ENGLISH, DATA)
    else:
        assert found == (expected,)


def test_a_link_type_that_nobody_has_gets_nothing() -> None:
    assert choose(LEVELS, link_type="gs1:jws") == ()


def test_levels_go_from_the_finest_to_the_bare_key() -> None:
    link = DigitalLink.parse("https://brand.example/c/01/06901234567892/22/V/10/L/21/A1?17=261231")
    assert [level.uri for level in levels_of(link)] == [
        "https://brand.example/c/01/06901234567892/22/V/10/L/21/A1",
        "https://brand.example/c/01/06901234567892/22/V/10/L",
        "https://brand.example/c/01/06901234567892/22/V",
        "https://brand.example/c/01/06901234567892",
    ]


def test_a_header_cannot_be_broken_out_of() -> None:
    evil = Link('https://x.example/"><a>\r\nSet-Cookie: a', '"\r\nX: y', 'gs1:"pip')
    header = link_header([Level(GTIN, "", (evil,))], same_as=SERIAL)
    assert "\r" not in header
    assert "\n" not in header
    assert header.count("<") == 2
    assert f'<{SERIAL}>; rel="owl:sameAs"' in header


def test_link_types_are_those_that_resolvers_publish(shared: Path) -> None:
    published = json.loads((shared / "gs1/resolver/resolver-ce-data/gs1resolver.json").read_text("utf-8"))
    names = {name.removeprefix("gs1:") for name in published["activeLinkTypes"]["en"]}
    assert names <= LINK_TYPES


def test_a_wish_cannot_be_more_than_whole() -> None:
    levels = [Level(GTIN, "", (CHINESE, ENGLISH))]
    assert choose(levels, link_type="gs1:pip", accept_language="zh;q=0.9, en;q=1.9;q=0.5") == (CHINESE,)
