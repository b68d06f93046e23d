"""Keys that never change, so that what was printed under them never may; and a brand that prints."""

from __future__ import annotations

import base64

import pytest
from starlette.testclient import TestClient

from tests.chain.codes.print_shop import PrintShop
from tests.conftest import make_brand
from wuma.chain.codes.construction import Codebook, OrderKeys
from wuma.kernel.keys import Keyring, SealedKeyFile, UnsealFile
from wuma.kernel.runtime import Runtime

# Generations 1 and 2 with roots 00…1f and 20…3f; epoch 1 verifying, 2 revoked, 3 issuing.
UNSEAL = bytes(range(64, 96))
SEALED = base64.b64decode(
    "V1VNQUtFWVMBAoXmNdK9+RjfN6PN1URhIXsIGvdifGYfQwbV8oFlbdEEVhE0aTvS1XhAm/EOCWaFUmU/tc41RqkRAHMxGoKB"
    "kMgNjMR8fiT3XD5e1KwCcc5EjuLtviH94tEQ467iOgwkxXLtknTYyN4OwV57LLXv+5Ncnnma3j08kPDaOZauMKgWOf93LDWC"
    "sJeclyxL5K9pilKqpDr2HiQkLU6i1E0XsxWvJ+sgv7YI2eEs9ynuSftijUlfd8AWSTsghICqAZGmrxZjNCVpu3jcpLBuiCNw"
    "hJxU8RXfNne21OwtIno70hexK1LneBNl+amyDP38USzkxndOejqrBHr6nVSrWGhlqp0vlK/+NBHwactLqeusCZHrjDoCcQdg"
    "yL6zXfVZaEAhUXmHc08N6qZxUm2NN0QHilM="
)


@pytest.fixture(scope="package")
def frozen_keyring(tmp_path_factory: pytest.TempPathFactory) -> Keyring:
    folder = tmp_path_factory.mktemp("frozen-keys")
    unseal = UnsealFile(folder / "unseal")
    for path, content in ((unseal.path, UNSEAL.hex().encode()), (folder / "sealed", SEALED)):
        path.write_bytes(content)
        path.chmod(0o600)
    return Keyring(SealedKeyFile(folder / "sealed", unseal))


@pytest.fixture(scope="package")
def codebook(frozen_keyring: Keyring) -> Codebook:
    return Codebook(frozen_keyring)


@pytest.fixture(scope="package")
def order(codebook: Codebook) -> OrderKeys:
    """An order of the issuing epoch; tests give it whatever units they like."""
    return codebook.order(epoch=3, tenant_id=7, order_id=42)


@pytest.fixture(scope="package")
def shop(runtime: Runtime, client: TestClient) -> PrintShop:
    """A brand that has codes printed; each test places orders of its own."""
    return PrintShop(runtime, client, make_brand(runtime))
