"""Print the OpenAPI document of the platform API, without a database or a server.

The document is made of the routes alone, so the program is put together in a folder that is thrown away,
with keys made for the occasion and a database that nobody connects to.
"""

import json
import secrets
import sys
import tempfile
from pathlib import Path

from pydantic import SecretStr

from wuma.entrypoints import wiring
from wuma.entrypoints.api import build_platform_api
from wuma.kernel.keys import Passphrase, SealedKeyFile
from wuma.kernel.settings import Settings

with tempfile.TemporaryDirectory() as folder:
    passphrase = secrets.token_hex()
    settings = Settings(
        data=Path(folder), dsn="postgresql://nobody@127.0.0.1/none", key_passphrase=SecretStr(passphrase)
    )
    SealedKeyFile.create(wiring.key_file(settings), Passphrase(passphrase))
    platform = build_platform_api(wiring.build_runtime(settings))
    json.dump(platform.openapi(), sys.stdout, indent=1, ensure_ascii=False)
