"""A capture job as XML: ``EPCISCaptureJob``, as the XSD of EPCIS 2.0 has it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from xml.sax.saxutils import escape, quoteattr


def job_document(
    *,
    capture_id: str,
    created_at: datetime,
    finished_at: datetime | None,
    running: bool,
    success: bool,
    behaviour: str,
    errors: Iterable[tuple[str, str, int, str]],
    error_file: str | None,
) -> bytes:
    """Write what became of a document.

    Of each error: type, title, status, and what it is about. The XSD has room for errors, or for a file
    that has all of them, not for both.
    """
    parts = [
        f"<captureErrorBehaviour>{behaviour}</captureErrorBehaviour>",
        f"<createdAt>{created_at.isoformat()}</createdAt>",
    ]
    if finished_at is not None:
        parts.append(f"<finishedAt>{finished_at.isoformat()}</finishedAt>")
    if error_file is not None:
        parts.append(f"<errorFile>{escape(error_file)}</errorFile>")
    else:
        told = "".join(
            f"<error><type>{escape(type_)}</type><title>{escape(title)}</title><status>{status}</status>"
            f"<detail>{escape(detail)}</detail></error>"
            for type_, title, status, detail in errors
        )
        parts += [f"<errors>{told}</errors>"] if told else []
    said = "".join(parts)
    document = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<epcis:EPCISCaptureJob xmlns:epcis="urn:epcglobal:epcis:xsd:2"'
        f' running="{str(running).lower()}" success="{str(success).lower()}"'
        f" captureID={quoteattr(capture_id)}>{said}</epcis:EPCISCaptureJob>\n"
    )
    return document.encode("utf-8", "xmlcharrefreplace")
