"""The API of print files and QR sheets: ordered by a brand, fetched once by whoever prints."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field
from sqlalchemy import select
from starlette.requests import Request
from starlette.responses import FileResponse

from wuma.chain.codes import orders, print_files, receipts
from wuma.chain.codes.identify import Identifier
from wuma.chain.codes.labels import TenantDirectory
from wuma.chain.codes.models import CodeOrder, PrintFile
from wuma.chain.codes.print_files import FileState, Kind, Recipient, Wanted
from wuma.chain.codes.print_job import folder_of
from wuma.chain.codes.print_template import BUILT_INS, BuiltIn, Template, TemplateInput, require_fillable
from wuma.chain.codes.printed_uris import hidden_prefix_qr
from wuma.chain.codes.qr_code import QrFormat, draw, payload_of
from wuma.chain.codes.sealed_file import SUFFIX
from wuma.chain.codes.sheets import SHEET_CODES_MAX, SheetLayout, require_fits
from wuma.kernel import telemetry
from wuma.kernel.auth.grants import Role
from wuma.kernel.errors import NotFound, Refusal
from wuma.kernel.http.access import Principal, needs, public
from wuma.kernel.http.endpoint import Actor, Db, Endpoint, Now, Program
from wuma.kernel.http.fields import Line
from wuma.kernel.http.paging import After, Limit, Page, cut, read_cursor
from wuma.kernel.runtime import Runtime
from wuma_gs1.errors import ParseError

routes = APIRouter(route_class=Endpoint, tags=["print files"])

log = telemetry.logger(__name__)

_FETCH_ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "The encrypted file.", "content": {"application/octet-stream": {}}},
    206: {"description": "The part asked for by Range.", "content": {"application/octet-stream": {}}},
    410: {"description": "The ticket's time is over."},
}


class NotPrintable(Refusal):
    """The address of this installation cannot be printed."""

    slug = "address-not-printable"


class RecipientForm(BaseModel):
    """Who gets the codes, and why once more."""

    recipient_name: Line
    recipient_public_key: str = Field(
        max_length=200, description="The recipient's age public key (X25519): age1…", examples=["age1…"]
    )
    recipient_account: UUID | None = Field(
        None, description="The printing vendor's account: only this account sees the file and may fetch it."
    )
    reprint_reason: Line | None = Field(
        None, description="Why codes that are in a print file already are printed a second time."
    )

    def recipient(self) -> Recipient:
        """Return who gets them."""
        return Recipient(self.recipient_name, self.recipient_public_key, self.recipient_account)


class PrintFileForm(RecipientForm):
    """Print files to be made, of a part of an order."""

    template: TemplateInput
    first: int = Field(1, ge=1, description="Running number of the first code; 1 is the order's first.")
    last: int | None = Field(
        None, ge=1, description="Running number of the last; by default the order's last."
    )
    codes_per_file: int | None = Field(None, ge=1, description="By default all in one file.")


class SheetForm(RecipientForm, SheetLayout):
    """QR sheets to be made, of a few codes of an order."""

    first: int = Field(1, ge=1, description="Running number of the first code; 1 is the order's first.")
    count: int = Field(ge=1, le=SHEET_CODES_MAX)


class PrintFileView(BaseModel):
    """A print file; `layout` is a template of rows, or how symbols stand on sheets."""

    id: UUID
    order_id: int
    gtin: str | None
    level: str
    kind: Kind
    part: int
    part_count: int
    first_number: int
    last_number: int
    count: int
    file_name: str
    layout: Template | SheetLayout
    recipient_name: str
    recipient_public_key: str
    recipient_account: UUID | None
    reprint_reason: str | None
    state: FileState
    made_count: int
    failure: str | None
    size_bytes: int | None
    sha256: str | None
    ordered_at: datetime
    ordered_by: str
    ready_at: datetime | None
    released_at: datetime | None
    released_to: str | None
    fetch_until: datetime | None


class ReceiptView(BaseModel):
    """Who got which codes when; `jws` is the same signed, to be verified with the public key."""

    claims: dict[str, Any]
    jws: str


class ReleaseView(BaseModel):
    """A file given out: its receipt, and where to fetch it until when. The address is shown this once."""

    receipt: ReceiptView
    content_url: str
    fetch_until: datetime


class KeySet(BaseModel):
    """Public keys (RFC 7517)."""

    keys: list[dict[str, str]]


@routes.get("/print-templates")
@needs("print_files.read")
def list_templates() -> list[BuiltIn]:
    """List the built-in templates; use one by name, or write your own beginning with one."""
    return list(BUILT_INS.values())


@routes.post("/code-orders/{order_id}/print-files", status_code=201)
@needs("print_files.make")
def order_print_files(
    order_id: int, form: PrintFileForm, db: Db, actor: Actor, program: Program, now: Now
) -> list[PrintFileView]:
    """Order print files; a job makes each, and it is ready some time later."""
    order = orders.get(db, order_id, lock=True)
    _require_printable(program)
    require_fillable(form.template, order)
    wanted = Wanted(
        order_id=order.id,
        first=form.first,
        last=form.last,
        codes_per_file=form.codes_per_file,
        kind=Kind.ROWS,
        layout=form.template.model_dump(mode="json"),
        recipient=form.recipient(),
        reprint_reason=form.reprint_reason,
    )
    files = print_files.order_files(db, program.keyring, wanted, actor=actor.actor, now=now)
    return [_view(file, order) for file in files]


@routes.post("/code-orders/{order_id}/sheets", status_code=201)
@needs("print_files.make")
def order_sheets(
    order_id: int, form: SheetForm, db: Db, actor: Actor, program: Program, now: Now
) -> PrintFileView:
    """Order QR sheets on A4; they are made, released and fetched like any print file."""
    order = orders.get(db, order_id, lock=True)
    _require_printable(program)
    layout = SheetLayout.model_validate(form.model_dump(include=set(SheetLayout.model_fields)))
    require_fits(layout, order, public_url=program.settings.public_url)
    wanted = Wanted(
        order_id=order.id,
        first=form.first,
        last=form.first + form.count - 1,
        codes_per_file=None,
        kind=Kind.SHEETS,
        layout=layout.model_dump(mode="json"),
        recipient=form.recipient(),
        reprint_reason=form.reprint_reason,
    )
    (file,) = print_files.order_files(db, program.keyring, wanted, actor=actor.actor, now=now)
    return _view(file, order)


@routes.get("/print-files")
@needs("print_files.read")
def list_print_files(
    db: Db,
    actor: Actor,
    limit: Limit = 50,
    after: After = None,
    order_id: int | None = None,
    state: FileState | None = None,
) -> Page[PrintFileView]:
    """List print files, the newest first. A printing vendor sees those addressed to its account."""
    query = print_files.visible(_only_for(actor)).order_by(PrintFile.id.desc())
    if order_id is not None:
        query = query.where(PrintFile.order_id == order_id)
    if state is not None:
        query = query.where(PrintFile.state == state.value)
    if after is not None:
        query = query.where(PrintFile.id < read_cursor(after, UUID)[0])
    rows = db.scalars(query.limit(limit + 1)).all()
    their_orders = select(CodeOrder).where(CodeOrder.id.in_({row.order_id for row in rows}))
    by_id = {order.id: order for order in db.scalars(their_orders)}
    return cut(rows, limit, key=lambda row: [row.id], item=lambda row: _view(row, by_id[row.order_id]))


@routes.get("/print-files/{file_id}")
@needs("print_files.read")
def get_print_file(file_id: UUID, db: Db, actor: Actor) -> PrintFileView:
    """Return a print file; `made_count` tells how far it is."""
    file = print_files.get(db, file_id, only_for=_only_for(actor))
    return _view(file, orders.get(db, file.order_id))


@routes.post("/print-files/{file_id}/retry")
@needs("print_files.make")
def retry_print_file(file_id: UUID, db: Db, program: Program, now: Now) -> PrintFileView:
    """Have a file that failed made again."""
    file = print_files.make_again(db, program.keyring, file_id, now=now)
    return _view(file, orders.get(db, file.order_id))


@routes.post("/print-files/{file_id}/release")
@needs("print_files.download")
def release_print_file(
    file_id: UUID, request: Request, db: Db, actor: Actor, program: Program, now: Now
) -> ReleaseView:
    """Take a file out of the house, once. The answer holds the receipt, and a ticket to fetch the content."""
    released = print_files.release(
        db,
        program.keyring,
        file_id,
        account=actor.account_id,
        only_for=_only_for(actor),
        server=print_files.server_name(program.settings.public_url),
        folder=folder_of(program),
        now=now,
    )
    assert released.file.receipt is not None
    assert released.file.ticket_until is not None
    path = request.app.url_path_for("fetch_print_file", file_id=str(file_id))
    return ReleaseView(
        receipt=ReceiptView.model_validate(released.file.receipt),
        content_url=f"{path}?ticket={released.ticket}",
        fetch_until=released.file.ticket_until,
    )


@routes.get("/print-files/{file_id}/content", response_class=FileResponse, responses=_FETCH_ANSWERS)
@needs("print_files.download")
def fetch_print_file(
    file_id: UUID,
    ticket: Annotated[str, Query(max_length=100)],
    request: Request,
    db: Db,
    actor: Actor,
    program: Program,
    now: Now,
) -> FileResponse:
    """Fetch the encrypted content of a released file. A download that broke resumes with Range."""
    file = print_files.get(db, file_id, only_for=_only_for(actor))
    path = print_files.content_for(file, ticket, account=actor.account_id, folder=folder_of(program), now=now)
    assert file.sha256 is not None
    log.info(
        "codes.print_file_fetched",
        print_file_id=str(file.id),
        actor=actor.actor,
        range=request.headers.get("range"),
    )
    return FileResponse(
        path,
        media_type="application/octet-stream",
        filename=_file_name(file),
        headers={"cache-control": "no-store", "etag": f'"{file.sha256.hex()}"'},
    )


@routes.get("/print-files/{file_id}/receipt")
@needs("print_files.read")
def get_receipt(file_id: UUID, db: Db, actor: Actor) -> ReceiptView:
    """Return the signed receipt of a file that was released."""
    file = print_files.get(db, file_id, only_for=_only_for(actor))
    if file.receipt is None:
        raise NotFound(f"Print file {file.id} has not been released; there is no receipt.")
    return ReceiptView.model_validate(file.receipt)


@routes.get("/receipts/public-key")
@public  # whoever is shown a receipt wants to verify it, and need not be known here
def get_receipt_keys(program: Program) -> KeySet:
    """Return the public keys that receipts are signed with, as a JWK set."""
    return KeySet(keys=receipts.public_keys(program.keyring)["keys"])


@routes.get(
    "/qr",
    response_class=Response,
    responses={200: {"content": {form.media_type: {} for form in QrFormat}, "description": "The symbol."}},
)
@needs("codes.read")
def draw_qr(
    text: Annotated[str, Query(max_length=300, description="A code in any form: URI, element string, bare.")],
    db: Db,
    program: Program,
    format: QrFormat = QrFormat.SVG,  # noqa: A002 - the name of the query parameter
) -> Response:
    """Draw the QR symbol of one code of this brand, as it is printed."""
    identifier = Identifier(program.keyring, TenantDirectory(db))
    payload = payload_of(identifier, text, public_url=program.settings.public_url)
    headers = {"cache-control": "private, no-store"}  # it may be a hidden code
    return Response(draw(payload, format), media_type=format.media_type, headers=headers)


def _only_for(actor: Principal) -> UUID | None:
    """Return the account that files must be addressed to for this principal to see them; None: any."""
    return actor.account_id if actor.roles <= {Role.PRINTING_VENDOR} else None


def _require_printable(program: Runtime) -> None:
    try:
        hidden_prefix_qr(program.settings.public_url)
    except ParseError as flaw:
        raise NotPrintable(
            f"WUMA_PUBLIC_URL: expected scheme, host and no path in small letters, got {flaw}"
        ) from None


def _view(file: PrintFile, order: CodeOrder) -> PrintFileView:
    layout = _layout(file)
    return PrintFileView(
        id=file.id,
        order_id=file.order_id,
        gtin=order.gtin,
        level=order.level,
        kind=Kind(file.kind),
        part=file.part,
        part_count=file.part_count,
        first_number=file.first_unit - order.first_unit + 1,
        last_number=file.last_unit - order.first_unit + 1,
        count=file.count,
        file_name=_file_name(file),
        layout=layout,
        recipient_name=file.recipient_name,
        recipient_public_key=file.recipient_public_key,
        recipient_account=file.recipient_account,
        reprint_reason=file.reprint_reason,
        state=FileState(file.state),
        made_count=file.made_count,
        failure=file.failure,
        size_bytes=file.size_bytes,
        sha256=None if file.sha256 is None else file.sha256.hex(),
        ordered_at=file.ordered_at,
        ordered_by=file.ordered_by,
        ready_at=file.ready_at,
        released_at=file.released_at,
        released_to=file.released_to,
        fetch_until=file.ticket_until,
    )


def _layout(file: PrintFile) -> Template | SheetLayout:
    if file.kind == Kind.SHEETS:
        return SheetLayout.model_validate(file.layout)
    return Template.model_validate(file.layout)


def _file_name(file: PrintFile) -> str:
    return f"order-{file.order_id}-{file.part}-of-{file.part_count}{_layout(file).suffix}{SUFFIX}"
