"""From a scanned text to the unit it stands for, or to the reason why it stands for none.

Nothing here asks the database: keys and the directory of orders are in memory. That is why a flood of
made-up codes costs us some microseconds each and PostgreSQL nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Final, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from wuma.chain.codes.alphabet import (
    LONG_CHARACTERS,
    SHORT_CHARACTERS,
    Mistyped,
    NotACode,
    Texts,
    read_serial,
    read_typed,
)
from wuma.chain.codes.construction import NO_UNIT, Codebook, Role, sscc_serials
from wuma.chain.codes.directory import OrderEntry
from wuma.chain.codes.permutation import DecimalPermutation
from wuma.chain.codes.sscc import SSCC_CHARACTERS, position_of
from wuma.kernel.keys import EpochRevoked, Keyring

NOT_READ: Final = -2
ORDERS_ASKED_ONE_BY_ONE: Final = 4


class Kind(StrEnum):
    """What was scanned."""

    OPEN = "open"
    HIDDEN = "hidden"
    SSCC = "sscc"


class WhyNot(StrEnum):
    """Why a text stands for no unit. Outside of the house these all look the same, but for typing errors."""

    NOT_A_CODE = "not_a_code"
    """It cannot be a code: wrong length, wrong characters."""
    MISTYPED = "mistyped"
    """Its check character does not fit: a typing error, or made up."""
    UNKNOWN = "unknown"
    """It has the form of a code, and was never issued."""
    WRONG_PRODUCT = "wrong_product"
    """The serial is genuine, and belongs to another GTIN: somebody put labels together."""
    REVOKED = "revoked"
    """Its order or its epoch was burnt."""


class Identified(msgspec.Struct, frozen=True, gc=False):
    """A unit whose code has been proven by the key of its order."""

    kind: Kind
    unit: int
    order: OrderEntry


class Rejected(msgspec.Struct, frozen=True, gc=False):
    """No unit. `order` is known when a genuine code was rejected for another reason."""

    kind: Kind
    why: WhyNot
    order: OrderEntry | None = None
    unit: int | None = None


class Directory(Protocol):
    """Who ordered what: `OrderDirectory` in memory for all tenants, `TenantDirectory` in SQL for one."""

    def order_of(self, unit: int) -> OrderEntry | None:
        """Return the order a unit belongs to."""

    def orders_of(self, units: Sequence[int]) -> list[OrderEntry]:
        """Return the orders that any of these units belong to, each once."""

    def company_prefixes(self) -> list[str]:
        """The company prefixes under which SSCCs were ordered, the longest first."""

    def pallet_order_of(self, company_prefix: str, position: int) -> OrderEntry | None:
        """Return the order that holds a position of the SSCCs of a company prefix."""


class Identifier:
    """Reads codes with the keys and the directory of one process. Safe to share among threads."""

    def __init__(self, keyring: Keyring, directory: Directory, codebook: Codebook | None = None) -> None:
        self._keyring = keyring
        self._directory = directory
        self._codebook = codebook or Codebook(keyring)
        self._sscc_serials: dict[tuple[int, str], DecimalPermutation] = {}

    def open_code(self, gtin: str, serial: str) -> Identified | Rejected:
        """Identify an open code by the GTIN (14 digits) and the serial of its Digital Link."""
        try:
            text = read_serial(serial)
        except NotACode:
            return Rejected(Kind.OPEN, WhyNot.NOT_A_CODE)
        found = self._identify(Kind.OPEN, Role.OPEN, text)
        if isinstance(found, Identified) and found.order.gtin != gtin:
            return Rejected(Kind.OPEN, WhyNot.WRONG_PRODUCT, found.order, found.unit)
        return found

    def open_codes(self, gtin: str, serials: Texts) -> NDArray[np.int64]:
        """Return the unit of each serial, as `open_code` would name it.

        `NO_UNIT` where it names none, and where the product is another; `NOT_READ` where the serial is not
        spelled as it is printed, so that only `open_code` can say.
        """
        claims = self._codebook.read_many(Role.OPEN, serials)
        found = np.where(claims.canonical, np.int64(NO_UNIT), np.int64(NOT_READ))
        waiting = np.flatnonzero(claims.units != NO_UNIT)
        for order in self._orders_of(claims.units[waiting]):
            units = claims.units[waiting]
            of_order = (units >= order.first_unit) & (units <= order.last_unit)
            here, waiting = waiting[of_order], waiting[~of_order]
            if order.gtin != gtin:
                continue
            keys = self._codebook.order(epoch=order.epoch, tenant_id=order.tenant_id, order_id=order.id)
            genuine = here[self._codebook.vouch_many(keys, Role.OPEN, claims.units[here], claims.tags[here])]
            found[genuine] = claims.units[genuine]
        return found

    def _orders_of(self, units: NDArray[np.int64]) -> Iterator[OrderEntry]:
        """Yield the orders that units belong to: mostly it is one, and asking for it is enough."""
        for _ in range(ORDERS_ASKED_ONE_BY_ONE):
            if not len(units):
                return
            order = self._directory.order_of(int(units[0]))
            if order is None:
                units = units[1:]
                continue
            yield order
            units = units[(units < order.first_unit) | (units > order.last_unit)]
        if len(units):
            yield from self._directory.orders_of(units.tolist())

    def bare_serial(self, serial: str) -> Identified | Rejected:
        """Identify an open code by its serial alone, as people in the house may hold it."""
        try:
            return self._identify(Kind.OPEN, Role.OPEN, read_typed(serial))
        except NotACode:
            return Rejected(Kind.OPEN, WhyNot.NOT_A_CODE)

    def hidden_code(self, text: str) -> Identified | Rejected:
        """Identify a hidden code: the long one that a phone reads, or the short one that a person types."""
        length, role = SHORT_CHARACTERS, Role.HIDDEN_TYPED
        if len(text.strip()) >= LONG_CHARACTERS:
            length, role = LONG_CHARACTERS, Role.HIDDEN_LONG
        try:
            canonical = read_typed(text, length)
        except NotACode:
            return Rejected(Kind.HIDDEN, WhyNot.NOT_A_CODE)
        return self._identify(Kind.HIDDEN, role, canonical)

    def sscc(self, sscc: str) -> Identified | Rejected:
        """Identify a pallet by its SSCC (18 digits, check digit verified by the caller).

        That an SSCC was ordered proves little: there are few, and anybody may print one.
        """
        assert len(sscc) == SSCC_CHARACTERS, sscc
        for prefix in self._directory.company_prefixes():
            any_order = self._directory.pallet_order_of(prefix, 0)
            if any_order is None:
                continue
            position = position_of(self.sscc_permutation(any_order.tenant_id, prefix), prefix, sscc)
            order = None if position is None else self._directory.pallet_order_of(prefix, position)
            if position is None or order is None:
                continue
            assert order.first_position is not None
            unit = order.first_unit + position - order.first_position
            if order.is_revoked:
                return Rejected(Kind.SSCC, WhyNot.REVOKED, order, unit)
            return Identified(Kind.SSCC, unit, order)
        return Rejected(Kind.SSCC, WhyNot.UNKNOWN)

    def sscc_permutation(self, tenant_id: int, company_prefix: str) -> DecimalPermutation:
        """Return the permutation behind the SSCCs of a company prefix."""
        known = self._sscc_serials.get((tenant_id, company_prefix))
        if known is None:
            known = sscc_serials(self._keyring, tenant_id=tenant_id, company_prefix=company_prefix)
            self._sscc_serials[tenant_id, company_prefix] = known
        return known

    def _identify(self, kind: Kind, role: Role, text: str) -> Identified | Rejected:
        try:
            claim = self._codebook.read(role, text)
        except Mistyped:
            return Rejected(kind, WhyNot.MISTYPED)
        except NotACode:
            return Rejected(kind, WhyNot.UNKNOWN)
        except EpochRevoked:
            return Rejected(kind, WhyNot.REVOKED)
        order = self._directory.order_of(claim.unit)
        if order is None or (kind is Kind.HIDDEN and not order.has_hidden) or order.gtin is None:
            return Rejected(kind, WhyNot.UNKNOWN)
        keys = self._codebook.order(epoch=claim.epoch, tenant_id=order.tenant_id, order_id=order.id)
        if not keys.vouch(claim):
            return Rejected(kind, WhyNot.UNKNOWN)
        if order.is_revoked:
            return Rejected(kind, WhyNot.REVOKED, order, claim.unit)
        return Identified(kind, claim.unit, order)
