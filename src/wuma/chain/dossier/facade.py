"""The door of the dossier: what other contexts and journeys may use."""

from __future__ import annotations

from wuma.chain.dossier.alarms import open_alarm_counts
from wuma.chain.dossier.completeness import Completeness, Gap, Stated, Why, completeness, judge
from wuma.chain.dossier.entries import Standing, standing_of, standings_of
from wuma.chain.dossier.limits import Finding
from wuma.chain.dossier.models import SignatureRow as Signature
from wuma.chain.dossier.names import BatchName, name_of, named
from wuma.chain.dossier.release import Releases, digest_of, is_on_market, releases_of, releases_of_all
from wuma.chain.dossier.template import BY_ID, HEADINGS, VERSION, Due, Heading, Item, Section, items_for
from wuma.chain.dossier.values import Kind
from wuma.chain.dossier.views import (
    GapView,
    ReleasesView,
    StandingView,
    gap_view,
    limit_of,
    releases_view,
    standing_view,
)

__all__ = [
    "BY_ID",
    "HEADINGS",
    "VERSION",
    "BatchName",
    "Completeness",
    "Due",
    "Finding",
    "Gap",
    "GapView",
    "Heading",
    "Item",
    "Kind",
    "Releases",
    "ReleasesView",
    "Section",
    "Signature",
    "Standing",
    "StandingView",
    "Stated",
    "Why",
    "completeness",
    "digest_of",
    "gap_view",
    "is_on_market",
    "items_for",
    "judge",
    "limit_of",
    "name_of",
    "named",
    "open_alarm_counts",
    "releases_of",
    "releases_of_all",
    "releases_view",
    "standing_of",
    "standing_view",
    "standings_of",
]
