"""Everything the program does without being asked, from every context."""

from __future__ import annotations

from typing import Final

from wuma.chain.authenticity import tasks as authenticity_tasks
from wuma.chain.care import invariants as care_invariants
from wuma.chain.care import tasks as care_tasks
from wuma.chain.codes import invariants as codes_invariants
from wuma.chain.codes import tasks as codes_tasks
from wuma.chain.dossier import derive as dossier_derive
from wuma.chain.dossier import invariants as dossier_invariants
from wuma.chain.trace.capturing import capture_job
from wuma.chain.trace.subscriptions import deliver
from wuma.journeys import commission_by_event
from wuma.kernel.invariants import Invariant
from wuma.kernel.jobs import Task
from wuma.kernel.outbox import Subscription
from wuma.ops import housekeeping
from wuma.support.links import invariants as links_invariants
from wuma.support.masterdata import invariants as masterdata_invariants

INVARIANTS: Final[tuple[Invariant, ...]] = (
    *care_invariants.INVARIANTS,
    *codes_invariants.INVARIANTS,
    *dossier_invariants.INVARIANTS,
    *masterdata_invariants.INVARIANTS,
    *links_invariants.INVARIANTS,
)
"""What must always be true of the data."""

PARTITIONED: Final = ("kernel.fact", "authenticity.scan")
"""Tables that are cut by month."""

TASKS: Final[tuple[Task, ...]] = (
    *housekeeping.tasks(INVARIANTS, PARTITIONED),
    *codes_tasks.TASKS,
    *authenticity_tasks.TASKS,
    *care_tasks.TASKS,
    *capture_job.TASKS,
    *deliver.TASKS,
)
"""What the worker can do."""

SUBSCRIPTIONS: Final[tuple[Subscription, ...]] = (
    dossier_derive.SUBSCRIPTION,
    commission_by_event.SUBSCRIPTION,
    care_tasks.SUBSCRIPTION,
    deliver.SUBSCRIPTION,
)
"""Who is told what."""
