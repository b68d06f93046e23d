"""Which batches have a public dossier, kept for a minute: one is scanned 40,000 times, released once."""

from __future__ import annotations

import time
from typing import Final
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool

from wuma.chain.codes.facade import batch_of_lot
from wuma.chain.dossier.facade import is_on_market, named
from wuma.kernel.db import Database
from wuma.kernel.tenancy import Scope
from wuma.support.masterdata import facade as masterdata

KEPT_SECONDS: Final = 60
KEPT_MAX: Final = 50_000


class PublicDossiers:
    """Tells where the public dossier of a batch is."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept: dict[tuple[int, str, str], tuple[float, str | None]] = {}

    async def path(self, tenant_id: int, gtin: str, lot: str) -> str | None:
        """Return the path of the public dossier of a batch; None when it has none."""
        key, now = (tenant_id, gtin, lot), time.monotonic()
        kept = self._kept.get(key)
        if kept is not None and kept[0] > now:
            return kept[1]
        found = await run_in_threadpool(self._find, *key)
        if len(self._kept) >= KEPT_MAX:
            self._kept.clear()
        self._kept[key] = now + KEPT_SECONDS, found
        return found

    def _find(self, tenant_id: int, gtin: str, lot: str) -> str | None:
        with self._database.transaction(Scope.of(tenant_id)) as session:
            product = masterdata.product_by_gtin(session, gtin)
            batch = None if product is None else batch_of_lot(session, product.id, lot)
            if product is None or batch is None or not is_on_market(session, named(batch, product)):
                return None
        return f"/m/dossier/01/{product.gtin}/10/{quote(lot, safe='')}"
