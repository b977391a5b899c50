"""The HTTP side of the bot: health, metrics, performance, and routes that others bring."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import orjson
import structlog
from aiohttp import web

from core.errors import ConfigurationError
from core.sidecar.access import SidecarAccess
from core.sidecar.client import Clients
from core.sidecar.connections import ConnectionLimits, GuardedSite
from core.sidecar.health import HealthEndpoint
from core.sidecar.metrics import MetricsEndpoint
from core.sidecar.performance import PerformanceEndpoint

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from core.clock import Clock
    from core.observability.metrics import Metrics
    from core.services.health_report import HealthReport
    from core.services.performance_report import PerformanceReport
    from core.sidecar.client import Networks

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_STOP_S = 1.0
_PATIENCE_S = 10.0
_OTHER_PATH = "other"
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - an address to reach, not one to bind


class SidecarServer:
    """Serves the sidecar between `start` and `stop`.

    Args:
        port: 0 for any free one.
        token: what details need, see `SidecarAccess`; None when none is configured.
        proxies: who may say for whom it asks, see `Clients`.
        routes: of other parts; a `GET /` among them replaces the health answer there. They bring their own limits:
            only the sidecar's own answers, and refusals, are limited per client.
        patience_s: how long a connection may take for a request, and stay open after an answer.
    """

    def __init__(
        self,
        health: HealthReport,
        performance: PerformanceReport,
        metrics: Metrics,
        clock: Clock,
        *,
        host: str,
        port: int,
        token: str | None = None,
        proxies: Networks = (),
        routes: Sequence[web.RouteDef] = (),
        patience_s: float = _PATIENCE_S,
    ) -> None:
        self._metrics = metrics
        self._host = host
        self._wanted_port = port
        self._patience_s = patience_s
        clients = Clients(proxies)
        self._access = SidecarAccess(token, clients, clock)
        self._connections = ConnectionLimits(clients)
        self._own = _own_routes(health, performance, metrics, self._access)
        self._routes = tuple(routes)
        self._runner: web.AppRunner | None = None
        self._log = structlog.get_logger(__name__)

    @property
    def port(self) -> int:
        """The port in use.

        Raises:
            RuntimeError: not started.
        """
        if self._runner is None or not self._runner.addresses:
            raise RuntimeError("the sidecar is not started")
        return int(self._runner.addresses[0][1])

    @property
    def url(self) -> str:
        """Where the sidecar is reached from this machine, without a slash at the end.

        Raises:
            RuntimeError: not started.
        """
        host = _ANYWHERE.get(self._host, self._host)
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    async def start(self) -> None:
        """Begin to listen.

        Raises:
            ConfigurationError: the address cannot be bound.
        """
        runner = web.AppRunner(self._application(), access_log=None, handle_signals=False, shutdown_timeout=_STOP_S)
        await runner.setup()
        site = GuardedSite(runner, self._connections, self._host, self._wanted_port, patience_s=self._patience_s)
        try:
            await site.start()
        except OSError as error:
            await runner.cleanup()
            raise ConfigurationError(
                f"PORT: {self._host}:{self._wanted_port} cannot be used: {os.strerror(error.errno or 0)}; "
                "for example PORT=8001, or --port 0 for any free one in the demo"
            ) from error
        self._runner = runner
        self._log.info("sidecar_started", host=self._host, port=self.port)

    async def stop(self) -> None:
        """Stop listening; requests in progress get a second to end, or less when this is cancelled."""
        runner, self._runner = self._runner, None
        if runner is None:
            return
        server = runner.server
        try:
            await runner.cleanup()
        finally:
            # Else those stay open that were busy, and whoever asks on one of them waits for ever.
            for connection in server.connections if server else ():
                connection.force_close()

    def _application(self) -> web.Application:
        @web.middleware
        async def serve(request: web.Request, handler: Handler) -> web.StreamResponse:
            return await self._serve(request, handler)

        app = web.Application(middlewares=[serve])
        app.add_routes(self._routes)
        taken = {route.path for route in self._routes if route.method == "GET"}
        app.add_routes([web.get(path, call) for path, call in self._own.items() if path not in taken])
        app.on_response_prepare.append(_name_no_server)
        return app

    async def _serve(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Around every request: nothing more for a route of others, limits and a bare answer for everything else."""
        if any(request.match_info.handler == route.handler for route in self._routes):
            return await handler(request)
        path = request.path if request.path in self._own else _OTHER_PATH
        status = 500
        try:
            self._access.admit(request)
            if request.can_read_body:
                raise web.HTTPRequestEntityTooLarge(max_size=0, actual_size=1)
            response = await handler(request)
            status = response.status
        except web.HTTPException as refusal:
            status = refusal.status
            _make_bare(refusal)
            raise
        finally:
            self._metrics.http_requests.labels(path, str(status)).inc()
        response.headers.extend(_HEADERS)
        return response


async def _name_no_server(_: web.Request, response: web.StreamResponse) -> None:
    """Whoever looks for a version with a known hole learns none."""
    response.headers.pop("Server", None)


def _make_bare(refusal: web.HTTPException) -> None:
    """A refusal in JSON."""
    if not (refusal.text or "").startswith("{"):
        refusal.text = orjson.dumps({"error": refusal.reason.lower()}).decode()
    refusal.content_type = "application/json"
    refusal.headers.extend(_HEADERS)


def _own_routes(
    health: HealthReport, performance: PerformanceReport, metrics: Metrics, access: SidecarAccess
) -> dict[str, Handler]:
    health_endpoint = HealthEndpoint(health, access)
    return {
        "/": health_endpoint.ready,
        "/health": health_endpoint.ready,
        "/health/ready": health_endpoint.ready,
        "/health/live": health_endpoint.live,
        "/metrics": MetricsEndpoint(metrics, access).scrape,
        "/performance": PerformanceEndpoint(performance, access).show,
    }
