"""A whole dossier, as somebody would write it, for tests."""

from __future__ import annotations

from typing import Any

from wuma.chain.dossier.template import HEADINGS, Due, Item, Section, items_for
from wuma.chain.dossier.values import Kind

SUBJECTS = {
    Section.MATERIAL: ("RM-2601-07", "WP-2512-02"),
    Section.EQUIPMENT: ("SD-01",),
    Section.PERSON: ("投料", "灌装"),
}


def whole_dossier(stage: int | None = 2, *, leave_out: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """Everything that is required, within all limits."""
    return [
        entry_of(item, subject)
        for item in items_for(stage)
        if not item.is_drawn and item.due is not Due.OPTIONAL and item.id not in leave_out
        for subject in (SUBJECTS[item.section] if HEADINGS[item.section].recurs else ("",))
    ]


def entry_of(item: Item, subject: str = "", **more: Any) -> dict[str, Any]:
    entry: dict[str, Any] = {"item": item.id, "subject": subject, "value": good_value(item), **more}
    if item.needs_limit:
        entry |= {"least": "1", "most": "1000"}
    return entry


def good_value(item: Item) -> str:
    match item.kind:
        case Kind.TEXT:
            return f"{item.zh}甲"
        case Kind.NUMBER if item.id == "lab.energy":
            return "270"
        case Kind.NUMBER:
            return "2" if item.needs_limit else "0.1" if item.limits else "120.5"
        case Kind.DATE:
            return "2026-06-01"
        case Kind.INSTANT:
            return "2026-05-01T08:00:00+08:00"
        case Kind.VERDICT:
            return "合格"
        case Kind.SAMPLES:
            assert item.plan is not None
            return ", ".join(["ND" if item.plan.m == 0 else "<10"] * item.plan.n)
