"""The phone pages beside the answers: the entrance ``/m``, reports, telling us where one is, scripts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Final
from uuid import UUID

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from wuma.chain.authenticity.facade import NewReport, PhotoTooLarge, file_report, refine_place
from wuma.chain.codes.facade import Identified
from wuma.journeys.scan_code import page
from wuma.journeys.scan_code.reception import (
    COOKIE,
    Reception,
    declared_place,
    has_cookie,
    headers_of,
    html,
    language_of,
    read_request,
    read_whence,
)
from wuma.journeys.scan_code.scan import new_cookie
from wuma.kernel.errors import FieldError, InvalidInput, NotFound, Refusal, TooMany
from wuma.kernel.http.assets import Assets
from wuma.kernel.http.problems import refused
from wuma.kernel.limits import Limit
from wuma.kernel.runtime import Runtime
from wuma.kernel.tenancy import PLATFORM

REPORTS_PER_NETWORK: Final = Limit("reports", 20, minutes=60)
FORM_FIELDS_MAX: Final = 20
CODE_CHARACTERS_MAX: Final = 80
_ASSETS: Final = Assets(Path(str(page.assets_folder())))


async def landing(request: Request) -> Response:
    """Answer with the entrance: scan, or type a hidden code."""
    runtime: Runtime = request.app.state.runtime
    epochs = frozenset(runtime.keyring.opened_epochs)
    scope, headers = read_request(request)
    body = page.render_landing(
        language=language_of(scope, headers), epochs=epochs, public_url=runtime.settings.public_url
    )
    response = html(body)
    if not has_cookie(headers):
        secret = new_cookie()
        response.raw_headers.append(_reception(request).cookie(secret))
    return response


async def typed(request: Request) -> Response:
    """Answer a hidden code that was typed into the entrance, for a phone without scripts."""
    reception = _reception(request)
    scope, headers = read_request(request)
    try:
        async with _form(request) as form:
            code = _text(form, "code")[:CODE_CHARACTERS_MAX]
        now = reception.now(headers)
        visitor = reception.visitor(scope, headers)
        found = reception.desk.hidden_code(code, visitor, now=now)
        answer = (
            await reception.desk.answer(found, visitor, None, now=now)
            if isinstance(found, Identified)
            else found
        )
        reply = reception.reply(scope, headers, answer, visitor, now, scanned=code)
    except Refusal as failure:
        reply = reception.refusal(scope, headers, failure)
    response = Response(reply.body, reply.status)
    response.raw_headers.extend(reply.headers)
    return response


async def report(request: Request) -> Response:
    """Keep what somebody reports."""
    reception = _reception(request)
    runtime: Runtime = request.app.state.runtime
    scope, headers = read_request(request)
    now = reception.now(headers)
    try:
        visitor = reception.visitor(scope, headers)
        if not runtime.attempts.count(REPORTS_PER_NETWORK, visitor.address_range, now=now):
            raise TooMany("Too many reports from here; please call us.", retry_after_seconds=3600)
        async with _form(request) as form:
            new = await _new_report(form)

        def keep() -> UUID:
            with runtime.database.transaction(PLATFORM) as session:
                return file_report(session, runtime.fields, runtime.blobs, new, now=now).id

        reference = await run_in_threadpool(keep)
    except Refusal as refusal:
        return _report_refused(request, refusal)
    shown = reference.hex[-8:].upper()  # the end is the random part: enough to find it by telephone
    body = page.render_received(language=language_of(scope, headers), reference=shown)
    return html(body, HTTPStatus.CREATED)


async def place(request: Request) -> Response:
    """Give a scan of one's own a better place."""
    reception = _reception(request)
    runtime: Runtime = request.app.state.runtime
    try:
        scan_id = UUID(request.path_params["scan_id"])
    except ValueError:
        return refused(NotFound("There is no recent scan of yours with this number."))
    try:
        whence = read_whence(await request.body())
        declared = declared_place(whence)
        if declared is None:
            fault = FieldError("/longitude", "longitude and latitude", "none")
            raise InvalidInput("Where the scan happened.", [fault])
        cookie = request.cookies.get(COOKIE, "")
        now = reception.now(headers_of(request.scope))

        def refine() -> None:
            with runtime.database.transaction(PLATFORM) as session:
                refine_place(session, reception.pseudonyms, scan_id, cookie=cookie, place=declared, now=now)

        await run_in_threadpool(refine)
    except Refusal as refusal:
        return refused(refusal)
    return Response(status_code=HTTPStatus.NO_CONTENT)


async def asset(request: Request) -> Response:
    """Answer with a built script or what it loads."""
    return _ASSETS.answer(request, request.path_params["path"])


routes: Final = [
    Route("/m", landing, methods=["GET"]),
    Route("/m", typed, methods=["POST"]),
    Route("/m/reports", report, methods=["POST"]),
    Route("/m/scans/{scan_id}/place", place, methods=["POST"]),
    Route("/m/assets/{path:path}", asset, methods=["GET"]),
]


def _reception(request: Request) -> Reception:
    reception = request.app.state.reception
    assert isinstance(reception, Reception)
    return reception


@asynccontextmanager
async def _form(request: Request) -> AsyncIterator[FormData]:
    try:
        form = await request.form(max_files=1, max_fields=FORM_FIELDS_MAX)
    except HTTPException as error:  # what the parser cannot read
        fault = FieldError("/", "a form (multipart/form-data or urlencoded)", str(error.detail)[:120])
        raise InvalidInput("The form.", [fault]) from None
    try:
        yield form
    finally:
        await form.close()


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return value.replace("\0", "").strip() if isinstance(value, str) else ""


async def _new_report(form: FormData) -> NewReport:
    concern = _text(form, "concern")
    if concern not in page.Concern.__members__.values():
        expected = ", ".join(page.Concern)
        raise InvalidInput("The report.", [FieldError("/concern", f"one of {expected}", concern[:40])])
    sent = form.get("photo")
    photo = await sent.read() if isinstance(sent, UploadFile) else b""
    try:
        scan_id = UUID(_text(form, "scan_id")) if _text(form, "scan_id") else None
    except ValueError:
        raise InvalidInput("The report.", [FieldError("/scan_id", "a UUID", "something else")]) from None
    return NewReport(
        concern=concern,
        text=_text(form, "text"),
        contact=_text(form, "contact") or None,
        may_warn=_text(form, "may_warn") == "yes",
        scan_id=scan_id,
        scanned=_text(form, "scanned") or None,
        photo=photo or None,
    )


def _report_refused(request: Request, refusal: Refusal) -> Response:
    if "application/json" in request.headers.get("accept", ""):
        return refused(refusal)
    language = language_of(*read_request(request))
    problem = page.Problem.REPORT_REFUSED
    if isinstance(refusal, PhotoTooLarge):
        problem = page.Problem.PHOTO_TOO_LARGE
    return html(page.render_problem(problem, language=language), refusal.status)
