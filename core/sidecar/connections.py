"""Connections to the sidecar: how many, how long they may say nothing, and what a malformed request gets."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Any

import structlog
from aiohttp import web

from core.sidecar.client import name_of, parse_address

if TYPE_CHECKING:
    from core.sidecar.client import Clients

_LINGERING_S = 0.2
_LINE_BYTES, _FIELD_BYTES, _FIELDS = 2048, 4096, 64


class ConnectionLimits:
    """Counts open connections; those from this machine are always let in, so that its health check is.

    Args:
        most: connections at once.
        most_each: of one client; a trusted proxy speaks for many and has no such limit.
    """

    def __init__(self, clients: Clients, *, most: int = 200, most_each: int = 20) -> None:
        self._clients = clients
        self._most = most
        self._most_each = most_each
        self._open: Counter[str] = Counter()

    def enter(self, peer: str) -> str | None:
        """Count a connection from this address; the name to give to `leave`, or None when it is one too many."""
        address = parse_address(peer)
        if address is not None and address.is_loopback:
            return ""
        name = "unknown" if address is None else name_of(address)
        is_proxy = address is not None and self._clients.is_proxy(address)
        if self._open.total() >= self._most or (self._open[name] >= self._most_each and not is_proxy):
            return None
        self._open[name] += 1
        return name

    def leave(self, name: str) -> None:
        """A connection that was let in has ended."""
        self._open[name] -= 1
        if self._open[name] <= 0:
            del self._open[name]


class GuardedHandler(web.RequestHandler):
    """One connection.

    aiohttp closes it when no whole request has come for its keep-alive time, however slowly bytes drip in.
    """

    __slots__ = ("_entered_as", "_limits")

    def __init__(self, server: web.Server, limits: ConnectionLimits, **options: Any) -> None:
        super().__init__(server, **options)
        self._limits = limits
        self._entered_as: str | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Refuse what is too much, without a word."""
        super().connection_made(transport)
        peer = transport.get_extra_info("peername")
        self._entered_as = self._limits.enter(str(peer[0]) if peer else "")
        if self._entered_as is None:
            self.force_close()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Make room for another."""
        super().connection_lost(exc)
        entered_as, self._entered_as = self._entered_as, None
        if entered_as:
            self._limits.leave(entered_as)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Say no more than the code: neither what was sent, nor what serves here.

        What strangers send is no error of ours, and nothing of it goes into the log.
        """
        log = structlog.get_logger(__name__)
        if status >= web.HTTPInternalServerError.status_code:
            log.error("sidecar_request_failed", exc_info=exc)
        else:
            log.debug("sidecar_request_malformed", error=type(exc).__name__)
        if request.writer.output_size > 0:
            raise ConnectionError("the answer has begun; its end cannot be an error")
        answer = web.Response(status=status, body=b'{"error":"refused"}', content_type="application/json")
        answer.headers["Server"] = ""
        answer.force_close()
        return answer


class GuardedSite(web.BaseSite):
    """Listens on one address, with limits.

    Args:
        patience_s: how long a connection may take for a request, and stay open after an answer.
    """

    def __init__(
        self, runner: web.AppRunner, limits: ConnectionLimits, host: str, port: int, *, patience_s: float
    ) -> None:
        super().__init__(runner)
        self._limits = limits
        self._host = host
        self._port = port
        self._patience_s = patience_s

    @property
    def name(self) -> str:
        """Where it listens."""
        return f"http://{self._host}:{self._port}"

    async def start(self) -> None:
        """Begin to listen.

        Raises:
            OSError: the address cannot be bound.
        """
        await super().start()
        self._server = await asyncio.get_running_loop().create_server(self._connection, self._host, self._port)

    def _connection(self) -> GuardedHandler:
        server = self._runner.server
        if server is None:
            raise RuntimeError("the runner is not set up")
        return GuardedHandler(
            server,
            self._limits,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=self._patience_s,
            lingering_time=_LINGERING_S,
            max_line_size=_LINE_BYTES,
            max_field_size=_FIELD_BYTES,
            max_headers=_FIELDS,
            access_log=None,
        )
