"""The door of authenticity: what other contexts and journeys may use."""

from __future__ import annotations

from wuma.chain.authenticity.among import Reachable, ScannedBy, reachable, scan_counts, scanned_by
from wuma.chain.authenticity.judge import NOWHERE, GeoSource, Outcome, Place, Reason, Verdict
from wuma.chain.authenticity.log import ScanView, scans_of
from wuma.chain.authenticity.minutes import Minutes
from wuma.chain.authenticity.overview import Overview, overview
from wuma.chain.authenticity.pseudonyms import Pseudonyms
from wuma.chain.authenticity.refine import refine_place
from wuma.chain.authenticity.remember import Judged, Scan, judge_and_remember, locks_on
from wuma.chain.authenticity.reports import NewReport, PhotoTooLarge, ReportFacts, file_report, reports_about
from wuma.chain.authenticity.whereabouts import Whereabouts

__all__ = [
    "NOWHERE",
    "GeoSource",
    "Judged",
    "Minutes",
    "NewReport",
    "Outcome",
    "Overview",
    "PhotoTooLarge",
    "Place",
    "Pseudonyms",
    "Reachable",
    "Reason",
    "ReportFacts",
    "Scan",
    "ScanView",
    "ScannedBy",
    "Verdict",
    "Whereabouts",
    "file_report",
    "judge_and_remember",
    "locks_on",
    "overview",
    "reachable",
    "refine_place",
    "reports_about",
    "scan_counts",
    "scanned_by",
    "scans_of",
]
