"""Many correct one entry, and many sign one batch, at the same moment: one gets in, the others are told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier
from uuid import UUID

from sqlalchemy import select

from tests.chain.dossier.written import whole_dossier
from tests.conftest import Brand
from tests.labels import make_product, open_batch
from wuma.chain.dossier.entries import CorrectedMeanwhile, read_draft, record, standing_of
from wuma.chain.dossier.models import EntryRow, SignatureRow
from wuma.chain.dossier.names import BatchName, name_of
from wuma.chain.dossier.release import MARKET, QUALITY, Signer, digest_of, sign
from wuma.kernel.errors import Refusal
from wuma.kernel.runtime import Runtime

AT_ONCE = 8


def _batch(runtime: Runtime, brand: Brand) -> BatchName:
    with runtime.database.transaction(brand.scope) as session:
        batch_id: UUID = open_batch(session, make_product(session, brand.id)).id
        return name_of(session, batch_id)[0]


def _enter(runtime: Runtime, brand: Brand, name: BatchName, *entries: dict[str, object]) -> None:
    drafts = [read_draft("", [], **entry) for entry in entries]
    with runtime.database.transaction(brand.scope) as session:
        read = [draft for draft in drafts if draft is not None]
        record(session, name, read, source="form", actor="test", now=datetime.now(UTC))


def _all_at_once(work: Callable[[int], str]) -> Counter[str]:
    barrier = Barrier(AT_ONCE)

    def run(number: int) -> str:
        barrier.wait()
        try:
            return work(number)
        except Refusal as refusal:
            return refusal.slug

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return Counter(pool.map(run, range(AT_ONCE)))


def test_of_many_corrections_of_one_entry_each_round_has_one_winner(runtime: Runtime, brand: Brand) -> None:
    name = _batch(runtime, brand)
    _enter(runtime, brand, name, {"item": "lab.moisture", "value": "3"})
    with runtime.database.transaction(brand.scope) as session:
        seen = session.scalars(select(EntryRow.id)).one()

    def correct(number: int) -> str:
        entry = {"item": "lab.moisture", "value": f"3.{number}1", "reason": "重检", "replaces": seen}
        _enter(runtime, brand, name, entry)
        return "in"

    told = _all_at_once(correct)

    assert told == {"in": 1, CorrectedMeanwhile.slug: AT_ONCE - 1}
    with runtime.database.transaction(brand.scope) as session:
        assert len(session.scalars(select(EntryRow)).all()) == 2


def test_of_many_signatures_one_counts_and_nobody_has_both(runtime: Runtime, brand: Brand) -> None:
    name = _batch(runtime, brand)
    _enter(runtime, brand, name, *whole_dossier())

    def release(number: int) -> str:
        kind = QUALITY if number % 2 else MARKET
        signer = Signer(f"account:{number % 4}", "某人")
        with runtime.database.transaction(brand.scope) as session:
            return sign(session, name, kind, signer, now=datetime.now(UTC)).kind

    told = _all_at_once(release)

    assert told[QUALITY] == 1
    assert told[MARKET] <= 1
    with runtime.database.transaction(brand.scope) as session:
        signed = session.scalars(select(SignatureRow)).all()
    assert len({row.actor for row in signed}) == len(signed) == told[QUALITY] + told[MARKET]


def test_what_is_signed_is_what_the_dossier_says_whoever_writes_meanwhile(
    runtime: Runtime, brand: Brand
) -> None:
    name = _batch(runtime, brand)
    _enter(runtime, brand, name, *whole_dossier())

    def work(number: int) -> str:
        if number:
            entry = {"item": "lab.moisture", "value": f"3.{number}1", "reason": "重检"}
            _enter(runtime, brand, name, entry)
            return "in"
        with runtime.database.transaction(brand.scope) as session:
            signed = sign(session, name, QUALITY, Signer("account:1", "某人"), now=datetime.now(UTC))
            # Whoever writes waits until this is committed, so what stands is what was signed.
            assert digest_of(standing_of(session, name)) == signed.contents
        return "signed"

    told = _all_at_once(work)

    assert told["signed"] == 1
