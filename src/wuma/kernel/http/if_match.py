"""Nobody overwrites what they have not seen: a change names, in If-Match, the version it was made on."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Header

from wuma.kernel.errors import FieldError, InvalidInput, Refusal


class VersionMissing(Refusal):
    """Say which version you have changed."""

    status = HTTPStatus.PRECONDITION_REQUIRED
    slug = "version-missing"


async def _version(
    if_match: Annotated[
        str | None,
        Header(
            max_length=40, description="The version that was changed, as the ETag has it.", examples=['"3"']
        ),
    ] = None,
) -> int:
    """Read the version out of If-Match (RFC 9110, 13.1.1); one, strong, ours."""
    if if_match is None:
        raise VersionMissing('Send the ETag of what you have read as If-Match, like If-Match: "3".')
    digits = if_match.strip().removeprefix('"').removesuffix('"')
    if not (digits.isascii() and digits.isdecimal() and len(digits) < len("1000000000")):
        raise InvalidInput("If-Match.", [FieldError("header/If-Match", 'a version, like "3"', if_match)])
    return int(digits)


Version = Annotated[int, Depends(_version)]
