"""Why a play ends before its time."""

from __future__ import annotations


class PlayStopped(Exception):
    """The play cannot go on; the message says what was expected of the server and what came."""
