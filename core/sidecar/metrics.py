"""GET /metrics in Prometheus text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from core.observability.metrics import Metrics
    from core.sidecar.access import SidecarAccess


class MetricsEndpoint:
    """Exposes the registry to token holders."""

    def __init__(self, metrics: Metrics, access: SidecarAccess) -> None:
        self._metrics = metrics
        self._access = access

    async def scrape(self, request: web.Request) -> web.Response:
        """All metrics of the process."""
        self._access.require_detail(request)
        body, content_type = self._metrics.render()
        return web.Response(body=body, headers={"Content-Type": content_type})
