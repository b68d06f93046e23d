"""A second reading of the Tag Data Standard: tags by the machine-readable tables that GS1 publishes.

Nothing here knows any of the product's code. An EPC tag URI is matched by the pattern of its scheme, its
fields are put where the grammar of the binary level says, bit by bit as text; the AIs of a TDS 2.x encoding
are written as tables B, E, F and K say. Slow and plain on purpose.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

Row = dict[str, str]


class Tables:
    """The files of the Tag Data Translation standard 2.2."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._table_f = {row["a"]: row for row in self._table("F")}
        self._widths = {int(row["a"]): row for row in self._table("B")}

    def _table(self, name: str) -> list[Row]:
        rows: list[Row] = json.loads((self._folder / f"TDT_Table{name}.json").read_text("utf-8"))["rows"]
        return rows

    @property
    def ais(self) -> frozenset[str]:
        """The AIs that a tag of TDS 2.x can hold."""
        return frozenset(self._table_f)

    @cache  # noqa: B019  # one object a run
    def _levels(self, scheme: str) -> dict[str, Any]:
        read = json.loads((self._folder / f"{scheme}.json").read_text("utf-8"))
        levels = read["tdt:epcTagDataTranslation"]["scheme"]["level"]
        return {level["type"]: level for level in levels}

    def bits_of_tag_uri(self, scheme: str, uri: str) -> str:
        """Encode a tag URI of TDS 1.x."""
        levels = self._levels(scheme)
        for option in levels["TAG_ENCODING"]["option"]:
            if found := re.fullmatch(option["pattern"], uri):
                values = _named(option, found)
                break
        else:
            raise ValueError(f"{scheme}: no option matches {uri}")
        for name in list(values):
            plain = _PLAIN_NAMES.get(name)
            if plain is not None:
                values[plain] = unquote(values[name])
        [binary] = [o for o in levels["BINARY"]["option"] if o["optionKey"] == option["optionKey"]]
        if scheme == "SGCN-96":  # its one rule: prependedserial = CONCAT('1', serial)
            values["prependedserial"] = "1" + values["serial"]
        if (
            scheme == "GDTI-113"
        ):  # the same in TDS 14.6.5.2 ("numeric string", 14.3.9); forgotten in the table
            values["serial"] = "1" + values["serial"]
        fields = {field["name"]: field for field in binary["field"]}
        return "".join(
            token.strip("'") if token.startswith("'") else _field(fields[token], values[token])
            for token in binary["grammar"].split()
        )

    def bits_of_ais(
        self, scheme: str, filter_value: int, values: dict[str, str], date: tuple[str, str] | None
    ) -> str:
        """Encode AIs in a TDS 2.x encoding, those beyond the key in the order given."""
        options = self._levels(scheme)["BINARY"]["option"]
        date_ais = ["11", "13", "15", "16", "17", "7006", "7007"]
        option = options[date_ais.index(date[0])] if date else options[0]
        keys = [each["ai"] for each in option["encodedAI"]]
        more = [ai for ai in values if ai not in keys]
        bits = ""
        for token in option["grammar"].split():
            if token.startswith("'"):
                bits += token.strip("'")
            elif token == "dataToggle":
                bits += "1" if more else "0"
            elif token == "filter":
                bits += f"{filter_value:03b}"
            elif token == "encodedAI":
                bits += "".join(self.bits_of_ai(ai, values[ai]) for ai in keys)
            else:
                assert date is not None
                bits += _date(date[1])
        for ai in more:
            bits += "".join(f"{int(digit):04b}" for digit in ai) + self.bits_of_ai(ai, values[ai])
        return bits

    def bits_of_ai(self, ai: str, value: str) -> str:
        """Encode the value of an AI as table F says, in two components if it has them."""
        row = self._table_f[ai]
        first = int(row["d"]) if row.get("i") else len(value)
        bits = self._component(row["b"], value[:first], row.get("e"), row.get("f"), row.get("g"))
        if row.get("i"):
            bits += self._component(row["i"], value[first:], row.get("l"), row.get("m"), row.get("n"))
        return bits

    def _component(
        self, form: str, text: str, fixed: str | None, indicator: str | None, length: str | None
    ) -> str:
        if form == "Fixed-length numeric":
            return "".join(f"{int(digit):04b}" for digit in text)
        if form == "Fixed-Bit-Length Numeric String":
            return f"{int(text):0{int(fixed or 0)}b}"
        if form == "Variable-length alphanumeric":
            return self._text(text, int(length or 0))
        if form == "Variable-length numeric string without encoding indicator":
            width = int(self._widths[len(text)]["b"]) if text else 0
            return f"{len(text):0{int(length or 0)}b}" + (f"{int(text):0{width}b}" if text else "")
        if form == "Delimited/terminated numeric":
            digits = re.match("[0-9]*", text)
            assert digits is not None
            nibbles = "".join(f"{int(digit):04b}" for digit in digits.group())
            rest = text[digits.end() :]
            return nibbles + ("1110" + self._text(rest, 5) if rest else "1111")
        if form == "6-digit date YYMMDD":
            return _date(text)
        if form == "10-digit date+time YYMMDDhhmm":
            return _date(text) + f"{int(text[6:8]):05b}{int(text[8:]):06b}"
        if form == "Variable-format date / date range":
            return "0" + _date(text) if len(text) == 6 else "1" + _date(text[:6]) + _date(text[6:])
        if form == "Variable-precision date+time":
            indicator = {8: "00", 10: "01", 12: "10", 6: "11"}[len(text)]
            clock = [f"{int(text[at : at + 2]):0{5 if at == 6 else 6}b}" for at in range(6, len(text), 2)]
            return indicator + _date(text) + "".join(clock)
        if form == "Country code (ISO 3166-1 alpha-2)":
            return "".join(f"{_BASE_64.index(letter):06b}" for letter in text)
        if form == "Single data bit":
            return text
        if form == "Optional minus sign in 1 bit":
            return "1" if text else "0"
        if form == "Sequence indicator":
            return f"{int(text[0]):04b}{int(text[2]):04b}"
        raise ValueError(form)

    def _text(self, text: str, length_bits: int) -> str:
        """Write the shortest of the six ways; the widths are those of table B."""
        if not text:
            return f"000{0:0{length_bits}b}"
        row = self._widths[len(text)]
        ways = {
            0: ("b", "[0-9]+"),
            1: ("c", "[0-9A-F]+"),
            2: ("d", "[0-9a-f]+"),
            5: ("e", "[A-Z0-9:.-]+"),
            3: ("f", "[A-Za-z0-9_-]+"),
            4: ("g", "[!-~]+"),
        }
        fitting = {way: int(row[column]) for way, (column, form) in ways.items() if re.fullmatch(form, text)}
        way = min(fitting, key=lambda each: (fitting[each], each))
        if way == 0:
            body = f"{int(text):0{fitting[0]}b}"
        elif way in {1, 2}:
            body = "".join(f"{int(digit, 16):04b}" for digit in text)
        elif way == 3:
            body = "".join(f"{_BASE_64.index(character):06b}" for character in text)
        elif way == 4:
            body = "".join(f"{ord(character):07b}" for character in text)
        else:
            padded = text + " " * (-len(text) % 3)
            body = ""
            for at in range(0, len(padded), 3):
                one, two, three = (_CODE_40.index(character) for character in padded[at : at + 3])
                body += f"{1600 * one + 40 * two + three + 1:016b}"
        return f"{way:03b}{len(text):0{length_bits}b}{body}"


_BASE_64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_CODE_40 = " ABCDEFGHIJKLMNOPQRSTUVWXYZ-.:0123456789"
_PLAIN_NAMES = {
    "urnEscapedSerial": "serial",
    "urnEncodedSerial": "serial",
    "urnEscapedIndAssetRef": "indassetref",
    "urnEncodedCompPartRef": "comppartref",
    "urnEncodedOriginalPartNumber": "originalPartNumber",
}


def _named(option: Any, found: re.Match[str]) -> dict[str, str]:
    return {field["name"]: found[field["seq"]] for field in option["field"]}


def _field(field: Any, text: str) -> str:
    """Write a field as its row of the binary level says."""
    width = int(field.get("bitLength") or 0)
    if compaction := field.get("compaction"):
        if (length := int(field.get("length") or 0)) and field.get("padDir") == "LEFT":
            text = text.rjust(length, field["padChar"])
        size = int(compaction.partition("-")[0])
        bits = "".join(f"{ord(character) & (1 << size) - 1:0{size}b}" for character in text)
        if len(bits) > width > 0:
            raise ValueError(f"{text} in {width} bits")
        return bits.ljust(width, "0")
    return f"{int(text or '0'):0{width}b}"


def _date(text: str) -> str:
    return f"{int(text[:2]):07b}{int(text[2:4]):04b}{int(text[4:6]):05b}"
