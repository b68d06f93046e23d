"""Sending to an address that somebody else chose: signed, bounded, and never into our own network.

The name is resolved once and the connection goes to the very address that was looked at: a name that means
another address a moment later leads nowhere else. Redirections are not followed.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import socket
import ssl
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from wuma.kernel.errors import FieldError

SECONDS_MAX: Final = 10.0
ANSWER_BYTES_MAX: Final = 64 * 1024
DEST_CHARACTERS_MAX: Final = 2_000
PORTS_BARRED: Final = frozenset({*range(1, 80), *range(81, 443), *range(444, 1024)})
"""Services of the machine; 80 and 443 are the web's."""


class NotDelivered(Exception):
    """The address cannot be reached, must not be, or did not acknowledge."""


@dataclass(frozen=True, slots=True)
class Target:
    """An address that may be sent to."""

    scheme: str
    host: str
    port: int
    path: str


def read_target(dest: str) -> Target | FieldError:
    """Read the address of a webhook, or say what is wrong with it."""
    expected = "an http(s) address such as https://client.example.com/callback"
    wrong = FieldError("/dest", expected, dest[:80])
    if len(dest) > DEST_CHARACTERS_MAX or not dest.isascii() or not dest.isprintable() or " " in dest:
        return wrong
    try:
        parts = urlsplit(dest)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return wrong
    if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc or parts.fragment:
        return wrong
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, parts.hostname, port, path)


def signature(secret: bytes, body: bytes) -> str:
    """Return the value of ``GS1-Signature``: HMAC-SHA-256 of the body under the subscriber's own secret."""
    return "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()


def send(dest: str, body: bytes, headers: dict[str, str], *, allow_private: bool) -> None:
    """Send a document; return when it has been acknowledged.

    Raises:
        NotDelivered: it has not, and why.
    """
    target = read_target(dest)
    if isinstance(target, FieldError):
        raise NotDelivered(f"{target.got}: no address")
    address = _address(target, allow_private=allow_private)
    connection = http.client.HTTPConnection(address, target.port, timeout=SECONDS_MAX)
    try:
        connection.connect()
        if target.scheme == "https":
            context = ssl.create_default_context()
            connection.sock = context.wrap_socket(connection.sock, server_hostname=target.host)
        host = f"[{target.host}]" if ":" in target.host else target.host
        default = {"http": 80, "https": 443}[target.scheme]
        host = host if target.port == default else f"{host}:{target.port}"
        connection.request("POST", target.path, body, {**headers, "Host": host})
        answer = connection.getresponse()
        answer.read(ANSWER_BYTES_MAX)
    except (OSError, http.client.HTTPException) as failure:
        raise NotDelivered(f"{type(failure).__name__}: {failure}"[:300]) from None
    finally:
        connection.close()
    if not 200 <= answer.status < 300:
        raise NotDelivered(f"answered {answer.status}")


def _address(target: Target, *, allow_private: bool) -> str:
    """Return an address of the host; all of them must be out in the world."""
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as failure:
        raise NotDelivered(f"{target.host}: {failure}"[:300]) from None
    addresses = [str(one[4][0]) for one in found]
    if not allow_private:
        for address in addresses:
            if not _is_outside(address):
                raise NotDelivered(f"{target.host} is {address}, inside of a network: not allowed here")
        if target.port in PORTS_BARRED:
            raise NotDelivered(f"port {target.port} is none of the web's")
    return addresses[0]


def _is_outside(text: str) -> bool:
    address = ip_address(text.partition("%")[0])
    mapped = getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None)
    if mapped is not None:
        return _is_outside(str(mapped))
    return address.is_global and not address.is_multicast
