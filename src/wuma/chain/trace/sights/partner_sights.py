"""What each partner is shown, as it is kept: rules, fields kept back, named queries that may be asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from pydantic import AwareDatetime, BaseModel, Field, StringConstraints, field_validator
from sqlalchemy import text
from sqlalchemy.orm import Session

from wuma.chain.trace.sights.sight import HIDEABLE, WHOLE, Aliases, Rule, Sight
from wuma.chain.trace.vocabulary import EventType, bare_word
from wuma.kernel.errors import Forbidden, Refusal
from wuma.kernel.http.access import Principal
from wuma.kernel.keys import Keyring
from wuma.support.masterdata import facade as masterdata
from wuma_gs1.cbv import BizStep, Disposition
from wuma_gs1.check_characters import check_digit

RULES_MAX: Final = 50
VALUES_MAX: Final = 500
BOUND: Final = "partner:"
"""How a token says whom it is lent to."""

Gln = Annotated[str, StringConstraints(pattern=r"^\d{13}$")]
Gtin = Annotated[str, StringConstraints(pattern=r"^\d{14}$")]
Term = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"^[^\s\x00]+$")]
QueryName = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^/?#\x00-\x1f]+$")]


class SightRule(BaseModel, extra="forbid"):
    """A rule: what it asks for must all hold of an event that is shown by it."""

    own: bool = Field(
        False, description="The partner takes part: a source, a destination, one of its places."
    )
    places: list[Gln] = Field([], max_length=VALUES_MAX, description="GLNs of read points or locations.")
    products: list[Gtin] = Field([], max_length=VALUES_MAX, description="GTINs: these, and no other product.")
    biz_steps: list[Term] = Field([], max_length=VALUES_MAX)
    dispositions: list[Term] = Field([], max_length=VALUES_MAX)
    event_types: list[EventType] = []
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None

    @field_validator("places", "products")
    @classmethod
    def _check_digits(cls, numbers: list[str]) -> list[str]:
        for number in numbers:
            if int(number[-1]) != check_digit(number[:-1]):
                raise ValueError(f"{number}: the check digit is {check_digit(number[:-1])}")
        return numbers

    @field_validator("biz_steps")
    @classmethod
    def _bare_steps(cls, terms: list[str]) -> list[str]:
        return [bare_word(term, BizStep) for term in terms]

    @field_validator("dispositions")
    @classmethod
    def _bare_dispositions(cls, terms: list[str]) -> list[str]:
        return [bare_word(term, Disposition) for term in terms]

    @field_validator("until")
    @classmethod
    def _shows_something(cls, until: datetime | None, info: Any) -> datetime | None:
        since = info.data.get("since")
        if until is not None and since is not None and until <= since:
            raise ValueError("a time after `since`")
        return until

    def rule(self) -> Rule:
        """Return the rule as it is applied."""
        return Rule(
            own=self.own,
            places=frozenset(self.places),
            products=frozenset(self.products),
            biz_steps=frozenset(self.biz_steps),
            dispositions=frozenset(self.dispositions),
            event_types=frozenset(self.event_types),
            since=self.since,
            until=self.until,
        )


class SightDraft(BaseModel, extra="forbid"):
    """What a partner is to be shown. Without rules, nothing."""

    rules: list[SightRule] = Field(max_length=RULES_MAX)
    hidden: list[str] = Field([], description=f"Fields kept back: {', '.join(HIDEABLE)}.")
    queries: list[QueryName] = Field([], max_length=VALUES_MAX, description="Named queries it may ask.")

    @field_validator("hidden")
    @classmethod
    def _can_be_hidden(cls, names: list[str]) -> list[str]:
        unknown = sorted(set(names) - set(HIDEABLE))
        if unknown:
            raise ValueError(f"some of {', '.join(HIDEABLE)}; not {', '.join(unknown)[:80]}")
        return sorted(set(names))

    @field_validator("rules")
    @classmethod
    def _say_something(cls, rules: list[SightRule]) -> list[SightRule]:
        for rule in rules:
            # A rule of times or types only is hardly ever meant: it would show everything there is.
            if not (rule.own or rule.places or rule.products or rule.biz_steps):
                raise ValueError("rules that say own, places, products or biz_steps")
        return rules


@dataclass(frozen=True, slots=True)
class PartnerSight:
    """What a partner is shown, as it is kept."""

    partner_id: UUID
    version: int
    draft: SightDraft
    changed_at: datetime | None
    changed_by: str | None


class SightChanged(Refusal):
    """Somebody has changed what this partner sees in the meantime."""

    status = HTTPStatus.PRECONDITION_FAILED
    slug = "sight-changed"


def sight_of(session: Session, keyring: Keyring, actor: Principal) -> Sight:
    """Return what whoever asks sees of the events of the brand.

    Raises:
        Forbidden: they read for a partner, and nobody has said for which.
    """
    if actor.bound_to is None:
        if not actor.may("trace.read"):
            raise Forbidden("This needs a token that is lent to a partner.")
        return WHOLE
    if not actor.bound_to.startswith(BOUND):
        raise Forbidden("This token is lent to nobody that sees events.")
    return sight_of_partner(session, keyring, actor.tenant_id, UUID(actor.bound_to.removeprefix(BOUND)))


def sight_of_partner(session: Session, keyring: Keyring, tenant_id: int, partner_id: UUID) -> Sight:
    """Return what a partner sees; nothing, unless somebody has said what."""
    kept = kept_sight(session, tenant_id, partner_id)
    who = f"{BOUND}{partner_id}"
    return Sight(
        who=f"{who} {kept.version}",  # a page token ends when the rules change
        rules=tuple(rule.rule() for rule in kept.draft.rules),
        hidden=frozenset(kept.draft.hidden),
        queries=frozenset(kept.draft.queries),
        glns=masterdata.glns_of_partner(session, partner_id),
        aliases=Aliases(keyring, tenant_id, who),
    )


def kept_sight(session: Session, tenant_id: int, partner_id: UUID) -> PartnerSight:
    """Return what is kept of a partner; version 0 and nothing when nobody has said anything."""
    row = session.execute(_FIND, {"tenant_id": tenant_id, "partner_id": partner_id}).one_or_none()
    if row is None:
        return PartnerSight(partner_id, 0, SightDraft(rules=[]), None, None)
    return _of_row(row)


def kept_sights(session: Session, tenant_id: int, *, after: UUID | None, limit: int) -> list[PartnerSight]:
    """Return what is kept of all partners, by their numbers."""
    values = {"tenant_id": tenant_id, "after": after or UUID(int=0), "limit": limit}
    return [_of_row(row) for row in session.execute(_LIST, values)]


def keep_sight(
    session: Session,
    tenant_id: int,
    partner_id: UUID,
    draft: SightDraft,
    *,
    version: int,
    actor: str,
    now: datetime,
) -> PartnerSight:
    """Say what a partner sees.

    Raises:
        NotFound: there is no such partner.
        SightChanged: `version` is not the one that is kept; 0 when nothing is.
    """
    partner = masterdata.partner(session, partner_id)
    values = {
        "tenant_id": tenant_id,
        "partner_id": partner.id,
        "version": version,
        "rules": msgspec.json.encode([rule.model_dump(mode="json") for rule in draft.rules]).decode(),
        "hidden": draft.hidden,
        "queries": draft.queries,
        "now": now,
        "actor": actor,
    }
    changed = session.execute(_ADD if version == 0 else _CHANGE, values).one_or_none()
    if changed is None:
        raise SightChanged("Read what it is now, and say it anew.")
    return PartnerSight(partner.id, version + 1, draft, now, actor)


def _of_row(row: Any) -> PartnerSight:
    rules: Sequence[Any] = row.rules
    draft = SightDraft.model_validate({"rules": rules, "hidden": row.hidden, "queries": row.queries})
    return PartnerSight(row.partner_id, row.version, draft, row.changed_at, row.changed_by)


_COLUMNS: Final = "partner_id, version, rules, hidden, queries, changed_at, changed_by"
_FIND = text(
    f"SELECT {_COLUMNS} FROM trace.partner_sight WHERE tenant_id = :tenant_id AND partner_id = :partner_id"
)
_LIST = text(
    f"SELECT {_COLUMNS} FROM trace.partner_sight WHERE tenant_id = :tenant_id AND partner_id > :after"
    " ORDER BY partner_id LIMIT :limit"
)
_ADD = text(
    "INSERT INTO trace.partner_sight (tenant_id, partner_id, version, rules, hidden, queries, changed_at,"
    " changed_by) VALUES (:tenant_id, :partner_id, :version + 1, CAST(:rules AS jsonb), :hidden, :queries,"
    " :now, :actor) ON CONFLICT (tenant_id, partner_id) DO NOTHING RETURNING 1"
)
_CHANGE = text(
    "UPDATE trace.partner_sight SET version = version + 1, rules = CAST(:rules AS jsonb), hidden = :hidden,"
    " queries = :queries, changed_at = :now, changed_by = :actor"
    " WHERE tenant_id = :tenant_id AND partner_id = :partner_id AND version = :version RETURNING 1"
)
