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
