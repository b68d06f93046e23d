"""A worker process that makes one print file and dies where it is told to; see test_print_kills.py.

    python -m tests.chain.codes.print_victim DATA TENANT FILE STEP

It kills itself, as by a power cut, just before the STEP-th time it touches the folder of print files; with
STEP 0 it lives. Python announces every open, rename and removal to audit hooks (PEP 578).
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from wuma.chain.codes import print_job
from wuma.entrypoints import wiring
from wuma.kernel.settings import Settings


def main() -> None:
    folder, tenant_id, file_id, step = sys.argv[1:]
    runtime = wiring.build_runtime(Settings(data=Path(folder), public_url="https://id.wuma.test"))
    left = int(step)

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal left
        if any("print-files" in str(argument) for argument in arguments):
            left -= 1
            if left == 0:
                print(event, file=sys.stderr, flush=True)
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)
    print_job.make(runtime, tenant_id=int(tenant_id), print_file_id=file_id)


if __name__ == "__main__":
    main()
