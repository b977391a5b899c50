"""GET /performance in JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
from aiohttp import web

if TYPE_CHECKING:
    from core.services.performance_report import PerformanceReport
    from core.sidecar.access import SidecarAccess


class PerformanceEndpoint:
    """Shows the performance report to token holders."""

    def __init__(self, report: PerformanceReport, access: SidecarAccess) -> None:
        self._report = report
        self._access = access

    async def show(self, request: web.Request) -> web.Response:
        """The report of this moment."""
        self._access.require_detail(request)
        return web.Response(body=orjson.dumps(self._report.report()), content_type="application/json")
