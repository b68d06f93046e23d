"""Worlds for tests: planned once, because planning is a pure function."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

import wuma
from wuma_world.brand import INVENTED, Brand, read_brand
from wuma_world.geography import AddressBook
from wuma_world.scale import SMALL
from wuma_world.world import World, plan_world

BEGINS_AT = datetime(2026, 3, 1, 16, tzinfo=UTC)  # midnight in China
REGIONS = Path(wuma.__file__).parent / "_assets" / "ip2region.xdb"


@pytest.fixture(scope="session")
def addresses() -> AddressBook:
    if not REGIONS.exists():
        pytest.skip(f"{REGIONS.name} has not been fetched: run scripts/build-web")
    return AddressBook(REGIONS)


@pytest.fixture(scope="session")
def brand() -> Brand:
    """The invented brand. (Other tests mean a tenant by this name.)"""
    return read_brand(INVENTED)


@pytest.fixture(scope="session")
def world(brand: Brand, addresses: AddressBook) -> World:
    return plan_world(brand, SMALL, seed=7, begins_at=BEGINS_AT, addresses=addresses)
