"""Addresses lead where people are, except as often as in life."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from random import Random

import pytest

from tests.world.conftest import REGIONS
from wuma.chain.authenticity.whereabouts import Whereabouts
from wuma_world.brand import INVENTED, Brand
from wuma_world.geography import AddressBook, Network, NotAnAddressFile, Wrong, read_cities


def test_the_server_finds_every_city_by_the_addresses_of_the_world(
    addresses: AddressBook, brand: Brand
) -> None:
    whereabouts = Whereabouts(REGIONS)

    found = {
        city.name: whereabouts.of(ip_address(addresses.in_city(city, Random(city.code))).packed).city
        for city in brand.cities
    }

    assert found == {city.name: city.code for city in brand.cities}


def test_as_many_addresses_are_wrong_as_was_asked_for(addresses: AddressBook, brand: Brand) -> None:
    whereabouts = Whereabouts(REGIONS)
    network = Network(addresses, brand.cities, Wrong(other_city=0.0, other_province=0.2, abroad=0.1))
    chance = Random(3)
    lanzhou = next(city for city in brand.cities if city.name == "兰州市")

    places = [whereabouts.of(ip_address(network.address(lanzhou, chance)).packed) for _ in range(3_000)]

    assert 0.17 < sum(place.province not in {None, "62"} for place in places) / len(places) < 0.23
    assert 0.08 < sum(place.province is None for place in places) / len(places) < 0.12


def test_a_file_that_is_no_address_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "regions.xdb"
    file.write_bytes(b"\x00" * 300)

    with pytest.raises(NotAnAddressFile, match=r"regions\.xdb: expected an ip2region file of version 2 or 3"):
        AddressBook(file)


def test_cities_are_where_they_are() -> None:
    cities = {city.name: city for city in read_cities(INVENTED / "cities.csv")}

    assert round(cities["北京市"].distance_km(cities["上海市"]), -1) == 1070
    assert cities["深圳市"].province_code == "44"
