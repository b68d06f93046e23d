"""Links as files: CSV with a row for each link, JSON with an object for each anchor. Out and in again."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import msgspec

from wuma.kernel.errors import FieldError, InvalidInput
from wuma.support.links.anchors import Anchor, read_anchor
from wuma.support.links.link import LinkDraft

ANCHORS_MAX: Final = 5_000
"""Of one import: it is one transaction."""
COLUMNS: Final = (
    "anchor",
    "description",
    "link_type",
    "href",
    "title",
    "languages",
    "media_type",
    "contexts",
    "forwards_query",
    "is_default",
)
"""Languages and contexts of a link are separated by spaces; yes or no is written so."""
_REQUIRED: Final = ("anchor", "link_type", "href", "title")
_STARTS_A_FORMULA: Final = ("=", "+", "-", "@", "'", "\t", "\r", "＝", "＋", "－", "＠")
_YES_NO: Final = {"": None, "yes": True, "no": False, "true": True, "false": False, "是": True, "否": False}


class Said(NamedTuple):
    """What a file says of one anchor."""

    anchor: Anchor
    at: str
    """Where in the file."""
    description: str
    links: list[LinkDraft]


class _Written(msgspec.Struct, forbid_unknown_fields=True):
    """An anchor as JSON has it."""

    anchor: str
    links: list[LinkDraft]
    description: str = ""


class _Document(msgspec.Struct, forbid_unknown_fields=True):
    anchors: list[_Written]


def read_json(body: bytes) -> list[Said]:
    """Read ``{"anchors": [{"anchor": …, "description": …, "links": […]}]}``.

    Raises:
        InvalidInput: when it is something else.
    """
    try:
        document = msgspec.json.decode(body, type=_Document)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as failure:
        fault = FieldError("/", '{"anchors": [{"anchor": …, "links": […]}]}', str(failure)[:200])
        raise InvalidInput("The file is not as expected.", [fault]) from None
    said: dict[str, Said] = {}
    for number, one in enumerate(document.anchors):
        at = f"/anchors/{number}"
        anchor = read_anchor(one.anchor, at=f"{at}/anchor")
        if anchor.path in said:
            fault = FieldError(f"{at}/anchor", "each anchor once", one.anchor[:120])
            raise InvalidInput("An anchor comes twice.", [fault])
        said[anchor.path] = Said(anchor, at, one.description, one.links)
    return _bounded(list(said.values()))


def read_csv(body: bytes) -> list[Said]:
    """Read a table of links, in UTF-8 or GB 18030 as spreadsheets write it; all faults at once.

    Raises:
        InvalidInput: with the row and the column of each fault.
    """
    rows = csv.reader(io.StringIO(_decoded(body), newline=""), strict=True)
    try:
        header = [name.strip().lower() for name in next(rows, [])]
        missing = [name for name in _REQUIRED if name not in header]
        strange = [name for name in header if name not in COLUMNS]
        if missing or strange or len(set(header)) < len(header):
            fault = FieldError("row 1", f"columns {', '.join(COLUMNS)}, each once", ", ".join(header)[:200])
            raise InvalidInput("The first row names the columns.", [fault])
        said: dict[str, Said] = {}
        faults: list[FieldError] = []
        for cells in rows:
            if any(cell.strip() for cell in cells):
                _take_row(dict(zip(header, cells, strict=False)), f"row {rows.line_num}", said, faults)
    except csv.Error as failure:
        fault = FieldError(f"row {rows.line_num}", "a row of CSV (RFC 4180)", str(failure))
        raise InvalidInput("The file is no CSV.", [fault]) from None
    if faults:
        raise InvalidInput(f"{len(faults)} fault(s) in the file.", faults[:200])
    return _bounded(list(said.values()))


def _take_row(cells: dict[str, str], at: str, said: dict[str, Said], faults: list[FieldError]) -> None:
    row = {name: _undefused(cell.strip()) for name, cell in cells.items()}
    answers = {}
    for name in ("forwards_query", "is_default"):
        answer = row.get(name, "").lower()
        if answer not in _YES_NO:
            faults.append(FieldError(f"{at}/{name}", "yes or no", answer[:40]))
        answers[name] = _YES_NO.get(answer)
    try:
        anchor = read_anchor(row["anchor"], at=f"{at}/anchor")
    except InvalidInput as failure:
        faults.extend(failure.errors)
        return
    here = said.setdefault(anchor.path, Said(anchor, at, row.get("description", ""), []))
    here.links.append(
        LinkDraft(
            link_type=row.get("link_type", ""),
            href=row.get("href", ""),
            title=row.get("title", ""),
            languages=tuple(row.get("languages", "").split()),
            media_type=row.get("media_type", ""),
            contexts=tuple(row.get("contexts", "").split()),
            forwards_query=answers["forwards_query"] is not False,
            is_default=answers["is_default"] is True,
        )
    )


def write_csv(editions: Iterable[tuple[str, str, Iterable[LinkDraft]]]) -> Iterator[bytes]:
    """Write (anchor, description, links) as CSV; no cell starts a formula when a spreadsheet opens it."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    for anchor, description, links in editions:
        for link in links:
            cells = (
                anchor,
                description,
                link.link_type,
                link.href,
                link.title,
                " ".join(link.languages),
                link.media_type,
                " ".join(link.contexts),
                "yes" if link.forwards_query else "no",
                "yes" if link.is_default else "no",
            )
            writer.writerow([_defused(cell) for cell in cells])
        yield buffer.getvalue().encode()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue().encode()


def write_json(editions: Iterable[tuple[str, str, Iterable[LinkDraft]]]) -> Iterator[bytes]:
    """Write (anchor, description, links) as `read_json` reads it."""
    between = b'{"anchors":['
    for anchor, description, links in editions:
        yield between + msgspec.json.encode(_Written(anchor, list(links), description))
        between = b",\n"
    yield b'{"anchors":[]}' if between.startswith(b"{") else b"]}"


def _decoded(body: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return body.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InvalidInput("The encoding.", [FieldError("row 1", "UTF-8 or GB 18030", "neither")])


def _defused(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_STARTS_A_FORMULA) else cell


def _undefused(cell: str) -> str:
    return cell[1:] if cell[:1] == "'" and cell[1:].startswith(_STARTS_A_FORMULA) else cell


def _bounded(said: list[Said]) -> list[Said]:
    if len(said) > ANCHORS_MAX:
        fault = FieldError("/anchors", f"at most {ANCHORS_MAX} anchors; send more files", str(len(said)))
        raise InvalidInput("Too much for one import.", [fault])
    return said
