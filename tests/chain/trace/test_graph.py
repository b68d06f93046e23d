"""The trace graph over HTTP, its exports, and its layout."""

from __future__ import annotations

import csv
import io
import xml.etree.ElementTree as ET
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.chain.trace.test_capture import capture, event
from tests.conftest import SignedInClient
from wuma.chain.trace.lives.genealogy import Link, Part
from wuma.chain.trace.lives.graph import Arrow, Box, Sort, laid_out

RAW = "urn:epc:class:lgtin:6901234.000017.R7"
LOT = "(01)06901234567892(10)B7"
CASE, PALLET = "urn:epc:id:sscc:6901234.0000000001", "urn:epc:id:sscc:6901234.0000000002"
LOGGER = "urn:epc:id:giai:6901234.LOGGER1"
MIXED = "urn:uuid:00000000-0000-4000-8000-00000000f001"


def _can(nth: int) -> str:
    return f"urn:epc:id:sgtin:6901234.056789.C{nth}"


def _at(hour: int) -> str:
    return f"2026-05-01T{hour:02}:00:00Z"


@pytest.fixture
def plant(admin: SignedInClient) -> SignedInClient:
    """Powder of a lot became six cans of another lot, packed in a case, put on a pallet with a logger."""
    cans = [_can(nth) for nth in range(6)]
    capture(
        admin,
        event(
            "TransformationEvent",
            at=_at(1),
            bizStep="commissioning",
            inputQuantityList=[{"epcClass": RAW, "quantity": 5, "uom": "KGM"}],
            outputEPCList=cans,
            ilmd={"cbvmda:lotNumber": "B7"},
            eventID=MIXED,
        ),
        event("AggregationEvent", at=_at(2), action="ADD", bizStep="packing", parentID=CASE, childEPCs=cans),
        event("AssociationEvent", at=_at(2), action="ADD", parentID=PALLET, childEPCs=[LOGGER]),
        event("AggregationEvent", at=_at(3), action="ADD", parentID=PALLET, childEPCs=[CASE]),
        event(at=_at(4), action="OBSERVE", bizStep="shipping", epcList=[PALLET]),
        event("AggregationEvent", at=_at(5), action="DELETE", parentID=CASE, childEPCs=cans[:1]),
    )
    return admin


def graph(client: SignedInClient, start: str, direction: str, **more: str) -> dict[str, Any]:
    answer = client.get("/trace/graph", params={"from": start, "direction": direction, **more})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def arrows(found: dict[str, Any]) -> set[tuple[str, int, str, str, int]]:
    """The arrows by the kinds of things they connect, how many of them, and the link."""
    boxes = {box["id"]: box for box in found["boxes"]}
    return {
        (
            boxes[one["source"]]["kind"],
            boxes[one["source"]]["count"],
            one["link"],
            boxes[one["target"]]["kind"],
            boxes[one["target"]]["count"],
        )
        for one in found["arrows"]
    }


def test_powder_is_followed_into_cans_case_and_pallet(plant: SignedInClient) -> None:
    found = graph(plant, RAW, "forward")

    assert (found["affected_count"], found["carrier_count"]) == (7, 2)
    assert not found["is_cut"]
    assert {
        ("lot", 1, "transformed", "item", 1),
        ("lot", 1, "transformed", "item", 5),
        ("item", 5, "contained", "pallet", 1),
        ("pallet", 1, "contained", "pallet", 1),
    } <= arrows(found)
    made = next(one for one in found["arrows"] if one["link"] == "transformed")
    assert (made["event_id"], made["at"]) == (MIXED, _at(1))
    left = [one for one in found["arrows"] if one["link"] == "contained" and one["until"]]
    assert [one["until"] for one in left] == [_at(5)]


def test_a_can_leads_back_to_its_powder_and_its_lot(plant: SignedInClient) -> None:
    found = graph(plant, _can(3), "back")

    kinds = {(one["kind"], one["part"], one["first"]["name"].rpartition("/")[2]) for one in found["boxes"]}
    assert {("lot", "affected", "R7"), ("lot", "affected", "B7"), ("item", "affected", "C3")} <= kinds


def test_a_lot_and_a_logger_lead_to_the_cans(plant: SignedInClient) -> None:
    assert graph(plant, LOT, "forward")["affected_count"] == 7
    # The logger, the pallet it watched, the case on it and what was in the case then and later.
    assert graph(plant, LOGGER, "forward")["affected_count"] == 9


def test_what_happened_later_is_left_out(plant: SignedInClient) -> None:
    assert graph(plant, RAW, "forward", as_of=_at(2))["carrier_count"] == 1
    assert graph(plant, _can(0), "both", as_of=_at(0))["arrows"] == []


def test_a_walk_that_is_stopped_says_so(plant: SignedInClient) -> None:
    assert graph(plant, RAW, "forward", depth="1")["is_cut"]


def test_everything_affected_is_listed_page_by_page(plant: SignedInClient) -> None:
    first = plant.get("/trace/affected", params={"from": RAW, "limit": 2}).json()
    second = plant.get("/trace/affected", params={"from": RAW, "limit": 2, "after": first["next"]}).json()

    assert (first["item_count"], first["run_count"]) == (7, 3)
    assert (len(first["items"]), len(second["items"]), second["next"]) == (2, 1, None)
    assert sorted(one["count"] for one in [*first["items"], *second["items"]]) == [1, 1, 5]


def test_the_graph_can_be_taken_home(plant: SignedInClient) -> None:
    def export(as_format: str) -> Any:
        params = {"from": RAW, "direction": "forward", "format": as_format}
        answer = plant.get("/trace/graph/export", params=params)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-disposition"].startswith("attachment")
        return answer

    rows = list(csv.DictReader(io.StringIO(export("csv").text.removeprefix("\ufeff"))))
    drawing = ET.fromstring(export("svg").text)

    found = export("json").json()
    assert len(rows) == len(found["arrows"])
    assert len(drawing.findall(".//{*}path")) == len(found["arrows"]) + 1  # and the tip of an arrow
    assert export("svg").headers["content-type"].startswith("image/svg+xml")


def test_a_name_that_others_wrote_stays_text(admin: SignedInClient) -> None:
    capture(
        admin,
        event("AggregationEvent", action="ADD", parentID="urn:x:box", childEPCs=["urn:x:a"]),
        event("AggregationEvent", action="ADD", parentID="urn:x:c&'", childEPCs=["urn:x:box"]),
    )

    params = {"from": "urn:x:a", "direction": "forward"}
    drawing = admin.get("/trace/graph/export", params={**params, "format": "svg"}).text

    assert ET.fromstring(drawing) is not None


@pytest.mark.parametrize(
    ("params", "status"),
    [
        ({}, 422),
        ({"from": "urn:x:nobody"}, 404),
        ({"from": "urn:x:nobody", "direction": "sideways"}, 422),
        ({"from": "urn:x:nobody", "depth": "0"}, 422),
        ({"from": "urn:x:nobody", "as_of": "yesterday"}, 422),
        ({"from": "urn:x:nobody", "as_of": "2026-05-01T00:00:00"}, 422),
    ],
)
def test_what_is_asked_wrongly_is_refused(admin: SignedInClient, params: dict[str, str], status: int) -> None:
    assert admin.get("/trace/graph", params=params).status_code == status


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=25))
def test_boxes_never_lie_on_each_other_and_arrows_lead_right_where_they_can(
    pairs: list[tuple[int, int]],
) -> None:
    boxes = [Box(nth, ((nth, nth),), Part.AFFECTED, Sort("item", None), is_start=False) for nth in range(10)]
    forward = [Arrow(a, b, Link.CONTAINED, 1, None, 1) for a, b in pairs if a < b]

    placed = laid_out(boxes, [Arrow(a, b, Link.CONTAINED, 1, None, 1) for a, b in pairs])
    without_circles = {box.id: box for box in laid_out(boxes, forward)}

    assert len({(box.layer, box.row) for box in placed}) == 10
    assert all(without_circles[one.source].layer < without_circles[one.target].layer for one in forward)
