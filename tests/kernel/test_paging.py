"""Pages by key: every row comes once, whatever is added or taken away in between."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import SignedInClient
from wuma.kernel.errors import InvalidInput
from wuma.kernel.http.paging import PAGE_COUNT_MAX, cut, read_cursor, write_cursor

INSTANTS = st.datetimes(datetime(1900, 1, 1), datetime(9998, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(at=INSTANTS, number=st.uuids(), count=st.integers(-(2**63), 2**63 - 1), name=st.text())
def test_a_cursor_comes_back_as_it_was(at: datetime, number: UUID, count: int, name: str) -> None:
    key = [at, number, count, name]

    assert read_cursor(write_cursor(key), datetime, UUID, int, str) == key


@given(text=st.text(max_size=80))
def test_what_is_no_cursor_is_refused_by_its_place(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_cursor(text, datetime, UUID)

    assert refused.value.errors[0].at == "query/after"


@given(key=st.lists(st.none() | st.integers() | st.text() | st.booleans(), max_size=4))
def test_a_cursor_of_another_list_is_refused(key: list[object]) -> None:
    with pytest.raises(InvalidInput):
        read_cursor(write_cursor(key), datetime, UUID)


@given(
    rows=st.sets(st.integers(0, 500)),
    limit=st.integers(1, 20),
    changes=st.lists(st.tuples(st.booleans(), st.integers(0, 500)), max_size=40),
)
def test_rows_that_stay_come_once_and_in_order_whatever_comes_and_goes(
    rows: set[int], limit: int, changes: list[tuple[bool, int]]
) -> None:
    lasting, seen, after = set(rows), [], -1
    while True:
        found = sorted(row for row in rows if row > after)[: limit + 1]
        page = cut(found, limit, key=lambda row: [row], item=lambda row: row)
        seen += page.items
        if page.next is None:
            break
        (after,) = read_cursor(page.next, int)
        if changes:
            is_added, row = changes.pop()
            (rows.add if is_added else rows.discard)(row)
            lasting -= set() if is_added else {row}

    assert seen == sorted(set(seen))
    assert lasting <= set(seen)


LISTS = (
    "/accounts",
    "/tokens",
    "/me/sessions",
    "/code-orders",
    "/batches",
    "/scans",
    "/alarms",
    "/reports",
    "/audit",
    "/products",
    "/sites",
    "/lines",
    "/partners",
    "/print-files",
)
FORGED = (
    "x",
    "!!!!",
    write_cursor([]),
    write_cursor([None]),
    write_cursor([2**80]),
    write_cursor(["0001-01-01T00:00:00+14:00", str(uuid4())]),
    write_cursor(["2026-05-01T08:00:00", str(uuid4())]),  # without an offset
    base64.urlsafe_b64encode(b"[" * 200).decode(),
)


@pytest.mark.parametrize("path", LISTS)
def test_no_list_stumbles_over_a_cursor(admin: SignedInClient, path: str) -> None:
    statuses = {admin.get(path, params={"after": after}).status_code for after in FORGED}

    assert statuses <= {200, 422}
    assert 422 in statuses
    assert admin.get(path, params={"limit": PAGE_COUNT_MAX + 1}).status_code == 422
    assert admin.get(path, params={"limit": 0}).status_code == 422
    assert admin.get(path, params={"limit": PAGE_COUNT_MAX}).json().keys() == {"items", "next"}


def test_the_pages_of_a_real_list_make_up_the_list(admin: SignedInClient) -> None:
    for number in range(7):
        body = {"name": f"token {number}", "permissions": ["codes.read"]}
        assert admin.post("/tokens", json=body).status_code == 201

    names: list[str] = []
    after: dict[str, str] = {}
    while True:
        page = admin.get("/tokens", params={"limit": 3, **after}).json()
        names += [one["name"] for one in page["items"]]
        if page["next"] is None:
            break
        after = {"after": page["next"]}
        admin.post("/tokens", json={"name": "newer", "permissions": ["codes.read"]})

    assert names == [f"token {number}" for number in reversed(range(7))]
