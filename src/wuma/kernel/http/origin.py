"""Where a request comes from: the address behind proxies we trust, and whether a page of ours sent it."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from socket import AF_INET, inet_pton
from typing import Final

from starlette.requests import Request

from wuma.kernel.settings import Network, Settings

Address = IPv4Address | IPv6Address
NOWHERE: Final = ip_address("0.0.0.0")  # noqa: S104 - not to listen on: the address of a client that has none


def client_address(request: Request) -> Address:
    """Return the address of whoever sent the request."""
    settings: Settings = request.app.state.runtime.settings
    peer = request.client.host if request.client else ""
    told = forwarded_for(request.scope["headers"])
    return believed_address(peer, told, tuple(settings.trusted_proxies))


def forwarded_for(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """Return X-Forwarded-For as one list: some proxies add to the line they get, others add a line.

    >>> forwarded_for([(b"x-forwarded-for", b"6.6.6.6"), (b"host", b"x"), (b"x-forwarded-for", b"36.7.8.9")])
    '6.6.6.6,36.7.8.9'
    """
    lines = [value for name, value in headers if name == b"x-forwarded-for"]
    return b",".join(lines).decode("latin-1") if lines else None


def believed_address(peer: str, forwarded_for: str | None, trusted: tuple[Network, ...]) -> Address:
    """Walk X-Forwarded-For from the right, past proxies we trust, to the first address we must believe.

    >>> from ipaddress import ip_network
    >>> ours = (ip_network("10.0.0.0/8"),)
    >>> believed_address("10.0.0.1", "6.6.6.6, 36.7.8.9, 10.0.0.2", ours)
    IPv4Address('36.7.8.9')
    >>> believed_address("36.7.8.9", "1.2.3.4", ours)  # not from a proxy of ours: the header is a claim
    IPv4Address('36.7.8.9')
    """
    address = _read(peer)
    if address is None:
        return NOWHERE
    for hop in reversed((forwarded_for or "").split(",")):
        if not any(address in network for network in trusted if network.version == address.version):
            break
        earlier = _read(hop.strip())
        if earlier is None:
            break
        address = earlier
    return address


@lru_cache(maxsize=65_536)
def _read(text: str) -> Address | None:
    with suppress(OSError, ValueError):
        return IPv4Address(inet_pton(AF_INET, text))  # takes a fifth of the time of `ip_address`
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address


def sent_by_own_page(request: Request) -> bool:
    """Whether a browser says that one of our own pages sent this: the defence of cookies against CSRF."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin, host = request.headers.get("origin"), request.headers.get("host")
    return host is not None and origin in {f"https://{host}", f"http://{host}"}
