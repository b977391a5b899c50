"""The composition root: the only place that builds and closes objects."""

from __future__ import annotations

import asyncio
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
from core.database.migrations import start_migrations
from core.database.unfinished_restore import refuse_unfinished_restore
from core.errors import DatabaseUnavailableError
from core.lifecycle import OrderedShutdown, ShutdownSignal, calm_the_garbage_collector
from core.observability.metrics import Metrics
from core.observability.redaction import Redactor
from core.services.duplicates import DuplicateRepair
from core.services.new_names import NewNames
from core.telegram.client import stop_client
from core.text.catalog import Catalogue
from core.wiring import (
    Base,
    Bookkeeping,
    Databases,
    build_bookkeeping,
    build_databases,
    build_dictionary,
    build_metadata,
    build_repositories,
    build_telegram,
    core_loops,
)
from core.wiring_admin import build_admin_services, build_administration
from core.wiring_backfill import build_backfilling
from core.wiring_indexing import build_pipeline
from core.wiring_operations import build_operations
from core.wiring_reports import build_reports
from core.wiring_serving import build_serving
from core.wiring_updates import build_receiving
from core.wiring_upkeep import build_upkeep

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence

    from aiohttp import web

    from config.settings import BootstrapSettings
    from core.database.multi_pool import MultiDatabaseManager
    from core.database.pool import DatabaseConnectionPool
    from core.services.admin_notices import AdminNotices
    from core.services.runtime_settings import RuntimeSettingsService
    from core.services.search_dictionary import SearchDictionary
    from core.telegram.pyrogram_gateway import PyrogramGateway
    from core.wiring import NameReading
    from core.wiring_access import People
    from core.wiring_admin import AdminServices
    from core.wiring_backfill import Backfilling
    from core.wiring_broadcast import Broadcasting
    from core.wiring_delivery import Delivering
    from core.wiring_indexing import Indexing
    from core.wiring_operations import Operations
    from core.wiring_premium import Premium
    from core.wiring_reports import Reports
    from core.wiring_search import Searching
    from core.wiring_serving import Serving
    from core.wiring_subscription import Subscribing
    from core.wiring_updates import Receiving
    from core.wiring_upkeep import Upkeep
    from repositories.user import UserRepository


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

    base: Base
    shutdown: OrderedShutdown
    catalogue: Catalogue
    client: Any
    telegram: PyrogramGateway
    receiving: Receiving
    databases: MultiDatabaseManager
    runtime: RuntimeSettingsService
    users: UserRepository
    serving: Serving
    admin: AdminServices
    indexing: Indexing
    backfilling: Backfilling
    books: Bookkeeping
    dictionary: SearchDictionary
    operations: Operations
    reports: Reports
    upkeep: Upkeep
    background: Mapping[str, Callable[[], Coroutine[Any, Any, None]]]

    @property
    def settings(self) -> BootstrapSettings:
        """Where everything is."""
        return self.base.settings

    @property
    def clock(self) -> Clock:
        """The process's clock."""
        return self.base.clock

    @property
    def metrics(self) -> Metrics:
        """The process's metrics."""
        return self.base.metrics

    @property
    def tasks(self) -> TaskRegistry:
        """Everything that runs beside the updates."""
        return self.base.tasks

    @property
    def people(self) -> People:
        """Who may use the bot, and for what."""
        return self.serving.people

    @property
    def searching(self) -> Searching:
        """What finds files."""
        return self.serving.searching

    @property
    def subscribing(self) -> Subscribing:
        """What asks readers to join chats first."""
        return self.serving.subscribing

    @property
    def delivering(self) -> Delivering:
        """What hands files over."""
        return self.serving.delivering

    @property
    def premium(self) -> Premium:
        """What gives and ends premium."""
        return self.serving.premium

    @property
    def broadcasting(self) -> Broadcasting:
        """What writes to everybody."""
        return self.serving.broadcasting

    @property
    def notices(self) -> AdminNotices:
        """Tells the admins what they have to know."""
        return self.admin.told.notices

    @property
    def pool(self) -> DatabaseConnectionPool:
        """The primary database."""
        return self.databases.primary

    async def start(self, on_login: Callable[[str], None], *, receives: bool = True) -> None:
        """Bring everything up; returns when the bot answers, which may take as long as another process does.

        Args:
            on_login: told the bot's username as soon as it is logged in.
            receives: False for a process beside the bot's own, which handles no updates.

        Raises:
            ConfigurationError: Telegram refuses the token or the application, the session cannot be written, or the
                database is not restored yet.
            TelegramUnavailableError: no login in time.
        """
        started = self.clock.monotonic()
        await refuse_unfinished_restore(self.pool)
        for name, loop in self.background.items():
            self.tasks.supervise(loop, name=name)
        await self.operations.sidecar.start()
        self.shutdown.push("sidecar", self.operations.sidecar.stop)
        self.shutdown.push("bookkeeping", self._settle_books)
        self.shutdown.push("tasks", self._close_tasks)
        watch = self.operations.watch
        self.shutdown.push("receiver", watch.receiver.release)
        await asyncio.gather(self.runtime.load(), start_migrations(self.pool, self.clock, self.tasks))
        if receives:
            await watch.receiver.acquire()
        self.tasks.spawn(self.indexing.count.make_up(self.clock.unix()), name="indexed_count")
        self.indexing.queue.start()
        self.shutdown.push("indexing", self.indexing.queue.drain)
        self.shutdown.push("telegram", self._stop_telegram)
        self.shutdown.push("deliveries", self._drain_deliveries)
        await watch.login.run()
        self.tasks.supervise(watch.watchdog.run, name="watchdog")
        on_login(self.client.me.username or "")
        self.tasks.supervise(lambda: self.indexing.scan.run(self.settings.channels), name="channel_scan")
        self.tasks.supervise(self.indexing.audit.run, name="channel_audit")
        if receives:
            self.tasks.supervise(self.backfilling.service.run, name="backfill")
            self.tasks.supervise(self.backfilling.requests.run, name="index_requests")
            self.tasks.supervise(self.premium.endings.run, name="premium_endings")
            self.tasks.supervise(self.delivering.journal.run, name="interrupted_deliveries")
            self.tasks.supervise(self.delivering.deletions.run, name="deletions")
            self.tasks.supervise(self.broadcasting.service.run, name="broadcasts")
        self.tasks.supervise(self.admin.drop_box.run, name="drop_box")
        self.tasks.supervise(self.subscribing.watch.run, name="subscription_watch")
        self.tasks.supervise(self.admin.check.run_at_start, name="self_check")
        self.tasks.supervise(self.reports.restarts.tell, name="restart_told")
        calm_the_garbage_collector()
        startup_ms = round((self.clock.monotonic() - started) * 1000, 1)
        structlog.get_logger(__name__).info("ready", startup_ms=startup_ms, http=self.operations.sidecar.url)

    async def _drain_deliveries(self) -> list[str]:
        """Files that are on their way arrive, and their readers are told, while Telegram is still there."""
        return await self.delivering.send_all.drain(self.shutdown.remaining_s / 2)

    async def _stop_telegram(self) -> None:
        """The steps after this one need their share of the deadline."""
        await stop_client(self.client, self.shutdown.remaining_s / 2)

    async def _settle_books(self) -> None:
        """The last numbers and words, and what searches have to forget; a store that is gone costs some of them."""
        with suppress(DatabaseUnavailableError):
            await self.books.counters.flush()
        last = (self.delivering.auto_delete.flush, self.reports.errors.flush)
        for flush in (self.dictionary.flush, self.books.popularity.flush, *last):
            with suppress(DatabaseUnavailableError):
                await flush()
        await self.books.invalidator.flush()

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
    stop: ShutdownSignal | None = None,
) -> AsyncIterator[Container]:
    """Build everything bottom-up, and close what was started top-down when the block ends, within one deadline.

    Args:
        settings: where everything is.
        clock: the process's clock; tests pass a driven one.
        stores: databases other than the configured ones.
        routes: further routes of the HTTP sidecar.
        environ: variables that seed the runtime settings; None for those of the process and `.env`.
        stop: asked when this process can do no good any more, with the exit code that says so.

    Raises:
        ConfigurationError: the client cannot be built from these settings.
    """
    clock = clock or Clock()
    metrics = Metrics()
    tasks = TaskRegistry(clock, on_failure=metrics.count_failed_task)
    async with OrderedShutdown(clock, settings.shutdown_deadline_s) as shutdown:
        redis = stores.redis_client() if stores else build_redis_client(settings.redis_uri.get_secret_value())
        cache = RedisCache(redis, metrics, clock)
        base = Base(settings, clock, metrics, tasks, cache, stop or ShutdownSignal(), Redactor(settings.secrets))
        seeds = read_environment() if environ is None else environ
        databases = build_databases(base, seeds, stores.mongo_client if stores else None)
        shutdown.push("mongodb", partial(_close, databases.manager.databases))
        shutdown.push("redis", redis.aclose)
        yield _assemble(base, databases, shutdown, routes)


async def _close(pools: Sequence[DatabaseConnectionPool]) -> None:
    await asyncio.gather(*(pool.close() for pool in pools))


def _assemble(base: Base, databases: Databases, shutdown: OrderedShutdown, routes: Sequence[web.RouteDef]) -> Container:
    """Hand every object what it needs; nothing here waits."""
    repositories, telegram = build_repositories(base, databases), build_telegram(base)
    books, catalogue = build_bookkeeping(base, databases, repositories), Catalogue()
    told = build_administration(base, databases, telegram.gateway, catalogue)
    reading = build_metadata(base, databases, books.invalidator.added)
    shutdown.push("worker_process", reading.worker.close)
    words = build_dictionary(base, databases, reading)
    stored, tools = (base, databases, repositories), (books, words, telegram)
    serving = build_serving(*stored, *tools, told)
    indexing = build_pipeline(*stored, books, _names(words, reading), telegram, told.notices)
    reports = build_reports(*stored, books.counters, reading.worker, telegram, told, serving, shutdown)
    repair = DuplicateRepair(repositories.media_duplicates, base.clock)
    loops = core_loops(base, databases, books, indexing.service, repair)
    upkeep = build_upkeep(*stored, telegram, told)
    steps = {**_daily_steps(repair, words, books, serving, reports), **upkeep.consistency.steps()}
    probes = {"subscription": serving.subscribing.probe, "deletions": serving.delivering.deletions.probe}
    operations = build_operations(
        *stored, books.counters, telegram, indexing.queue, told.notices, steps=steps, routes=routes, probes=probes
    )
    return Container(
        base=base,
        shutdown=shutdown,
        catalogue=catalogue,
        admin=build_admin_services(*stored, *tools, indexing.index_list, told, serving.subscribing.watch.findings),
        client=telegram.client,
        telegram=telegram.gateway,
        receiving=build_receiving(base, telegram, indexing.index_list.mark_all),
        databases=databases.manager,
        runtime=databases.runtime,
        users=repositories.users,
        serving=serving,
        indexing=indexing,
        backfilling=build_backfilling(*stored, told, indexing, telegram.gateway, serving.searching.limiter),
        books=books,
        dictionary=words,
        operations=operations,
        reports=reports,
        upkeep=upkeep,
        background={**operations.loops, **loops, **_further_loops(serving.searching, reading, words, reports)},
    )


def _daily_steps(
    repair: DuplicateRepair, words: SearchDictionary, books: Bookkeeping, serving: Serving, reports: Reports
) -> dict[str, Callable[[], Awaitable[object]]]:
    """What the daily maintenance does besides its own work."""
    return {
        "duplicates": repair.run,
        "dictionary": words.recount,
        "blocked_files": books.blocked.sweep,
        "file_reports": serving.delivering.reports.tell_admins,
        "file_kinds": reports.statistics.count_kinds_of_the_day,
    }


def _further_loops(
    searching: Searching, reading: NameReading, words: SearchDictionary, reports: Reports
) -> dict[str, Callable[[], Coroutine[Any, Any, None]]]:
    return {
        "error_log": reports.errors.run,
        "quota_holds": searching.quota.renew_holds,
        "media_metadata": reading.metadata.run,
        "search_dictionary": words.run,
    }


def _names(words: SearchDictionary, reading: NameReading) -> NewNames:
    return NewNames(words, reading.metadata, reading.worker)
