"""The consumer's page of a batch: ``/m/dossier/01/{gtin}/10/{lot}``, as printed on the can.

It is a page of its own, so that the answer to a scan stays small. What it shows is the same for everybody and
changes when somebody corrects something, so it is kept for a minute.
"""

from __future__ import annotations

import re
import time
from http import HTTPStatus
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from wuma.journeys.batch_dossier.public import PublicDossier, public_part
from wuma.journeys.scan_code import page
from wuma.journeys.scan_code.reception import html, language_of, read_request
from wuma.kernel.errors import NotFound, TooMany
from wuma.kernel.http.problems import refused
from wuma.kernel.limits import Limit
from wuma.kernel.runtime import Runtime
from wuma.kernel.tenancy import PLATFORM

KEPT_SECONDS: Final = 60
KEPT_MAX: Final = 512  # some 40 kB each
DOSSIERS_PER_NETWORK: Final = Limit("dossiers", 600, minutes=10)
"""Pages not in memory, asked for from one range of addresses: a shop's phones share one."""

_GTIN: Final = re.compile(r"\d{8}|\d{12,14}", re.ASCII)
_kept: dict[tuple[str, str], tuple[float, PublicDossier | None]] = {}


async def dossier(request: Request) -> Response:
    """Answer with the public part of a dossier, or say that there is none."""
    gtin, lot = request.path_params["gtin"], request.path_params["lot"]
    scope, headers = read_request(request)
    language = language_of(scope, headers)
    found = None
    if _GTIN.fullmatch(gtin) and 1 <= len(lot) <= 20 and lot.isprintable():
        try:
            found = await _part(request, gtin.zfill(14), lot)
        except TooMany as refusal:
            if "application/json" in request.headers.get("accept", ""):
                return refused(refusal)
            return html(page.render_problem(page.Problem.BUSY, language=language), refusal.status)
    if found is None:
        if "application/json" in request.headers.get("accept", ""):
            return refused(NotFound("There is no public dossier of this batch."))
        body = page.render_problem(page.Problem.NO_DOSSIER, language=language)
        return html(body, HTTPStatus.NOT_FOUND)
    return html(page.render_page("dossier.html", language=language, dossier=found))


async def _part(request: Request, gtin: str, lot: str) -> PublicDossier | None:
    now = time.monotonic()
    kept = _kept.get((gtin, lot))
    if kept is not None and kept[0] > now:
        return kept[1]
    runtime: Runtime = request.app.state.runtime
    reception = request.app.state.reception
    scope, headers = read_request(request)
    visitor = reception.visitor(scope, headers)
    if not runtime.attempts.count(DOSSIERS_PER_NETWORK, visitor.address_range, now=reception.now(headers)):
        raise TooMany("Too many pages from here; please wait a little.", retry_after_seconds=60)

    def read() -> PublicDossier | None:
        # What is public is public: the batch is found by what is printed on the can, whoever's it is.
        with runtime.database.transaction(PLATFORM) as session:
            return public_part(session, gtin, lot)

    found = await run_in_threadpool(read)
    if len(_kept) >= KEPT_MAX:
        _kept.clear()
    _kept[gtin, lot] = now + KEPT_SECONDS, found
    return found


routes: Final = [Route("/m/dossier/01/{gtin}/10/{lot}", dossier, methods=["GET"])]
