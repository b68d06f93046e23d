"""How the goods of a recall are named, and which things that means to begin with.

What happened to them afterwards (into which batches a raw material went, into which cases and pallets the
cans were packed, who has them now) is told by trace.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Final, Literal, TypeAlias
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from sqlalchemy.orm import Session

from wuma.chain.codes.facade import (
    UnitRange,
    batch_of,
    normalise,
    units_of_batch,
    units_of_line,
)
from wuma.chain.trace.facade import Things, commissioned_at, find_thing
from wuma.kernel.errors import FieldError, InvalidInput, NotFound
from wuma.kernel.http.fields import Moment
from wuma.kernel.keys import Keyring
from wuma.support.masterdata import facade as masterdata

CODES_MAX: Final = 10_000
CODE_CHARACTERS_MAX: Final = 500
_PLACE: Final = "https://id.gs1.org/414/"

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=CODE_CHARACTERS_MAX)]


class _Scope(BaseModel):
    model_config = ConfigDict(extra="forbid")


class BatchScope(_Scope):
    """A batch, with all that is or will be commissioned for it."""

    kind: Literal["batch"]
    batch_id: UUID


class MaterialScope(_Scope):
    """A lot of raw material, in any form: the batches it went into, and all that came of them."""

    kind: Literal["material"]
    name: Name


class LineScope(_Scope):
    """What a line made from one moment up to another."""

    kind: Literal["line"]
    line_id: UUID
    since: Moment
    until: Moment

    @model_validator(mode="after")
    def _is_in_order(self) -> LineScope:
        if self.until <= self.since:
            raise ValueError("until: a moment after since")
        return self


class ThingsScope(_Scope):
    """Pallets, cases or cans by their codes, with all that is in them."""

    kind: Literal["things"]
    codes: Annotated[list[Name], Field(min_length=1, max_length=CODES_MAX)]


Scope: TypeAlias = Annotated[
    BatchScope | MaterialScope | LineScope | ThingsScope, Field(discriminator="kind")
]


def starts_of(session: Session, keyring: Keyring, tenant_id: int, scope: Scope) -> list[UnitRange]:
    """Return the things that a scope names, as runs.

    Raises:
        NotFound: there is no such batch or line.
        InvalidInput: a name stands for nothing that is known here; each is told.
    """
    match scope:
        case BatchScope(batch_id=batch_id):
            batch = batch_of(session, batch_id)
            lot = f"https://id.gs1.org/01/{batch.gtin}/10/{batch.number}"
            named = Things(session, keyring, tenant_id).find([lot])
            return normalise([*units_of_batch(session, batch_id), *(UnitRange(n, n) for n in named.values())])
        case LineScope(line_id=line_id, since=since, until=until):
            line = masterdata.line(session, line_id)
            made = units_of_line(session, line_id, since, until)
            if line.gln_extension is not None:
                place = f"{_PLACE}{masterdata.site(session, line.site_id).gln}/254/{line.gln_extension}"
                told = commissioned_at(session, keyring, tenant_id, place, since, until)
                made += [UnitRange(*run) for run in told]
            return normalise(made)
        case MaterialScope(name=name):
            number = find_thing(session, keyring, tenant_id, name)
            if number is None:
                raise NotFound(f"{name}: no event ever named it.")
            return [UnitRange(number, number)]
        case ThingsScope(codes=codes):
            return normalise(UnitRange(n, n) for n in numbers_of(session, keyring, tenant_id, codes).values())


def numbers_of(session: Session, keyring: Keyring, tenant_id: int, codes: Iterable[str]) -> dict[str, int]:
    """Return the numbers of things by whatever their labels say.

    Raises:
        InvalidInput: naming those that are not known.
    """
    wanted = list(dict.fromkeys(codes))
    found = {code: find_thing(session, keyring, tenant_id, code) for code in wanted}
    numbers = {code: number for code, number in found.items() if number is not None}
    unknown = [code for code in wanted if code not in numbers]
    if unknown:
        faults = [
            FieldError(f"/codes/{wanted.index(code)}", "the code of something known here", code[:80])
            for code in unknown[:20]
        ]
        raise InvalidInput(f"{len(unknown)} code(s) stand for nothing that is known here.", faults)
    return numbers
