"""Every invariant finds a violation that is planted by hand; one without a planted violation fails here."""

from __future__ import annotations

import ast
from typing import Any, Final
from uuid import uuid4

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.conftest import Brand
from tests.labels import make_product, open_batch, place_order
from wuma.entrypoints.work import INVARIANTS
from wuma.kernel.invariants import SAMPLE_COUNT, Invariant, check
from wuma.kernel.runtime import Runtime

PRINT_FILE: Final = (
    "INSERT INTO codes.print_file (id, tenant_id, order_id, kind, part, part_count, first_unit, last_unit,"
    " layout, recipient_name, recipient_public_key, state, made_count, sha256, progress_at, ordered_at,"
    " ordered_by, released_at, released_to, receipt)"
    " SELECT :id, tenant_id, id, 'rows', 1, 1, first_unit, last_unit, '{}', 'x', 'x', 'released',"
    " last_unit - first_unit + 1, '', now(), now(), 'x', now(), 'x', '{}'"
    " FROM codes.code_order WHERE id = :order_id"
)
RUN: Final = "UPDATE codes.run SET {change} WHERE order_id = :order_id"
ORPHAN: Final = (
    "INSERT INTO masterdata.packaging (gtin, tenant_id, product_id, level, contains_count)"
    " VALUES ('06945678000016', :tenant_id, :id, 'item', 1)"
)
NAMELESS: Final = (
    "INSERT INTO masterdata.product (id, tenant_id, name_zh, created_at, changed_at)"
    " VALUES (:id, :tenant_id, '没有条码', now(), now())"
)
STORE_OF_STORE: Final = (
    "WITH store AS (INSERT INTO masterdata.partner"
    " (id, tenant_id, code, kind, name, parent_id, created_at, changed_at)"
    " VALUES (:id, :tenant_id, 'S1', 'store', '自己的门店', :id, now(), now()) RETURNING 1)"
    " SELECT * FROM store"
)
FORMER: Final = "UPDATE masterdata.packaging SET {change} WHERE tenant_id = :tenant_id AND level = 'item'"
EDITION: Final = (
    "WITH claimed AS (INSERT INTO links.key (key, tenant_id, claimed_at)"
    " VALUES ('/01/06945678000016', :tenant_id, now()))"
    " INSERT INTO links.edition (anchor, number, tenant_id, key, effective_at, links, actor, written_at)"
    " VALUES ('{anchor}', {number}, :tenant_id + {strangeness}, '/01/06945678000016', now(), '[]', 'x',"
    " now())"
)

RECALL: Final = (
    "WITH recall AS (INSERT INTO care.recall (id, tenant_id, number, title, reason, risk_class, is_drill,"
    " scope, notice, opened_at, opened_by, listing) VALUES (:id, :tenant_id, 1, 'x', 'x', 1, true, '{{}}',"
    " 'x', now(), 'x', {listing}) RETURNING id, tenant_id)"
)
TWICE_BACK: Final = (
    RECALL.format(listing=0)
    + ", entry AS (INSERT INTO care.entry (id, tenant_id, recall_id, kind, at, recorded_at, actor)"
    " SELECT id, tenant_id, id, 'returned', now(), now(), 'x' FROM recall RETURNING id, tenant_id)"
    " INSERT INTO care.recovered (recall_id, entry_id, tenant_id, first_thing, last_thing, fate)"
    " SELECT id, id, tenant_id, f, 9, 'returned' FROM entry, unnest(ARRAY[1, 5]) AS w (f)"
)
UNLISTED: Final = RECALL.format(listing=1) + " SELECT id FROM recall"
ENTRIES: Final = (
    "INSERT INTO dossier.entry (id, tenant_id, gtin, lot, item, subject, value, unit, method, instrument,"
    " operator, reason, source, replaces, recorded_at, actor, event_id)"
    " SELECT id, :tenant_id, '06945678000016', lot, 'lab.moisture', '', '1', '', '', '', '', 'x', source,"
    " replaces, now(), 'x', CASE source WHEN 'event' THEN 1 END"
    " FROM (VALUES (CAST(:id AS uuid), 'L1', '{source}', CAST(NULL AS uuid)),"
    " (gen_random_uuid(), '{lot}', 'form', CAST(:id AS uuid))) AS w (id, lot, source, replaces)"
)
SIGNATURES: Final = (
    "INSERT INTO dossier.signature (id, tenant_id, gtin, lot, round, kind, signed_at, actor, signer,"
    " deviation, gaps, contents) SELECT gen_random_uuid(), :tenant_id, '06945678000016', 'L1', 1, kind,"
    " now() + make_interval(secs => late), actor, 'x', '', '[]', decode(repeat(digest, 32), 'hex')"
    " FROM (VALUES {rows}) AS w (kind, late, actor, digest)"
)
WITHDRAWN: Final = (
    "INSERT INTO dossier.withdrawal (id, tenant_id, gtin, lot, round, withdrawn_at, actor, reason)"
    " VALUES (:id, :tenant_id, '06945678000016', 'L1', 1, now(), 'x', 'x')"
)
ALARM: Final = (
    "WITH rule AS (INSERT INTO dossier.rule (id, tenant_id, name, quantity, unit, place, most, seconds,"
    " since, made_by) VALUES (:id, :tenant_id, 'x', '{quantity}', 'CEL', {place}, 8, 60, now(), 'x')"
    " RETURNING id), series AS (INSERT INTO dossier.series (tenant_id, quantity, component, unit, device,"
    " place, gtin, lot) VALUES (:tenant_id, 'Temperature', '', 'CEL', 'd', 'here', '', '') RETURNING id)"
    " INSERT INTO dossier.alarm (id, tenant_id, rule_id, series_id, since, until, worst, readings, is_over,"
    " raised_at) SELECT :id, :tenant_id, rule.id, series.id, now(), now() + make_interval(secs => {secs}),"
    " 9, 2, true, now() FROM rule, series"
)

BREACHES: Final = {
    "care.counted_back_once": [TWICE_BACK],
    "care.listings_are_whole": [UNLISTED],
    "dossier.one_line_of_corrections": [
        ENTRIES.format(source="form", lot="L2"),
        ENTRIES.format(source="event", lot="L1"),
    ],
    "dossier.quality_before_market": [
        SIGNATURES.format(rows="('market', 0, 'b', '00')"),
        SIGNATURES.format(rows="('quality', 9, 'a', '00'), ('market', 0, 'b', '00')"),
        SIGNATURES.format(rows="('quality', 0, 'a', '00'), ('market', 0, 'b', '01')"),
    ],
    "dossier.withdrawal_of_a_release": [WITHDRAWN],
    "dossier.alarm_of_its_rule": [
        ALARM.format(quantity="Humidity", place="NULL", secs=1),
        ALARM.format(quantity="Temperature", place="'elsewhere'", secs=1),
        ALARM.format(quantity="Temperature", place="NULL", secs=-1),
    ],
    "codes.runs_cover_order": [
        RUN.format(change="last_unit = last_unit - 1"),
        RUN.format(change="first_unit = first_unit + 1"),
        "DELETE FROM codes.run WHERE order_id = :order_id",
    ],
    "codes.commissioned_has_batch": [
        RUN.format(change="state = 'commissioned'"),
        RUN.format(change="state = 'commissioned', batch_id = :other_batch_id"),
    ],
    "codes.orders_below_counter": ["UPDATE codes.epoch_counter SET next_index = 1"],
    "codes.print_file_released_once": [PRINT_FILE],  # its codes are not given out
    "masterdata.packaging_has_product": [ORPHAN],
    "masterdata.product_has_one_item": [NAMELESS],
    "masterdata.former_gtins_are_replaced_within_the_product": [
        FORMER.format(change="former_since = now()"),
        FORMER.format(change="former_since = now(), replaced_by = '06945678000016'"),
    ],
    "links.editions_are_of_who_speaks_for_the_key": [
        EDITION.format(anchor="/01/06945678000016", number=1, strangeness=1),
        EDITION.format(anchor="/01/06945678000023/10/L7", number=1, strangeness=0),
    ],
    "links.no_edition_is_missing": [
        EDITION.format(anchor="/01/06945678000016", number=2, strangeness=0),
    ],
    "masterdata.stores_have_dealers": [STORE_OF_STORE],
}
"""Ways to break each invariant that no constraint of the database prevents."""


@pytest.fixture
def things(platform_db: Session, runtime: Runtime, brand: Brand) -> dict[str, Any]:
    """An order of ten codes that are on no item, and a batch of another product."""
    product, other = make_product(platform_db, brand.id), make_product(platform_db, brand.id)
    order = place_order(platform_db, runtime.keyring, product, 10)
    batch = open_batch(platform_db, other)
    platform_db.flush()
    return {"order_id": order.id, "other_batch_id": batch.id, "tenant_id": brand.id, "id": uuid4()}


@pytest.mark.parametrize("invariant", INVARIANTS, ids=lambda invariant: invariant.name)
def test_a_planted_violation_is_found(
    platform_db: Session, things: dict[str, Any], invariant: Invariant
) -> None:
    assert invariant.name in BREACHES, "plant a violation of it here"
    (before,) = check(platform_db, [invariant])

    for breach in BREACHES[invariant.name]:
        with platform_db.begin_nested() as planted:
            wanted = {name: value for name, value in things.items() if f":{name}" in breach}
            platform_db.execute(text(breach), wanted)
            (found,) = check(platform_db, [invariant])
            planted.rollback()
        assert found.violation_count > before.violation_count, breach
        assert 1 <= len(found.sample) <= SAMPLE_COUNT


def test_no_violation_is_planted_for_an_invariant_that_is_gone() -> None:
    assert set(BREACHES) == {invariant.name for invariant in INVARIANTS}


def test_names_are_used_once_and_say_whose_they_are() -> None:
    names = [invariant.name for invariant in INVARIANTS]

    assert len(set(names)) == len(names)
    assert all(
        name.partition(".")[0] in {"care", "codes", "dossier", "links", "masterdata"} for name in names
    )
    assert all(invariant.promise.endswith(".") for invariant in INVARIANTS)


def test_a_check_is_kept_and_told_and_forgets_what_was_mended(platform_db: Session) -> None:
    broken = Invariant("codes.test_seven", "There are no sevens.", "SELECT 7 AS n FROM generate_series(1, 9)")
    mended = Invariant(broken.name, broken.promise, "SELECT 7 AS n WHERE false")

    def seen() -> tuple[int, list[str], float | None]:
        row = platform_db.execute(
            text("SELECT violation_count, sample FROM kernel.invariant_result WHERE name = :name"),
            {"name": broken.name},
        ).one()
        told = REGISTRY.get_sample_value("wuma_invariant_violations", {"invariant": broken.name})
        return row.violation_count, [ast.literal_eval(one) for one in row.sample], told

    check(platform_db, [broken])
    assert seen() == (9, [(7,)] * SAMPLE_COUNT, 9.0)
    check(platform_db, [mended])
    assert seen() == (0, [], 0.0)
