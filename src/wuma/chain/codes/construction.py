"""How a code is made from a unit number, and what can be said of a text that claims to be one.

A *unit* is ``epoch << 38 | index``; an order is a range of consecutive units. Its codes, one a role:

=============  ============================================================================================
open, typed    16 characters. Body of 75 bits: ``index (35) || tag (40)`` under a Feistel network of AES-256
               whose *locator key* belongs to the epoch and the role.
long           27 characters. Body of 130 bits: two zeros, then ``1 (8) || index (38) || tag (82)`` as one
               block of AES-256 under the locator key of the epoch and the role.
=============  ============================================================================================

The *tag* is AES-256 of the unit, truncated, under the *tag key* of the order and the role. Reading takes two
steps. `Codebook.read` undoes the permutation with the locator key and gives a `Claim`: this code says it is
unit u. Whoever knows which order u belongs to then asks `OrderKeys.vouch` whether the tag is right. Between
the two stands the caller's directory of orders, in memory: an unknown or revoked order ends the matter there.

Every text of an epoch decodes to exactly one (index, tag), and one tag in 2^40 is right. So a guess hits with
probability *live units of the epoch* / 2^75, at most 2^-40 because an epoch holds at most 2^35 units. Why so,
and all figures: docs/adr/0002.
"""

from __future__ import annotations

import hmac
from enum import StrEnum
from functools import cache, lru_cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wuma.chain.codes import alphabet
from wuma.chain.codes.alphabet import (
    BITS,
    LONG_CHARACTERS,
    SHORT_CHARACTERS,
    Digits,
    Mistyped,
    NotACode,
    Texts,
)
from wuma.chain.codes.permutation import DecimalPermutation, Permutation, Words
from wuma.kernel.crypto import BLOCK_BYTES, Aes256
from wuma.kernel.keys import Keyring, hkdf

UNIT_INDEX_BITS: Final = 38
"""A unit number keeps 38 bits for the index: it fits a positive int64 and leaves room for a wider code."""

INDEX_BITS: Final = 35
EPOCH_UNITS_MAX: Final = 1 << INDEX_BITS
"""Units of one epoch: 3.4·10^10, three years of ten billion items. It is what makes the 2^-40 hold."""

ISSUE_COUNT_MAX: Final = 1 << 20
"""Codes issued by one call: 200 bytes each while it runs, long ones 320. Calls of 2^16 are as fast."""

ORDERS_CACHED: Final = 4_096
"""Orders whose keys are kept ready, 2 kB each: a busy platform scans some thousand orders a day."""

TAG_BITS: Final = 40
LONG_TAG_BITS: Final = 82
LEFT_BITS: Final = 38
RIGHT_BITS: Final = 37
ROUNDS: Final = 10
LONG_VERSION: Final = 1
"""The leading byte of a long code's block: the only value in use, and eight more bits to get wrong."""

NO_UNIT: Final = -1


class Role(StrEnum):
    """What a code is for. Each role has keys of its own, so that the code of one says nothing of another."""

    OPEN = "open", SHORT_CHARACTERS, TAG_BITS
    """明码: the serial (AI 21) of a GS1 Digital Link, outside."""
    HIDDEN_TYPED = "hidden-typed", SHORT_CHARACTERS, TAG_BITS
    """暗码, as a person types it."""
    HIDDEN_LONG = "hidden-long", LONG_CHARACTERS, LONG_TAG_BITS
    """暗码, as a phone reads it from the QR code under the lid."""

    length: int
    """The number of characters of its codes."""
    tag_mask: int
    """Selects the bits of a tag from the block it is cut from."""

    def __new__(cls, value: str, length: int, tag_bits: int) -> Role:
        """Make a role that is its name, so that it reads well in logs, SQL and JSON."""
        role = str.__new__(cls, value)
        role._value_ = value
        role.length = length
        role.tag_mask = (1 << tag_bits) - 1
        return role


def unit_of(epoch: int, index: int) -> int:
    """Return the unit number of an index in an epoch.

    >>> unit_of(1, 5)
    274877906949
    """
    return epoch << UNIT_INDEX_BITS | index


def epoch_of_unit(unit: int) -> int:
    """Return the epoch a unit was issued in.

    >>> epoch_of_unit(274877906949)
    1
    """
    return unit >> UNIT_INDEX_BITS


def index_of_unit(unit: int) -> int:
    """Return the place of a unit in its epoch.

    >>> index_of_unit(274877906949)
    5
    """
    return unit & (1 << UNIT_INDEX_BITS) - 1


class Claim(NamedTuple):
    """What a code says: "I am this unit". Worth nothing until the order of the unit vouches for it."""

    role: Role
    unit: int
    tag: int

    @property
    def epoch(self) -> int:
        """The epoch of the unit."""
        return epoch_of_unit(self.unit)

    def __repr__(self) -> str:
        # Unit and tag are the code, to whoever holds the locator key; and a repr ends up in a log.
        return f"Claim(role={self.role.value!r}, unit={self.unit})"


class Claims(NamedTuple):
    """What many codes say, `NO_UNIT` where nothing; `canonical` are those spelled as they are printed."""

    units: NDArray[np.int64]
    tags: Words
    canonical: NDArray[np.bool_]


class OrderKeys:
    """What proves the codes of one order. Leaked, it burns that order and no other."""

    __slots__ = ("_key", "_tag_ciphers", "epoch", "order_id", "tenant_id")

    def __init__(self, key: bytes, *, epoch: int, tenant_id: int, order_id: int) -> None:
        self._key = key
        self._tag_ciphers: dict[Role, Aes256] = {}
        self.epoch = epoch
        self.tenant_id = tenant_id
        self.order_id = order_id

    def vouch(self, claim: Claim) -> bool:
        """Whether a claim is true, given that its unit belongs to this order; as fast for no as for yes."""
        encrypt = self._tag_cipher(claim.role).encryptor()
        tag = int.from_bytes(encrypt(claim.unit.to_bytes(BLOCK_BYTES, "little")), "little")
        return hmac.compare_digest(_tag_bytes(tag & claim.role.tag_mask), _tag_bytes(claim.tag))

    def tags(self, role: Role, indices: Words) -> tuple[Words, Words]:
        """Return the tags of many units of the order's epoch, as low and high words."""
        array = self._tag_cipher(role).array(len(indices))
        array.blocks[:, 0] = indices | np.uint64(self.epoch << UNIT_INDEX_BITS)
        array.run()
        low_mask, high_mask = np.uint64(role.tag_mask & _WORD), np.uint64(role.tag_mask >> 64)
        return array.result[:, 0] & low_mask, array.result[:, 1] & high_mask

    def _tag_cipher(self, role: Role) -> Aes256:
        # Two threads may both make it; they make the same.
        if (cipher := self._tag_ciphers.get(role)) is None:
            cipher = self._tag_ciphers[role] = Aes256(hkdf(self._key, "tag", role.value))
        return cipher

    def __repr__(self) -> str:
        return f"OrderKeys(epoch={self.epoch}, tenant_id={self.tenant_id}, order_id={self.order_id})"


class Codebook:
    """Makes codes and reads them, with the keys of one keyring. Safe to share among threads.

    Reading a scanned code::

        claim = codebook.read(Role.OPEN, read_serial(text))
        order = directory.order_of(claim.unit)  # the caller's, in memory: ranges of units
        if order is None or order.revoked:
            ...  # an order is revoked here, with no key touched
        keys = codebook.order(epoch=claim.epoch, tenant_id=order.tenant_id, order_id=order.id)
        genuine = keys.vouch(claim)
    """

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring
        # These outlive a reload of the keyring. The keys of an epoch never change, and whether it is still
        # live is asked of the keyring each time.
        self._short_locator = cache(self._make_short_locator)
        self._long_locator = cache(self._make_long_locator)
        self._order = lru_cache(ORDERS_CACHED)(self._make_order)

    def order(self, *, epoch: int, tenant_id: int, order_id: int) -> OrderKeys:
        """Return the keys of an order that is not revoked.

        Raises:
            EpochNeverOpened: There is no such epoch.
            EpochRevoked: The epoch's keys have leaked, and with them the order's.
        """
        self._require_live(epoch)
        return self._order(epoch, tenant_id, order_id)

    def issue(self, role: Role, order: OrderKeys, first_index: int, count: int) -> Texts:
        """Return the codes of `count` consecutive units of an order, as an array of fixed-width ASCII.

        Ask for some 2^16 at a time; the memory needed grows with `count`. Placing the order needed the
        issuing epoch; making its codes needs the epoch to be live.

        Raises:
            EpochRevoked: The keys of the order's epoch have leaked.
        """
        self._require_live(order.epoch)
        if not 0 <= count <= ISSUE_COUNT_MAX:
            raise ValueError(f"count of codes: expected 0 to {ISSUE_COUNT_MAX}, got {count}")
        if not 0 <= first_index <= EPOCH_UNITS_MAX - count:
            raise ValueError(
                f"indices {first_index} to {first_index + count - 1}: expected 0 to {EPOCH_UNITS_MAX - 1}"
            )
        indices = np.arange(first_index, first_index + count, dtype=np.uint64)
        low, high = order.tags(role, indices)
        if role is Role.HIDDEN_LONG:
            digits = self._seal_long(order.epoch, indices, low, high)
        else:
            digits = self._seal_short(role, order.epoch, indices, low)
        return alphabet.spell_many(order.epoch, digits)

    def read(self, role: Role, text: str) -> Claim:
        """Say which unit a code claims to be. `text` is canonical: see `read_typed` and `read_serial`.

        Raises:
            Mistyped: It names an epoch that was never opened, so it was mistyped or made up.
            NotACode: It can be the code of no unit.
            EpochRevoked: The keys of its epoch have leaked.
        """
        assert len(text) == role.length, f"{role} code: expected {role.length} characters, got {len(text)}"
        epoch = alphabet.epoch_of(text)
        if epoch not in self._keyring.opened_epochs:
            raise Mistyped("code: its first character does not fit the others")
        self._require_live(epoch)
        body = alphabet.body_of(text)
        if role is Role.HIDDEN_LONG:
            return self._open_long(epoch, body)
        return self._open_short(role, epoch, body)

    def check_many(self, role: Role, order: OrderKeys, texts: Texts) -> NDArray[np.int64]:
        """Return the unit of each code that the order's key vouches for, and `NO_UNIT` for any other text.

        For reading back what was printed. Whether a unit lies in the order's range, the caller compares.
        """
        self._require_live(order.epoch)
        if texts.dtype.itemsize != role.length:
            raise ValueError(f"{role} codes: expected an array of S{role.length}, got {texts.dtype}")
        digits, canonical = alphabet.digits_of_many(texts)
        canonical &= alphabet.epochs_of_many(digits) == order.epoch
        if role is Role.HIDDEN_LONG:
            indices, low, high, possible = self._open_long_many(order.epoch, digits[1:])
        else:
            indices, low, high, possible = self._open_short_many(role, order.epoch, digits[1:])
        tag_low, tag_high = order.tags(role, indices)
        genuine = canonical & possible & (low == tag_low) & (high == tag_high)
        units = indices.astype(np.int64) | np.int64(order.epoch << UNIT_INDEX_BITS)
        return np.where(genuine, units, np.int64(NO_UNIT))

    def read_many(self, role: Role, texts: Texts) -> Claims:
        """Say which units short codes claim to be; what is spelled otherwise claims nothing here."""
        if role is Role.HIDDEN_LONG or texts.dtype.itemsize != role.length:
            raise ValueError(f"short codes: expected an array of S{SHORT_CHARACTERS}, got {texts.dtype}")
        digits, canonical = alphabet.digits_of_many(texts)
        epochs = alphabet.epochs_of_many(digits)
        units = np.full(len(texts), NO_UNIT, np.int64)
        tags = np.zeros(len(texts), np.uint64)
        for epoch in sorted(set(epochs[canonical].tolist()) & self._keyring.live_epochs):
            chosen = np.flatnonzero(canonical & (epochs == epoch))
            indices, low, _, _ = self._open_short_many(role, epoch, digits[1:, chosen])
            units[chosen] = indices.astype(np.int64) | np.int64(epoch << UNIT_INDEX_BITS)
            tags[chosen] = low
        return Claims(units, tags, canonical)

    def vouch_many(
        self, order: OrderKeys, role: Role, units: NDArray[np.int64], tags: Words
    ) -> NDArray[np.bool_]:
        """Whether claims are true, given that their units belong to this order."""
        low, _ = order.tags(role, units.astype(np.uint64) & np.uint64((1 << UNIT_INDEX_BITS) - 1))
        genuine: NDArray[np.bool_] = low == tags
        return genuine

    # The short code: index and tag make 75 bits, cut into halves of 38 and 37 for the Feistel network.

    def _seal_short(self, role: Role, epoch: int, indices: Words, tags: Words) -> Digits:
        left = _joined(indices, _bits(tags, RIGHT_BITS, _SPILL_BITS), _SPILL_BITS)
        right = _bits(tags, 0, RIGHT_BITS)
        left, right = self._short_locator(role, epoch).forward_many(left, right)
        digits = np.empty((SHORT_CHARACTERS - 1, len(indices)), np.uint8)
        _write_digits(_bits(left, 3, 35), digits[:7])
        _write_digits(_joined(_bits(left, 0, 3), _bits(right, 35, 2), 2), digits[7:8])
        _write_digits(_bits(right, 0, 35), digits[8:])
        return digits

    def _open_short(self, role: Role, epoch: int, body: int) -> Claim:
        left, right = self._short_locator(role, epoch).backward(body >> RIGHT_BITS, body & _RIGHT_MASK)
        tag = (left & _SPILL_MASK) << RIGHT_BITS | right
        return Claim(role, unit_of(epoch, left >> _SPILL_BITS), tag)

    def _open_short_many(self, role: Role, epoch: int, digits: Digits) -> _Plain:
        middle = _read_digits(digits[7:8])
        left = _joined(_read_digits(digits[:7]), _bits(middle, 2, 3), 3)
        right = _joined(_bits(middle, 0, 2), _read_digits(digits[8:]), 35)
        left, right = self._short_locator(role, epoch).backward_many(left, right)
        tags = _joined(_bits(left, 0, _SPILL_BITS), right, RIGHT_BITS)
        return _Plain(
            indices=_bits(left, _SPILL_BITS, INDEX_BITS),
            tags_low=tags,
            tags_high=np.zeros_like(tags),
            possible=np.ones(len(tags), np.bool_),
        )

    # The long code: version, index and tag fill one block of AES. In its high word, 18 bits are the tag's.

    def _seal_long(self, epoch: int, indices: Words, low: Words, high: Words) -> Digits:
        array = self._long_locator(epoch).array(len(indices))
        array.blocks[:, 0] = low
        array.blocks[:, 1] = _joined(indices, high, LONG_TAG_BITS - 64) | np.uint64(LONG_VERSION << 56)
        array.run()
        low, high = array.result[:, 0], array.result[:, 1]
        digits = np.empty((LONG_CHARACTERS - 1, len(indices)), np.uint8)
        _write_digits(_bits(high, 1, 63), digits[:13])
        _write_digits(_joined(_bits(high, 0, 1), _bits(low, 60, 4), 4), digits[13:14])
        _write_digits(_bits(low, 0, 60), digits[14:])
        return digits

    def _open_long(self, epoch: int, body: int) -> Claim:
        if body >> 128:
            raise NotACode("code, character 2: too large")  # each item has exactly one spelling
        block = self._long_locator(epoch).decryptor()(body.to_bytes(BLOCK_BYTES, "little"))
        plain = int.from_bytes(block, "little")
        version, index = plain >> 120, plain >> LONG_TAG_BITS & (1 << UNIT_INDEX_BITS) - 1
        if version != LONG_VERSION or index >= EPOCH_UNITS_MAX:
            raise NotACode("code: it was not issued here")
        return Claim(Role.HIDDEN_LONG, unit_of(epoch, index), plain & Role.HIDDEN_LONG.tag_mask)

    def _open_long_many(self, epoch: int, digits: Digits) -> _Plain:
        middle = _read_digits(digits[13:14])
        array = self._long_locator(epoch).array(digits.shape[1], decrypt=True)
        array.blocks[:, 0] = _joined(_bits(middle, 0, 4), _read_digits(digits[14:]), 60)
        array.blocks[:, 1] = _joined(_read_digits(digits[:13]), _bits(middle, 4, 1), 1)
        array.run()
        low, high = array.result[:, 0], array.result[:, 1]
        indices = _bits(high, LONG_TAG_BITS - 64, UNIT_INDEX_BITS)
        return _Plain(
            indices=indices,
            tags_low=low,
            tags_high=_bits(high, 0, LONG_TAG_BITS - 64),
            possible=(digits[0] < 8) & (_bits(high, 56, 8) == LONG_VERSION) & (indices < EPOCH_UNITS_MAX),
        )

    def _require_live(self, epoch: int) -> None:
        if epoch not in self._keyring.live_epochs:
            self._keyring.epoch_key(epoch)  # refuses, and says why

    def _make_short_locator(self, role: Role, epoch: int) -> Permutation:
        key = self._keyring.epoch_key(epoch, ("locator", role.value))
        return Permutation(key, left_bits=LEFT_BITS, right_bits=RIGHT_BITS, rounds=ROUNDS)

    def _make_long_locator(self, epoch: int) -> Aes256:
        return Aes256(self._keyring.epoch_key(epoch, ("locator", Role.HIDDEN_LONG.value)))

    def _make_order(self, epoch: int, tenant_id: int, order_id: int) -> OrderKeys:
        key = self._keyring.epoch_key(epoch, ("tenant", tenant_id), ("order", order_id))
        return OrderKeys(key, epoch=epoch, tenant_id=tenant_id, order_id=order_id)


def sscc_serials(
    keyring: Keyring, *, tenant_id: int, company_prefix: str, version: int = 1
) -> DecimalPermutation:
    """Return the permutation that hides the order and volume of a tenant's SSCCs under one company prefix.

    It covers the extension digit and the serial reference, ``17 - len(company_prefix)`` digits together.
    Epochs do not touch it, because a permutation exchanged halfway would repeat numbers; `version` (a
    generation of keys) may change when the running number starts anew.

    It does not make an SSCC hard to guess: see docs/adr/0002.
    """
    digits = 17 - len(company_prefix)
    key = keyring.data_key(version, ("tenant", tenant_id), ("sscc", company_prefix))
    return DecimalPermutation(key, digits=digits)


class _Plain(NamedTuple):
    """What many texts decode to; `possible` says which could be a code at all."""

    indices: Words
    tags_low: Words
    tags_high: Words
    possible: NDArray[np.bool_]


_WORD: Final = (1 << 64) - 1
_RIGHT_MASK: Final = (1 << RIGHT_BITS) - 1
_SPILL_BITS: Final = LEFT_BITS - INDEX_BITS
"""Bits of the tag that stand in the left half, after the index."""
_SPILL_MASK: Final = (1 << _SPILL_BITS) - 1


def _tag_bytes(tag: int) -> bytes:
    return tag.to_bytes(BLOCK_BYTES, "little")


def _bits(words: Words, low: int, count: int) -> Words:
    """Return `count` bits of each word, from bit `low` up."""
    return words >> np.uint64(low) & np.uint64((1 << count) - 1)


def _joined(high: Words, low: Words, low_bits: int) -> Words:
    """Return words that have `high` above the `low_bits` bits of `low`."""
    return high << np.uint64(low_bits) | low


def _write_digits(words: Words, rows: Digits) -> None:
    """Write words into rows, the most significant digit first."""
    for place, row in enumerate(reversed(rows)):
        row[:] = _bits(words, BITS * place, BITS)


def _read_digits(rows: Digits) -> Words:
    """Undo `_write_digits`."""
    words = np.zeros(rows.shape[1], np.uint64)
    for row in rows:
        words = _joined(words, row.astype(np.uint64), BITS)
    return words
