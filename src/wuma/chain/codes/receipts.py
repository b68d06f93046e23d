"""Receipts of print files: who got which codes when, signed so that nobody can say otherwise later.

A receipt is a JSON Web Signature in compact form (RFC 7515) with Ed25519 (``EdDSA``, RFC 8037): anybody
verifies it with the public key and any JOSE library, or with ten lines of Python, and needs neither Wuma
nor our word. The key comes from the data branch of the key tree, so the end of an epoch does not touch it;
``kid`` is the generation it belongs to, and keys of all generations stay published.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from wuma.kernel.keys import Keyring

TYPE: Final = "wuma-receipt+json"


def sign(keyring: Keyring, claims: dict[str, Any]) -> str:
    """Return the signed form of a receipt: header, claims and signature in base64url, with dots between."""
    version = keyring.data_version
    header = {"alg": "EdDSA", "kid": str(version), "typ": TYPE}
    signed = f"{_packed(header)}.{_packed(claims)}"
    return f"{signed}.{_base64url(_key(keyring, version).sign(signed.encode('ascii')))}"


def public_keys(keyring: Keyring) -> dict[str, list[dict[str, str]]]:
    """Return every public key that receipts were ever signed with, as a JWK set (RFC 7517, RFC 8037)."""
    return {
        "keys": [
            {
                "kty": "OKP",
                "crv": "Ed25519",
                "x": _base64url(_key(keyring, version).public_key().public_bytes_raw()),
                "kid": str(version),
                "alg": "EdDSA",
                "use": "sig",
            }
            for version in range(1, keyring.data_version + 1)
        ]
    }


def _key(keyring: Keyring, version: int) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(keyring.data_key(version, ("receipts", "ed25519")))


def _packed(members: dict[str, Any]) -> str:
    return _base64url(json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode())


def _base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
