"""The bot's storing and searching half on three databases, wired as the container wires it."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import SecretStr

from benchmarks.chaos_quota import HOLD_S, LIMIT
from config.settings import BootstrapSettings
from core.cache.invalidation import CacheInvalidator
from core.cache.redis_cache import RedisCache
from core.cache.redis_client import build_redis_client
from core.concurrency.task_registry import TaskRegistry
from core.database.indexes import ensure_indexes
from core.observability.metrics import Metrics
from core.services.daily_statistics import DailyCounters
from core.services.duplicates import DuplicateRepair
from core.services.health_report import HealthProbe, HealthReport
from core.services.indexing import IndexingService
from core.services.indexing_queue import IndexingQueue
from core.services.postponed_changes import PostponedChangesService
from core.services.quota import QuotaService
from core.services.search import SearchService
from core.services.search_session import SearchSessions
from core.services.search_windows import SearchWindows
from core.wiring import Base, build_databases, build_repositories

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine, Sequence
    from zoneinfo import ZoneInfo

    from core.clock import Clock
    from core.database.multi_pool import MultiDatabaseManager
    from core.domain.indexing import BatchOutcome
    from core.domain.media import NewMedia
    from core.services.runtime_settings import RuntimeSettingsService
    from core.wiring import Databases, Repositories
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
        base = Base(_settings(rig), clock, metrics, tasks, RedisCache(redis, metrics, clock))
        databases = build_databases(base, _SEEDS, None)
        for pool in databases.manager.databases:
            closing.push_async_callback(pool.close)
            await ensure_indexes(pool)
        await databases.runtime.load()
        closing.push_async_callback(tasks.close, 5.0)
        yield _assemble(base, databases, build_repositories(base, databases), time_zone)


def _assemble(base: Base, databases: Databases, repositories: Repositories, time_zone: ZoneInfo) -> ChaosBot:
    clock, tasks, runtime = base.clock, base.tasks, databases.runtime
    invalidator = CacheInvalidator(base.cache, clock)
    counters = DailyCounters(repositories.daily_statistics, clock, time_zone)
    quota = QuotaService(repositories.users, runtime, clock, time_zone)
    indexing = _build_indexing(base, databases, repositories, invalidator, counters)
    queue = IndexingQueue(indexing, runtime, tasks, base.metrics, clock)
    for name, loop in {
        "health": HealthReport(_probes(base, databases), base.metrics, clock).run,
        "write_routing": databases.routing.run,
        "quota_holds": quota.renew_holds,
        "search_invalidation": invalidator.run,
        "postponed_changes": indexing.keep_up_to_date,
        "daily_counters": counters.run,
    }.items():
        tasks.supervise(loop, name=name)
    queue.start()
    return ChaosBot(
        clock=clock,
        tasks=tasks,
        runtime=runtime,
        databases=databases.manager,
        search=_build_search(base, databases, repositories, invalidator, counters),
        media=repositories.media,
        batches=repositories.media_batch,
        invalidator=invalidator,
        repair=DuplicateRepair(repositories.media_duplicates, clock),
        queue=queue,
        users=repositories.users,
        quota=quota,
    )


def _build_search(
    base: Base,
    databases: Databases,
    repositories: Repositories,
    invalidator: CacheInvalidator,
    counters: DailyCounters,
) -> SearchService:
    return SearchService(
        media=repositories.media,
        sessions=SearchSessions(base.cache, databases.runtime, base.clock),
        windows=SearchWindows(base.cache, invalidator, databases.runtime),
        runtime=databases.runtime,
        metrics=base.metrics,
        counters=counters,
        clock=base.clock,
    )


def _build_indexing(
    base: Base,
    databases: Databases,
    repositories: Repositories,
    invalidator: CacheInvalidator,
    counters: DailyCounters,
) -> IndexingService:
    return IndexingService(
        changes=PostponedChangesService(
            databases.manager, repositories.media, repositories.postponed_changes, base.metrics, base.clock
        ),
        batches=repositories.media_batch,
        channels=repositories.channels,
        invalidator=invalidator,
        tasks=base.tasks,
        metrics=base.metrics,
        counters=counters,
        pins=lambda: PINS,
    )


def _settings(rig: DatabaseRig) -> BootstrapSettings:
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
        admins=(1,),
        channels=(),
    )


def _probes(base: Base, databases: Databases) -> dict[str, HealthProbe]:
    pings = {f"database_{pool.number}": HealthProbe(pool.ping, critical=False) for pool in databases.manager.databases}
    return {**pings, "redis": HealthProbe(base.cache.ping, critical=False)}
