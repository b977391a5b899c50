"""Who may ask the sidecar how often, and who sees details."""

from __future__ import annotations

import hmac
from ipaddress import ip_address
from typing import TYPE_CHECKING

from aiohttp import web

from core.services.gcra import Limit, LocalGcra

if TYPE_CHECKING:
    from core.clock import Clock

_BEARER = "Bearer "
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP")
_PER_CLIENT = Limit.per_period(100, 10)
_ALL_CLIENTS = Limit.per_period(2000, 10)


class SidecarAccess:
    """Limits requests per client address and checks the bearer token.

    Args:
        token: None when none is configured; then `require_detail` lets only this machine itself in.
    """

    def __init__(self, token: str | None, clock: Clock) -> None:
        self._token = token
        self._limits = LocalGcra(clock)

    def admit(self, request: web.Request) -> None:
        """Count a request.

        Raises:
            web.HTTPTooManyRequests: with `Retry-After` in seconds.
        """
        address = request.remote or "unknown"
        verdict = self._limits.check(address, "all", _PER_CLIENT, _ALL_CLIENTS, told_us=1)
        if not verdict.passed:
            wait_s = -(-max(verdict.person_wait_us, verdict.global_wait_us) // 1_000_000)
            raise web.HTTPTooManyRequests(headers={"Retry-After": str(wait_s)}, text='{"error":"too many requests"}')

    def shows_detail(self, request: web.Request) -> bool:
        """Whether the request carries the token.

        Raises:
            web.HTTPUnauthorized: it carries another one.
        """
        given = request.headers.get("Authorization")
        if given is None or self._token is None:
            return False
        if not hmac.compare_digest(given.encode(), (_BEARER + self._token).encode()):
            raise _unauthorized()
        return True

    def require_detail(self, request: web.Request) -> None:
        """Let in whoever carries the token; without a configured one, programs on this machine.

        Raises:
            web.HTTPUnauthorized: neither.
        """
        if not (self.shows_detail(request) or (self._token is None and _is_local(request))):
            raise _unauthorized()


def _is_local(request: web.Request) -> bool:
    """Whether the client runs on this machine and is no proxy that speaks for another one."""
    if request.remote is None or any(name in request.headers for name in _FORWARDED):
        return False
    return ip_address(request.remote).is_loopback


def _unauthorized() -> web.HTTPUnauthorized:
    return web.HTTPUnauthorized(headers={"WWW-Authenticate": "Bearer"}, text='{"error":"token required"}')
