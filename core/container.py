"""The composition root: the only place that builds and closes objects."""

from __future__ import annotations

import asyncio
import gc
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog

from config.settings import read_environment
from core.cache.redis_cache import RedisCache
from core.cache.redis_client import build_redis_client
from core.clock import Clock
from core.concurrency.task_registry import TaskRegistry
from core.database.lease import DatabaseLease
from core.database.migrations import start_migrations
from core.errors import DatabaseUnavailableError
from core.lifecycle import OrderedShutdown
from core.observability.loop_lag import LoopLagMonitor
from core.observability.metrics import Metrics
from core.services.access import AccessService
from core.services.channel import ChannelService
from core.services.channel_scan import ChannelScanService
from core.services.deep_link import DeepLinkService
from core.services.delivery import DeliveryService
from core.services.duplicates import DuplicateRepair
from core.services.group_search import GroupSearchService
from core.services.health_report import HealthReport
from core.services.indexing_queue import IndexingQueue
from core.services.inline_search import InlineSearchService
from core.services.maintenance import MaintenanceService
from core.services.new_names import NewNames
from core.services.performance_report import PerformanceReport
from core.services.quota import QuotaService
from core.services.rate_limiter import RateLimiter
from core.services.recent_presses import RecentPresses
from core.services.search_again import RepeatableSearches
from core.services.suggestions import SuggestionLists, SuggestionService
from core.sidecar.server import SidecarServer
from core.telegram.client import start_client
from core.telegram.file_reference import FileReferences
from core.text.catalog import Catalogue
from core.wiring import (
    Base,
    Bookkeeping,
    Databases,
    Repositories,
    Telegram,
    build_bookkeeping,
    build_databases,
    build_dictionary,
    build_indexing,
    build_metadata,
    build_probes,
    build_repositories,
    build_search,
    build_telegram,
    core_loops,
    database_report,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence

    from aiohttp import web

    from config.settings import BootstrapSettings
    from core.database.multi_pool import MultiDatabaseManager
    from core.database.pool import DatabaseConnectionPool
    from core.services.daily_statistics import DailyCounters
    from core.services.indexing import IndexingService
    from core.services.runtime_settings import RuntimeSettingsService
    from core.services.search import SearchService
    from core.services.search_dictionary import SearchDictionary
    from core.telegram.pyrogram_gateway import PyrogramGateway
    from repositories.media import MediaRepository
    from repositories.user import UserRepository

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
    databases: MultiDatabaseManager
    runtime: RuntimeSettingsService
    users: UserRepository
    access: AccessService
    quota: QuotaService
    limiter: RateLimiter
    search: SearchService
    repeatable_searches: RepeatableSearches
    group_search: GroupSearchService
    suggestion_lists: SuggestionLists
    suggestions: SuggestionService
    delivery: DeliveryService
    links: DeepLinkService
    inline_search: InlineSearchService
    index_list: ChannelService
    indexing_queue: IndexingQueue
    channel_scan: ChannelScanService
    maintenance: MaintenanceService
    books: Bookkeeping
    dictionary: SearchDictionary
    health: HealthReport
    sidecar: SidecarServer
    background: Mapping[str, Callable[[], Coroutine[Any, Any, None]]]

    @property
    def pool(self) -> DatabaseConnectionPool:
        """The primary database."""
        return self.databases.primary

    async def start(self, on_login: Callable[[str], None]) -> None:
        """Bring everything up; returns when the bot answers.

        Args:
            on_login: told the bot's username as soon as it is logged in.

        Raises:
            ConfigurationError: Telegram refuses the token or the application.
            TelegramUnavailableError: no login in time.
        """
        started = self.clock.monotonic()
        for name, loop in self.background.items():
            self.tasks.supervise(loop, name=name)
        await self.sidecar.start()
        self.shutdown.push("sidecar", self.sidecar.stop)
        self.shutdown.push("bookkeeping", self._settle_books)
        self.shutdown.push("tasks", self._close_tasks)
        await asyncio.gather(self.runtime.load(), start_migrations(self.pool, self.clock, self.tasks))
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

    async def _settle_books(self) -> None:
        """The last numbers and words, and what searches have to forget; a store that is gone costs some of them."""
        with suppress(DatabaseUnavailableError):
            await self.books.counters.flush()
        with suppress(DatabaseUnavailableError):
            await self.dictionary.flush()
        await self.books.invalidator.flush()

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
        redis = stores.redis_client() if stores else build_redis_client(settings.redis_uri.get_secret_value())
        base = Base(settings, clock, metrics, tasks, RedisCache(redis, metrics, clock))
        seeds = read_environment() if environ is None else environ
        databases = build_databases(base, seeds, stores.mongo_client if stores else None)
        shutdown.push("mongodb", partial(_close, databases.manager.databases))
        shutdown.push("redis", redis.aclose)
        yield _assemble(base, databases, shutdown, routes)


async def _close(pools: Sequence[DatabaseConnectionPool]) -> None:
    await asyncio.gather(*(pool.close() for pool in pools))


@dataclass(frozen=True, slots=True)
class _Indexing:
    service: IndexingService
    queue: IndexingQueue
    index_list: ChannelService
    scan: ChannelScanService


def _assemble(base: Base, databases: Databases, shutdown: OrderedShutdown, routes: Sequence[web.RouteDef]) -> Container:
    """Hand every object what it needs; nothing here waits."""
    runtime, repositories, telegram = databases.runtime, build_repositories(base, databases), build_telegram(base)
    books = build_bookkeeping(base, databases, repositories)
    reading = build_metadata(base, databases)
    words = build_dictionary(base, databases, reading)
    search = build_search(base, databases, repositories, books, words)
    suggestion_lists = SuggestionLists(base.cache, runtime, base.clock)
    limiter = RateLimiter(base.cache, runtime, base.metrics, base.clock)
    quota = QuotaService(repositories.users, runtime, base.clock, base.settings.time_zone)
    shutdown.push("worker_process", reading.worker.close)
    indexing = _build_indexing(
        base, databases, repositories, books, NewNames(words, reading.metadata), telegram.gateway
    )
    links = DeepLinkService(base.cache, runtime, base.clock)
    repair = DuplicateRepair(repositories.media_duplicates, base.clock)
    maintenance = _build_maintenance(
        base, databases, repositories, books.counters, {"duplicates": repair.run, "dictionary": words.recount}
    )
    loop_lag = LoopLagMonitor(base.clock, base.metrics)
    health = HealthReport(build_probes(databases, base.cache, telegram.client), base.metrics, base.clock)
    performance = _build_performance(base, databases, indexing.queue, telegram, loop_lag)
    return Container(
        settings=base.settings,
        clock=base.clock,
        metrics=base.metrics,
        tasks=base.tasks,
        shutdown=shutdown,
        catalogue=Catalogue(),
        client=telegram.client,
        telegram=telegram.gateway,
        databases=databases.manager,
        runtime=runtime,
        users=repositories.users,
        access=AccessService(repositories.users, books.counters),
        quota=quota,
        limiter=limiter,
        search=search,
        repeatable_searches=RepeatableSearches(base.cache, base.clock),
        group_search=_build_group_search(base, repositories, limiter, runtime, telegram.gateway),
        suggestion_lists=suggestion_lists,
        suggestions=SuggestionService(words, suggestion_lists, runtime),
        delivery=_build_delivery(base, repositories.media, search, quota, runtime, telegram.gateway, books),
        links=links,
        inline_search=_build_inline_search(repositories.media, search, quota, links, runtime, telegram.gateway),
        index_list=indexing.index_list,
        indexing_queue=indexing.queue,
        channel_scan=indexing.scan,
        maintenance=maintenance,
        books=books,
        dictionary=words,
        health=health,
        sidecar=_build_sidecar(base, health, performance, routes),
        background={
            **_watches(loop_lag, health, quota, maintenance),
            **core_loops(base, databases, books, indexing.service, repair),
            "media_metadata": reading.metadata.run,
            "search_dictionary": words.run,
        },
    )


def _watches(
    loop_lag: LoopLagMonitor, health: HealthReport, quota: QuotaService, maintenance: MaintenanceService
) -> dict[str, Callable[[], Coroutine[Any, Any, None]]]:
    return {
        "loop_lag": loop_lag.run,
        "health": health.run,
        "quota_holds": quota.renew_holds,
        "maintenance": maintenance.run,
    }


def _build_indexing(
    base: Base,
    databases: Databases,
    repositories: Repositories,
    books: Bookkeeping,
    names: NewNames,
    telegram: PyrogramGateway,
) -> _Indexing:
    channels, runtime = repositories.channels, databases.runtime
    indexing = build_indexing(base, databases, repositories, books, names, pins=lambda: index_list.pins)
    queue = IndexingQueue(indexing, runtime, base.tasks, base.metrics, base.clock)
    index_list = ChannelService(channels, queue)
    scan = ChannelScanService(channels, index_list, indexing, telegram, runtime, base.clock)
    return _Indexing(indexing, queue, index_list, scan)


def _build_group_search(
    base: Base,
    repositories: Repositories,
    limiter: RateLimiter,
    runtime: RuntimeSettingsService,
    telegram: PyrogramGateway,
) -> GroupSearchService:
    return GroupSearchService(
        groups=repositories.groups,
        limiter=limiter,
        runtime=runtime,
        telegram=telegram,
        cache=base.cache,
        clock=base.clock,
    )


def _build_delivery(
    base: Base,
    media: MediaRepository,
    search: SearchService,
    quota: QuotaService,
    runtime: RuntimeSettingsService,
    telegram: PyrogramGateway,
    books: Bookkeeping,
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
        counters=books.counters,
        invalidator=books.invalidator,
        clock=base.clock,
    )


def _build_inline_search(
    media: MediaRepository,
    search: SearchService,
    quota: QuotaService,
    links: DeepLinkService,
    runtime: RuntimeSettingsService,
    telegram: PyrogramGateway,
) -> InlineSearchService:
    references = FileReferences(telegram)
    return InlineSearchService(
        search=search, media=media, quota=quota, links=links, references=references, runtime=runtime
    )


def _build_maintenance(
    base: Base,
    databases: Databases,
    repositories: Repositories,
    counters: DailyCounters,
    steps: Mapping[str, Callable[[], Awaitable[object]]],
) -> MaintenanceService:
    return MaintenanceService(
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


def _build_performance(
    base: Base, databases: Databases, queue: IndexingQueue, telegram: Telegram, loop_lag: LoopLagMonitor
) -> PerformanceReport:
    sections = {"indexing_queue": lambda: queue.depth, "databases": lambda: database_report(databases)}
    return PerformanceReport(base.metrics, loop_lag, telegram.lanes, base.clock, sections)


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
        routes=routes,
    )
