"""Line tools: a line of text in, a line of JSON out, for shell pipes and for the test benches of others.

    python -m wuma_gs1 dl          < URIs                  valid, ai, canonical, error
    python -m wuma_gs1 ai          < element strings       valid, ai, raw, canonical, error
    python -m wuma_gs1 epc         < tags, URNs, keys      valid, scheme, hex, tagURI, epcURI, dl, ai, error
    python -m wuma_gs1 compress    < Digital Links         valid, uri, error
    python -m wuma_gs1 decompress  < compressed links      valid, uri, ai, error
    python -m wuma_gs1 event-hash FILE …                   file, index, hash, prehash, error

`epc` adds `needed` where only the length of the company prefix (gcpLength) is missing for an EPC URI.
`error` is null or one sentence; `problems` then tells each fault apart, with its code, its AI and its
position in the line. What is wrong with a line is never the tool's failure: the exit status is 0.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from wuma_gs1 import element_strings, scan_data
from wuma_gs1.application_identifiers import Element
from wuma_gs1.compression import compress, decompress
from wuma_gs1.digital_link import DigitalLink
from wuma_gs1.epc import SCHEMES, Epc
from wuma_gs1.errors import Code, ParseError, shown
from wuma_gs1.event_documents import read_document
from wuma_gs1.event_hash import hash_of
from wuma_gs1.tags import Tag


def main(arguments: list[str]) -> int:
    """Run a tool until its input ends."""
    name = arguments[0] if arguments else ""
    if name == "event-hash" and len(arguments) > 1:
        results = _hashed(arguments[1:])
    elif name in _LINE_TOOLS and len(arguments) == 1:
        results = _answered(name)
    else:
        sys.stderr.write(__doc__)
        return 2
    try:
        for result in results:
            sys.stdout.write(json.dumps(result) + "\n")
            sys.stdout.flush()
    except BrokenPipeError:  # whoever reads us has seen enough
        sys.stderr.close()
    return 0


def _answered(name: str) -> Iterator[dict[str, Any]]:
    answer, fields = _LINE_TOOLS[name]
    # Lines end in LF alone: Python's own idea of a line would cut at GS, which is FNC1 here.
    sys.stdin.reconfigure(encoding="utf-8", errors="surrogateescape", newline="\n")  # type: ignore[union-attr]
    for line in sys.stdin:
        try:
            yield {"valid": True, **answer(line.rstrip("\r\n")), "error": None}
        except ParseError as error:
            yield {"valid": False, **dict.fromkeys(fields), **_faults(error)}


def _faults(error: ParseError) -> dict[str, Any]:
    problems = [
        {
            "code": problem.code,
            "ai": problem.ai,
            "position": problem.position,
            "expected": problem.code.expected,
            "message": problem.message,
        }
        for problem in error.problems
    ]
    return {"error": str(error), "problems": problems}


def digital_link(line: str) -> dict[str, Any]:
    """Check a Digital Link.

    >>> digital_link("https://brand.example/01/06901234567892/21/A1")
    {'ai': '(01)06901234567892(21)A1', 'canonical': 'https://id.gs1.org/01/06901234567892/21/A1'}
    """
    link = DigitalLink.parse(line)
    return {"ai": link.bracketed, "canonical": link.canonical}


def element_string(line: str) -> dict[str, Any]:
    """Check an element string, or scan data that begin with a symbology identifier.

    >>> element_string("]d2010690123456789221A1")["raw"]
    '^010690123456789221A1'
    """
    message = _scanned(line) if line.startswith("]") else element_strings.read(line)
    if not message.valid:
        raise ParseError.of(message.problems)
    return {"ai": message.bracketed, "raw": message.raw, "canonical": _canonical_link(message.elements)}


def _scanned(line: str) -> element_strings.Message:
    scan = scan_data.read(line)
    if scan.message.valid and not scan.message.elements:  # a text; what keeps it from having AIs?
        try:
            DigitalLink.parse(scan.text)
        except ParseError as error:
            before = scan_data.IDENTIFIER_CHARACTERS
            raise ParseError.of(tuple([problem.moved(before) for problem in error.problems])) from None
    return scan.message


def epc(line: str) -> dict[str, Any]:
    """Read a tag, an EPC URI or a key, or encode one onto a tag if the line is a JSON object.

    >>> epc("3034257BF7194E4000001A85")["tagURI"]
    'urn:epc:tag:sgtin-96:1.0614141.812345.6789'
    >>> epc('{"id": "(01)06901234567892(21)42", "scheme": "SGTIN-96", "filter": 1, "gcpLength": 7}')["hex"]
    '303669539037754000000000002A'
    """
    if line.lstrip().startswith("{"):
        return _encoded(line)
    tag, identity, elements = _read_epc(line)
    return _described(tag, identity, elements)


def compressed(line: str) -> dict[str, Any]:
    """Compress a Digital Link."""
    return {"uri": compress(DigitalLink.parse(line))}


def decompressed(line: str) -> dict[str, Any]:
    """Decompress a Digital Link."""
    link = decompress(line)
    return {"uri": link.uri, "ai": link.bracketed}


def _read_epc(text: str) -> tuple[Tag | None, Epc | None, tuple[Element, ...]]:
    """Read any form of an EPC; the AIs are empty where it has no GS1 key."""
    lower = text[:12].lower()
    if lower.startswith("urn:") and lower not in {"urn:epc:tag:", "urn:epc:raw:"}:
        identity = Epc.parse(text)
        return None, identity, identity.elements if identity.scheme in SCHEMES else ()
    if lower.startswith(("http://", "https://")):
        return None, None, DigitalLink.parse(text).elements
    if text.startswith(("(", "^", element_strings.GS)):
        return None, None, element_strings.parse(text)
    tag = Tag.parse(text)
    return tag, tag.epc, (*tag.elements, *tag.data) if tag.has_key else ()


def _encoded(line: str) -> dict[str, Any]:
    wish = _wish(line)
    scheme: str = wish.get("scheme", "")
    filter_value, length = wish.get("filter", 0), wish.get("gcpLength")
    _, identity, elements = _read_epc(wish["id"])
    if identity is None and elements and length is not None:
        identity = Epc.of(elements, company_prefix_length=length)
    if identity is not None and not scheme.endswith("+"):
        tag = Tag.of(identity, encoding=scheme or None, filter_value=filter_value)
    else:
        tag = Tag.of_elements(elements, encoding=scheme or None, filter_value=filter_value)
    return _described(tag, tag.epc or identity, (*tag.elements, *tag.data) if tag.has_key else ())


def _wish(line: str) -> Mapping[str, Any]:
    """Read what to encode: an object with `id`, and perhaps `scheme`, `filter` and `gcpLength`."""
    try:
        wish = json.loads(line)
    except (ValueError, RecursionError) as error:  # no JSON, or a number of thousands of digits
        raise ParseError(f"{shown(line)}: expected a JSON object, {error}") from None
    for name, kind in {"id": str, "scheme": str, "filter": int, "gcpLength": int}.items():
        value = wish.get(name)
        if (value is None and name == "id") or not (value is None or type(value) is kind):
            raise ParseError(f"{shown(line)}: expected {name!r} to be a {kind.__name__}, got {value!r}")
    return {name: value for name, value in wish.items() if value is not None}


def _described(tag: Tag | None, identity: Epc | None, elements: tuple[Element, ...]) -> dict[str, Any]:
    described = {
        "scheme": tag.encoding if tag else None,
        "hex": tag.hex if tag else None,
        "tagURI": tag.uri if tag and tag.epc else None,
        "epcURI": identity.uri if identity else None,
        "dl": _canonical_link(elements),
        "ai": element_strings.bracketed(elements) or None,
    }
    if identity is None and _needs_company_prefix(elements):
        described["needed"] = "gcpLength"
    return described


def _needs_company_prefix(elements: tuple[Element, ...]) -> bool:
    """Say whether only the length of the company prefix keeps AIs from having an EPC URI."""
    try:
        Epc.of(elements)
    except ParseError as error:
        return error.code is Code.COMPANY_PREFIX_NEEDED
    return False


def _canonical_link(elements: tuple[Element, ...]) -> str | None:
    """Give the canonical Digital Link URI, if the AIs can be one: not all have a place in a link."""
    try:
        return DigitalLink.of(elements, contents=False, associations=False).canonical
    except ParseError:
        return None


def _hashed(files: list[str]) -> Iterator[dict[str, Any]]:
    for file in files:
        answer = {"file": file, "index": None, "hash": None, "prehash": None, "error": None}
        try:
            events, ignored = read_document(Path(file).read_bytes())
        except (ParseError, OSError) as error:
            yield {**answer, "error": str(error)}
            continue
        for index, event in enumerate(events):
            try:
                found = hash_of(event, ignored)
            except ParseError as error:  # one bad event does not hide the others
                yield {**answer, "index": index, "error": str(error)}
            else:
                yield {**answer, "index": index, "hash": found.uri, "prehash": found.prehash}


_LINE_TOOLS: dict[str, tuple[Callable[[str], dict[str, Any]], tuple[str, ...]]] = {
    "dl": (digital_link, ("ai", "canonical")),
    "ai": (element_string, ("ai", "raw", "canonical")),
    "epc": (epc, ("scheme", "hex", "tagURI", "epcURI", "dl", "ai")),
    "compress": (compressed, ("uri",)),
    "decompress": (decompressed, ("uri", "ai")),
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
