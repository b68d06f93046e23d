"""A batch of 50,000 cans: everything affected, with holder, place and parent, in seconds.

WUMA_BATCH_CANS=50000 pytest tests/chain/trace/test_affected.py -s
"""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from typing import Final

from tests.chain.trace.test_capture import event
from tests.conftest import Brand
from tests.labels import make_product, place_order
from wuma.chain.codes.facade import public_names
from wuma.chain.codes.orders import Level
from wuma.chain.trace.capturing.capture import capture
from wuma.chain.trace.documents.json_ld import ReadDocument, ReadEvent
from wuma.chain.trace.facade import Existence, affected, find_thing
from wuma.chain.trace.vocabulary import Action, EventType
from wuma.kernel.runtime import Runtime

CANS: Final = int(os.environ.get("WUMA_BATCH_CANS", "3000"))
CANS_IN_CASE: Final = 6
CASES_ON_PALLET: Final = 60
SECONDS_MAX: Final = 5.0
T0: Final = datetime(2026, 5, 1, tzinfo=UTC)
RAW: Final = "urn:epc:class:lgtin:6901234.000017.R7"
SHARD: Final = 20_000


def test_a_batch_is_found_with_its_holders_from_the_lot_of_its_powder(runtime: Runtime, brand: Brand) -> None:
    cases = -(-CANS // CANS_IN_CASE)
    pallets = -(-cases // CASES_ON_PALLET)
    with runtime.database.transaction(brand.scope) as session:
        product = make_product(session, brand.id)
        orders = [
            place_order(session, runtime.keyring, product, CANS),
            place_order(session, runtime.keyring, product, cases, Level.CASE),
            place_order(session, runtime.keyring, product, pallets, Level.PALLET),
        ]
        names = [
            list(public_names(session, runtime.keyring, range(one.first_unit, one.last_unit + 1)).values())
            for one in orders
        ]
    can_names, case_names, pallet_names = names
    lot = {"cbvmda:lotNumber": "B7"}
    told = [
        event(
            "TransformationEvent",
            at=T0.isoformat(),
            inputQuantityList=[{"epcClass": RAW, "quantity": 5}],
            outputEPCList=can_names,
            ilmd=lot,
        )
    ]
    told += [
        event(
            "AggregationEvent",
            at=(T0 + timedelta(hours=1, seconds=nth)).isoformat(),
            action="ADD",
            bizStep="packing",
            parentID=case,
            childEPCs=can_names[CANS_IN_CASE * nth : CANS_IN_CASE * (nth + 1)],
        )
        for nth, case in enumerate(case_names)
    ]
    told += [
        event(
            "AggregationEvent",
            at=(T0 + timedelta(hours=20, seconds=nth)).isoformat(),
            action="ADD",
            parentID=pallet,
            childEPCs=case_names[CASES_ON_PALLET * nth : CASES_ON_PALLET * (nth + 1)],
        )
        for nth, pallet in enumerate(pallet_names)
    ]
    told += [
        event(
            at=(T0 + timedelta(days=2, seconds=nth)).isoformat(),
            action="OBSERVE",
            bizStep="receiving",
            epcList=[pallet],
            bizLocation={"id": f"https://id.example/dealers/{nth % 7}"},
        )
        for nth, pallet in enumerate(pallet_names)
    ]
    for start in range(0, len(told), SHARD):
        with runtime.database.transaction(brand.scope) as session:
            capture(
                session, runtime.keyring, brand.id, _document(told[start : start + SHARD]), actor="t", now=T0
            )

    with runtime.database.transaction(brand.scope) as session:
        raw = find_thing(session, runtime.keyring, brand.id, RAW)
        assert raw is not None
        began, worked = time.perf_counter(), time.process_time()
        found = affected(session, brand.id, [(raw, raw)], as_of=T0 + timedelta(days=9))
        seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - worked

    print(
        f"\n{CANS} cans in {cases} cases on {pallets} pallets: {len(found.states)} runs,"
        f" {seconds:.2f} s, {cpu_seconds:.2f} s of them ours"
    )
    cans = [state for state in found.states if state.first <= orders[0].last_unit]
    assert not found.is_cut
    assert sum(state.last - state.first + 1 for state in cans) == CANS
    assert {state.existence for state in cans} == {Existence.ACTIVE}
    assert {state.lot for state in cans} == {"B7"}
    first_pallet = orders[2].first_unit
    for state in cans:
        nth = (state.first - orders[0].first_unit) // CANS_IN_CASE
        assert [one.parent for one in state.parents] == [
            orders[1].first_unit + nth,
            first_pallet + nth // CASES_ON_PALLET,
        ]
        assert state.holder is not None
        assert state.holder.key == f"https://id.example/dealers/{nth // CASES_ON_PALLET % 7}"
    assert sum(last - first + 1 for first, last in found.carriers) == cases + pallets
    assert cpu_seconds < SECONDS_MAX  # whatever else the machine does


def _document(events: list[dict[str, object]]) -> ReadDocument:
    read = [
        ReadEvent(
            one,
            EventType(str(one["type"])),
            datetime.fromisoformat(str(one["eventTime"])),
            None if "action" not in one else Action(str(one["action"])),
            place,
        )
        for place, one in enumerate(events)
    ]
    return ReadDocument(None, read, [])
