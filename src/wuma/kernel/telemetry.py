"""Logs that are facts, metrics that add up, and neither of them with secrets or personal data.

Log lines are JSON on standard error: a dotted name, keys, no prose. A processor removes what must not
be written down even if a caller passes it: values under telling names, and anything in a value that
looks like a mobile number, a citizen's number, a token or a code's secret.
"""

from __future__ import annotations

import logging
import os
import re
import sys
from bisect import bisect_right
from collections.abc import MutableMapping
from threading import Lock
from typing import Any, ClassVar, Final

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, multiprocess

REMOVED: Final = "[removed]"
TALLY_MAX: Final = 10_000
"""Observations noted at most before they are counted: 300 kB."""

_TELLING_NAMES: Final = re.compile(
    r"passw|secret|token|authorization|cookie|phone|mobile|email|openid|unionid|id_card|birth|address|hidden",
    re.IGNORECASE,
)
_TELLING_VALUES: Final = re.compile(
    r"(?<!\d)1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?!\d)"  # a mobile number in China
    r"|(?<!\d)\d{17}[\dXx](?!\d)"  # a citizen's number, GB 11643
    r"|wuma_[A-Za-z0-9_-]{16,}"  # an API token
    r"|[\w.+-]+@[\w-]+\.[\w.]+"  # an e-mail address
    r"|/[hH]/[^\s/?\"']+"  # a hidden code in a path
    r"|(?<=://)[^\s/@]+:[^\s/@]+@"  # name and password in the address of a service
    r"|(?<=[?&])(?:token|password|secret|code|scan)=[^\s&\"']+"
)
_FULL_WIDTH: Final = {ord("０") + digit: ord("0") + digit for digit in range(10)}
"""A Chinese keyboard writes digits that no pattern above would know."""


def scrub(value: Any) -> Any:
    """Return a value without what must not be logged.

    >>> scrub("call 13812345678 about /h/7K2M9QXW")
    'call [removed] about [removed]'
    >>> scrub(ValueError("postgresql://wuma_app:pw@db/wuma?code=7K2M9QXW"))
    "ValueError('postgresql://[removed]db/wuma?[removed]')"
    >>> scrub({"phone": 1, "order_count": 2})
    {'phone': '[removed]', 'order_count': 2}
    """
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return _TELLING_VALUES.sub(REMOVED, value.translate(_FULL_WIDTH))
    if isinstance(value, dict):
        return {
            key: REMOVED if isinstance(key, str) and _TELLING_NAMES.search(key) else scrub(member)
            for key, member in value.items()
        }
    if isinstance(value, list | tuple):
        return [scrub(member) for member in value]
    return scrub(repr(value) if isinstance(value, BaseException) else str(value))


def _scrub_event(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in list(event.items()):
        event[key] = REMOVED if _TELLING_NAMES.search(key) else scrub(value)
    return event


def configure_logging(level: str = "info") -> None:
    """Write one JSON object a line to standard error, our own lines and those of the libraries alike."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _scrub_event,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processor=structlog.processors.JSONRenderer(ensure_ascii=False), foreign_pre_chain=shared
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for chatty in ("procrastinate", "alembic", "httpx"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def logger(name: str) -> structlog.stdlib.BoundLogger:
    """Return the logger of a module."""
    bound: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return bound


def counter(name: str, help_text: str, labels: tuple[str, ...] = ()) -> Counter:
    """Declare a counter; call it once, at module level."""
    return Counter(name, help_text, labels, namespace="wuma")


def histogram(name: str, help_text: str, labels: tuple[str, ...] = ()) -> Histogram:
    """Declare a histogram of seconds; call it once, at module level."""
    buckets = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
    return Histogram(name, help_text, labels, namespace="wuma", buckets=buckets)


def gauge(name: str, help_text: str, labels: tuple[str, ...] = ()) -> Gauge:
    """Declare a gauge; of several processes the most recent value counts."""
    return Gauge(name, help_text, labels, namespace="wuma", multiprocess_mode="mostrecent")


class Tally:
    """Notes observations of a histogram for a fiftieth of what the histogram takes, and counts them together.

    `count_tallies` hands them over: whoever shows the metrics calls it, and every process once a second. A
    crash loses that second of statistics.
    """

    _all: ClassVar[list[Tally]] = []
    _handing_over: ClassVar[Lock] = Lock()

    def __init__(self, histogram: Histogram) -> None:
        """`histogram` has its labels."""
        self._histogram = histogram
        self._noted: list[float] = []
        self._all.append(self)

    def observe(self, seconds: float) -> None:
        """Note one observation. Safe in several threads, as appending to a list is."""
        self._noted.append(seconds)
        if len(self._noted) >= TALLY_MAX:
            self.count()

    def count(self) -> None:
        """Hand over to the histogram what was noted."""
        with self._handing_over:
            taken = self._noted[:]
            del self._noted[: len(taken)]  # others may have noted more meanwhile: at the end
        if not taken:
            return
        taken.sort()
        # What `Histogram.observe` does for one, here for all; the library has no method for many.
        below = 0
        for bound, bucket in zip(self._histogram._upper_bounds, self._histogram._buckets, strict=True):
            within = bisect_right(taken, bound)
            if within > below:
                bucket.inc(within - below)
                below = within
        self._histogram._sum.inc(sum(taken))


def count_tallies() -> None:
    """Hand over what this process has noted."""
    for tally in Tally._all[:]:
        tally.count()


def metrics_page() -> bytes:
    """Return the metrics of all processes of this server in the Prometheus text format."""
    count_tallies()
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry)
    return generate_latest()
