"""Conditions on one event: what a query parameter makes of its values (EPCIS 2.0, section 8.2.7.1).

Each function returns the reader of a parameter: given the values, it returns the condition, or says what was
expected instead. What an index can answer as well, a condition says as a hint; it is right without any.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from wuma.chain.trace.documents.said import Said, key
from wuma.chain.trace.shelves.postings import Role
from wuma.chain.trace.vocabulary import bare_word
from wuma_gs1.cbv import BizStep, Disposition, Word
from wuma_gs1.digital_link import DigitalLink
from wuma_gs1.epc import SCHEMES, Epc
from wuma_gs1.errors import ParseError

Test: TypeAlias = Callable[[Said], bool]


Column: TypeAlias = Literal["type", "action", "biz_step", "disposition", "event_id", "at", "captured_at"]
"""What events are filed by."""


class Hint(NamedTuple):
    """What an index can say of a parameter: what a column may hold."""

    column: Column
    values: Sequence[Any]
    operator: Literal["any", ">=", "<"] = "any"


class Touching(NamedTuple):
    """What the index of things can say: events touch one of these, in one of these roles."""

    names: Sequence[str]
    roles: frozenset[Role]


class Within(NamedTuple):
    """What master data can say: places that are in one of these."""

    field: str
    names: Sequence[str]


Names: TypeAlias = Callable[[Said], Iterable[str | None]]
"""Finds what a field names, in its one spelling."""


class Attributed(NamedTuple):
    """What master data can say: which elements have an attribute with one of the values, or one of them."""

    get: Names
    attribute: str | None
    values: Sequence[str]


class Condition(NamedTuple):
    """One parameter: the test, and perhaps what the index can do about it."""

    test: Test
    hint: Hint | Touching | None = None
    is_whole: bool = False
    """Whether the hint says all that the test does."""
    asks: Within | Attributed | None = None
    """What master data have to say first; without them the test knows less."""


Values: TypeAlias = Sequence[str]
Reader: TypeAlias = Callable[[Values], Condition | str]
"""Reads the values of a parameter, or says what was expected instead."""


# -- times, words, names -----------------------------------------------------------------------------------


def instant(text: str) -> datetime | None:
    """Read an instant with an offset; a plus may have become a space in a URL."""
    try:
        at = datetime.fromisoformat(text.replace(" ", "+"))
        return None if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def time(
    get: Callable[[Said], Iterable[datetime]], way: Literal[">=", "<"], column: Column | None = None
) -> Reader:
    """Compare instants with one."""
    compare = operator.ge if way == ">=" else operator.lt

    def read(values: Values) -> Condition | str:
        wanted = instant(values[0]) if len(values) == 1 else None
        if wanted is None:
            return "an instant with an offset (RFC 3339)"

        def test(said: Said) -> bool:
            return any(compare(at, wanted) for at in get(said))

        return Condition(test, Hint(column, [wanted], way), is_whole=True) if column else Condition(test)

    return read


def instants(found: Iterable[Any]) -> Iterator[datetime]:
    """Read those values that are instants."""
    return (at for one in found if isinstance(one, str) and (at := instant(one)) is not None)


def words(
    get: Callable[[Said], Iterable[Any]], vocabulary: type[Word], column: Column | None = None
) -> Reader:
    """Compare words of the CBV, however they are spelled; other words are URIs."""

    def read(values: Values) -> Condition | str:
        wanted = frozenset(bare_word(value, vocabulary) for value in values)

        def test(said: Said) -> bool:
            return any(bare_word(str(word), vocabulary) in wanted for word in get(said))

        return Condition(test, Hint(column, sorted(wanted)), is_whole=True) if column else Condition(test)

    return read


def members(name: str, known: Iterable[str], column: Column) -> Reader:
    """Compare a field with the few words it can hold."""
    possible = tuple(known)

    def read(values: Values) -> Condition | str:
        if not set(values) <= set(possible):
            return " | ".join(possible)
        return Condition(lambda said: said.fields.get(name) in values, Hint(column, values), is_whole=True)

    return read


def texts(get: Callable[[Said], Iterable[Any]]) -> Reader:
    """Compare texts as they stand."""
    return lambda values: Condition(lambda said: any(one in values for one in get(said)))


def names(get: Callable[[Said], Iterable[str | None]]) -> Reader:
    """Compare URIs: a URN and its Digital Link are the same."""

    def read(values: Values) -> Condition:
        wanted = frozenset(map(key, values))
        return Condition(lambda said: any(one in wanted for one in get(said)))

    return read


def within(name: str) -> Reader:
    """Compare places; whatever is inside of a place is there, too."""

    def read(values: Values) -> Condition:
        plain = within_places(name, frozenset(map(key, values)))
        return plain._replace(asks=Within(name, values))

    return read


def within_places(name: str, places: frozenset[str]) -> Condition:
    """Compare a place with some; the extension of a GLN is a part of its place."""

    def test(said: Said) -> bool:
        place = said.place(name)
        return place is not None and (place in places or place.partition("/254/")[0] in places)

    return Condition(test)


def having(get: Names, attribute: str | None) -> Reader:
    """Ask for events whose field names something that master data say this of."""
    return lambda values: attributed(get, frozenset())._replace(asks=Attributed(get, attribute, values))


def attributed(get: Names, has: frozenset[str]) -> Condition:
    """Ask for events whose field names one of these elements."""
    return Condition(lambda said: any(one in has for one in get(said)))


ATTRIBUTED_FIELDS: Final[dict[str, Names]] = {
    "readPoint": lambda said: (said.place("readPoint"),),
    "bizLocation": lambda said: (said.place("bizLocation"),),
    "bizStep": lambda said: _words(said, "bizStep", BizStep),
    "disposition": lambda said: _words(said, "disposition", Disposition),
    "epcClass": lambda said: said.classes(
        ("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList")
    ),
    "source": lambda said: (key(one["source"]) for one in said.fields.get("sourceList", ())),
    "destination": lambda said: (key(one["destination"]) for one in said.fields.get("destinationList", ())),
    "bizTransaction": lambda said: (
        key(one["bizTransaction"]) for one in said.fields.get("bizTransactionList", ())
    ),
}
"""The fields of events that hold elements of vocabularies, in their one spelling."""


def _words(said: Said, field: str, vocabulary: type[Word]) -> Iterable[str]:
    return (bare_word(str(said.fields[field]), vocabulary),) if field in said.fields else ()


# -- things ------------------------------------------------------------------------------------------------


def things(fields: Sequence[str], *roles: Role) -> Reader:
    """Compare the things that fields name one by one; `roles` is how the index knows them."""

    def read(values: Values) -> Condition | str:
        matcher = _matcher(values)
        if isinstance(matcher, str):
            return matcher
        is_plain = not any("*" in value for value in values)
        return Condition(
            lambda said: any(map(matcher, said.keys(fields))),
            Touching(values, frozenset(roles)) if is_plain else None,
            is_whole=is_plain,
        )

    return read


def classes(*fields: str) -> Reader:
    """Compare the classes that fields name with a quantity."""

    def read(values: Values) -> Condition | str:
        matcher = _matcher(values)
        if isinstance(matcher, str):
            return matcher
        return Condition(lambda said: any(map(matcher, said.classes(fields))))

    return read


def _matcher(values: Values) -> Callable[[str], bool] | str:
    """Return what says whether the key of a thing matches (section 8.2.7.1.1), patterns included."""
    exact = frozenset(key(value) for value in values)
    patterns = []
    for value in values:
        if value.startswith("urn:epc:idpat:"):
            try:
                patterns.append(Epc.parse(value))
            except ParseError as fault:
                return str(fault)
    if not patterns:
        return exact.__contains__
    return lambda key: key in exact or any(_is_like(key, pattern) for pattern in patterns)


def _is_like(key: str, pattern: Epc) -> bool:
    """Whether the thing of a canonical key fits an EPC pattern."""
    scheme = SCHEMES.get(pattern.scheme)
    if scheme is None:
        return False
    if pattern.fields[0] == "*":
        return key.startswith(f"https://id.gs1.org/{scheme.ai}/") and (
            not scheme.tail or scheme.tail == "+" or f"/{scheme.tail}/" in key or pattern.scheme == "sgln"
        )
    try:
        elements = DigitalLink.parse(key).elements
        epc = Epc.of(elements, company_prefix_length=len(pattern.fields[0]))
    except ParseError:
        return False
    return epc.scheme == pattern.scheme and all(
        wanted in ("*", got) for wanted, got in zip(pattern.fields, epc.fields, strict=False)
    )


# -- values ------------------------------------------------------------------------------------------------

OPERATORS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "EQ": operator.eq,
    "GT": operator.gt,
    "GE": operator.ge,
    "LT": operator.lt,
    "LE": operator.le,
}


def _number(text: Any) -> float | None:
    if isinstance(text, bool):
        return None
    try:
        found = float(text)
    except (TypeError, ValueError, OverflowError):
        return None
    return found if abs(found) < float("inf") else None


def numbers(way: str, get: Callable[[Said], Iterable[Any]]) -> Reader:
    """Compare numbers, by one of `OPERATORS`."""
    compare = OPERATORS[way]

    def read(values: Values) -> Condition | str:
        wanted = [number for value in values if (number := _number(value)) is not None]
        if len(wanted) < len(values) or (way != "EQ" and len(wanted) > 1):
            return "a number" if way != "EQ" else "numbers, separated by |"

        def test(said: Said) -> bool:
            found = (number for one in get(said) if (number := _number(one)) is not None)
            return any(compare(number, one) for number in found for one in wanted)

        return Condition(test)

    return read


def values_of(way: str, get: Callable[[Said], Iterable[Any]]) -> Reader:
    """Compare what extension fields hold: texts, numbers or instants."""
    if way == "EQ":
        return lambda values: Condition(
            lambda said: any(_equals(one, value) for one in get(said) for value in values)
        )
    compare = OPERATORS[way]

    def read(values: Values) -> Condition | str:
        if len(values) != 1:
            return "one number or instant"
        number, at = _number(values[0]), instant(values[0])
        if number is None and at is None:
            return "a number, or an instant with an offset (RFC 3339)"

        def test(said: Said) -> bool:
            for one in get(said):
                if number is not None and (found := _number(one)) is not None:
                    if compare(found, number):
                        return True
                elif at is not None and any(compare(when, at) for when in instants([one])):
                    return True
            return False

        return Condition(test)

    return read


def _equals(found: Any, wanted: str) -> bool:
    if isinstance(found, bool):
        return wanted == ("true" if found else "false")
    if isinstance(found, int | float):
        return _number(wanted) == found
    if found == wanted:
        return True
    at = instant(wanted)
    return at is not None and isinstance(found, str) and instant(found) == at


def is_there(get: Callable[[Said], Iterable[Any]]) -> Reader:
    """Ask whether there is anything at all."""

    def read(values: Values) -> Condition | str:
        if list(values) not in (["true"], ["false"]):
            return "true or false"
        if values[0] == "false":
            return Condition(lambda _said: True)
        return Condition(lambda said: any(True for _ in get(said)))

    return read
