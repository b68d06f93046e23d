"""Whatever events say comes back field by field, and things are numbered as one by one they would be."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from tests.chain.trace.test_capture import document, event
from tests.conftest import Brand
from tests.labels import Label, make_product, place_order, print_labels
from wuma.chain.codes.orders import Level
from wuma.chain.trace.capturing.capture import capture
from wuma.chain.trace.documents.json_ld import read_document
from wuma.chain.trace.documents.names import event_key, name_of
from wuma.chain.trace.documents.uris import are_uris, is_uri
from wuma.chain.trace.shelves.chunks import read_events
from wuma.chain.trace.shelves.code_texts import ALPHABET, pack, unpack
from wuma.chain.trace.shelves.filing import Filing, Pair, chunks_of, filed, instant_of, microseconds, unfiled
from wuma.chain.trace.shelves.naming import merged
from wuma.chain.trace.shelves.postings import runs_of
from wuma.chain.trace.shelves.things import Things
from wuma.kernel.runtime import Runtime

NOW = datetime(2026, 6, 1, tzinfo=UTC)
FOREIGN = "https://id.gs1.org/01/06901234567892/21/"

instants = st.integers(-(2**49), 2**51).map(instant_of)
codes = st.text(ALPHABET.decode(), min_size=16, max_size=16)


@given(st.lists(codes, max_size=50))
def test_codes_of_ten_bytes_are_spelled_as_before(texts: list[str]) -> None:
    packed = pack(np.array([one.encode() for one in texts], "S16")).tobytes()

    assert len(packed) == 10 * len(texts)
    assert unpack(packed) == texts


@given(
    st.lists(st.tuples(instants, st.tuples(st.integers(1, 9), st.none() | st.integers(1, 5))), max_size=260)
)
def test_what_is_filed_is_found_again(told: list[tuple[datetime, tuple[int, int | None]]]) -> None:
    events = [(at, Pair(*pair)) for at, pair in told]

    found = []
    for places in chunks_of([at for at, _ in events]):
        filing = filed([events[place] for place in places])
        found += unfiled(filing)
        assert unfiled(filing, [0, len(places) - 1]) == [events[places[0]], events[places[-1]]]

    assert found == events
    assert all(instant_of(microseconds(at)) == at for at, _ in events)


@given(
    st.lists(
        st.tuples(
            st.text("ah:/[]@%?#.0v1-", max_size=12).map("h:{}".format),
            st.sampled_from(["", "/", "."]),
            st.text("a0Fz9v", min_size=14, max_size=17),
        ).map("".join),
        max_size=4,
    )
)
def test_many_are_uris_if_each_is_one(values: list[str]) -> None:
    assert are_uris(values) == all(map(is_uri, values))


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 6)), max_size=20))
def test_ranges_make_up_the_runs_of_their_numbers(ranges: list[tuple[int, int]]) -> None:
    pairs = [(first, first + more) for first, more in ranges]

    assert merged(pairs) == runs_of([number for first, last in pairs for number in range(first, last + 1)])


def test_sql_reads_what_is_filed_as_python_does(runtime: Runtime, brand: Brand) -> None:
    filing: Filing = filed(
        [
            (NOW, Pair(1, None)),
            (NOW.replace(microsecond=1), Pair(2, 7)),
            (NOW.replace(hour=23, second=59), Pair(1, 7)),
        ]
    )
    with runtime.database.session(brand.scope) as session:
        said = session.execute(
            text(
                "SELECT trace.filed_at(:at, :tick, :filing, :pairs, 3, n),"
                " trace.filed_pair(:filing, :pairs, n) FROM generate_series(0, 2) AS n"
            ),
            {"at": filing.at_min, "tick": filing.tick, "filing": filing.filing, "pairs": len(filing.kinds)},
        ).all()

    pairs = list(map(Pair, filing.kinds, filing.locations))
    assert [(at, pairs[pair - 1]) for at, pair in said] == unfiled(filing)


@pytest.fixture(scope="module")
def labels(runtime: Runtime) -> tuple[Brand, list[Label], list[str]]:
    from tests.conftest import make_brand

    brand = make_brand(runtime)
    with runtime.database.transaction(brand.scope) as session:
        product = make_product(session, brand.id)
        cans = print_labels(runtime.keyring, place_order(session, runtime.keyring, product, 500))
        more = print_labels(runtime.keyring, place_order(session, runtime.keyring, product, 50))
        cases = print_labels(runtime.keyring, place_order(session, runtime.keyring, product, 50, Level.CASE))
    return brand, cans + more, [f"https://id.wuma.test{case.open_path}" for case in cases]


def _spellings(label: Label) -> list[str]:
    _, _, gtin, _, serial = label.open_path.split("/")
    company = gtin[1:8]
    return [
        f"https://id.wuma.test{label.open_path}",
        f"https://id.gs1.org{label.open_path}",
        f"http://brand.example/a/01/{gtin}/21/{serial}",
        f"urn:epc:id:sgtin:{company}.{gtin[0]}{gtin[8:13]}.{serial}",
        f"https://id.wuma.test/01/{gtin}/21/{serial.lower()}",
        f"https://id.wuma.test{label.open_path}?17=280105",
        f"https://id.wuma.test/01/{gtin}/10/L7/21/{serial}",
        f"{FOREIGN}{serial}",  # a genuine serial under another GTIN
        f"https://id.wuma.test/01/{gtin}/21/{serial[:-1]}" + ("0" if serial[-1] != "0" else "1"),
    ]


TIMES = (
    "2026-05-01T08:00:00Z", "2026-05-01T08:00:00.5+08:00", "2026-05-01T08:00:00.000001-03:30",
    "2026-05-01T08:00:00.1234567Z", "2024-02-29T23:59:59.999999-00:00", "2026-05-01T08:00:00.120+14:00",
)  # fmt: skip
IDS = ("urn:uuid:0f5a9c5e-7a59-4f5c-8c9a-{:012x}", "urn:uuid:0F5A9C5E-7a59-4f5c-8c9a-{:012x}", "urn:x:{}")


# Runs of labels, forwards or backwards, each in one spelling.
runs = st.tuples(st.integers(0, 549), st.integers(1, 40), st.integers(0, 8), st.sampled_from([1, -1]))
plans = st.lists(
    st.tuples(
        st.lists(runs, max_size=4),
        st.lists(st.sampled_from(["urn:x:1", "urn:epc:id:sscc:0614141.1234567890"]), max_size=2),
        st.sampled_from(TIMES),
        st.none() | st.sampled_from(IDS),
        st.integers(0, 2**40),
        st.none() | st.integers(0, 49),
        st.booleans(),
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plan=plans)
def test_events_come_back_as_they_went_in_and_are_found_by_their_things(
    runtime: Runtime, labels: tuple[Brand, list[Label], list[str]], plan: list[Any]
) -> None:
    brand, cans, cases = labels
    spelled = [_spellings(can) for can in cans]
    sent: list[dict[str, Any]] = []
    for number, (of_runs, others, at, name, name_number, case, has_more) in enumerate(plan):
        places = [
            (place % len(cans), spelling)
            for first, size, spelling, way in of_runs
            for place in range(first, first + size)[::way]
        ]
        names = list(dict.fromkeys([*(spelled[place][how] for place, how in places), *others]))
        more: dict[str, Any] = {"ex:n": number} if has_more else {}
        if name is not None:
            more["eventID"] = name.format(name_number)
        if case is None:
            sent.append(event(action="OBSERVE", at=at, epcList=names, **more))
        else:
            packed = {"parentID": cases[case], "childEPCs": [*names, "urn:x:2"]}
            sent.append(event("AggregationEvent", action="ADD", at=at, **packed, **more))

    with runtime.database.session(brand.scope) as session:
        read = read_document(json.dumps(document(*sent)).encode())
        first = capture(session, runtime.keyring, brand.id, read, actor="test", now=NOW)
        ids = session.scalars(
            text("SELECT id FROM trace.event WHERE captured_at = :at ORDER BY id"), {"at": first.at}
        ).all()
        events = read_events(session, brand.id, ids).values()
        named = [one.name for one in events]
        back = [dict(one.as_told) for one in events]
        made = [name_of(one.as_told, event_key(one.as_told, one.context)) for one in events]
        again = capture(session, runtime.keyring, brand.id, read, actor="test", now=NOW)
        one_by_one = Things(session, runtime.keyring, brand.id)
        kept = [one for place, one in enumerate(sent) if place not in first.duplicates]
        names = [name for one in kept for name in one.get("epcList", one.get("childEPCs", []))]
        plain = one_by_one.find(names)
        numbered = Things(session, runtime.keyring, brand.id).number_all(names)
        session.rollback()

    assert back == kept
    assert named == made
    assert (again.accepted, len(again.duplicates)) == (0, len(sent))
    assert numbered.numbers.tolist() == [plain[name] for name in names]
