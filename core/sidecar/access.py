"""Who may ask the sidecar how often, and who sees details."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from aiohttp import web

from core.services.gcra import Limit, LocalGcra

if TYPE_CHECKING:
    from core.clock import Clock
    from core.sidecar.client import Clients

_BEARER = "Bearer "
_PER_CLIENT = Limit.per_period(100, 10)
_ALL_CLIENTS = Limit.per_period(2000, 10)
_MOST_CLIENTS = 10_000


class SidecarAccess:
    """Limits requests per client and checks the bearer token.

    All strangers together have a limit too. Whoever carries the token, and programs on this machine, have both limits
    apart, so that a flood hides the bot neither from its health check nor from whoever watches it, from the same
    address neither: a proxy that nobody named brings all its visitors from one.

    Args:
        token: None when none is configured; then `require_detail` lets only this machine itself in.
        most_clients: how many are remembered; the idle and the oldest are forgotten first.
    """

    def __init__(self, token: str | None, clients: Clients, clock: Clock, *, most_clients: int = _MOST_CLIENTS) -> None:
        self._expected = None if token is None else (_BEARER + token).encode()
        self._clients = clients
        self._limits = LocalGcra(clock, most=most_clients)

    def admit(self, request: web.Request) -> None:
        """Count a request.

        Raises:
            web.HTTPTooManyRequests: with `Retry-After` in seconds.
        """
        client = self._clients.of(request)
        everyone = "known" if client.is_local or self._carries_token(request) else "strangers"
        verdict = self._limits.check(f"{everyone} {client.name}", everyone, _PER_CLIENT, _ALL_CLIENTS, told_us=1)
        if not verdict.passed:
            wait_s = -(-max(verdict.person_wait_us, verdict.global_wait_us) // 1_000_000)
            raise web.HTTPTooManyRequests(headers={"Retry-After": str(wait_s)}, text='{"error":"too many requests"}')

    def shows_detail(self, request: web.Request) -> bool:
        """Whether the request carries the token.

        Raises:
            web.HTTPUnauthorized: it carries another one.
        """
        if self._expected is None or "Authorization" not in request.headers:
            return False
        if not self._carries_token(request):
            raise _unauthorized()
        return True

    def require_detail(self, request: web.Request) -> None:
        """Let in whoever carries the token; without a configured one, programs on this machine.

        Raises:
            web.HTTPUnauthorized: neither.
        """
        if not (self.shows_detail(request) or (self._expected is None and self._clients.of(request).is_local)):
            raise _unauthorized()

    def _carries_token(self, request: web.Request) -> bool:
        """Compared in a time that does not depend on how much of it is right."""
        given = request.headers.getall("Authorization", [])
        if self._expected is None or len(given) != 1:
            return False
        return hmac.compare_digest(given[0].encode("utf-8", "surrogateescape"), self._expected)


def _unauthorized() -> web.HTTPUnauthorized:
    return web.HTTPUnauthorized(headers={"WWW-Authenticate": "Bearer"}, text='{"error":"token required"}')
