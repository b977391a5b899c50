"""GET /health, /health/ready and /health/live."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import web

if TYPE_CHECKING:
    from core.services.health_report import Health, HealthReport
    from core.sidecar.access import SidecarAccess


class HealthEndpoint:
    """Answers from the last look of the report: 200 or 503, names of failed parts, and details for token holders."""

    def __init__(self, report: HealthReport, access: SidecarAccess) -> None:
        self._report = report
        self._access = access

    async def ready(self, request: web.Request) -> web.Response:
        """200 when the bot can do its job."""
        health = self._report.health()
        body = {"status": health.status, "degraded": list(health.failed)}
        return self._answer(request, health, body, good=health.ready)

    async def live(self, request: web.Request) -> web.Response:
        """200 when the process is worth keeping."""
        health = self._report.health()
        return self._answer(request, health, {"status": "alive" if health.live else "dead"}, good=health.live)

    def _answer(self, request: web.Request, health: Health, body: dict[str, Any], *, good: bool) -> web.Response:
        if self._access.shows_detail(request):
            body["parts"] = {name: asdict(part) for name, part in health.parts.items()}
        return web.Response(
            body=orjson.dumps(body),
            status=200 if good else 503,
            content_type="application/json",
        )
