"""A GTIN that was entered by mistake is corrected: the product gets another one, and its links go along.

Codes that were printed with the wrong one stay genuine and keep leading to the product: the wrong one stays
the product's for ever, and whoever scans it is led on to where the right one leads.
"""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from wuma.kernel.http.access import needs
from wuma.kernel.http.endpoint import Actor, Db, Endpoint, Now
from wuma.kernel.http.if_match import Version
from wuma.support.links import facade as links
from wuma.support.masterdata import facade as masterdata
from wuma.support.masterdata.facade import GtinField, ProductView

routes = APIRouter(route_class=Endpoint, tags=["master data"])


class CorrectionBody(BaseModel):
    """A GTIN of the product that is wrong, the item's or a case's, and the one that is right."""

    model_config = ConfigDict(extra="forbid")

    wrong: GtinField
    right: GtinField
    reason: Annotated[
        str,
        StringConstraints(
            strip_whitespace=True, min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f]+$"
        ),
        Field(examples=["entered with the number of stage 2"]),
    ]


@routes.post("/products/{product_id}/gtin-corrections")
@needs("masterdata.write")
def correct_gtin(
    product_id: UUID,
    body: CorrectionBody,
    version: Version,
    db: Db,
    actor: Actor,
    now: Now,
    response: Response,
) -> ProductView:
    """Correct a GTIN. What was printed with the wrong one stays alive; nothing else ever gets it.

    Orders that are under way keep the GTIN they were placed with. What was said of the wrong GTIN's links is
    said of the right one from now on; links said for the wrong one afterwards are for what it is printed on.
    """
    correction = masterdata.Correction(body.wrong, body.right, body.reason)
    product = masterdata.correct_gtin(db, actor.brand_id, product_id, correction, version=version, now=now)
    author = links.Author(actor.brand_id, actor.actor, now)
    source, target = (links.read_anchor(f"/01/{gtin}") for gtin in (body.wrong, body.right))
    links.move(db, author, source, target, reason=f"GTIN corrected: {body.reason}"[:500])
    response.headers["ETag"] = f'"{product.version}"'
    return ProductView.model_validate(product)
