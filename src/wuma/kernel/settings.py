"""Every setting of Wuma, in one place.

A setting comes from the environment (``WUMA_PORT=9000``) or from the command line, which sets the same
names. The profile (``single`` or ``cluster``) is read in ``entrypoints/wiring.py`` and nowhere else.
"""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from wuma.kernel.clock import Clock

Network = IPv4Network | IPv6Network


def _networks(value: object) -> object:
    if isinstance(value, str):
        return [ip_network(part.strip()) for part in value.split(",") if part.strip()]
    return value


class Settings(BaseSettings):
    """What an operator may choose. Frozen: a running program does not change its mind."""

    model_config = SettingsConfigDict(env_prefix="WUMA_", frozen=True, extra="ignore")

    profile: Literal["single", "cluster"] = Field(
        "single",
        description="single: everything on one machine; cluster: the services named below.",
    )
    data: Path = Field(
        Path("var/wuma"),
        description="The folder of this installation: database, keys, print files, logs.",
    )

    host: str = Field("127.0.0.1", description="The address the HTTP server listens on.")
    port: int = Field(8080, ge=1, le=65535, description="The port the HTTP server listens on.")
    public_url: str = Field(
        "http://localhost:8080",
        description="What is printed in front of every code; scans arrive there.",
    )
    http_workers: int = Field(1, ge=1, le=64, description="Processes that answer HTTP.")
    trusted_proxies: Annotated[list[Network], NoDecode, BeforeValidator(_networks)] = Field(
        [ip_network("127.0.0.0/8"), ip_network("::1/128")],
        description="Networks whose X-Forwarded-For is believed (comma-separated).",
    )
    secure_cookies: bool | None = Field(
        None, description="Mark cookies Secure; by default when public_url is https."
    )

    dsn: str | None = Field(
        None,
        description="A PostgreSQL of your own for the program (role without superuser or BYPASSRLS); "
        "by default one is embedded in the data folder.",
    )
    owner_dsn: str | None = Field(None, description="The same database as its owner, for migrations.")

    key_file: Path | None = Field(None, description="The sealed key file; by default <data>/keys/sealed.")
    key_passphrase: SecretStr | None = Field(
        None, description="Unseals the key file; by default an unseal file beside the data folder's secrets."
    )

    ip_regions: Path | None = Field(
        None, description="An ip2region file (xdb); by default the one that was fetched at build time."
    )

    private_webhooks: bool = Field(
        False,
        description="Let subscriptions send to addresses inside of private networks, and to any port.",
    )

    clock: Clock = Field("system", description="world: believe the simulated brand's clock. Demo only.")
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    # The cluster profile's places; each is read only when profile is "cluster".
    redis_url: str | None = Field(None, description="cluster: cache, rate limits, risk counters.")
    s3_url: str | None = Field(None, description="cluster: files, on any S3-compatible store.")
    kms_url: str | None = Field(None, description="cluster: key custody (KMS or PKCS#11).")
    opensearch_url: str | None = Field(None, description="cluster: search.")
    broker_url: str | None = Field(None, description="cluster: where facts are relayed to.")
    spark_url: str | None = Field(None, description="cluster: heavy analytics (sc://…).")

    @property
    def cookies_secure(self) -> bool:
        """Whether cookies carry the Secure flag."""
        return self.public_url.startswith("https://") if self.secure_cookies is None else self.secure_cookies
