"""For whom a request asks: the peer itself, or whoever a trusted proxy speaks for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from ipaddress import IPv4Network

    from aiohttp import web

    Address = IPv4Address | IPv6Address
    Networks = Sequence[IPv4Network | IPv6Network]

_FORWARDED_FOR = "X-Forwarded-For"
_FORWARDED = ("Forwarded", _FORWARDED_FOR, "X-Real-IP")
_MOST_HOPS = 10
_THIS_MACHINE = re.compile(r"(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?", re.IGNORECASE)
_OWN_PREFIX = 64


@dataclass(frozen=True, slots=True)
class Client:
    """Who asks.

    Attributes:
        name: what limits count: an IPv4 address, or the network of 64 bits that an IPv6 client has to itself.
        is_local: a program on this machine that speaks for itself, and no web page that a browser was led to.
    """

    name: str
    is_local: bool


class Clients:
    """Tells clients apart.

    Args:
        proxies: whose `X-Forwarded-For` is believed; from whoever else it is a claim, and changes nothing but that
            its sender is not taken for local.
    """

    def __init__(self, proxies: Networks) -> None:
        self._proxies = tuple(proxies)

    def of(self, request: web.Request) -> Client:
        """The client of a request."""
        peer = parse_address(request.remote or "")
        if peer is None:
            return Client("unknown", is_local=False)
        speaks_for_others = any(name in request.headers for name in _FORWARDED)
        local = peer.is_loopback and not speaks_for_others and _is_asked_for_here(request)
        return Client(name_of(self._behind(peer, request)), is_local=local)

    def is_proxy(self, address: Address) -> bool:
        """Whether it is one of the trusted ones."""
        return any(address in network for network in self._proxies)

    def _behind(self, peer: Address, request: web.Request) -> Address:
        """The last address on the way here that is no trusted proxy; what stands before it, anybody can write."""
        client = peer
        claims = ",".join(request.headers.getall(_FORWARDED_FOR, [])).split(",")
        for claim in reversed(claims[-_MOST_HOPS:]):
            before = parse_address(claim.strip()) if self.is_proxy(client) else None
            if before is None:
                break
            client = before
        return client


def parse_address(text: str) -> Address | None:
    """An address, an IPv4 one also when it is written as an IPv6 one; None for anything else."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def name_of(address: Address) -> str:
    """See `Client.name`."""
    if isinstance(address, IPv4Address):
        return str(address)
    return str(IPv6Network((int(address), _OWN_PREFIX), strict=False))


def _is_asked_for_here(request: web.Request) -> bool:
    """Whether it was sent to this machine under this machine's name.

    A browser on it asks in the name of a site that has just moved its own name here (DNS rebinding).
    """
    host = request.headers.get("Host")
    return host is None or _THIS_MACHINE.fullmatch(host) is not None
