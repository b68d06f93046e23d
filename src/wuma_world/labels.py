"""What is printed on each label, as read from the print files, and what others make up.

A vendor prints what stands in the file; nobody but Wuma can compute it. Whoever invents codes knows what
everybody can see: the alphabet, the lengths, and the rule between the first character and the others,
which the phone page carries for catching slips (docs/adr/0002).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Final
from urllib.parse import urlsplit

from wuma_world.production import Label, Level, RollKey
from wuma_world.scans import Invented, Printed, Shown, Side, Story
from wuma_world.stopped import PlayStopped

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
SHORT_CHARACTERS: Final = 16
LONG_CHARACTERS: Final = 27
FIRST_EPOCH: Final = 1


class BadPrintFile(PlayStopped):
    """A print file does not hold what was ordered; the message says which, where and what."""


@dataclass(frozen=True, slots=True)
class Row:
    """What is printed on one label. A pallet has an SSCC, everything else an open code."""

    open_uri: str = ""
    hidden_uri: str = ""
    hidden_typed: str = ""
    sscc: str = ""


COLUMNS: Final[Mapping[Level, tuple[str, ...]]] = {
    Level.ITEM: ("number", "open_uri_qr", "hidden_uri", "hidden_typed"),
    Level.CASE: ("number", "open_uri_qr"),
    Level.PALLET: ("number", "sscc"),
}
"""The columns that are asked for; each is headed by the name of its field."""


def read_print_file(plain: bytes, level: Level, count: int) -> list[Row]:
    """Read a decrypted print file.

    Raises:
        BadPrintFile: it has other columns, another number of rows, or rows out of order.
    """
    lines = csv.reader(io.StringIO(plain.decode("utf-8"), newline=""))
    header = next(lines, None)
    if header is None or tuple(header) != COLUMNS[level]:
        raise BadPrintFile(f"print file: expected the columns {', '.join(COLUMNS[level])}, got {header}")
    rows = []
    for place, cells in enumerate(lines, 1):
        if int(cells[0]) != place:
            raise BadPrintFile(f"print file, row {place}: expected running number {place}, got {cells[0]}")
        match level:
            case Level.ITEM:
                rows.append(Row(cells[1], cells[2], cells[3]))
            case Level.CASE:
                rows.append(Row(open_uri=cells[1]))
            case Level.PALLET:
                rows.append(Row(sscc=cells[1]))
    if len(rows) != count:
        raise BadPrintFile(f"print file: expected {count} rows, got {len(rows)}")
    return rows


@dataclass(slots=True)
class Labels:
    """Every label that was printed."""

    rolls: dict[RollKey, list[Row]] = field(default_factory=dict)

    def row(self, label: Label) -> Row:
        """Return what is printed on a label."""
        return self.rolls[label.roll][label.place]

    def open_uris(self, labels: Iterable[Label]) -> list[str]:
        """Return the open codes of labels."""
        return [self.row(label).open_uri for label in labels]

    def path_of_open(self, label: Label) -> str:
        """Return the path of the open code of a label."""
        return urlsplit(self.row(label).open_uri).path

    def path(self, shown: Shown, story: Story) -> str:
        """Return the path that a phone opens when it is shown a code."""
        if isinstance(shown, Invented):
            return self._invented(shown, story)
        row = self.row(shown.label)
        match shown.side:
            case Side.OPEN:
                return self.path_of_open(shown.label)
            case Side.HIDDEN:
                return urlsplit(row.hidden_uri).path
            case Side.TYPED:
                return f"/h/{row.hidden_typed}"

    def _invented(self, shown: Invented, story: Story) -> str:
        chance = Random(shown.seed)
        if shown.near is None:
            gtin = chance.choice(sorted(roll.product.gtin for roll in self.rolls))
            length = LONG_CHARACTERS if shown.side is Side.HIDDEN else SHORT_CHARACTERS
            body = "".join(chance.choices(ALPHABET, k=length - 1))
        else:
            genuine = self.path(Printed(shown.near, shown.side), story)
            gtin, text = shown.near.roll.product.gtin, genuine.rpartition("/")[2]
            if story is Story.MISTYPED:
                return f"/h/{one_slip(text, chance)}"
            body = varied(text, chance)[1:]
        text = well_formed(body)
        return f"/01/{gtin}/21/{text}" if shown.side is Side.OPEN else f"/h/{text}"


def one_slip(text: str, chance: Random) -> str:
    """Return a text with one wrong character, as a person types it.

    >>> one_slip("7Z3K0011QRST0123", Random(5)) != "7Z3K0011QRST0123"
    True
    """
    place = chance.randrange(len(text))
    wrong = chance.choice([character for character in ALPHABET if character != text[place]])
    return text[:place] + wrong + text[place + 1 :]


def varied(text: str, chance: Random) -> str:
    """Return a neighbour of a text: one to three characters changed, none of them the first."""
    for place in chance.sample(range(1, len(text)), chance.randint(1, 3)):
        wrong = chance.choice([character for character in ALPHABET if character != text[place]])
        text = text[:place] + wrong + text[place + 1 :]
    return text


def well_formed(body: str, epoch: int = FIRST_EPOCH) -> str:
    """Put the first character in front of a body that no page will find a slip in.

    >>> well_formed("000000000000011", 5)
    '7000000000000011'
    """
    total = 0
    for character in reversed(body):
        total = _times_alpha(total) ^ ALPHABET.index(character)
    return ALPHABET[_times_alpha(total) ^ epoch] + body


def _times_alpha(digit: int) -> int:
    return (digit << 1) ^ (digit >> 4) * 0b100101
