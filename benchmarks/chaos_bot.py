"""The bot's storing and searching half on three databases, wired as the container wires it."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from pydantic import SecretStr

from benchmarks.chaos_quota import HOLD_S, LIMIT
from config.settings import BootstrapSettings
from core.cache.redis_cache import RedisCache
from core.cache.redis_client import build_redis_client
from core.concurrency.task_registry import TaskRegistry
from core.database.indexes import ensure_indexes
from core.observability.metrics import Metrics
from core.services.admin_notices import AdminNotices
from core.services.duplicates import DuplicateRepair
from core.services.health_report import HealthProbe, HealthReport
from core.services.indexing_alert import IndexingAlert
from core.services.indexing_queue import IndexingQueue
from core.services.new_names import NewNames
from core.services.quota import QuotaService
from core.text.catalog import Catalogue
from core.wiring import (
    Base,
    NameReading,
    build_bookkeeping,
    build_databases,
    build_dictionary,
    build_indexing,
    build_metadata,
    build_repositories,
    build_search,
    core_loops,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine, Sequence
    from zoneinfo import ZoneInfo

    from core.cache.invalidation import CacheInvalidator
    from core.clock import Clock
    from core.database.multi_pool import MultiDatabaseManager
    from core.domain.indexing import BatchOutcome
    from core.domain.media import NewMedia
    from core.services.runtime_settings import RuntimeSettingsService
    from core.services.search import SearchService
    from core.services.search_dictionary import SearchDictionary
    from core.wiring import Databases
    from repositories.media import MediaRepository
    from repositories.media_batch import MediaBatchRepository
    from repositories.user import UserRepository
    from tests.fixtures.database_rig import DatabaseRig

DATABASE = "chaos"
DATABASES = 3
PINS = {-1002: 2, -1003: 3}
_SEEDS = {"NON_PREMIUM_DAILY_LIMIT": str(LIMIT), "QUOTA_HOLD_S": str(HOLD_S)}


@dataclass(frozen=True, slots=True)
class ChaosBot:
    """What the load talks to."""

    clock: Clock
    tasks: TaskRegistry
    runtime: RuntimeSettingsService
    databases: MultiDatabaseManager
    search: SearchService
    words: SearchDictionary
    media: MediaRepository
    batches: MediaBatchRepository
    invalidator: CacheInvalidator
    repair: DuplicateRepair
    queue: IndexingQueue
    users: UserRepository
    quota: QuotaService

    async def save_batch(self, posts: Sequence[NewMedia]) -> BatchOutcome:
        """Store posts past the queue, and let searches know, as whoever stores has to."""
        outcome = await self.batches.save_batch(posts)
        self.invalidator.added()
        return outcome

    @property
    def page_size(self) -> int:
        """Files on one result page."""
        return self.runtime.current.result_page_size

    @property
    def window_size(self) -> int:
        """Files in one search's window at most."""
        return self.runtime.current.search_window_size

    async def together(self, *works: Coroutine[None, None, None]) -> None:
        """Run all at the same time; returns when every one has ended."""
        await asyncio.gather(*works)


@asynccontextmanager
async def open_bot(rig: DatabaseRig, clock: Clock, time_zone: ZoneInfo) -> AsyncIterator[ChaosBot]:
    """Build it on the rig's proxies, start its loops, and end them with the block."""
    async with AsyncExitStack() as closing:
        metrics = Metrics()
        tasks = TaskRegistry(clock, on_failure=metrics.count_failed_task)
        redis = build_redis_client(rig.redis_url)
        closing.push_async_callback(redis.aclose)
        base = Base(_settings(rig, time_zone), clock, metrics, tasks, RedisCache(redis, metrics, clock))
        databases = build_databases(base, _SEEDS, None)
        for pool in databases.manager.databases:
            closing.push_async_callback(pool.close)
            await ensure_indexes(pool)
        await databases.runtime.load()
        closing.push_async_callback(tasks.close, 5.0)
        reading = build_metadata(base, databases)
        closing.push_async_callback(reading.worker.close)
        yield _assemble(base, databases, reading)


def _assemble(base: Base, databases: Databases, reading: NameReading) -> ChaosBot:
    clock, tasks, repositories = base.clock, base.tasks, build_repositories(base, databases)
    books = build_bookkeeping(base, databases, repositories)
    repair = DuplicateRepair(repositories.media_duplicates, clock)
    quota = QuotaService(repositories.users, databases.runtime, clock, base.settings.time_zone)
    words = build_dictionary(base, databases, reading)
    names = NewNames(words, reading.metadata, reading.worker)
    indexing = build_indexing(base, databases, repositories, books, names, pins=lambda: PINS)
    alert = IndexingAlert(AdminNotices(cast("Any", None), Catalogue(), (), tasks, clock), tasks, clock)
    queue = IndexingQueue(indexing, databases.runtime, tasks, base.metrics, clock, alert)
    for name, loop in {
        "health": HealthReport(_probes(base, databases), base.metrics, clock).run,
        "quota_holds": quota.renew_holds,
        "media_metadata": reading.metadata.run,
        "search_dictionary": words.run,
        **core_loops(base, databases, books, indexing, repair),
    }.items():
        tasks.supervise(loop, name=name)
    queue.start()
    return ChaosBot(
        clock=clock,
        tasks=tasks,
        runtime=databases.runtime,
        databases=databases.manager,
        search=build_search(base, databases, repositories, books, words),
        words=words,
        media=repositories.media,
        batches=repositories.media_batch,
        invalidator=books.invalidator,
        repair=repair,
        queue=queue,
        users=repositories.users,
        quota=quota,
    )


def _settings(rig: DatabaseRig, time_zone: ZoneInfo) -> BootstrapSettings:
    first, *further = (SecretStr(rig.uri(number)) for number in range(DATABASES))
    return BootstrapSettings(
        api_id=1,
        api_hash=SecretStr("0" * 32),
        bot_token=SecretStr("1:no-telegram-here"),
        session_file=Path("unused.session"),
        database_uri=first,
        database_uris=tuple(further),
        database_name=DATABASE,
        redis_uri=SecretStr(rig.redis_url),
        time_zone=time_zone,
        admins=(1,),
        channels=(),
    )


def _probes(base: Base, databases: Databases) -> dict[str, HealthProbe]:
    pings = {f"database_{pool.number}": HealthProbe(pool.ping, critical=False) for pool in databases.manager.databases}
    return {**pings, "redis": HealthProbe(base.cache.ping, critical=False)}
