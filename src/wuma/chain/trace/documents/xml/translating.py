"""A large XML document into the JSON document that the worker captures, once, and in constant memory.

XML is read five times slower than JSON is cut into events, and the worker begins a document again at each of
its turns; so it is translated before. An event that is not valid keeps its place, with its faults, which name
elements and lines of the XML.
"""

from __future__ import annotations

from typing import IO, Any, Final

import msgspec

from wuma.chain.trace.documents.json_ld import FAULTS_NAMED_MAX, ReadEvent, RefusedEvent, trusted_event
from wuma.chain.trace.documents.xml.reading import XmlReader
from wuma.kernel.errors import FieldError, InvalidInput

TRANSLATED: Final = ".translated"
"""What the names of files with translated documents end with."""
READ_BYTES: Final = 1 << 18
_REFUSED: Final = "faults"


def translate(xml: IO[bytes], into: IO[bytes], *, events_max: int) -> int:
    """Translate a document; return how many events it has.

    Raises:
        InvalidInput: what is wrong around its events, by the path of the element and its line.
    """
    reader = XmlReader(events_max=events_max)
    count = 0
    into.write(b'{"epcisBody":{"eventList":[')

    def put(events: list[ReadEvent | RefusedEvent]) -> None:
        nonlocal count
        for event in events:
            if isinstance(event, ReadEvent):
                said = msgspec.json.encode(event.fields)
            else:
                said = msgspec.json.encode({_REFUSED: [fault.as_json() for fault in event.faults]})
            into.write(b"," + said if count else said)
            count += 1

    while block := xml.read(READ_BYTES):
        put(list(reader.feed(block)))
    put(list(reader.close()))
    if reader.faults:
        faults = reader.faults[:FAULTS_NAMED_MAX]
        raise InvalidInput(f"{len(faults)} fault(s) in the document.", faults)
    around = {
        **reader.header,
        "@context": reader.context,
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": reader.created_at,
    }
    into.write(b"]}," + msgspec.json.encode(around)[1:])
    return count


def read_translated(body: bytes, place: int) -> ReadEvent | RefusedEvent:
    """Read an event of a translated document."""
    said: dict[str, Any] = msgspec.json.decode(body)
    if _REFUSED in said and "type" not in said:
        return RefusedEvent(place, [FieldError(**fault) for fault in said[_REFUSED]])
    return trusted_event(body, place)
