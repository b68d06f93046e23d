"""What the worker does for codes."""

from __future__ import annotations

from typing import Final

from wuma.chain.codes import print_job
from wuma.chain.codes.print_files import MAKE
from wuma.kernel.jobs import Task

TASKS: Final = (
    Task(MAKE, print_job.make),
    Task("codes.tidy_print_files", print_job.tidy, schedule="*/5 * * * *"),
)
