"""The first page of the console: what is going on."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy.orm import Session

from wuma.chain.authenticity.facade import ScanView, overview
from wuma.chain.codes.facade import CodeState, totals
from wuma.kernel.http.access import needs
from wuma.kernel.http.endpoint import Actor, Db, Endpoint, Now

routes = APIRouter(route_class=Endpoint, tags=["journeys"])


class HourView(BaseModel):
    """The scans of one hour."""

    hour: datetime
    scans: int
    invalid: int
    suspect: int


class ScansOfToday(BaseModel):
    """The scans of the last 24 hours, and what waits to be looked at."""

    scan_count: int
    scans_by_outcome: dict[str, int]
    invalid_share: float
    hours: list[HourView]
    telling: list[ScanView]
    open_alarm_count: int
    open_report_count: int


class Home(BaseModel):
    """Live numbers."""

    at: datetime
    order_count: int
    codes_ordered: int
    codes_by_state: dict[CodeState, int]
    scans: ScansOfToday | None
    """Nothing for whoever may not read scans."""


@routes.get("/home")
@needs("codes.read")
def home(db: Db, actor: Actor, now: Now) -> Home:
    """Say what is going on: codes, and scans to whoever may read them."""
    codes = totals(db)
    return Home(
        at=now,
        order_count=codes.order_count,
        codes_ordered=codes.codes_ordered,
        codes_by_state=codes.by_state,
        scans=_scans_of_today(db, now) if actor.may("authenticity.read") else None,
    )


def _scans_of_today(db: Session, now: datetime) -> ScansOfToday:
    scans = overview(db, now=now)
    return ScansOfToday(
        scan_count=scans.scan_count,
        scans_by_outcome=scans.outcomes,
        invalid_share=scans.invalid_share,
        hours=[HourView.model_validate(hour, from_attributes=True) for hour in scans.hours],
        telling=scans.telling,
        open_alarm_count=scans.open_alarm_count,
        open_report_count=scans.open_report_count,
    )
