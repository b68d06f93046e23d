"""What can go wrong, in three kinds: the world said no, the machinery hiccuped, we were wrong.

A `Refusal` is the first kind: expected, named, with the HTTP status that tells it (RFC 9457). The
second kind (lost connections, lock timeouts) is left to rise until the edge retries or answers 503.
The third is an ``assert``: nothing here catches it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, ClassVar


class Refusal(Exception):
    """The world said no, and here is why.

    A subclass names one reason; its docstring is the title people read, its `slug` the stable name
    programs read. Keyword arguments become extension members of the problem document.
    """

    status: ClassVar[HTTPStatus] = HTTPStatus.CONFLICT
    slug: ClassVar[str] = "refused"

    def __init__(self, detail: str, **members: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.members = members

    @property
    def type_uri(self) -> str:
        """The URI of the kind of problem; a subclass says another where a standard names it."""
        return f"urn:wuma:problem:{self.slug}"

    @property
    def title(self) -> str:
        """The first line of the class docstring, without its full stop."""
        return (type(self).__doc__ or type(self).__name__).strip().splitlines()[0].rstrip(".")


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with the input: where (JSON pointer or cell), what was expected, what came."""

    at: str
    expected: str
    got: str

    def as_json(self) -> dict[str, str]:
        """Return the member of the problem document's ``errors`` list."""
        return {"at": self.at, "expected": self.expected, "got": self.got}


class InvalidInput(Refusal):
    """The input does not have the expected form."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    slug = "invalid-input"

    def __init__(self, detail: str, errors: Sequence[FieldError] = (), **members: Any) -> None:
        super().__init__(detail, errors=[error.as_json() for error in errors], **members)
        self.errors = tuple(errors)


class NotFound(Refusal):
    """There is no such thing here."""

    status = HTTPStatus.NOT_FOUND
    slug = "not-found"


class AlreadyExists(Refusal):
    """There is one already."""

    slug = "already-exists"


class Unauthenticated(Refusal):
    """Please sign in first."""

    status = HTTPStatus.UNAUTHORIZED
    slug = "unauthenticated"


class Forbidden(Refusal):
    """You may not do this."""

    status = HTTPStatus.FORBIDDEN
    slug = "forbidden"


class ComeAgain(Refusal):
    """Not now; wait a little."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    slug = "come-again"

    def __init__(self, detail: str, *, retry_after_seconds: int = 1, **members: Any) -> None:
        super().__init__(detail, retry_after_seconds=retry_after_seconds, **members)
        self.retry_after_seconds = retry_after_seconds


class TooMany(ComeAgain):
    """Too many attempts; wait a little."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    slug = "too-many-requests"


class TooBusy(ComeAgain):
    """Too many people are asking just now."""

    slug = "too-busy"


class DatabaseAway(ComeAgain):
    """The database is not answering."""

    slug = "database-away"

    def __init__(self) -> None:
        super().__init__(
            "Nothing was changed, or it was and is kept: repeat the request with the same Idempotency-Key."
        )


class DiskFull(ComeAgain):
    """There is no room left on the disk."""

    status = HTTPStatus.INSUFFICIENT_STORAGE
    slug = "disk-full"

    def __init__(self) -> None:
        super().__init__("Nothing was changed. Whoever runs this server has to make room.")
