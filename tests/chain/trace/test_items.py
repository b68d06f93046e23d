"""One item's state over HTTP: every form of its code, every moment, and what a declared error does to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

import pytest

from tests.chain.trace.test_capture import capture, event
from tests.conftest import Brand, SignedInClient
from tests.labels import Label, make_product, place_order, print_labels
from wuma.chain.codes.orders import Level
from wuma.chain.trace.facade import Existence, standing
from wuma.kernel.runtime import Runtime
from wuma.support.masterdata.partners import PartnerDraft, PartnerKind, create_partner
from wuma_gs1.application_identifiers import Element
from wuma_gs1.keys import Gln
from wuma_gs1.tags import Tag

PALLET = "urn:epc:id:sscc:0614141.1234567890"
FACTORY = {"id": "urn:epc:id:sgln:0614141.00777.0"}


@dataclass(frozen=True)
class Shelf:
    """Cans of a lot in two cases on a pallet, shipped to a dealer, one case received and one can sold."""

    admin: SignedInClient
    brand: Brand
    cans: list[Label]
    can_uris: list[str]
    case_uris: list[str]
    dealer_gln: str

    def item(self, name: str, **params: str) -> dict[str, object]:
        answer = self.admin.get(f"/items/{quote(name, safe='')}", params=params)
        assert answer.status_code == 200, answer.text
        found: dict[str, object] = answer.json()
        return found


def _at(hour: int) -> str:
    return f"2026-05-01T{hour:02}:00:00Z"


@pytest.fixture
def shelf(admin: SignedInClient, runtime: Runtime, brand: Brand) -> Shelf:
    gln = Gln.build("6901234", f"{brand.id % 100_000:05}").value
    with runtime.database.transaction(brand.scope) as session:
        draft = PartnerDraft(
            code="D1", kind=PartnerKind.DEALER, name="华南经销商", gln=gln, region_code="440305"
        )
        create_partner(session, brand.id, draft, now=datetime.fromisoformat(_at(0)))
        product = make_product(session, brand.id)
        cans = print_labels(runtime.keyring, place_order(session, runtime.keyring, product, 12))
        cases = print_labels(runtime.keyring, place_order(session, runtime.keyring, product, 2, Level.CASE))
    uris = [f"https://id.gs1.org{can.open_path}" for can in cans]
    case_uris = [f"https://id.gs1.org{case.open_path}" for case in cases]
    dealer = {"type": "possessing_party", "destination": f"https://id.gs1.org/417/{gln}"}
    warehouse = {"id": f"https://id.gs1.org/414/{gln}"}
    making = {"cbvmda:lotNumber": "L7", "cbvmda:itemExpirationDate": "2028-05-01"}
    told = [
        event(
            at=_at(1), action="ADD", bizStep="commissioning", epcList=uris, bizLocation=FACTORY, ilmd=making
        ),
        *(
            event(
                "AggregationEvent",
                at=_at(2),
                action="ADD",
                bizStep="packing",
                parentID=case_uri,
                childEPCs=uris[6 * nth : 6 * nth + 6],
            )
            for nth, case_uri in enumerate(case_uris)
        ),
        event("AggregationEvent", at=_at(3), action="ADD", parentID=PALLET, childEPCs=case_uris),
        event(
            at=_at(4),
            action="OBSERVE",
            bizStep="shipping",
            disposition="in_transit",
            epcList=[PALLET],
            readPoint=FACTORY,
            destinationList=[dealer],
        ),
        event("AggregationEvent", at=_at(5), action="DELETE", bizStep="unloading", parentID=PALLET),
        event(
            at=_at(6),
            action="OBSERVE",
            bizStep="receiving",
            disposition="in_progress",
            epcList=case_uris[:1],
            bizLocation=warehouse,
            eventID="urn:uuid:00000000-0000-4000-8000-00000000abcd",
        ),
        event(at=_at(8), action="DELETE", bizStep="retail_selling", epcList=[uris[0]]),
    ]
    capture(admin, *told[4:])  # late events come later and take their place in time
    capture(admin, *told[:4])
    return Shelf(admin, brand, cans, uris, case_uris, gln)


def test_every_form_of_a_code_has_the_same_state(shelf: Shelf) -> None:
    can = shelf.cans[1]
    gtin, serial = can.open_path.split("/")[2], can.open_path.rsplit("/", 1)[1]
    tag = Tag.of_elements([Element("01", gtin), Element("21", serial)], encoding="SGTIN+")
    forms = [
        f"https://id.gs1.org{can.open_path}",
        f"https://anywhere.example{can.open_path}?17=280501",
        f"(01){gtin}(21){serial}",
        f"(01){gtin}(10)L7(21){serial}",
        serial,
        f"{serial[:4]}-{serial[4:8]}-{serial[8:12]}-{serial[12:]}",
        f"https://id.wuma.test{can.hidden_path}",
        tag.hex,
    ]

    numbers = {form: shelf.item(form)["thing"]["number"] for form in forms}  # type: ignore[index]

    assert numbers == dict.fromkeys(forms, can.unit)


def test_a_can_is_where_its_case_is(shelf: Shelf) -> None:
    can = shelf.item(shelf.can_uris[1])

    assert (can["existence"], can["lot"], can["expires_on"]) == ("active", "L7", "2028-05-01")
    assert [one["thing"]["name"] for one in can["parents"]] == [shelf.case_uris[0]]  # type: ignore[attr-defined]
    assert can["where"]["place"]["name"] == "华南经销商"  # type: ignore[index]
    assert can["holder"]["party"]["kind"] == "dealer"  # type: ignore[index]
    assert can["disposition"] == "in_progress"
    assert can["heading"] is None
    assert (can["last_event"]["biz_step"], len(can["last_event"]["via"])) == ("receiving", 1)  # type: ignore[index]


def test_a_case_that_was_not_received_is_still_on_its_way(shelf: Shelf) -> None:
    can = shelf.item(shelf.can_uris[7])

    assert can["heading"]["party"]["gln"] == shelf.dealer_gln  # type: ignore[index]
    assert can["disposition"] == "in_transit"
    assert can["where"]["is_read_point"]  # type: ignore[index]


def test_the_past_is_as_it_was(shelf: Shelf) -> None:
    can = shelf.item(shelf.can_uris[1], as_of=_at(4))

    assert [one["thing"]["name"] for one in can["parents"]] == [  # type: ignore[attr-defined]
        shelf.case_uris[0],
        "https://id.gs1.org/00/106141412345678908",
    ]
    assert shelf.item(shelf.can_uris[1], as_of=_at(0))["existence"] == "unknown"
    assert shelf.item(shelf.can_uris[0])["existence"] == "sold"
    assert shelf.item(shelf.can_uris[0], as_of=_at(7))["existence"] == "active"


def test_a_case_says_what_is_in_it_and_a_lot_what_is_of_it(shelf: Shelf) -> None:
    case = shelf.item(shelf.case_uris[0])
    gtin = shelf.cans[0].open_path.split("/")[2]
    lot = shelf.item(f"(01){gtin}(10)L7")

    assert case["contents_count"] == 6
    assert (lot["lot_item_count"], lot["existence"]) == (12, "active")
    assert shelf.item(PALLET)["contents_count"] == 0
    assert shelf.item(PALLET, as_of=_at(4))["contents_count"] == 2


def test_a_declared_error_leaves_the_state_and_stays_in_history(shelf: Shelf) -> None:
    wrong = "urn:uuid:00000000-0000-4000-8000-00000000abcd"
    before = shelf.item(shelf.can_uris[1], as_of=_at(5))
    capture(
        shelf.admin,
        event(
            at=_at(6),
            action="OBSERVE",
            bizStep="receiving",
            epcList=shelf.case_uris[:1],
            eventID=wrong,
            errorDeclaration={
                "declarationTime": _at(9),
                "reason": "did_not_occur",
                "correctiveEventIDs": ["urn:x:1"],
            },
        ),
    )

    can, case = shelf.item(shelf.can_uris[1]), shelf.item(shelf.case_uris[0])
    history = shelf.admin.get("/xray", params={"code": shelf.can_uris[1]}).json()["events"]

    for name in ("where", "holder", "heading", "disposition", "last_event", "parents"):
        assert can[name] == before[name], name
    assert case["corrections"] == [
        {
            "event_id": wrong,
            "declared_at": _at(9),
            "reason": "did_not_occur",
            "corrective_event_ids": ["urn:x:1"],
        }
    ]
    assert [one["fields"]["eventID"] for one in history].count(wrong) == 2


def test_what_was_known_then_is_told_as_it_was_known(shelf: Shelf) -> None:
    job = shelf.admin.get("/epcis/capture").json()[-1]["createdAt"]

    can = shelf.item(shelf.can_uris[0], known_at=job)

    assert (can["existence"], can["lot"]) == ("sold", None)  # the first document had no commissioning


def test_what_nobody_ever_named_is_not_found(shelf: Shelf) -> None:
    for name in ("urn:epc:id:sgtin:0614141.107346.999", "nothing", "(01)09521234543213(21)A", "//", "%00"):
        assert shelf.admin.get(f"/items/{quote(name, safe='')}").status_code in {404, 422}, name


def test_many_at_once_stand_as_runs(shelf: Shelf, runtime: Runtime) -> None:
    first, last = shelf.cans[0].unit, shelf.cans[-1].unit
    with runtime.database.transaction(shelf.brand.scope) as session:
        found = standing(session, shelf.brand.id, [(first, last)], as_of=datetime.fromisoformat(_at(9)))

    assert [(one.last - one.first + 1, one.existence) for one in found] == [
        (1, Existence.SOLD),
        (5, Existence.ACTIVE),
        (6, Existence.ACTIVE),
    ]
