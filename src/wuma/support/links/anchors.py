"""What links lead from: the path of a canonical Digital Link."""

from __future__ import annotations

from typing import NamedTuple

from wuma.kernel.errors import FieldError, InvalidInput
from wuma_gs1.digital_link import CANONICAL_STEM, DigitalLink
from wuma_gs1.errors import ParseError
from wuma_gs1.linkset import levels_of


class Anchor(NamedTuple):
    """A key, or a key with qualifiers; in its one canonical form."""

    path: str
    key: str

    @property
    def is_key(self) -> bool:
        """Whether it has no qualifiers."""
        return self.path == self.key


def read_anchor(text: str, *, at: str = "/anchor") -> Anchor:
    """Read a Digital Link, on any domain or none; `at` is its place in the input, for the refusal.

    >>> read_anchor("https://brand.example/01/06901234567892/10/L7?17=261231")
    Anchor(path='/01/06901234567892/10/L7', key='/01/06901234567892')
    >>> read_anchor("/01/6901234567892").key
    '/01/06901234567892'

    Raises:
        InvalidInput: when it is none, or what it says is wrong.
    """
    uri = CANONICAL_STEM + text if text.startswith("/") else text
    try:
        return anchor_of(DigitalLink.parse(uri, short_gtins=True, trailing_slash=True))
    except ParseError as failure:
        expected = "a GS1 key as in a Digital Link, like /01/06901234567892 or /01/…/10/L7"
        raise InvalidInput(str(failure), [FieldError(at, expected, text[:120])]) from None


def anchor_of(link: DigitalLink) -> Anchor:
    """Return what a Digital Link names, its attributes left out."""
    key = DigitalLink(link.path[:1])
    return Anchor(link.identity.removeprefix(CANONICAL_STEM), key.identity.removeprefix(CANONICAL_STEM))


def anchors_above(link: DigitalLink) -> list[Anchor]:
    """Return the anchors that speak for a Digital Link, the finest first, ending with its key."""
    return [anchor_of(level) for level in levels_of(link)]
