"""The part of the composition root that operators see: daily work, health, performance, and the sidecar's pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from config.release import running_release
from core.database.lease import DatabaseLease
from core.observability.loop_lag import LoopLagMonitor
from core.services.health_report import HealthReport
from core.services.hourly_jobs import HourlyJobs
from core.services.maintenance import MaintenanceService
from core.services.performance_report import PerformanceReport
from core.services.process_metrics import expose_process
from core.services.queue_depths import queue_depths
from core.sidecar.server import SidecarServer
from core.wiring import build_probes, database_report
from core.wiring_watch import Watch, build_watch

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence

    from aiohttp import web

    from core.services.admin_notices import AdminNotices
    from core.services.daily_statistics import DailyCounters
    from core.services.health_report import HealthProbe
    from core.services.indexing_queue import IndexingQueue
    from core.wiring import Base, Databases, Repositories, Telegram


@dataclass(frozen=True, slots=True)
class Operations:
    """What watches the bot.

    Attributes:
        loops: supervised tasks by name.
    """

    maintenance: MaintenanceService
    health: HealthReport
    performance: PerformanceReport
    sidecar: SidecarServer
    watch: Watch
    loops: Mapping[str, Callable[[], Coroutine[Any, Any, None]]]


def build_operations(
    base: Base,
    databases: Databases,
    repositories: Repositories,
    counters: DailyCounters,
    telegram: Telegram,
    queue: IndexingQueue,
    notices: AdminNotices,
    *,
    steps: Mapping[str, Callable[[], Awaitable[object]]],
    routes: Sequence[web.RouteDef],
    probes: Mapping[str, HealthProbe],
) -> Operations:
    """Hand everything that watches the bot what it needs; `steps` are those of `MaintenanceService`.

    Further `probes` are asked beside those of databases, cache and Telegram.
    """
    loop_lag = LoopLagMonitor(base.clock, base.metrics)
    watch = build_watch(base, databases, telegram.client, notices)
    asked = {**build_probes(databases, base.cache, telegram.client), **watch.probes, **probes}
    runtime = databases.runtime
    health = HealthReport(asked, base.metrics, base.clock, lambda: runtime.current.maintenance_mode)
    sections = _report_sections(base, databases, telegram, queue)
    expose_process(base.metrics, telegram.lanes, base.tasks, version=running_release())
    performance = PerformanceReport(
        base.metrics, loop_lag, telegram.lanes, base.clock, sections, version=running_release()
    )
    maintenance = MaintenanceService(
        maintenance=repositories.maintenance,
        users=repositories.users,
        statistics=repositories.daily_statistics,
        counters=counters,
        leases=DatabaseLease(databases.manager.primary, base.clock),
        cache=base.cache,
        tasks=base.tasks,
        metrics=base.metrics,
        clock=base.clock,
        time_zone=base.settings.time_zone,
        steps=steps,
    )
    hourly = _build_hourly(base, databases, repositories, maintenance)
    return Operations(
        maintenance,
        health,
        performance,
        _build_sidecar(base, health, performance, routes),
        watch,
        {
            "loop_lag": loop_lag.run,
            "health": health.run,
            "maintenance": maintenance.run,
            "hourly_jobs": hourly.run,
            "clock_watch": watch.clock_watch.run,
        },
    )


def _report_sections(
    base: Base, databases: Databases, telegram: Telegram, queue: IndexingQueue
) -> dict[str, Callable[[], Any]]:
    return {
        "indexing_queue": lambda: queue.depth,
        "queues": lambda: queue_depths(base.metrics),
        "databases": lambda: database_report(databases),
        "breakers": lambda: {
            **{f"database_{pool.number}": pool.breaker.state.name.lower() for pool in databases.manager.databases},
            "redis": "open" if base.cache.is_open else "closed",
        },
        "send_budget": lambda: telegram.budget and telegram.budget.report(),
        "tasks": lambda: {"running": len(base.tasks), "failed": base.tasks.failures},
    }


def _build_hourly(
    base: Base, databases: Databases, repositories: Repositories, daily: MaintenanceService
) -> HourlyJobs:
    """What of the daily work is worth doing every hour."""
    return HourlyJobs(
        {"expired_holds": daily.take_back_holds, "late_statistics": daily.close_late_days},
        maintenance=repositories.maintenance,
        leases=DatabaseLease(databases.manager.primary, base.clock),
        tasks=base.tasks,
        metrics=base.metrics,
        clock=base.clock,
    )


def _build_sidecar(
    base: Base, health: HealthReport, performance: PerformanceReport, routes: Sequence[web.RouteDef]
) -> SidecarServer:
    token = base.settings.http_token
    return SidecarServer(
        health,
        performance,
        base.metrics,
        base.clock,
        host=base.settings.http_host,
        port=base.settings.port,
        token=token.get_secret_value() if token else None,
        proxies=base.settings.http_trusted_proxies,
        routes=routes,
    )
