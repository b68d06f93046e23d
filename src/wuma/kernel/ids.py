"""Names for new things: UUIDv7, so that ids sort by birth and spread no index."""

from __future__ import annotations

import os
import time
import uuid


def uuid7(unix_ms: int | None = None) -> uuid.UUID:
    """Make a UUID of version 7 (RFC 9562, section 5.7) from a millisecond clock and 74 random bits.

    >>> uuid7(1_700_000_000_000).version
    7
    >>> str(uuid7(1_700_000_000_000))[:13]
    '018bcfe5-6800'
    """
    milliseconds = time.time_ns() // 1_000_000 if unix_ms is None else unix_ms
    random = int.from_bytes(os.urandom(10), "big")
    value = (milliseconds & 0xFFFF_FFFF_FFFF) << 80
    value |= 0x7 << 76 | (random >> 68 & 0xFFF) << 64
    value |= 0b10 << 62 | random & 0x3FFF_FFFF_FFFF_FFFF
    return uuid.UUID(int=value)
