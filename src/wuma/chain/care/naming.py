"""What the goods of a recall are called, looked up together."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from wuma.chain.care.models import Part
from wuma.chain.care.sheet import Lot, Names
from wuma.chain.codes.facade import batches_of
from wuma.chain.trace.facade import Parties, names_of
from wuma.kernel.keys import Keyring
from wuma.support.masterdata import facade as masterdata


def names_of_parts(session: Session, keyring: Keyring, tenant_id: int, parts: Sequence[Part]) -> Names:
    """Return the names of all that some parts of a listing speak of."""
    numbers = {number for part in parts for number in (part.first_thing, part.last_thing, part.parent)}
    keys = {key for part in parts for key in (part.holder, part.location) if key is not None}
    parties = Parties(session, tenant_id, keys)
    products = masterdata.products(session, {part.product_id for part in parts if part.product_id})
    batches = batches_of(session, {part.batch_id for part in parts if part.batch_id})
    return Names(
        things=names_of(session, keyring, (number for number in numbers if number is not None)),
        places={key: parties.view(key).name or "" for key in keys},
        products={one.id: (one.gtin, one.name_zh, one.name_en) for one in products.values()},
        lots={
            one.id: Lot(one.number, one.produced_on.isoformat(), one.expires_on.isoformat())
            for one in batches.values()
        },
    )
