"""Print the OpenAPI document of the platform API, without a database or a server.

The document is made of the routes alone, so the program is put together in a folder that is thrown away,
with a database that nobody connects to.
"""

import json
import sys
import tempfile
from pathlib import Path

from wuma.entrypoints.api import build_app
from wuma.entrypoints.wiring import build_runtime
from wuma.kernel.settings import Settings

with tempfile.TemporaryDirectory() as folder:
    settings = Settings(data=Path(folder), dsn="postgresql://nobody@127.0.0.1/none")
    json.dump(build_app(build_runtime(settings)).openapi(), sys.stdout, indent=1, ensure_ascii=False)
