"""What the standard calls what goes wrong (EPCIS 2.0, section 8.2.6; problem types of GS1's OpenAPI)."""

from __future__ import annotations

from http import HTTPStatus

from wuma.kernel.errors import AlreadyExists, InvalidInput, NotFound


class ValidationException(InvalidInput):
    """The document is not valid EPCIS."""

    status = HTTPStatus.BAD_REQUEST
    type_uri = "epcisException:ValidationException"


class QueryParameterException(InvalidInput):
    """A query parameter is wrong, or not supported here."""

    status = HTTPStatus.BAD_REQUEST
    type_uri = "epcisException:QueryParameterException"


class QueryValidationException(InvalidInput):
    """This is no definition of a query."""

    status = HTTPStatus.BAD_REQUEST
    type_uri = "epcisException:QueryValidationException"


class QueryTooLargeException(InvalidInput):
    """The query means more events than it allows."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    type_uri = "epcisException:QueryTooLargeException"


class NoSuchNameException(NotFound):
    """There is nothing of this name here."""

    type_uri = "epcisException:NoSuchNameException"


class ResourceAlreadyExistsException(AlreadyExists):
    """There is one of this name already."""

    type_uri = "epcisException:ResourceAlreadyExistsException"


class NotAcceptableException(InvalidInput):
    """It cannot be given in this form."""

    status = HTTPStatus.NOT_ACCEPTABLE
    slug = "not-acceptable"
    type_uri = "epcisException:NotAcceptableException"


class UnsupportedMediaTypeException(InvalidInput):
    """This type of document is not taken here."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    slug = "unsupported-media-type"
    type_uri = "epcisException:UnsupportedMediaTypeException"


class URITooLongException(InvalidInput):
    """The query is too long for an address."""

    status = HTTPStatus.REQUEST_URI_TOO_LONG
    slug = "uri-too-long"
    type_uri = "epcisException:URITooLongException"
