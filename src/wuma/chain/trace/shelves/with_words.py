"""Events whose text has certain words in it: found without decoding those that do not."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence

import msgspec
from sqlalchemy import text
from sqlalchemy.orm import Session

from wuma.chain.trace.shelves.chunks import Event, read_events

_CHUNKS = text(
    "SELECT k.id, k.event_count, k.body, c.context"
    " FROM trace.chunk k JOIN trace.capture c ON c.id = k.capture_id"
    " WHERE k.tenant_id = :tenant_id AND k.id BETWEEN :first AND :last ORDER BY k.id"
)


def events_with_words(
    session: Session, tenant_id: int, *, first_event_id: int, last_event_id: int, words: Sequence[str]
) -> Iterator[Event]:
    """Yield events of a run of numbers, in order, from chunks whose text has one of the words in it.

    The words may also stand in the document's context, where prefixes are explained. Others of the same
    chunk are among what is yielded: the caller looks at each.
    """
    wanted = [word.encode() for word in words]
    chunks = session.execute(
        _CHUNKS, {"tenant_id": tenant_id, "first": first_event_id, "last": last_event_id}
    ).all()
    for chunk in chunks:
        if not (
            _any_in(wanted, zlib.decompress(chunk.body))
            or _any_in(wanted, msgspec.json.encode(chunk.context))
        ):
            continue
        ids = range(chunk.id, chunk.id + chunk.event_count)
        events = read_events(session, tenant_id, ids)
        yield from (events[event_id] for event_id in ids)


def _any_in(words: Sequence[bytes], body: bytes) -> bool:
    return any(word in body for word in words)
