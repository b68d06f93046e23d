"""Connect the program to its services: the one place that knows the profile.

``single`` runs everything from one data folder; ``cluster`` reads its services from the settings. What
differs between them is decided here and nowhere else. What is served and what is worked off is listed in
`addresses` and `work`, apart, because a process starts faster when it imports only one of them.
"""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Final

from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from wuma.kernel.clock import utc_now
from wuma.kernel.crypto import FieldCipher
from wuma.kernel.db import Database, sqlalchemy_url
from wuma.kernel.embedded_postgres import EmbeddedPostgres
from wuma.kernel.external_postgres import refuse_unfit
from wuma.kernel.keys import KeyFileMissing, Keyring, Passphrase, SealedKeyFile, Unseal, UnsealFile
from wuma.kernel.limits import Attempts
from wuma.kernel.runtime import Runtime
from wuma.kernel.settings import Settings
from wuma.kernel.supervise import StartFailed
from wuma.kernel.tenancy import PLATFORM, TokenSigner
from wuma.ops.roles import GRANTS
from wuma.support.masterdata.divisions import has_divisions, load_divisions

ASSETS: Final = Path(__file__).resolve().parents[1] / "_assets"
"""What the build puts beside the program: pages, regions of addresses, divisions."""


def program_dsn(settings: Settings) -> str:
    """Return where the program finds its database: one of the operator's own, or the embedded one."""
    if settings.dsn is not None:
        return settings.dsn
    return EmbeddedPostgres(settings.data).dsn("wuma_app")


def owner_dsn(settings: Settings) -> str:
    """Return the same database as its owner, who may change its form."""
    if settings.dsn is None:
        return EmbeddedPostgres(settings.data).dsn("wuma_owner")
    if settings.owner_dsn is None:
        raise StartFailed(
            "WUMA_DSN is set; set WUMA_OWNER_DSN too: migrations run as the owner of the database."
        )
    return settings.owner_dsn


def key_file(settings: Settings) -> Path:
    """Return where the sealed keys are."""
    return settings.key_file or settings.data / "keys" / "sealed"


def key_port(settings: Settings) -> SealedKeyFile:
    """Return the custody of the keys: a sealed file. Opening it fails when there is none."""
    return SealedKeyFile(key_file(settings), _unseal(settings))


def _unseal(settings: Settings) -> Unseal:
    if settings.key_passphrase is not None:
        return Passphrase(settings.key_passphrase.get_secret_value())
    file = UnsealFile(settings.data / "secrets" / "unseal")
    if not file.path.exists():
        file.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.create()
    return file


def token_signer(keyring: Keyring) -> TokenSigner:
    """Return the signer of tenant tokens; its key comes with the generation of the root keys."""
    version = keyring.data_version
    return TokenSigner(keyring.data_key(version, ("tenant token", "hmac-sha256")), kid=version)


def prepare(settings: Settings) -> None:
    """Make the database ready for the program: its form, and the key it verifies tenant tokens with.

    Keys are made at the very first start only. Made anew beside a database with orders they would disown
    every code ever printed, so that is refused.
    """
    from wuma.kernel.migrate import migrate_up  # Alembic is slow to import, and only this needs it

    dsn = owner_dsn(settings)
    if settings.dsn is not None:
        refuse_unfit(dsn, settings.dsn)
    migrate_up(dsn)
    if not key_file(settings).exists():
        _refuse_if_orders_exist(dsn, key_file(settings))
        SealedKeyFile.create(key_file(settings), _unseal(settings))
    publish_token_key(settings)
    runtime = build_runtime(settings)
    with runtime.database.transaction(PLATFORM) as session:
        is_first_start = not has_divisions(session)
    if is_first_start:
        refresh_divisions(runtime)
    runtime.database.close()


def refresh_divisions(runtime: Runtime) -> None:
    """Take in the administrative divisions fetched at build time. Comparing 45,000 names takes a second."""
    with runtime.database.transaction(PLATFORM) as session:
        load_divisions(session, now=utc_now())


def _refuse_if_orders_exist(dsn: str, path: Path) -> None:
    engine = create_engine(sqlalchemy_url(dsn), poolclass=NullPool)
    with engine.connect() as connection:
        if connection.scalar(text("SELECT EXISTS (SELECT FROM codes.epoch_counter)")):
            raise KeyFileMissing(
                f"{path}: missing, and codes were issued with it; restore it from your backup"
            )


def publish_token_key(settings: Settings) -> None:
    """Tell the database the key that tenant tokens are signed with; the program cannot read it there."""
    signer = token_signer(Keyring(key_port(settings)))
    inner, outer = signer.pads()
    engine = create_engine(sqlalchemy_url(owner_dsn(settings)), poolclass=NullPool, hide_parameters=True)
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO kernel.token_key (kid, inner_pad, outer_pad) VALUES (:kid, :inner, :outer)"
                " ON CONFLICT (kid) DO NOTHING"
            ),
            {"kid": signer.kid, "inner": inner, "outer": outer},
        )


COLLECTED_EVERY: Final = (20_000, 20, 20)
"""How many objects more there are before Python looks for cycles among them. A document of 3,000 events is
some 60,000 objects without a cycle: looking after each 700, as Python does by itself, takes a third of the
time to capture it."""


def build_runtime(settings: Settings) -> Runtime:
    """Connect everything a process of this program needs."""
    gc.set_threshold(*COLLECTED_EVERY)
    keyring = Keyring(key_port(settings))
    blobs: Path = settings.data / "blobs"
    blobs.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Runtime(
        settings=settings,
        database=Database(program_dsn(settings), token_signer(keyring)),
        keyring=keyring,
        fields=FieldCipher(keyring),
        grants=GRANTS,
        attempts=Attempts(),
        blobs=blobs,
    )
