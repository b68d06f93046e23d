"""A person tells us, after the answer, where they are: their scan gets a better place."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec.structs import replace
from sqlalchemy import text, update
from sqlalchemy.orm import Session

from wuma.chain.authenticity.judge import Place
from wuma.chain.authenticity.models import HistoryRow, ScanRow
from wuma.chain.authenticity.pseudonyms import Pseudonyms
from wuma.chain.authenticity.reports import find_scan
from wuma.kernel.errors import NotFound

REFINABLE_HOURS: Final = 1


def refine_place(
    session: Session, pseudonyms: Pseudonyms, scan_id: UUID, *, cookie: str, place: Place, now: datetime
) -> None:
    """Replace the place of a scan, in the log and in what is remembered; only its own person may.

    Raises:
        NotFound: for an unknown scan, another person's, or one that is too long ago: all the same outside.
    """
    scan = find_scan(session, scan_id, now=now)
    if (
        scan is None
        or scan.person != pseudonyms.of(scan.tenant_id, cookie.encode())
        or now - scan.at > timedelta(hours=REFINABLE_HOURS)
    ):
        raise NotFound("There is no recent scan of yours with this number.")
    place = replace(place, region=place.region or scan.region)
    session.execute(
        update(ScanRow)
        .where(ScanRow.id == scan.id, ScanRow.at == scan.at)
        .values(
            region=place.region,
            longitude=place.longitude,
            latitude=place.latitude,
            accuracy_m=place.accuracy_m,
            geo_source=place.source.value,
        )
    )
    # The same lock as judging takes, so that no visit is forgotten between reading and writing.
    key = scan.unit << 1 | (scan.kind == "hidden")
    session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})
    history = session.get(HistoryRow, (scan.unit, scan.kind))
    if history is not None:
        said = {
            "r": place.region,
            "x": place.longitude,
            "y": place.latitude,
            "a": place.accuracy_m,
            "g": place.source.value,
        }
        history.visits = [
            {**visit, **said} if visit["i"] == scan.id.hex else visit for visit in history.visits
        ]
        if place.city and place.city not in history.cities:
            history.cities = [*history.cities, place.city]
