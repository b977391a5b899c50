"""The composition root: the only place that builds and closes objects."""

from __future__ import annotations

import asyncio
import gc
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
from core.database.multi_pool import MultiDatabaseManager
from core.database.pool import DatabaseConnectionPool
from core.database.write_routing import WriteRouting
from core.domain.database import WriteLimits
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

_YOUNG_OBJECTS = 10_000


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
            on_login: told the bot's username as soon as it is logged in.

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
        _calm_the_garbage_collector()
        startup_ms = round((self.clock.monotonic() - started) * 1000, 1)
        structlog.get_logger(__name__).info("ready", startup_ms=startup_ms, http=self.sidecar.url)

    async def _stop_telegram(self) -> None:
        """Pyrofork waits for running handlers without limit; the steps after it need their share of the deadline."""
        async with asyncio.timeout(self.shutdown.remaining_s / 2):
            await self.client.stop()

    async def _close_tasks(self) -> list[str]:
        return await self.tasks.close(self.shutdown.remaining_s)


def _calm_the_garbage_collector() -> None:
    """What start-up built lives as long as the process, and most of what an update builds dies by reference count.

    Walking both again and again costs an answer some six percent of its time.
    """
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS, 10, 10)


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
    tasks = TaskRegistry(clock, on_failure=metrics.count_failed_task)
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
        base = _Base(settings, clock, metrics, tasks, shutdown, pool, RedisCache(redis, metrics, clock))
        yield _assemble(base, read_environment() if environ is None else environ, routes)


@dataclass(frozen=True, slots=True)
class _Base:
    """What nearly everything above is built from."""

    settings: BootstrapSettings
    clock: Clock
    metrics: Metrics
    tasks: TaskRegistry
    shutdown: OrderedShutdown
    pool: DatabaseConnectionPool
    cache: RedisCache


@dataclass(frozen=True, slots=True)
class _Repositories:
    users: UserRepository
    media: MediaRepository
    media_batch: MediaBatchRepository
    channels: ChannelRepository


@dataclass(frozen=True, slots=True)
class _Telegram:
    client: Any
    lanes: SemaphoreManager
    gateway: PyrogramGateway


@dataclass(frozen=True, slots=True)
class _Indexing:
    queue: IndexingQueue
    index_list: ChannelService
    scan: ChannelScanService


def _assemble(base: _Base, seeds: Mapping[str, str], routes: Sequence[web.RouteDef]) -> Container:
    """Hand every object what it needs; nothing here waits."""
    clock, metrics, cache = base.clock, base.metrics, base.cache
    repositories = _build_repositories(base)
    runtime = RuntimeSettingsService(RuntimeSettingsRepository(base.pool, clock), seeds, clock, base.tasks)
    telegram = _build_telegram(base)
    search = SearchService(repositories.media, SearchSessions(cache, runtime, clock), cache, runtime, metrics, clock)
    quota = QuotaService(repositories.users, runtime, clock, base.settings.time_zone)
    indexing = _build_indexing(base, repositories, runtime, telegram.gateway)
    loop_lag = LoopLagMonitor(clock, metrics)
    health = HealthReport(_probes(base.pool, cache, telegram.client), metrics, clock)
    performance = PerformanceReport(
        metrics, loop_lag, telegram.lanes, clock, {"indexing_queue": lambda: indexing.queue.depth}
    )
    return Container(
        settings=base.settings,
        clock=clock,
        metrics=metrics,
        tasks=base.tasks,
        shutdown=base.shutdown,
        catalogue=Catalogue(),
        client=telegram.client,
        telegram=telegram.gateway,
        pool=base.pool,
        runtime=runtime,
        users=repositories.users,
        access=AccessService(repositories.users),
        quota=quota,
        limiter=RateLimiter(cache, runtime, metrics, clock),
        search=search,
        delivery=_build_delivery(base, repositories.media, search, quota, runtime, telegram.gateway),
        index_list=indexing.index_list,
        indexing_queue=indexing.queue,
        channel_scan=indexing.scan,
        loop_lag=loop_lag,
        health=health,
        sidecar=_build_sidecar(base, health, performance, routes),
    )


def _build_repositories(base: _Base) -> _Repositories:
    databases = MultiDatabaseManager([base.pool], base.clock)
    routing = WriteRouting(databases.databases, lambda: WriteLimits(1 << 29), base.clock, base.metrics)
    return _Repositories(
        users=UserRepository(base.pool, base.cache, base.clock),
        media=MediaRepository(databases),
        media_batch=MediaBatchRepository(databases, routing, MediaIdSource(base.clock)),
        channels=ChannelRepository(base.pool, base.clock),
    )


def _build_telegram(base: _Base) -> _Telegram:
    lanes = SemaphoreManager(base.settings.concurrency.model_dump())
    client = build_client(base.settings, build_storage(base.settings, base.clock))
    api = TelegramApi(client, lanes, base.clock, base.metrics)
    return _Telegram(client, lanes, PyrogramGateway(client, api))


def _build_indexing(
    base: _Base, repositories: _Repositories, runtime: RuntimeSettingsService, telegram: PyrogramGateway
) -> _Indexing:
    channels = repositories.channels
    indexing = IndexingService(repositories.media, repositories.media_batch, channels, base.tasks, base.metrics)
    queue = IndexingQueue(indexing, runtime, base.tasks, base.metrics, base.clock)
    index_list = ChannelService(channels, queue)
    scan = ChannelScanService(channels, index_list, indexing, telegram, runtime, base.clock)
    return _Indexing(queue, index_list, scan)


def _build_delivery(
    base: _Base,
    media: MediaRepository,
    search: SearchService,
    quota: QuotaService,
    runtime: RuntimeSettingsService,
    telegram: PyrogramGateway,
) -> DeliveryService:
    return DeliveryService(
        search=search,
        media=media,
        quota=quota,
        telegram=telegram,
        references=FileReferences(telegram),
        presses=RecentPresses(base.cache, base.clock),
        runtime=runtime,
        tasks=base.tasks,
        metrics=base.metrics,
        clock=base.clock,
    )


def _build_sidecar(
    base: _Base, health: HealthReport, performance: PerformanceReport, routes: Sequence[web.RouteDef]
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
        routes=routes,
    )


def _probes(pool: DatabaseConnectionPool, cache: RedisCache, client: Any) -> dict[str, HealthProbe]:
    return {
        "primary_database": HealthProbe(pool.ping, critical=True),
        "telegram": HealthProbe(lambda: ping(client), critical=True, vital=True),
        "redis": HealthProbe(cache.ping, critical=False),
    }
