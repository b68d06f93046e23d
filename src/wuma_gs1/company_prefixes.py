"""Where a GS1 key is cut: the lengths of company prefixes, from GS1's list or from one's own contracts.

A key does not tell how long its GS1 Company Prefix is; an EPC URN and the older tag encodings need to
know. GS1 Global Office publishes the *GCP length table* as JSON (`GCPPrefixFormatList`); companies know
their own prefixes. Both end up here, and the longest prefix that fits wins.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from wuma_gs1.errors import ParseError, shown

PREFIX_LENGTH_MIN, PREFIX_LENGTH_MAX = 4, 12  # of a GS1 Company Prefix (General Specifications 1.4.4)


class CompanyPrefixTable:
    """Lengths of company prefixes by what the keys begin with.

    >>> table = CompanyPrefixTable({"690": 7, "6975": 9})
    >>> table.length_of("6901234567892"), table.length_of("6975123456789"), table.length_of("0614141")
    (7, 9, None)
    """

    def __init__(self, lengths: Mapping[str, int]) -> None:
        """Take lengths by prefix; 0 says that no company prefix begins like this.

        Raises:
            ParseError: if a prefix is not made of digits, or a length is none.
        """
        for prefix, length in lengths.items():
            if not (prefix.isascii() and prefix.isdigit() and len(prefix) <= PREFIX_LENGTH_MAX):
                raise ParseError(f"company prefix {shown(prefix)}: expected 1 to {PREFIX_LENGTH_MAX} digits")
            if length and not PREFIX_LENGTH_MIN <= length <= PREFIX_LENGTH_MAX:
                raise ParseError(
                    f"company prefix {prefix}: expected a length of {PREFIX_LENGTH_MIN} to "
                    f"{PREFIX_LENGTH_MAX}, got {length}"
                )
        self._lengths = dict(lengths)

    @classmethod
    def parse(cls, text: str | bytes) -> CompanyPrefixTable:
        """Read GS1's list: `{"GCPPrefixFormatList": {"entry": [{"prefix": "690", "gcpLength": 7}, …]}}`.

        Raises:
            ParseError: if it is not in that form.
        """
        try:
            entries = json.loads(text)["GCPPrefixFormatList"]["entry"]
            lengths = {str(entry["prefix"]): int(entry["gcpLength"]) for entry in entries}
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
            raise ParseError(
                f"company prefixes: expected GCPPrefixFormatList.entry with prefix and gcpLength, {error!r}"
            ) from None
        return cls(lengths)

    def length_of(self, digits: str) -> int | None:
        """Tell how long the company prefix at the beginning of some digits is; None if that is not known."""
        for end in range(min(len(digits), PREFIX_LENGTH_MAX), 0, -1):
            if (length := self._lengths.get(digits[:end])) is not None:
                return length or None
        return None

    def __len__(self) -> int:
        return len(self._lengths)
