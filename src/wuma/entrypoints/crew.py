"""The processes of the program: imported and built once, then copied, one for each task.

A process that imports everything for itself takes seconds of a core, and keeps all of it a second time. Here
one imports while PostgreSQL starts, prepares the database, builds the application, and is then copied: an
HTTP worker that died is replaced in a moment.
"""

from __future__ import annotations

import gc
import sys
import time
from functools import partial
from typing import Final

from wuma.entrypoints import api, http_worker, worker
from wuma.entrypoints.serve import answers, database_sign, say
from wuma.entrypoints.wiring import build_runtime, prepare
from wuma.entrypoints.work import PARTITIONED
from wuma.kernel import telemetry
from wuma.kernel.fork import Fork
from wuma.kernel.settings import Settings
from wuma.kernel.supervise import Part, StartFailed, supervise
from wuma.ops.housekeeping import open_months

LOOK_SECONDS: Final = 0.02


def main() -> int:
    """Run the crew until told to stop; return the exit code."""
    settings = Settings()
    telemetry.configure_logging(settings.log_level)
    while not database_sign(settings).exists():  # whoever started us ends us when there will never be one
        time.sleep(LOOK_SECONDS)
    try:
        prepare(settings)
        runtime = build_runtime(settings)
        open_months(runtime, *PARTITIONED)
        runtime.database.close()  # each copy opens connections of its own
        application = api.build_app(runtime)
    except StartFailed as failure:
        say("crew.gave_up", error=str(failure))
        return 1
    except Exception as failure:  # noqa: BLE001 - whatever it is, an operator reads one sentence of it
        say("crew.gave_up", error=f"preparation: {type(failure).__name__}: {failure}")
        return 1
    # What is there now stays: the collector need not look at it again, nor write to the pages it shares.
    gc.collect()
    gc.freeze()
    parts: list[Part] = [
        Fork(
            f"wuma http {number + 1}",
            partial(http_worker.answer, application, settings),
            ready=partial(answers, settings),
        )
        for number in range(settings.http_workers)
    ]
    parts.append(Fork("wuma worker", partial(worker.work, settings)))
    return supervise([parts], log=say)


if __name__ == "__main__":
    sys.exit(main())
