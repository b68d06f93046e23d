"""What a URI is: RFC 3986, appendix A, as the ``uri`` format of JSON schemas means it."""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv6Address
from typing import Any, Final


def is_uri(value: Any) -> bool:
    """Say whether a value is a URI: ASCII, with a scheme, what must be escaped escaped.

    >>> [is_uri(text) for text in ("urn:epc:id:sgtin:6901234.056789.A1", "ex:mark", "ex:批号", "a b:c")]
    [True, True, False, False]
    """
    if not isinstance(value, str):
        return False
    found = _URI.fullmatch(value)
    return found is not None and (found["literal"] is None or _is_address(found["literal"]))


def are_uris(values: list[Any]) -> bool:
    """Say whether every value of a list is a URI; fast where many have a beginning in common, as codes have.

    What is a URI with a digit behind its last slash or dot is one with any letters and digits there; so what
    comes before the last sixteen characters is looked at once for all that share it.

    >>> are_uris(["https://id.gs1.org/01/06901234567892/21/7Z3K0011QRST0123", "urn:x:1"])
    True
    >>> are_uris(["https://id.gs1.org/01/06901234567892/21/7Z3K0011QRST0123", "urn:x:1 "])
    False
    """
    try:
        heads = {value[:-_TAIL] for value in values}
        ends = "".join([value[-_TAIL:] for value in values])
    except TypeError:  # not all of them are texts
        return False
    have_heads = len(heads) <= _HEADS_MAX and all(head.endswith(("/", ".")) for head in heads)
    if have_heads and ends.isalnum() and ends.isascii():
        return all(is_uri(f"{head}0") for head in heads)
    return all(map(is_uri, values))


_TAIL: Final = 16
_HEADS_MAX: Final = 16


def _is_address(literal: str) -> bool:
    if literal[0] in "vV":
        return _FUTURE_ADDRESS.fullmatch(literal) is not None
    try:
        IPv6Address(literal)
    except AddressValueError:
        return False
    return "%" not in literal


_PLAIN: Final = r"A-Za-z0-9\-._~!$&'()*+,;="


def _some(more: str) -> str:
    """Write a pattern of any number of characters, or escapes, that never looks back."""
    return rf"[{_PLAIN}{more}]*+(?:%[0-9A-Fa-f]{{2}}[{_PLAIN}{more}]*+)*+"


_AUTHORITY: Final = (
    rf"(?:{_some(':')}@)?(?:\[(?P<literal>[{_PLAIN}:]+)\]|{_some('')})(?::[0-9]*+)?(?=[/?#]|\Z)"
)
_URI: Final = re.compile(
    rf"[A-Za-z][A-Za-z0-9+.\-]*+:(?://{_AUTHORITY}|(?!//)){_some(':@/')}"
    rf"(?:\?{_some(':@/?')})?(?:#{_some(':@/?')})?"
)
_FUTURE_ADDRESS: Final = re.compile(rf"[vV][0-9A-Fa-f]+\.[{_PLAIN}:]+")
