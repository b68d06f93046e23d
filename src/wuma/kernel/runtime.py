"""The resources of a running program, put together once by ``entrypoints/wiring.py``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from wuma.kernel.auth.grants import Grants
from wuma.kernel.crypto import FieldCipher
from wuma.kernel.db import Database
from wuma.kernel.keys import Keyring
from wuma.kernel.limits import Attempts
from wuma.kernel.settings import Settings


@dataclass(frozen=True, slots=True)
class Runtime:
    """What routes, tasks and subscribers may use besides what they are handed."""

    settings: Settings
    database: Database
    keyring: Keyring
    fields: FieldCipher
    grants: Grants
    attempts: Attempts
    blobs: Path
    """The folder of files: print files, photographs. Named by id, never by what a user typed."""
