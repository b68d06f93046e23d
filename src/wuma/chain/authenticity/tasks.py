"""What authenticity does on a schedule."""

from __future__ import annotations

from typing import Final

from wuma.chain.authenticity import alarms
from wuma.kernel.clock import utc_now
from wuma.kernel.jobs import Task
from wuma.kernel.runtime import Runtime
from wuma.kernel.tenancy import PLATFORM


def watch_invalid_share(runtime: Runtime) -> None:
    """Raise the alarm when a brand's share of invalid scans jumps."""
    with runtime.database.transaction(PLATFORM) as session:
        alarms.watch(session, now=utc_now())


TASKS: Final = (Task("authenticity.watch_invalid_share", watch_invalid_share, schedule="* * * * *"),)
