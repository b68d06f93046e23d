"""The door of authenticity: what other contexts and journeys may use."""

from __future__ import annotations

from wuma.chain.authenticity.judge import GeoSource, Outcome, Place, Reason, Verdict

__all__ = ["GeoSource", "Outcome", "Place", "Reason", "Verdict"]
