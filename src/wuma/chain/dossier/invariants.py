"""What must always be true of dossiers."""

from __future__ import annotations

from typing import Final

from wuma.kernel.invariants import Invariant

INVARIANTS: Final = (
    Invariant(
        "dossier.one_line_of_corrections",
        "A correction replaces an entry of the same batch, item and subject.",
        "SELECT e.id FROM dossier.entry e JOIN dossier.entry b ON b.id = e.replaces"
        " WHERE (b.tenant_id, b.gtin, b.lot, b.item, b.subject)"
        " IS DISTINCT FROM (e.tenant_id, e.gtin, e.lot, e.item, e.subject) OR b.source = 'event'",
    ),
    Invariant(
        "dossier.quality_before_market",
        "Whoever released a batch to the market did so after quality had, and is somebody else.",
        "SELECT m.id FROM dossier.signature m LEFT JOIN dossier.signature q"
        " ON (q.tenant_id, q.gtin, q.lot, q.round, q.kind) = (m.tenant_id, m.gtin, m.lot, m.round, 'quality')"
        " WHERE m.kind = 'market' AND (q.id IS NULL OR q.actor = m.actor OR q.signed_at > m.signed_at"
        " OR q.contents <> m.contents)",
    ),
    Invariant(
        "dossier.withdrawal_of_a_release",
        "What was taken back had been released.",
        "SELECT w.id FROM dossier.withdrawal w WHERE NOT EXISTS (SELECT FROM dossier.signature s"
        " WHERE (s.tenant_id, s.gtin, s.lot, s.round) = (w.tenant_id, w.gtin, w.lot, w.round))",
    ),
    Invariant(
        "dossier.alarm_of_its_rule",
        "An alarm is of a series that its rule speaks of.",
        "SELECT a.id FROM dossier.alarm a JOIN dossier.rule r ON r.id = a.rule_id"
        " JOIN dossier.series s ON s.id = a.series_id WHERE (r.tenant_id, r.quantity, r.unit)"
        " IS DISTINCT FROM (s.tenant_id, s.quantity, s.unit) OR r.place <> s.place OR a.until < a.since",
    ),
)
