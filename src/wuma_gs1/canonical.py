"""One key for one thing, in whichever of its forms it comes.

The can `urn:epc:id:sgtin:6901234.056789.A1`, `https://brand.example/01/06901234567892/10/L7/21/A1`,
`(01)06901234567892(21)A1` and the tag `30…` are one can. Its key is the canonical GS1 Digital Link URI in
the constrained form of the Core Business Vocabulary (CBV 2.0 section 8): key and what identifies it
further, nothing that only describes it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from wuma_gs1 import element_strings
from wuma_gs1.application_identifiers import Element
from wuma_gs1.check_characters import check_digit
from wuma_gs1.digital_link import CANONICAL_STEM, DigitalLink, escaped, path_of
from wuma_gs1.epc import NO_EXTENSION, SCHEMES, Epc
from wuma_gs1.errors import Code, ParseError, shown


def canonical_key(text: str) -> str:
    """Give the one key of the thing that `text` names.

    >>> canonical_key("urn:epc:id:sgtin:6901234.056789.A1")
    'https://id.gs1.org/01/06901234567892/21/A1'
    >>> canonical_key("HTTPS://EXAMPLE.CN/01/06901234567892/10/L7/21/A1?17=260131")
    'https://id.gs1.org/01/06901234567892/21/A1'
    >>> canonical_key("(17)260131(01)06901234567892(21)A1")
    'https://id.gs1.org/01/06901234567892/21/A1'
    >>> canonical_key("urn:epc:class:lgtin:6901234.056789.L7")
    'https://id.gs1.org/01/06901234567892/10/L7'
    >>> canonical_key("HTTP://Factory.example:80/pallets/%7e1")
    'http://factory.example/pallets/~1'
    >>> canonical_key("3034257BF7194E4000001A85") == canonical_key(
    ...     "urn:epc:tag:sgtin-96:1.0614141.812345.6789"
    ... )
    True

    Args:
        text: an EPC URI, a GS1 Digital Link URI on any domain, an element string (bracketed, or raw with
            FNC1), a tag's EPC memory in hexadecimal, or any other URI, which is only normalised.

    Raises:
        ParseError: if it is none of these, or begins like a GS1 form and is a wrong one.
    """
    text = text.strip(_BLANKS)
    if text.startswith(("(", "^", element_strings.GS)):
        return key_of(element_strings.parse(text, associations=False))
    if text[:8].lower() == "urn:epc:":
        return _of_tag(text) if text[8:12] in {"tag:", "raw:"} else _of_epc(text)
    scheme, colon, _ = text.partition(":")
    if colon and _SCHEME(scheme):
        if scheme.lower() in {"http", "https"}:
            return _of_web(text)
        return normalised(text)
    if _HEXADECIMAL(text):
        return _of_tag(text)
    raise ParseError(
        f"{shown(text)}: expected a URI, an element string or a tag in hexadecimal", code=Code.MALFORMED
    )


def gs1_key(uri: str) -> str | None:
    """Give the key of the thing that a URI names if it is an EPC URN or a Digital Link, else None.

    >>> gs1_key("https://brand.example/01/06901234567892/21/A1?17=260131")
    'https://id.gs1.org/01/06901234567892/21/A1'
    >>> gs1_key("https://brand.example/about"), gs1_key("urn:epc:id:gid:1.2.3"), gs1_key("geo:31.2,121.5")
    (None, None, None)
    """
    try:
        if uri.startswith(("urn:epc:id:", "urn:epc:class:", "urn:epc:idpat:")):
            key = _of_epc(uri)
            return key if key.startswith(CANONICAL_STEM) else None
        if uri[:8].lower().startswith(("http://", "https://")):
            return _of_link(uri)
    except ParseError:
        pass
    return None


def key_of(elements: Sequence[Element]) -> str:
    """Give the key of the thing that AIs name: attributes and lesser qualifiers are left out.

    A serial number makes lot and variant mere descriptions; a lot does that to the variant.

    Raises:
        ParseError: if none of the AIs is a primary key.
    """
    return _key_of_path(path_of([element for element in elements if element != _NO_EXTENSION]))


def _key_of_path(path: Sequence[Element]) -> str:
    ai, value = path[0]
    key = f"{CANONICAL_STEM}/{ai}/{escaped(value)}"
    if len(path) == 1:
        return key
    qualifiers = path[1:]
    if ai in _TRADE_ITEMS:
        serials = [qualifier for qualifier in qualifiers if qualifier.ai == "21"]
        qualifiers = serials or [qualifier for qualifier in qualifiers if qualifier.ai != "22"]
    return key + "".join(
        [f"/{ai}/{escaped(value)}" for ai, value in qualifiers if (ai, value) != _NO_EXTENSION]
    )


def normalised(uri: str) -> str:
    """Bring a URI into the form that RFC 3986 section 6.2.2 and 6.2.3 give it, whatever its scheme.

    >>> normalised("URN:UUID:F81D4FAE-7dec"), normalised("https://A.example")
    ('urn:uuid:F81D4FAE-7dec', 'https://a.example/')

    Raises:
        ParseError: if it is no URI.
    """
    if found := _NOT_URI(uri):
        raise ParseError(
            f"URI {shown(uri)}: {found.group()!r} is not allowed in a URI",
            code=Code.ILLEGAL_URI_CHARACTER,
            position=found.start(),
        )
    scheme, _, rest = uri.partition(":")
    scheme = scheme.lower()
    if not _BROKEN_ESCAPE(rest):  # among broken ones, undoing one could make another
        rest = _ESCAPE(_normal_escape, rest)
    if rest.startswith("//"):
        end = next((at for at, c in enumerate(rest[2:], 2) if c in "/?#"), len(rest))
        host, colon, port = rest[2:end].lower().rpartition(":")
        authority = f"{host}{colon}{port}"
        if port in {"", _DEFAULT_PORTS.get(scheme)} and ":" not in host.rpartition("]")[2]:
            authority = host
        return f"{scheme}://{authority}{rest[end:] or '/'}"
    if scheme == "urn":
        namespace, colon, name = rest.partition(":")
        return f"urn:{namespace.lower()}{colon}{name}"
    return f"{scheme}:{rest}"


def _of_epc(text: str) -> str:
    if (plain := _PLAIN_SGTIN(text)) is not None and len(plain[1]) + len(plain[3]) == 12:
        digits = plain[2] + plain[1] + plain[3]
        return f"{CANONICAL_STEM}/01/{digits}{check_digit(digits)}/21/{plain[4]}"
    epc = Epc.parse(text)
    return key_of(epc.elements) if epc.scheme in SCHEMES else epc.uri


def _of_tag(text: str) -> str:
    from wuma_gs1.tags import Tag  # whoever has no tags, has no need of their tables

    tag = Tag.parse(text)
    if tag.epc is not None and not tag.has_key:
        return tag.epc.uri
    return key_of(tag.elements)


def _of_web(text: str) -> str:
    try:
        return _of_link(text)
    except ParseError:
        normal = normalised(text)
    # An escape that need not be one may have hidden a link: %30%31 is 01.
    return normal if normal == text else gs1_key(normal) or normal


def _of_link(text: str) -> str:
    """Read a Digital Link as tolerantly as resolvers do."""
    link = DigitalLink.parse(
        text,
        convenience_names=True,
        short_gtins=True,
        trailing_slash=True,
        contents=False,
        associations=False,
    )
    return _key_of_path(link.path)


def _normal_escape(found: re.Match[str]) -> str:
    character = chr(int(found[1], 16))
    return character if _UNRESERVED(character) else f"%{found[1].upper()}"


_BLANKS = " \t\r\n\u3000"  # Python's own idea of blanks has GS in it, which is FNC1 here
_TRADE_ITEMS = {"01", "8006"}
_NO_EXTENSION = Element("254", NO_EXTENSION)
_DEFAULT_PORTS = {"http": "80", "https": "443"}
# An SGTIN with nothing escaped: by far the most of what EPCIS events name.
_PLAIN_SGTIN = re.compile(
    r"urn:epc:id:sgtin:([0-9]{6,12})\.([0-9])([0-9]{0,6})\.([A-Za-z0-9\-._]{1,20})"
).fullmatch
_HEXADECIMAL = re.compile(r"[0-9A-Fa-f]{16,}").fullmatch
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*").fullmatch
_NOT_URI = re.compile(r"[^A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]").search
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})").sub
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})").search
_UNRESERVED = re.compile(r"[A-Za-z0-9\-._~]").fullmatch
