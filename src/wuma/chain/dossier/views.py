"""How the dossier is told by the API."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from wuma.chain.dossier.completeness import Gap, Stated, Why, judge
from wuma.chain.dossier.entries import SUBJECT_CHARACTERS_MAX, Standing
from wuma.chain.dossier.limits import Finding, Limit
from wuma.chain.dossier.models import AlarmRow, EntryRow, RuleRow, SeriesRow, SignatureRow, WithdrawalRow
from wuma.chain.dossier.release import Releases
from wuma.chain.dossier.template import HEADINGS, Due, Item, Section
from wuma.chain.dossier.units import symbol
from wuma.chain.dossier.values import TEXT_CHARACTERS_MAX, Kind
from wuma.kernel.http.fields import Line, Moment

Cell = Annotated[str, StringConstraints(max_length=2 * TEXT_CHARACTERS_MAX)]
REASON_CHARACTERS_MAX: Final = 1000
Reason = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        max_length=REASON_CHARACTERS_MAX,
        pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$",
    ),
]


class TemplateSection(BaseModel):
    """A section of the template."""

    id: Section
    zh: str
    en: str
    clause: str
    recurs: bool
    subject_zh: str
    subject_en: str


class TemplateItem(BaseModel):
    """An item of the template, for formula of one stage."""

    id: str
    section: Section
    zh: str
    en: str
    kind: Kind
    unit: str
    due: Due
    is_public: bool
    is_drawn: bool
    needs_limit: bool
    limit: str
    """The standard's limit or sampling plan, as people write it; empty when the template has none."""
    clause: str


class TemplateView(BaseModel):
    """What a dossier has to hold."""

    version: int
    sections: list[TemplateSection]
    items: list[TemplateItem]


class ItemEntryForm(BaseModel):
    """What is entered of one item. All is text, as people write it: `<0.02`, 合格, 2026-05-01."""

    item: Annotated[str, StringConstraints(max_length=100)]
    value: Cell
    subject: Annotated[str, StringConstraints(max_length=2 * SUBJECT_CHARACTERS_MAX)] = ""
    unit: Cell = ""
    least: Cell = ""
    most: Cell = ""
    method: Cell = ""
    instrument: Cell = ""
    operator: Cell = ""
    measured_at: Moment | None = None
    reason: Cell = Field("", description="Why this is corrected; needed when something else stands.")
    replaces: UUID | None = Field(
        None, description="The entry that was seen; refused when it no longer stands."
    )


class ItemEntryView(BaseModel):
    """What somebody, or an event, said of an item."""

    id: UUID
    item: str
    subject: str
    value: str
    unit: str
    least: str
    most: str
    method: str
    instrument: str
    operator: str
    measured_at: datetime | None
    reason: str
    source: str
    replaces: UUID | None
    event_id: int | None
    recorded_at: datetime
    actor: str


class StandingView(ItemEntryView):
    """What stands of an item, and what its limits say of it."""

    finding: Finding
    limit: str
    earlier_count: int
    is_contradicted: bool
    """An event says something else."""


class GapView(BaseModel):
    """What is missing, or not as it must be."""

    item: str
    subject: str
    why: Why
    due: Due


class ReleaseForm(BaseModel):
    """A signature. `deviation` says why a batch is released over its gaps."""

    deviation: Reason = ""


class WithdrawalForm(BaseModel):
    """Why a release is taken back."""

    reason: Line


class SignatureView(BaseModel):
    """Who released, when, and the digest of what."""

    id: UUID
    round: int
    kind: str
    signed_at: datetime
    signer: str
    deviation: str
    gaps: list[GapView]
    contents: str


class WithdrawalView(BaseModel):
    """A round of releases that was taken back."""

    round: int
    withdrawn_at: datetime
    actor: str
    reason: str


class ReleasesView(BaseModel):
    """How far the release has come: open, quality, market."""

    state: str
    round: int
    quality: SignatureView | None
    market: SignatureView | None
    earlier: list[SignatureView]
    withdrawals: list[WithdrawalView]


class SeriesView(BaseModel):
    """Readings of one kind by one device at one place."""

    id: int
    quantity: str
    component: str
    unit: str
    symbol: str
    device: str
    place: str
    gtin: str
    lot: str


class PointView(BaseModel):
    """A reading, or what a stretch of time comes to."""

    at: datetime
    mean: float
    low: float
    high: float
    count: int


class ExcursionRuleForm(BaseModel):
    """What readings have to keep to, and for how many seconds they may fail to."""

    name: Line
    quantity: Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{1,60}$")]
    unit: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{2,3}$")]
    place: Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00]*$")] | None = None
    least: Annotated[float, Field(ge=-1e12, le=1e12)] | None = None
    most: Annotated[float, Field(ge=-1e12, le=1e12)] | None = None
    seconds: Annotated[int, Field(ge=0, le=31_536_000)] = 0


class ExcursionRuleView(BaseModel):
    """A rule."""

    id: UUID
    name: str
    quantity: str
    unit: str
    symbol: str
    place: str | None
    least: float | None
    most: float | None
    seconds: int
    since: datetime
    made_by: str
    ended_at: datetime | None
    ended_by: str | None


class ExcursionView(BaseModel):
    """An excursion: of which rule, in which series, and what was done about it."""

    id: UUID
    rule_id: UUID
    rule_name: str
    least: float | None
    most: float | None
    series: SeriesView
    since: datetime
    until: datetime
    worst: float
    readings: int
    is_over: bool
    raised_at: datetime
    void_at: datetime | None
    handled_at: datetime | None
    handled_by: str | None
    handled_note: str | None


class HandledForm(BaseModel):
    """What was done about an alarm."""

    note: Line


def template_section(section: Section) -> TemplateSection:
    """Tell a section."""
    heading = HEADINGS[section]
    return TemplateSection(
        id=section,
        zh=heading.zh,
        en=heading.en,
        clause=heading.clause,
        recurs=heading.recurs,
        subject_zh=heading.subject_zh,
        subject_en=heading.subject_en,
    )


def template_item(item: Item, stage: int | None) -> TemplateItem:
    """Tell an item, with its limit for a stage."""
    return TemplateItem(
        id=item.id,
        section=item.section,
        zh=item.zh,
        en=item.en,
        kind=item.kind,
        unit=item.unit,
        due=item.due,
        is_public=item.is_public,
        is_drawn=item.is_drawn,
        needs_limit=item.needs_limit,
        limit=standard_limit(item, stage),
        clause=item.clause,
    )


def standard_limit(item: Item, stage: int | None) -> str:
    """Return the limit of the standard as people write it."""
    if item.plan is not None:
        return str(item.plan)
    limit = item.limit(stage)
    return "" if limit is None else written_limit(limit)


def written_limit(limit: Limit) -> str:
    """Return a limit as people write it.

    >>> from decimal import Decimal
    >>> written_limit(Limit(Decimal(250), Decimal(295))), written_limit(Limit(None, Decimal("5.0")))
    ('250–295', '≤ 5.0')
    """
    if limit.least is not None and limit.most is not None:
        return f"{limit.least:f}–{limit.most:f}"
    if limit.least is not None:
        return f"≥ {limit.least:f}"
    return "" if limit.most is None else f"≤ {limit.most:f}"


def limit_of(stated: Stated, stage: int | None) -> str:
    """Return the limit that a value is held against: the entry's own, or else the standard's."""
    if stated.own_limit is not None:
        return written_limit(stated.own_limit)
    return standard_limit(stated.item, stage)


def entry_view(row: EntryRow) -> ItemEntryView:
    """Tell an entry."""
    return ItemEntryView(
        id=row.id,
        item=row.item,
        subject=row.subject,
        value=row.value,
        unit=row.unit,
        least="" if row.least is None else f"{row.least:f}",
        most="" if row.most is None else f"{row.most:f}",
        method=row.method,
        instrument=row.instrument,
        operator=row.operator,
        measured_at=row.measured_at,
        reason=row.reason,
        source=row.source,
        replaces=row.replaces,
        event_id=row.event_id,
        recorded_at=row.recorded_at,
        actor=row.actor,
    )


def standing_view(standing: Standing, stage: int | None) -> StandingView:
    """Tell what stands."""
    stated = standing.stated
    return StandingView(
        **entry_view(standing.entry).model_dump(),
        finding=judge(stated, stage),
        limit=limit_of(stated, stage),
        earlier_count=len(standing.others),
        is_contradicted=standing.is_contradicted,
    )


def gap_view(gap: Gap) -> GapView:
    """Tell a gap."""
    return GapView(item=gap.item, subject=gap.subject, why=gap.why, due=gap.due)


def signature_view(row: SignatureRow) -> SignatureView:
    """Tell a signature."""
    return SignatureView(
        id=row.id,
        round=row.round,
        kind=row.kind,
        signed_at=row.signed_at,
        signer=row.signer,
        deviation=row.deviation,
        gaps=[GapView.model_validate(gap) for gap in row.gaps],
        contents=row.contents.hex(),
    )


def withdrawal_view(row: WithdrawalRow) -> WithdrawalView:
    """Tell that a release was taken back."""
    return WithdrawalView(round=row.round, withdrawn_at=row.withdrawn_at, actor=row.actor, reason=row.reason)


def releases_view(releases: Releases) -> ReleasesView:
    """Tell how far the release has come."""
    return ReleasesView(
        state=releases.state,
        round=releases.round,
        quality=None if releases.quality is None else signature_view(releases.quality),
        market=None if releases.market is None else signature_view(releases.market),
        earlier=[signature_view(row) for row in releases.earlier],
        withdrawals=[withdrawal_view(row) for row in releases.withdrawals],
    )


def series_view(row: SeriesRow) -> SeriesView:
    """Tell a series."""
    return SeriesView(
        id=row.id,
        quantity=row.quantity,
        component=row.component,
        unit=row.unit,
        symbol=symbol(row.unit),
        device=row.device,
        place=row.place,
        gtin=row.gtin,
        lot=row.lot,
    )


def rule_view(row: RuleRow) -> ExcursionRuleView:
    """Tell a rule."""
    return ExcursionRuleView(
        id=row.id,
        name=row.name,
        quantity=row.quantity,
        unit=row.unit,
        symbol=symbol(row.unit),
        place=row.place,
        least=row.least,
        most=row.most,
        seconds=row.seconds,
        since=row.since,
        made_by=row.made_by,
        ended_at=row.ended_at,
        ended_by=row.ended_by,
    )


def excursion_view(alarm: AlarmRow, rule: RuleRow, series: SeriesRow) -> ExcursionView:
    """Tell an alarm."""
    return ExcursionView(
        id=alarm.id,
        rule_id=rule.id,
        rule_name=rule.name,
        least=rule.least,
        most=rule.most,
        series=series_view(series),
        since=alarm.since,
        until=alarm.until,
        worst=alarm.worst,
        readings=alarm.readings,
        is_over=alarm.is_over,
        raised_at=alarm.raised_at,
        void_at=alarm.void_at,
        handled_at=alarm.handled_at,
        handled_by=alarm.handled_by,
        handled_note=alarm.handled_note,
    )
