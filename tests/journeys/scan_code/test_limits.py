"""How often one may be wrong, and what the counting gives away: nothing."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from tests.conftest import Brand
from tests.labels import Label, make_product, place_order, print_labels
from wuma.journeys.scan_code.reception import COOKIE
from wuma.journeys.scan_code.scan import WRONG_PER_DEVICE, WRONG_PER_NETWORK
from wuma.kernel.runtime import Runtime
from wuma.kernel.tenancy import PLATFORM

SECRET = "0123456789abcdefghijkl"
FORGED = "/h/" + "0" * 26


@pytest.fixture
def stolen(runtime: Runtime, brand: Brand, client: TestClient) -> list[Label]:
    """Labels that are on no can yet."""
    with runtime.database.transaction(brand.scope) as session:
        order = place_order(session, runtime.keyring, make_product(session, brand.id), 120)
        labels = print_labels(runtime.keyring, order)
    client.app.keep_up()  # type: ignore[attr-defined]
    return labels


def _statuses(client: TestClient, paths: list[str], *, address: str, cookie: str | None = None) -> list[int]:
    headers = {"accept": "application/json", "x-forwarded-for": address}
    if cookie is not None:
        headers["cookie"] = f"{COOKIE}={cookie}"
    client.cookies.clear()
    statuses = []
    for path in paths:
        statuses.append(client.post(path, headers=headers).status_code)
        client.cookies.clear()
    return statuses


def test_stolen_labels_use_up_the_guesses_of_a_device_like_invented_ones(
    client: TestClient, stolen: list[Label]
) -> None:
    device, network = WRONG_PER_DEVICE.count, WRONG_PER_NETWORK.count
    real = [label.hidden_path for label in stolen]

    by_device = _statuses(client, real[: device + 1], address="36.1.1.1", cookie=SECRET[::-1])
    invented = _statuses(client, [FORGED] * (device + 1), address="36.1.2.1", cookie=SECRET[1:] + "x")
    by_network = _statuses(client, real[: network + 1], address="36.1.3.1")

    assert by_device == invented == [200] * device + [429]
    assert by_network == [200] * network + [429]


def test_the_cookie_is_written_down_nowhere(client: TestClient, runtime: Runtime) -> None:
    _statuses(client, [FORGED] * 5, address="36.1.4.1", cookie=SECRET)
    client.app.keep_up()  # type: ignore[attr-defined]

    with runtime.database.transaction(PLATFORM) as session:
        names = session.scalars(text("SELECT name FROM kernel.counter")).all()
    assert any(name.startswith(f"{WRONG_PER_DEVICE.kind}:") for name in names)
    assert [name for name in names if SECRET in name] == []
