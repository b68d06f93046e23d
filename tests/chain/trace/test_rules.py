"""What cannot be true of things together is told of the event that is new, in whatever order they come."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.chain.trace.test_capture import LD_JSON, capture, document, event
from tests.conftest import Brand, SignedInClient
from wuma.chain.trace.capturing import capture_job, judging
from wuma.chain.trace.capturing.rules import Breach, Rule, Transfer, compare, judge, without
from wuma.chain.trace.capturing.with_new import WithNew
from wuma.chain.trace.lives.acts import Act
from wuma.chain.trace.lives.known import Cell, Contact, merged
from wuma.chain.trace.lives.reading import Captured
from wuma.chain.trace.shelves.postings import Role
from wuma.chain.trace.vocabulary import Action, EventType
from wuma.kernel.http import spool
from wuma.kernel.runtime import Runtime

PREFIX = "urn:epc:id:sgtin:6901234.056789."


def can(name: str) -> str:
    return f"{PREFIX}{name}"


def at(hour: int) -> str:
    return f"2026-05-01T{hour:02}:00:00Z"


def commissioned(hour: int, *names: str) -> dict[str, Any]:
    return event(at=at(hour), action="ADD", bizStep="commissioning", epcList=[can(name) for name in names])


def shipped(hour: int, *names: str, **more: Any) -> dict[str, Any]:
    epcs = [can(name) for name in names]
    return event(at=at(hour), action="OBSERVE", bizStep="shipping", epcList=epcs, **more)


def packed(hour: int, parent: str, *names: str, action: str = "ADD") -> dict[str, Any]:
    step = "packing" if action == "ADD" else "unpacking"
    parent = f"urn:epc:id:sscc:6901234.{parent}"
    epcs = [can(name) for name in names]
    return event(
        "AggregationEvent", at=at(hour), action=action, bizStep=step, parentID=parent, childEPCs=epcs
    )


def broken(admin: SignedInClient, *events: dict[str, Any]) -> list[tuple[int, str]]:
    """Capture events, and return which of them break which rules."""
    told = capture(admin, *events)
    asked = {"outcome": "warned"}
    page = admin.get(f"/captures/{told['captureID']}/outcomes", params=asked).json()
    assert told["warned"] == len(page["items"])
    assert told["success"]
    return [(one["place"], fault["rule"]) for one in page["items"] for fault in one["errors"]]


def fresh(count: int = 1) -> list[str]:
    return [f"{uuid4().hex[:12]}" for _ in range(count)]


def test_a_life_without_faults_breaks_no_rule(admin: SignedInClient) -> None:
    a, b = fresh(2)

    assert broken(admin, commissioned(1, a, b), packed(2, "0000000001", a, b), shipped(3, a)) == []
    assert broken(admin, packed(4, "0000000001", a, action="DELETE"), packed(5, "0000000002", a)) == []
    assert broken(admin, event(at=at(6), action="DELETE", bizStep="destroying", epcList=[can(a)])) == []


@pytest.mark.parametrize("is_one_document", [True, False])
@pytest.mark.parametrize(
    ("rule", "events"),
    [
        ("commissioned_twice", lambda a: [commissioned(1, a), commissioned(2, a)]),
        ("shipped_before_commissioned", lambda a: [shipped(1, a), commissioned(2, a)]),
        ("packed_twice", lambda a: [packed(1, "0000000001", a), packed(2, "0000000002", a)]),
        ("wrong_parent", lambda a: [packed(1, "0000000001", a), packed(2, "0000000002", a, action="DELETE")]),
        (
            "seen_after_end",
            lambda a: [
                event(at=at(1), action="DELETE", bizStep="decommissioning", epcList=[can(a)]),
                shipped(2, a),
            ],
        ),
    ],
)
@pytest.mark.parametrize("is_in_order", [True, False])
def test_each_rule_is_told_of_the_event_that_is_new(
    admin: SignedInClient, rule: str, events: Any, is_one_document: bool, is_in_order: bool
) -> None:
    told = events(*fresh())
    told = told if is_in_order else told[::-1]

    if is_one_document:
        found = {name for _, name in broken(admin, *told)}
    else:
        alone = {name for _, name in broken(admin, told[0])}
        assert alone <= ({rule} if rule == "wrong_parent" and not is_in_order else set())
        found = {name for _, name in broken(admin, told[1])}

    assert found == {rule}


def test_what_is_received_is_held_against_what_was_shipped(admin: SignedInClient) -> None:
    a, b, c = fresh(3)
    order = [{"type": "po", "bizTransaction": f"urn:epc:id:gdti:0614141.00001.{uuid4().hex[:8]}"}]

    def received(hour: int, *names: str) -> dict[str, Any]:
        return shipped(hour, *names, bizTransactionList=order) | {"bizStep": "receiving"}

    assert broken(admin, shipped(1, a, b, bizTransactionList=order)) == []
    assert broken(admin, received(2, a)) == [(0, "received_otherwise")]
    assert broken(admin, received(3, b)) == []
    assert broken(admin, received(4, c)) == [(0, "received_otherwise")]


def choose(admin: SignedInClient, rule: str, setting: str) -> None:
    assert admin.put(f"/capture-rules/{rule}", json={"setting": setting}).status_code == 204


def test_a_brand_chooses_what_becomes_of_each_rule(admin: SignedInClient) -> None:
    assert {one["setting"] for one in admin.get("/capture-rules").json()} == {"warn"}
    a, b = fresh(2)
    capture(admin, commissioned(1, a))

    choose(admin, "commissioned_twice", "off")
    assert broken(admin, commissioned(2, a)) == []

    choose(admin, "commissioned_twice", "refuse")
    said = json.dumps(document(commissioned(3, b), commissioned(4, a)))
    refused = admin.post("/epcis/capture", content=said, headers=LD_JSON)
    assert refused.status_code == 400, refused.text
    assert refused.json()["errors"][0]["at"] == "/epcisBody/eventList/1"
    assert "commissioned_twice" in refused.json()["errors"][0]["got"]
    proceed = {**LD_JSON, "gs1-capture-error-behaviour": "proceed"}
    told = admin.post("/epcis/capture", content=said, headers=proceed).json()
    assert (told["accepted"], told["rejected"], told["success"]) == (1, 1, False)
    assert told["errors"][0]["place"] == 1
    assert admin.put("/capture-rules/none", json={"setting": "off"}).status_code == 422


@pytest.mark.parametrize("behaviour", ["rollback", "proceed"])
def test_a_large_document_is_held_against_the_rules_too(
    admin: SignedInClient, runtime: Runtime, brand: Brand, monkeypatch: pytest.MonkeyPatch, behaviour: str
) -> None:
    monkeypatch.setattr(spool, "HELD_BYTES_MAX", 100)
    monkeypatch.setattr(capture_job, "BATCH_EVENTS", 2)
    choose(admin, "packed_twice", "refuse")
    a, b, c = fresh(3)
    events = [commissioned(1, a), packed(2, "0000000001", a), packed(3, "0000000002", a), commissioned(1, b),
              commissioned(2, b), commissioned(1, c)]  # fmt: skip
    headers = {**LD_JSON, "gs1-capture-error-behaviour": behaviour}
    told = admin.post("/epcis/capture", content=json.dumps(document(*events)), headers=headers).json()

    capture_job.work_off(runtime, brand.id)

    told = admin.get(f"/epcis/capture/{told['captureID']}").json()
    if behaviour == "rollback":
        assert (told["running"], told["success"], told["accepted"]) == (False, False, 0)
        assert "packed_twice" in str(told["errors"])
    else:
        assert (told["accepted"], told["rejected"], told["warned"]) == (5, 1, 1)


# -- what is new, from memory --------------------------------------------------------------------------------


def test_what_is_new_is_known_from_memory_as_the_database_has_it(
    admin: SignedInClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    really, compared = judging.verdicts, []

    def same(some: Iterable[Contact]) -> list[Contact]:
        return sorted((one for one in some if one.role not in {Role.LOT, Role.TRANSFORMATION}), key=str)

    def compare_first(session: Any, tenant_id: int, rules: Any, new: Any, touches: Any) -> Any:
        memory, stored = WithNew(session, tenant_id, new, touches), Captured(session, tenant_id)
        runs = merged((touch.first, touch.last) for touch in touches)
        some = [(first + (last - first) // 2, last) for first, last in runs][::2]
        ids = {one.event_id for one in stored.touches_over(runs, 10_000)} | {one.id for one in new}
        assert memory.acts(ids) == stored.acts(ids)
        assert same(memory.contacts_of(ids, 10_000)) == same(stored.contacts_of(ids, 10_000))
        for wanted in (runs, some):
            assert same(memory.contacts_over(wanted, 10_000)) == same(stored.touches_over(wanted, 10_000))
        compared.append((len(new), len(memory.acts(ids)), len(ids)))
        return really(session, tenant_id, rules, new, touches)

    monkeypatch.setattr(judging, "verdicts", compare_first)
    a, b, c, d = fresh(4)
    lot = [{"epcClass": "urn:epc:class:lgtin:6901234.056789.7", "quantity": 3.5, "uom": "KGM"}]
    named = {**shipped(4, a), "eventID": f"urn:x:{a}"}
    wrong = {"errorDeclaration": {"declarationTime": at(9), "reason": "incorrect_data"}}
    emptied = {key: value for key, value in packed(5, "1", action="DELETE").items() if key != "childEPCs"}
    nameless = {key: value for key, value in shipped(6, b, c).items() if key != "eventID"}

    capture(admin, commissioned(1, a, b, c), commissioned(2, d), packed(3, "1", d, a), packed(3, "2", b))
    capture(admin, named, emptied, nameless, shipped(6, a, quantityList=lot, bizLocation={"id": "urn:x:1"}))
    capture(admin, {**named, **wrong}, packed(7, "2", a, d), packed(8, "2", a, action="DELETE"))
    late = f"urn:x:{b}"
    capture(admin, {**shipped(9, b), "eventID": late, **wrong})
    capture(admin, {**shipped(9, b), "eventID": late}, shipped(10, b, c))

    # The last but one is a declaration, which never stands; the last document brings what it took back.
    assert [new for new, _, _ in compared] == [4, 4, 3, 1, 2]
    assert all(standing < every for _, standing, every in compared[2:])


def test_rules_that_are_off_are_not_asked_for_and_shipments_are_noted_all_the_same(
    admin: SignedInClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = {"bizTransactionList": [{"type": "po", "bizTransaction": f"urn:x:order:{uuid4().hex}"}]}
    a, b = fresh(2)
    for rule in Rule:
        choose(admin, rule, "off")
    assert broken(admin, shipped(1, a, **order)) == []

    choose(admin, "received_otherwise", "warn")
    monkeypatch.setattr(judging, "_of_lives", None)  # it would be called in vain
    receipt = {**shipped(2, b, **order), "bizStep": "receiving"}

    assert set(broken(admin, receipt)) == {(0, "received_otherwise")}


# -- the decisions against a plain model -------------------------------------------------------------------

_BASE = datetime(2026, 5, 1, tzinfo=UTC)
_kinds = st.sampled_from(["commission", "ship", "pack", "unpack", "see", "end"])
_lives = st.lists(st.tuples(_kinds, st.integers(1, 3)), max_size=8)


def _cell(life: list[tuple[str, int]]) -> Cell:
    touched = []
    for place, (kind, parent) in enumerate(life):
        when = _BASE + timedelta(hours=place)
        is_packing = kind in {"pack", "unpack"}
        action = {"commission": Action.ADD, "pack": Action.ADD, "unpack": Action.DELETE, "end": Action.DELETE}
        steps = {"commission": "commissioning", "ship": "shipping", "end": "destroying"}
        act = Act(
            id=place,
            at=when,
            name=str(place),
            order=(when, 0, UUID(int=place)),
            type=EventType.AGGREGATION if is_packing else EventType.OBJECT,
            action=action.get(kind, Action.OBSERVE),
            biz_step=steps.get(kind),
        )
        role = Role.CHILD if is_packing else Role.OBSERVED
        touched.append((act, Contact(place, role, 7, 7, parent if is_packing else None)))
    return Cell(7, 7, tuple(touched))


def _naive(life: list[tuple[str, int]], new: set[int]) -> set[tuple[Rule, int]]:
    """Tell the story from its beginning, event by event, remembering everything."""
    found = set()

    def tell(rule: Rule, one: int, other: int | None) -> None:
        if one in new:
            found.add((rule, one))
        elif other in new:
            found.add((rule, other))

    for place, (kind, parent) in enumerate(life):
        earlier = list(enumerate(life[:place]))
        made = [at for at, (other, _) in enumerate(life) if other == "commission"]
        ends = [at for at, (other, _) in earlier if other == "end"]
        moves = [(at, other, where) for at, (other, where) in earlier if other in {"pack", "unpack"}]
        if kind == "commission" and [at for at in made if at < place]:
            tell(Rule.COMMISSIONED_TWICE, place, max(at for at in made if at < place))
        if kind == "ship" and not [at for at in made if at < place]:
            tell(Rule.SHIPPED_BEFORE_COMMISSIONED, place, made[0] if made else None)
        if kind != "end" and ends:
            tell(Rule.SEEN_AFTER_END, place, ends[0])
        inside = moves[-1][2] if moves and moves[-1][1] == "pack" else None
        last = moves[-1][0] if moves else None
        if kind == "pack" and inside is not None and inside != parent:
            tell(Rule.PACKED_TWICE, place, last)
        if kind == "unpack" and inside != parent:
            tell(Rule.WRONG_PARENT, place, last)
    return found


@given(_lives, st.sets(st.integers(0, 7)))
def test_the_rules_find_what_a_plain_reading_finds(life: list[tuple[str, int]], new: set[int]) -> None:
    found = judge(_cell(life), new.__contains__, lambda _parent: [], is_own=True)

    assert {(one.rule, one.event_id) for one in found} == _naive(life, new)


_runs = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 6)).map(lambda one: (one[0], one[0] + one[1])))


@given(_runs, _runs)
def test_runs_without_runs_are_sets_without_sets(
    runs: list[tuple[int, int]], gone: list[tuple[int, int]]
) -> None:
    def numbers(some: list[tuple[int, int]]) -> set[int]:
        return {number for first, last in some for number in range(first, last + 1)}

    assert numbers(without(runs, gone)) == numbers(runs) - numbers(gone)


def test_quantities_of_a_transaction_add_up() -> None:
    shipment = Transfer(1, False, (), ((50, 100.0),))

    assert compare([shipment, Transfer(2, True, (), ((50, 60.0),))], {2}.__contains__) == [
        Breach(Rule.RECEIVED_OTHERWISE, 2, 50, 50)
    ]
    two = [Transfer(2, True, (), ((50, 60.0),)), Transfer(3, True, (), ((50, 40.0),))]
    assert compare([shipment, *two], {3}.__contains__) == []
    assert compare(two, {2, 3}.__contains__) == []
