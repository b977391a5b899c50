"""The composition root: the only place that builds and closes objects."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog

from config.settings import read_environment
from core.cache.redis_cache import RedisCache
from core.cache.redis_client import build_redis_client
from core.clock import Clock
from core.concurrency.semaphore_manager import SemaphoreManager
from core.concurrency.task_registry import TaskRegistry
from core.database.indexes import ensure_indexes
from core.database.pool import DatabaseConnectionPool
from core.domain.media_id import MediaIdSource
from core.lifecycle import OrderedShutdown
from core.observability.loop_lag import LoopLagMonitor
from core.observability.metrics import Metrics
from core.services.access import AccessService
from core.services.channel import ChannelService
from core.services.channel_scan import ChannelScanService
from core.services.delivery import DeliveryService
from core.services.health_report import HealthProbe, HealthReport
from core.services.indexing import IndexingService
from core.services.indexing_queue import IndexingQueue
from core.services.performance_report import PerformanceReport
from core.services.quota import QuotaService
from core.services.rate_limiter import RateLimiter
from core.services.recent_presses import RecentPresses
from core.services.runtime_settings import RuntimeSettingsService
from core.services.search import SearchService
from core.services.search_session import SearchSessions
from core.sidecar.server import SidecarServer
from core.telegram.client import build_client, build_storage, ping, start_client
from core.telegram.file_reference import FileReferences
from core.telegram.pyrogram_gateway import PyrogramGateway
from core.telegram.telegram_api import TelegramApi
from core.text.catalog import Catalogue
from repositories.channel import ChannelRepository
from repositories.media import MediaRepository
from repositories.media_batch import MediaBatchRepository
from repositories.runtime_settings import RuntimeSettingsRepository
from repositories.user import UserRepository

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from aiohttp import web

    from config.settings import BootstrapSettings


@dataclass(frozen=True, slots=True)
class Stores:
    """Where the state lives, when it is not where the settings say.

    Attributes:
        mongo_client: builds the MongoDB driver's client.
        redis_client: builds the Redis client.
    """

    mongo_client: Callable[[], Any]
    redis_client: Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Container:
    """Everything that lives as long as the process; built and closed by `open_container` alone."""

    settings: BootstrapSettings
    clock: Clock
    metrics: Metrics
    tasks: TaskRegistry
    shutdown: OrderedShutdown
    catalogue: Catalogue
    client: Any
    telegram: PyrogramGateway
    pool: DatabaseConnectionPool
    runtime: RuntimeSettingsService
    users: UserRepository
    access: AccessService
    quota: QuotaService
    limiter: RateLimiter
    search: SearchService
    delivery: DeliveryService
    index_list: ChannelService
    indexing_queue: IndexingQueue
    channel_scan: ChannelScanService
    loop_lag: LoopLagMonitor
    health: HealthReport
    sidecar: SidecarServer

    async def start(self, on_login: Callable[[str], None]) -> None:
        """Bring everything up; returns when the bot answers.

        Args:
            on_login: told the bot's username before the first update can arrive after the login.

        Raises:
            ConfigurationError: Telegram refuses the token or the application.
            TelegramUnavailableError: no login in time.
        """
        started = self.clock.monotonic()
        self.tasks.supervise(self.loop_lag.run, name="loop_lag")
        self.tasks.supervise(lambda: ensure_indexes(self.pool), name="indexes")
        await self.runtime.load()
        self.tasks.supervise(self.health.run, name="health")
        self.tasks.supervise(self.quota.renew_holds, name="quota_holds")
        await self.sidecar.start()
        self.shutdown.push("sidecar", self.sidecar.stop)
        self.shutdown.push("tasks", self._close_tasks)
        self.indexing_queue.start()
        self.shutdown.push("indexing", self.indexing_queue.drain)
        await start_client(self.client)
        self.shutdown.push("telegram", self._stop_telegram)
        on_login(self.client.me.username or "")
        self.tasks.supervise(lambda: self.channel_scan.run(self.settings.channels), name="channel_scan")
        startup_ms = round((self.clock.monotonic() - started) * 1000, 1)
        structlog.get_logger(__name__).info("ready", startup_ms=startup_ms, http=self.sidecar.url)

    async def _stop_telegram(self) -> None:
        """Pyrofork waits for running handlers without limit; the steps after it need their share of the deadline."""
        async with asyncio.timeout(self.shutdown.remaining_s / 2):
            await self.client.stop()

    async def _close_tasks(self) -> list[str]:
        return await self.tasks.close(self.shutdown.remaining_s)


@asynccontextmanager
async def open_container(
    settings: BootstrapSettings,
    *,
    clock: Clock | None = None,
    stores: Stores | None = None,
    routes: Sequence[web.RouteDef] = (),
    environ: Mapping[str, str] | None = None,
) -> AsyncIterator[Container]:
    """Build everything bottom-up, and close what was started top-down when the block ends, within one deadline.

    Args:
        settings: where everything is.
        clock: the process's clock; tests pass a driven one.
        stores: databases other than the configured ones.
        routes: further routes of the HTTP sidecar.
        environ: variables that seed the runtime settings; None for those of the process and `.env`.

    Raises:
        ConfigurationError: the client cannot be built from these settings.
    """
    clock = clock or Clock()
    metrics = Metrics()
    tasks = TaskRegistry(clock, on_failure=lambda name, _: metrics.tasks_failed.labels(name.partition(":")[0]).inc())
    async with OrderedShutdown(clock, settings.shutdown_deadline_s) as shutdown:
        pool = DatabaseConnectionPool(
            settings.database_uri.get_secret_value(),
            settings.database_name,
            clock=clock,
            metrics=metrics,
            client_factory=stores.mongo_client if stores else None,
        )
        shutdown.push("mongodb", pool.close)
        redis = stores.redis_client() if stores else build_redis_client(settings.redis_uri.get_secret_value())
        shutdown.push("redis", redis.aclose)
        cache = RedisCache(redis, metrics, clock)
        seeds = read_environment() if environ is None else environ
        yield _wire(settings, clock, metrics, tasks, shutdown, pool, cache, routes, seeds)


def _wire(
    settings: BootstrapSettings,
    clock: Clock,
    metrics: Metrics,
    tasks: TaskRegistry,
    shutdown: OrderedShutdown,
    pool: DatabaseConnectionPool,
    cache: RedisCache,
    routes: Sequence[web.RouteDef],
    seeds: Mapping[str, str],
) -> Container:
    """Hand every object what it needs; nothing here waits."""
    ids = MediaIdSource(clock)
    users = UserRepository(pool, cache, clock)
    media = MediaRepository(pool)
    channels = ChannelRepository(pool, clock)
    runtime = RuntimeSettingsService(RuntimeSettingsRepository(pool, clock), seeds, clock, tasks)
    lanes = SemaphoreManager(settings.concurrency.model_dump())
    client = build_client(settings, build_storage(settings, clock))
    telegram = PyrogramGateway(client, TelegramApi(client, lanes, clock, metrics))
    search = SearchService(media, SearchSessions(cache, runtime, clock), cache, runtime, metrics, clock)
    indexing = IndexingService(media, MediaBatchRepository(pool, ids), channels, metrics)
    queue = IndexingQueue(indexing, runtime, tasks, metrics, clock)
    index_list = ChannelService(channels, queue)
    quota = QuotaService(users, runtime, clock, settings.time_zone)
    delivery = DeliveryService(
        search=search,
        media=media,
        quota=quota,
        telegram=telegram,
        references=FileReferences(telegram),
        presses=RecentPresses(cache, clock),
        runtime=runtime,
        tasks=tasks,
        metrics=metrics,
        clock=clock,
    )
    loop_lag = LoopLagMonitor(clock, metrics)
    health = HealthReport(_probes(pool, cache, client), metrics, clock)
    performance = PerformanceReport(metrics, loop_lag, lanes, clock, {"indexing_queue": lambda: queue.depth})
    token = settings.http_token
    return Container(
        settings=settings,
        clock=clock,
        metrics=metrics,
        tasks=tasks,
        shutdown=shutdown,
        catalogue=Catalogue(),
        client=client,
        telegram=telegram,
        pool=pool,
        runtime=runtime,
        users=users,
        access=AccessService(users),
        quota=quota,
        limiter=RateLimiter(cache, runtime, metrics, clock),
        search=search,
        delivery=delivery,
        index_list=index_list,
        indexing_queue=queue,
        channel_scan=ChannelScanService(channels, index_list, indexing, telegram, runtime, clock),
        loop_lag=loop_lag,
        health=health,
        sidecar=SidecarServer(
            health,
            performance,
            metrics,
            clock,
            host=settings.http_host,
            port=settings.port,
            token=token.get_secret_value() if token else None,
            routes=routes,
        ),
    )


def _probes(pool: DatabaseConnectionPool, cache: RedisCache, client: Any) -> dict[str, HealthProbe]:
    return {
        "primary_database": HealthProbe(pool.ping, critical=True),
        "telegram": HealthProbe(lambda: ping(client), critical=True, vital=True),
        "redis": HealthProbe(cache.ping, critical=False),
    }
