"""A plain mutational fuzzer for every reader of wuma_gs1.

    python -m tests.gs1.fuzz [--inputs 10000000] [--seed 1] [--growth] [--write]

Good inputs of every kind are cut, spliced, doubled and peppered; each goes to every reader. A reader may
return or raise `ParseError`; anything else is written out with its input and fails the run. Whatever a
reader accepts it must write in a form that it accepts again as the same. With `--growth`, inputs of
doubling lengths are timed instead: a reader that takes more than its share for twice the length is named.
With `--write`, the outcome is written to benchmarks/results/gs1_fuzz.json.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import date
from random import Random
from typing import NamedTuple

import numpy as np

from benchmarks import report
from tests.gs1 import generated
from wuma_gs1 import __main__ as line_tools
from wuma_gs1 import cbv, element_strings, keys, scan_data
from wuma_gs1.application_identifiers import Element
from wuma_gs1.batch import gtins_of
from wuma_gs1.canonical import canonical_key, gs1_key, normalised
from wuma_gs1.check_characters import check_digit, check_pair, has_check_digit
from wuma_gs1.company_prefixes import CompanyPrefixTable
from wuma_gs1.compression import compress, decompress, is_compressed
from wuma_gs1.digital_link import DigitalLink
from wuma_gs1.epc import Epc
from wuma_gs1.errors import Code, ParseError
from wuma_gs1.event_hash import event_hashes
from wuma_gs1.human_readable import human_readable
from wuma_gs1.linkset import Level, Link, choose, link_header
from wuma_gs1.prefixes import member_organisation
from wuma_gs1.tags import Tag
from wuma_gs1.values import meaning

TODAYS = (date(2026, 11, 22), date(2049, 12, 31), date(2060, 2, 28), date(9999, 12, 31))
SEEDS_PER_KIND = 300
PEPPER = (
    "0123456789ABCxyz()[]{}^%/?#&=.:;,-_+*!\"'<>\\| \t\r\n"
    "\x00\x1d\x7f\u00e9\u0660\u3000\uff10\uff21\u4e2d\ud800\U0001f600"
)
WORDS = (
    "Infinity",
    "NaN",
    "1e999",
    "-0",
    "null",
    "true",
    "[[",
    '{"a":',
    "%2F",
    "%00",
    "|]e0",
    "\\ud800",
    "00",
)
LENGTH_MAX = 10_000
GROWTH_LENGTHS = (1_000, 2_000, 4_000, 8_000)
GROWTH_MAX = 3.0  # for twice the length; quadratic is 4, and a busy machine adds noise
GROWTH_SECONDS_MIN = 0.002  # below that, the clock is the noise


def read_elements(text: str) -> None:
    """Read an element string, and again what it writes."""
    message = element_strings.read(text)
    assert all(0 <= (problem.position or 0) <= len(text) for problem in message.problems)
    if message.valid:
        assert element_strings.read(message.bracketed).elements == message.elements
        human_readable(message.elements, titles=True)
        for element in message.elements:
            for today in TODAYS:
                if refusal := _refused(element, today):
                    assert element.ai in {"7250", "7251"} or refusal.code is Code.ILLEGAL_DAY


def _refused(element: Element, today: date) -> ParseError | None:
    try:
        meaning(element, today=today)
    except ParseError as refusal:
        return refusal
    return None


def read_unknown_elements(text: str) -> None:
    """Read an element string that may have AIs of next year."""
    element_strings.read(text, unknown_ais=True, contents=False, associations=False)


def read_scan(text: str) -> None:
    """Read scan data; problems are in it, not beside it."""
    for problem in scan_data.read(text).message.problems:
        assert problem.position is None or 0 <= problem.position <= len(text)


def read_link(text: str) -> None:
    """Read a Digital Link strictly, and again what it writes."""
    link = DigitalLink.parse(text)
    again = DigitalLink.parse(link.uri)
    assert (again.path, sorted(again.attributes)) == (link.path, sorted(link.attributes))
    assert DigitalLink.parse(link.canonical).canonical == link.canonical
    assert sorted(decompress(compress(link)).elements) == sorted(link.elements)


def read_link_leniently(text: str) -> None:
    """Read a Digital Link as a resolver does."""
    DigitalLink.parse(text, convenience_names=True, short_gtins=True, trailing_slash=True, contents=False)


def read_compressed(text: str) -> None:
    """Read a compressed link."""
    is_compressed(text)
    DigitalLink.parse(decompress(text).canonical)


def read_key(text: str) -> None:
    """Find the one key of anything; a key is its own key."""
    key = canonical_key(text)
    assert canonical_key(key) == key


def read_uri(text: str) -> None:
    """Normalise any URI; a normal form is its own normal form."""
    gs1_key(text)
    uri = normalised(text)
    assert normalised(uri) == uri


def read_epc(text: str) -> None:
    """Read an EPC URI, and again what it writes."""
    epc = Epc.parse(text)
    assert Epc.parse(epc.uri) == epc
    assert epc.canonical


def read_tag(text: str) -> None:
    """Read a tag, and again what it writes."""
    tag = Tag.parse(text)
    assert Tag.parse(tag.hex) == tag


def read_document(text: str) -> None:
    """Hash the events of a document."""
    for event in event_hashes(text):
        assert event.uri


def read_table(text: str) -> None:
    """Read a table of company prefixes."""
    CompanyPrefixTable.parse(text).length_of(text)


def read_word(text: str) -> None:
    """Read a word of a vocabulary."""
    assert cbv.BizStep.parse(text) in cbv.BizStep


def read_headers(text: str) -> None:
    """Choose a link by headers from anywhere."""
    link = Link(text, text, text, languages=(text[:5],), media_type=text, contexts=(text,))
    levels = [Level(text, text, (link,))]
    choose(levels, link_type=text, accept_language=text, accept=text, context=text)
    header = link_header(levels)
    assert "\n" not in header
    assert "\r" not in header
    link.target(text)


def answer_line(text: str) -> None:
    """Answer a line as the line tools do."""
    for tool in (line_tools.digital_link, line_tools.element_string, line_tools.epc):
        try:
            json.dumps(tool(text))
        except ParseError:
            continue


def read_upc_e(text: str) -> None:
    """Expand a zero-suppressed U.P.C."""
    keys.expand_upc_e(text)


def read_upui(text: str) -> None:
    """Read a unit pack identifier."""
    gtin, _, extension = text.partition("|")
    keys.Upui.parse(gtin, extension)


def read_column(text: str) -> None:
    """Read a column of GTINs; each is one by itself, too."""
    rows = text.encode(errors="surrogatepass").split()
    if not rows:
        return
    numbers, good = gtins_of(np.array(rows))
    for row, number, is_good in zip(rows, numbers.tolist(), good.tolist(), strict=True):
        try:
            one = keys.Gtin.parse(
                row.rstrip(b"\0").decode("latin-1").replace("\x1c", "?").replace("\x1d", "?")
            )
        except ParseError:
            assert not is_good
        else:
            assert (is_good, int(one.value)) == (True, number)


def check(text: str) -> None:
    """Compute check characters of anything."""
    has_check_digit(text)
    member_organisation(text)
    for compute in (check_digit, check_pair):
        try:
            compute(text)
        except ParseError:
            continue


def key_reader(kind: type[keys.Key]) -> Callable[[str], None]:
    """Make the reader of one kind of key."""

    def read(text: str) -> None:
        key = kind.parse(text)
        assert kind.parse(key.value) == key

    read.__name__ = f"read_{kind.__name__.lower()}"
    return read


KEY_KINDS = (
    keys.Gtin, keys.Sscc, keys.Gln, keys.Grai, keys.Giai, keys.Gsrn, keys.Gsrnp, keys.Gdti, keys.Gcn,
    keys.Ginc, keys.Gsin, keys.Cpid, keys.Gmn, keys.Itip,
)  # fmt: skip
READERS: tuple[Callable[[str], None], ...] = (
    read_elements,
    read_unknown_elements,
    read_scan,
    read_link,
    read_link_leniently,
    read_compressed,
    read_key,
    read_uri,
    read_epc,
    read_tag,
    read_document,
    read_table,
    read_word,
    read_headers,
    answer_line,
    check,
    read_upc_e,
    read_upui,
    read_column,
    *(key_reader(kind) for kind in KEY_KINDS),
)


class Finding(NamedTuple):
    """A reader that did what no reader may do."""

    reader: str
    text: str
    error: str


def seeds(source: Random) -> list[tuple[str, tuple[Callable[[str], None], ...]]]:
    """Make good inputs, each with the readers that it is meant for."""
    made: list[tuple[str, tuple[Callable[[str], None], ...]]] = []
    of_elements = (read_elements, read_unknown_elements, read_scan, read_key, answer_line)
    of_links = (read_link, read_link_leniently, read_compressed, read_key, read_uri, answer_line)
    of_names = (read_epc, read_tag, read_key, read_uri, answer_line)
    for _ in range(SEEDS_PER_KIND):
        message = generated.message(source)
        made.append((element_strings.bracketed(message), of_elements))
        made.append((element_strings.raw(message), of_elements))
        made.append(("]d2" + element_strings.raw(message, fnc1="\x1d")[1:], of_elements))
        link = generated.link(source)
        made.append((link.uri, of_links))
        made.append((compress(link, partly=source.random() < 0.5, optimised=source.random() < 0.5), of_links))
        tag = generated.tag(source)
        assert tag.epc is not None
        made += [(tag.hex, of_names), (tag.uri, of_names), (tag.epc.uri, of_names)]
        made.append((generated.plus_tag(source).hex, of_names))
        wish = {"id": tag.epc.uri, "scheme": tag.encoding, "filter": tag.filter_value, "gcpLength": 7}
        made.append((json.dumps(wish), (answer_line,)))
        kind = source.choice(KEY_KINDS)
        made.append((generated.value(source, kind.ai), (key_reader(kind), check)))
        made.append((document(source), (read_document,)))
    made += [
        ('{"GCPPrefixFormatList":{"entry":[{"prefix":"690","gcpLength":7}]}}', (read_table,)),
        ("https://ref.gs1.org/cbv/BizStep-shipping", (read_word,)),
        ("urn:epcglobal:cbv:bizstep:shipping", (read_word,)),
        ("zh-CN,zh;q=0.9,en;q=0.8,*;q=0.1", (read_headers,)),
        ("04252614", (read_upc_e, check)),
        ("06901234567892|A1", (read_upui,)),
        ("6901234567892 96385074 614141123452 06901234567892", (read_column,)),
    ]
    return made


def document(source: Random) -> str:
    """Make a document of one event, JSON or XML."""
    name = generated.tag(source).epc
    assert name is not None
    if source.random() < 0.5:
        event = {
            "@context": {"ex": "https://ex.example/"},
            "type": "ObjectEvent",
            "eventTime": "2026-03-01T08:00:00.1234+08:00",
            "epcList": [name.uri],
            "quantityList": [{"epcClass": name.canonical, "quantity": 12.50, "uom": "KGM"}],
            "bizTransactionList": [
                {"type": "po", "bizTransaction": "urn:x:y", "sourceList": [{"source": "x"}]}
            ],
            "ex:a": {"ex:b": [1, {"ex:c": True}], "#text": "t"},
        }
        return json.dumps(event)
    return (
        '<EPCISDocument xmlns:ex="https://ex.example/"><EPCISBody><EventList><ObjectEvent>'
        f"<eventTime>2026-03-01T08:00:00Z</eventTime><epcList><epc>{name.canonical}</epc></epcList>"
        '<extension><ex:a b="gs1:c">1.50</ex:a></extension></ObjectEvent>'
        "</EventList></EPCISBody></EPCISDocument>"
    )


def mutated(source: Random, text: str, other: str) -> str:
    """Damage a text a little, or a lot."""
    for _ in range(source.choice((1, 1, 1, 2, 3, 8))):
        length = len(text)
        at = int(source.random() * (length + 1))
        match int(source.random() * 9):
            case 0:
                text = text[:at] + source.choice(PEPPER) + text[at:]
            case 1 | 2:
                text = text[:at] + source.choice(PEPPER) + text[at + 1 :]
            case 3:
                text = text[:at] + text[at + 1 :]
            case 4:
                text = text[:at] + text[at + int(source.random() * 9) :]
            case 5:
                text = text[:at] + other[int(source.random() * len(other)) :]
            case 6:
                times = source.choice((1, 2, 40)) if source.random() < 0.999 else 2000
                text = text[:at] + text[max(0, at - 5) : at] * times + text[at:]
            case 7:
                text = text[:at] + source.choice(WORDS) + text[at:]
            case _:
                text = text.swapcase() if source.random() < 0.2 else text[:at] + text[at:][::-1]
    return text[:LENGTH_MAX]


def attempt(reader: Callable[[str], None], text: str) -> Finding | None:
    """Let a reader have an input."""
    try:
        reader(text)
    except ParseError as error:
        if not (str(error) and error.problems):
            return Finding(reader.__name__, text, "a refusal without words")
    except Exception as error:  # noqa: BLE001  # whatever it is, it is the finding
        return Finding(reader.__name__, text, repr(error))
    return None


def run(inputs: int, seed: int) -> tuple[list[Finding], Counter[str]]:
    """Fuzz for so many inputs; give what was found and how often each reader was asked."""
    source = Random(seed)
    made = seeds(source)
    found: list[Finding] = []
    asked: Counter[str] = Counter()
    while sum(asked.values()) < inputs:
        text, readers = source.choice(made)
        text = mutated(source, text, source.choice(made)[0])
        for reader in (*readers, source.choice(READERS)):
            asked[reader.__name__] += 1
            if finding := attempt(reader, text):
                found.append(finding)
    return found, asked


FILLINGS = """
    ( ) (01) ^ % %4 / /01 a/ ?1=1& & = { [ <a> 0 9 A - urn:epc:id:sgtin: https://a/ . * , ;q=0.
""".split()
BEGINNINGS = """
    (10) ^10 ]d2 https://a.example/ https://a.example/01/ https://a.example/01/06901234567892? urn: {
    urn:epc:id:giai:0614141. urn:epc:tag:giai-202:0.0614141.
""".split()


def growth(seed: int) -> list[str]:
    """Time every reader on inputs of doubling lengths; name those that grow faster than their inputs."""
    source = Random(seed)
    good = [text for text, _ in source.sample(seeds(source), 5)]
    slow: list[str] = []
    for reader in READERS:
        for beginning in ["", *BEGINNINGS]:
            for filling in [" ", "\x1d", *FILLINGS, *good]:
                times = []
                for length in GROWTH_LENGTHS:
                    text = (beginning + filling * (length // len(filling)))[:length]
                    times.append(min(_seconds(reader, text) for _ in range(3)))
                if times[-1] > GROWTH_SECONDS_MIN and times[-1] > GROWTH_MAX * times[-2]:
                    slow.append(f"{reader.__name__} on {beginning!r} and {filling[:20]!r}: {times}")
    return slow


def _seconds(reader: Callable[[str], None], text: str) -> float:
    start = time.process_time()
    attempt(reader, text)
    return time.process_time() - start


def main() -> int:
    """Run by hand."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--inputs", type=int, default=10_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--growth", action="store_true")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    if given.growth:
        slow = growth(given.seed)
        sys.stdout.write("\n".join([*slow, f"{len(slow)} readers grow faster than their inputs\n"]))
        return bool(slow)
    found, asked = run(given.inputs, given.seed)
    for finding in found[:50]:
        sys.stdout.write(f"{finding.reader}({finding.text!r}): {finding.error}\n")
    sys.stdout.write(f"{sum(asked.values())} inputs, {len(found)} findings\n{dict(asked)}\n")
    if given.write:
        outcome = {"seed": given.seed, "inputs": sum(asked.values()), "findings": len(found), "asked": asked}
        report.write("gs1_fuzz", outcome, ())
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
