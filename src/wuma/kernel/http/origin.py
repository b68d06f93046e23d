"""Where a request comes from: the address behind proxies we trust, and whether a page of ours sent it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import ip_address
from socket import AF_INET, inet_pton
from typing import Final

from starlette.requests import Request

from wuma.kernel.settings import Network, Settings

Packed = bytes
"""An address as the network writes it, 4 or 16 bytes: what a scan, which has no time for more, works with."""
HOPS_CACHED: Final = 1024
NOWHERE: Final = bytes(4)
"""The address of a client that has none."""


def client_address(request: Request) -> str:
    """Return the address of whoever sent the request, as people write it."""
    settings: Settings = request.app.state.runtime.settings
    proxies = TrustedProxies(settings.trusted_proxies)
    peer = request.client.host if request.client else ""
    return str(ip_address(proxies.client_behind(peer, forwarded_for(request.scope["headers"]))))


class TrustedProxies:
    """The networks whose word we take for who is behind them.

    >>> from ipaddress import ip_network
    >>> ours = TrustedProxies([ip_network("10.0.0.0/8")])
    >>> list(ours.client_behind("10.0.0.1", b"6.6.6.6, 36.7.8.9, 10.0.0.2"))
    [36, 7, 8, 9]
    >>> list(ours.client_behind("36.7.8.9", b"1.2.3.4"))  # not from a proxy of ours: the header is a claim
    [36, 7, 8, 9]
    """

    def __init__(self, networks: Iterable[Network]) -> None:
        self._networks = tuple(networks)
        self._trusts = lru_cache(HOPS_CACHED)(self._is_inside)

    def client_behind(self, peer: str, forwarded_for: bytes | None) -> Packed:
        """Walk X-Forwarded-For from the right, past proxies we trust, to the first address to believe."""
        if forwarded_for and b"," not in forwarded_for:  # one proxy of ours: nearly always
            claimed_alone = _read(forwarded_for.decode("latin-1").strip()) if self._trusts(peer) else None
            return claimed_alone or _read(peer) or NOWHERE
        believed, hop = None, peer
        for claimed in reversed(forwarded_for.decode("latin-1").split(",") if forwarded_for else ()):
            if not self._trusts(hop):
                break
            hop = claimed.strip()
            earlier = _read(hop)
            if earlier is None:
                break
            believed = earlier
        return believed or _read(peer) or NOWHERE

    def _is_inside(self, hop: str) -> bool:
        packed = _read(hop)
        if packed is None:
            return False
        address = ip_address(packed)
        return any(address in network for network in self._networks if network.version == address.version)


def forwarded_for(headers: Iterable[tuple[bytes, bytes]]) -> bytes | None:
    """Return X-Forwarded-For as one list: some proxies add to the line they get, others add a line.

    >>> forwarded_for([(b"x-forwarded-for", b"6.6.6.6"), (b"host", b"x"), (b"x-forwarded-for", b"36.7.8.9")])
    b'6.6.6.6,36.7.8.9'
    """
    lines = [value for name, value in headers if name == b"x-forwarded-for"]
    return b",".join(lines) if lines else None


def _read(text: str) -> Packed | None:
    """Read an address; an IPv4 address in the clothes of IPv6 is an IPv4 address."""
    try:
        return inet_pton(AF_INET, text)  # a tenth of the time of `ip_address`
    except (OSError, ValueError):
        pass
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return (getattr(address, "ipv4_mapped", None) or address).packed


def sent_by_own_page(request: Request) -> bool:
    """Whether a browser says that one of our own pages sent this: the defence of cookies against CSRF."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin, host = request.headers.get("origin"), request.headers.get("host")
    return host is not None and origin in {f"https://{host}", f"http://{host}"}
