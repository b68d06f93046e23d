"""What partners write is valid EPCIS 2.0, and both ways of naming mean the same."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from wuma_gs1.canonical import canonical_key
from wuma_gs1.keys import Sscc
from wuma_world.epcis import LINKS, URNS, Naming, Writer, document
from wuma_world.labels import Row

CAN = Row("HTTPS://ID.TEST/01/09528800108012/21/7Z3K0011QRST0123", "HTTPS://ID.TEST/H/X", "X")
CASE = Row("HTTPS://ID.TEST/01/19528800108019/21/7Z3K0011QRST0124")
PALLET = Row(sscc=Sscc.build(0, "9528800", "1").value)
AT = datetime(2026, 3, 1, 4, 5, 6, 789000, tzinfo=UTC)
FACTORY, DEALER = "9528800900012", "9528800800015"


def _events(naming: Naming) -> list[dict[str, Any]]:
    line = Writer(naming, "9528800", FACTORY, "L1")
    dealer = Writer(naming, "9528800", DEALER)
    return [
        line.commissioned([CAN], "B1", date(2026, 3, 1), date(2028, 2, 29), AT),
        line.packed(CASE, [CAN], AT),
        line.packed(PALLET, [CASE], AT),
        line.shipped([PALLET], DEALER, AT, "P1"),
        dealer.received([PALLET], FACTORY, AT, "P1"),
        dealer.unpacked(PALLET, [CASE], AT),
    ]


@pytest.mark.parametrize("naming", [URNS, LINKS], ids=lambda naming: naming.name)
def test_documents_are_valid(naming: Naming, shared: Path) -> None:
    schema = json.loads((shared / "gs1/spec/json-schema/EPCIS-JSON-Schema.json").read_text(encoding="utf-8"))
    validator = jsonschema_rs.validator_for(schema, validate_formats=True)

    faults = [str(fault) for fault in validator.iter_errors(document(_events(naming), AT))]

    assert faults == []


def test_both_ways_of_naming_mean_the_same_things() -> None:
    for urns, links in zip(_events(URNS), _events(LINKS), strict=True):
        for field in ("epcList", "childEPCs"):
            assert [canonical_key(one) for one in urns.get(field, [])] == [
                canonical_key(one) for one in links.get(field, [])
            ]
        if "parentID" in urns:
            assert canonical_key(urns["parentID"]) == canonical_key(links["parentID"])
        assert canonical_key(urns["readPoint"]["id"]) == canonical_key(links["readPoint"]["id"])


def test_what_is_under_way_is_at_no_place() -> None:
    placed = {event["bizStep"]: "bizLocation" in event for event in _events(LINKS)}

    assert placed == {
        "commissioning": True,
        "packing": True,
        "shipping": False,
        "receiving": True,
        "unpacking": True,
    }
