"""Makes GS1 data: values that are good for their AI, messages whose AIs go together, links, tags.

Everything is drawn from one random source, so the same maker serves property tests (Hypothesis chooses
the seed), the fuzzer and the comparisons with other engines (a seed reproduces them).
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from hypothesis import strategies as st

from wuma_gs1.application_identifiers import AIS, ApplicationIdentifier, Component, Element
from wuma_gs1.associations import association_problems
from wuma_gs1.check_characters import check_digit, check_pair
from wuma_gs1.code_lists import (
    COUNTRIES_ALPHA2,
    COUNTRIES_NUMERIC,
    CURRENCIES_NUMERIC,
    MEDIA_TYPES,
    PACKAGE_TYPES,
)
from wuma_gs1.digital_link import DigitalLink
from wuma_gs1.epc import SCHEMES, Epc
from wuma_gs1.errors import ParseError
from wuma_gs1.plus_encodings import PLUS_ENCODINGS
from wuma_gs1.tag_encodings import ENCODINGS, Field, PartitionedEncoding
from wuma_gs1.tags import Tag

randoms = st.integers(0, 2**32 - 1).map(Random)  # a seed, not a stream of draws: messages need hundreds
TRIES_MAX = 200  # of a maker that draws and checks; the rarest shape needs about ten
EXTRA_AIS_MAX = 6

CHARACTERS = {
    "N": "0123456789",
    "X": "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz",
    "Y": "#-/0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "Z": "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz",
}


def text(source: Random, characters: str, shortest: int, longest: int) -> str:
    """Make a text of some characters."""
    length = source.randint(shortest, longest)
    return "".join(source.choice(characters) for _ in range(length))


def value(source: Random, ai: str) -> str:
    """Make a value that is good for an AI."""
    spec = AIS[ai]
    for _ in range(TRIES_MAX):
        made = "".join(_parts(source, spec))
        if spec.flaw(made) is None:
            return made
    raise AssertionError(f"no good value for {spec!r} in {TRIES_MAX} tries")


def _parts(source: Random, spec: ApplicationIdentifier) -> list[str]:
    parts: list[str] = []
    for component in spec.components:
        if component.optional and source.random() < 0.5:
            break
        parts.append(_part(source, component))
    return parts


def _part(source: Random, component: Component) -> str:
    names = [linter.__name__ for linter in component.linters]
    for name in names:
        if name in MAKERS:
            made = MAKERS[name](source, component)
            break
    else:
        made = text(source, CHARACTERS[component.kind], component.shortest, component.longest)
    if "gcppos1" in names or "gcppos2" in names:
        at = names.count("gcppos2")
        digits = text(source, CHARACTERS["N"], 4, 4)
        made = (made[:at] + digits + made[at + 4 :])[: max(component.longest, at + 4)]
    if "csum" in names:
        made = made[:-1] + str(check_digit(made[:-1]))
    if "csumalpha" in names:
        made = made[: component.longest - 2]
        made += check_pair(made)
    return made


def _date(source: Random, component: Component) -> str:
    year = source.randint(0, 99)
    century = "20" if component.longest == 8 else ""
    return f"{century}{year:02}{source.randint(1, 12):02}{source.randint(1, 28):02}"


def _number(limit: int) -> Callable[[Random, Component], str]:
    return lambda source, component: f"{source.randint(0, limit):0{component.longest}}"


def _one_of(words: str | list[str]) -> Callable[[Random, Component], str]:
    return lambda source, component: source.choice(words)


def _positive(source: Random, component: Component) -> str:
    return str(source.randint(1, 10 ** min(component.longest, 12) - 1)).zfill(component.shortest)


def _piece(source: Random, component: Component) -> str:
    total = source.randint(1, 99)
    return f"{source.randint(1, total):02}{total:02}"


def _position(source: Random, component: Component) -> str:
    end = source.randint(1, 10 ** ((component.longest - 1) // 2) - 1)
    return f"{source.randint(1, end)}/{end}"


def _iban(source: Random, component: Component) -> str:
    country = source.choice(["DE", "CN", "FR", "GB"])
    account = text(source, CHARACTERS["Y"][3:], 11, 26)
    digits = "".join(str(int(c, 36)) for c in f"{account}{country}00")
    return f"{country}{98 - int(digits) % 97:02}{account}"


def _percent_encoded(source: Random, component: Component) -> str:
    return text(source, CHARACTERS["X"].replace("%", ""), 1, component.longest - 3) + "%E4"


def _coupon(source: Random, component: Component) -> str:
    return source.choice(
        [
            "106141416543213150110120",
            "106141416543213500110000310123196000",
            "0106141412345601234100222110" + "11110",
        ]
    )


def _positive_offer(source: Random, component: Component) -> str:
    offer, serial = (text(source, CHARACTERS["N"], 6, 6) for _ in range(2))
    return f"010614141{offer}0{serial}"


MAKERS: dict[str, Callable[[Random, Component], str]] = {
    "yymmdd": _date,
    "yymmd0": _date,
    "yyyymmdd": _date,
    "yyyymmd0": _date,
    "hh": _number(23),
    "mi": _number(59),
    "ss": _number(59),
    "hhmi": lambda source, component: f"{source.randint(0, 23):02}{source.randint(0, 59):02}",
    "iso3166": _one_of(sorted(COUNTRIES_NUMERIC)),
    "iso3166999": _one_of([*sorted(COUNTRIES_NUMERIC), "999"]),
    "iso3166alpha2": _one_of(sorted(COUNTRIES_ALPHA2)),
    "iso4217": _one_of(sorted(CURRENCIES_NUMERIC)),
    "iso5218": _one_of("0129"),
    "mediatype": _one_of(sorted(MEDIA_TYPES)),
    "packagetype": _one_of(sorted(PACKAGE_TYPES)),
    "winding": _one_of("019"),
    "yesno": _one_of("01"),
    "zero": lambda source, component: "0" * component.longest,
    "nonzero": _positive,
    "nozeroprefix": _positive,
    "hyphen": lambda source, component: "-",
    "pieceoftotal": _piece,
    "posinseqslash": _position,
    "latitude": _number(1_800_000_000),
    "longitude": _number(3_600_000_000),
    "iban": _iban,
    "pcenc": _percent_encoded,
    "couponcode": _coupon,
    "couponposoffer": _positive_offer,
}


def message(source: Random, *, first: str | None = None) -> tuple[Element, ...]:
    """Make a message whose AIs go together."""
    ais = [first or source.choice(ALL_AIS)]
    for _ in range(source.randint(0, EXTRA_AIS_MAX)):
        ai = source.choice(ALL_AIS)
        if ai not in ais:
            ais.append(ai)
    elements = [Element(ai, value(source, ai)) for ai in ais]
    for _ in range(TRIES_MAX):
        problems = association_problems(elements)
        if not problems:
            source.shuffle(elements)
            return tuple(elements)
        elements = _appeased(source, elements, problems[0].ai or "")
    raise AssertionError(f"no peace among {ais}")


def _appeased(source: Random, elements: list[Element], ai: str) -> list[Element]:
    """Give an AI the company it requires, or take it out."""
    spec = AIS[ai]
    present = {element.ai for element in elements}
    if spec.requires and source.random() < 0.8:
        group = source.choice(spec.requires)
        missing = [pattern.replace("n", "0") for pattern in group]
        added = [
            Element(name, value(source, name)) for name in missing if name in AIS and name not in present
        ]
        if added:
            return [*elements, *added]
    rest = [element for element in elements if element.ai != ai]
    return rest or [Element("01", value(source, "01"))]


def link(source: Random) -> DigitalLink:
    """Make a Digital Link that is valid in every respect."""
    for _ in range(TRIES_MAX):
        key = source.choice(KEYS)
        way = source.choice(AIS[key].path or ((),))
        path = [key, *[ai for ai in way if source.random() < 0.5]]
        ais = [*path, *source.sample(ATTRIBUTES, source.randint(0, 4))]
        elements = [Element(ai, value(source, ai)) for ai in ais]
        try:
            return DigitalLink.of(elements, stem=source.choice(STEMS))
        except ParseError:
            continue
    raise AssertionError(f"no link in {TRIES_MAX} tries")


def tag(source: Random) -> Tag:
    """Make a tag of TDS 1.x."""
    for _ in range(TRIES_MAX):
        encoding = source.choice(PARTITIONED)
        try:
            return Tag.of(_epc(source, encoding), encoding=encoding.name, filter_value=source.randint(0, 7))
        except ParseError:
            continue
    raise AssertionError(f"no tag in {TRIES_MAX} tries")


def _epc(source: Random, encoding: PartitionedEncoding) -> Epc:
    scheme = SCHEMES[encoding.scheme]
    prefix = text(source, CHARACTERS["N"], 6, 12)
    if scheme.digits:
        reference = text(source, CHARACTERS["N"], scheme.digits - len(prefix), scheme.digits - len(prefix))
    elif encoding.reference is Field.NUMBER:
        reference = str(source.randrange(10 ** source.randint(1, 24 - len(prefix))))
    else:
        kind = "Y" if encoding.scheme == "cpi" else "X"
        reference = text(source, CHARACTERS[kind], 1, 24 - len(prefix))
    fields = [prefix, reference]
    if encoding.scheme == "itip":
        total = source.randint(1, 98)
        fields += [f"{source.randint(1, total):02}", f"{total:02}"]
    if encoding.serial is Field.NUMBER:
        fields.append(str(source.randint(1, 10 ** source.randint(1, 12) - 1)))
    elif encoding.serial is Field.NUMERIC_STRING:
        fields.append(text(source, CHARACTERS["N"], 1, 12))
    elif encoding.serial is Field.TEXT_7:
        fields.append(text(source, CHARACTERS["X"], 1, encoding.serial_bits // 7))
    return Epc(encoding.scheme, tuple(fields))


def plus_tag(source: Random) -> Tag:
    """Make a tag of TDS 2.x, with data behind the key."""
    encoding = source.choice(list(PLUS_ENCODINGS.values()))
    for _ in range(TRIES_MAX):
        elements = [Element(ai, value(source, ai)) for ai in encoding.ais]
        if encoding.dated:
            elements.append(Element("17", value(source, "17")))
        ais = source.sample(TAG_DATA_AIS, source.randint(0, 3))
        elements += [Element(ai, value(source, ai)) for ai in ais if ai not in {e.ai for e in elements}]
        try:
            return Tag.of_elements(elements, encoding=encoding.name, filter_value=source.randint(0, 7))
        except ParseError:
            continue
    raise AssertionError(f"no {encoding.name} tag in {TRIES_MAX} tries")


STEMS = [
    "https://id.gs1.org",
    "https://example.cn/c",
    "http://a.b-c.example:8080/x/01/y",
    "HTTPS://EXAMPLE.COM",
]
ALL_AIS = sorted(AIS)
KEYS = [ai for ai, spec in AIS.items() if spec.path is not None]
PARTITIONED = [encoding for encoding in ENCODINGS if isinstance(encoding, PartitionedEncoding)]
TAG_DATA_AIS = ["10", "11", "17", "30", "3103", "3922", "253", "8005", "8200", "91", "7003", "4326", "400"]
ATTRIBUTES = [ai for ai, spec in AIS.items() if spec.attribute]

values = st.builds(lambda source, ai: Element(ai, value(source, ai)), randoms, st.sampled_from(ALL_AIS))
messages = st.builds(message, randoms)
links = st.builds(link, randoms)
tags = st.builds(tag, randoms)
plus_tags = st.builds(plus_tag, randoms)
