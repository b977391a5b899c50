"""The bot's storing and searching half on three databases, wired as the container wires it."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.chaos_quota import HOLD_S, LIMIT
from core.cache.redis_cache import RedisCache
from core.cache.redis_client import build_redis_client
from core.concurrency.task_registry import TaskRegistry
from core.database.indexes import ensure_indexes
from core.database.multi_pool import MultiDatabaseManager
from core.database.pool import DatabaseConnectionPool
from core.database.write_routing import WriteRouting
from core.domain.database import WriteLimits
from core.domain.media_id import MediaIdSource
from core.observability.metrics import Metrics
from core.services.health_report import HealthProbe, HealthReport
from core.services.indexing import IndexingService
from core.services.indexing_queue import IndexingQueue
from core.services.quota import QuotaService
from core.services.runtime_settings import RuntimeSettingsService
from core.services.search import SearchService
from core.services.search_session import SearchSessions
from repositories.channel import ChannelRepository
from repositories.media import MediaRepository
from repositories.media_batch import MediaBatchRepository
from repositories.runtime_settings import RuntimeSettingsRepository
from repositories.user import UserRepository

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine
    from zoneinfo import ZoneInfo

    from core.clock import Clock
    from tests.fixtures.database_rig import DatabaseRig

DATABASE = "chaos"
DATABASES = 3
_SIZE_LIMIT_BYTES = 1 << 29
_SETTINGS = {
    "NON_PREMIUM_DAILY_LIMIT": str(LIMIT),
    "QUOTA_HOLD_S": str(HOLD_S),
}


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
    queue: IndexingQueue
    users: UserRepository
    quota: QuotaService

    async def repair(self) -> int:
        """Run the job that removes duplicates; returns how many it found."""
        return 0

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


@dataclass(frozen=True, slots=True)
class _Base:
    clock: Clock
    metrics: Metrics
    tasks: TaskRegistry
    databases: MultiDatabaseManager
    cache: RedisCache
    runtime: RuntimeSettingsService


@asynccontextmanager
async def open_bot(rig: DatabaseRig, clock: Clock, time_zone: ZoneInfo) -> AsyncIterator[ChaosBot]:
    """Build it on the rig's proxies, start its loops, and end them with the block."""
    async with AsyncExitStack() as closing:
        base = _build_base(rig, clock, closing)
        for pool in base.databases.databases:
            await ensure_indexes(pool)
        await base.runtime.load()
        bot = _build_bot(base, time_zone)
        closing.push_async_callback(base.tasks.close, 5.0)
        yield bot


def _build_base(rig: DatabaseRig, clock: Clock, closing: AsyncExitStack) -> _Base:
    metrics = Metrics()
    tasks = TaskRegistry(clock, on_failure=metrics.count_failed_task)
    pools = [
        DatabaseConnectionPool(rig.uri(number), DATABASE, clock=clock, metrics=metrics, number=number + 1)
        for number in range(DATABASES)
    ]
    for pool in pools:
        closing.push_async_callback(pool.close)
    redis = build_redis_client(rig.redis_url)
    closing.push_async_callback(redis.aclose)
    runtime = RuntimeSettingsService(RuntimeSettingsRepository(pools[0], clock), _SETTINGS, clock, tasks)
    return _Base(clock, metrics, tasks, MultiDatabaseManager(pools, clock), RedisCache(redis, metrics, clock), runtime)


def _build_bot(base: _Base, time_zone: ZoneInfo) -> ChaosBot:
    clock, metrics, tasks, databases, runtime = base.clock, base.metrics, base.tasks, base.databases, base.runtime
    users = UserRepository(databases.primary, base.cache, clock)
    media = MediaRepository(databases)
    routing = WriteRouting(databases.databases, lambda: WriteLimits(_SIZE_LIMIT_BYTES), clock, metrics)
    batches = MediaBatchRepository(databases, routing, MediaIdSource(clock))
    channels = ChannelRepository(databases.primary, clock)
    indexing = IndexingService(media, batches, channels, tasks, metrics)
    queue = IndexingQueue(indexing, runtime, tasks, metrics, clock)
    search = SearchService(media, SearchSessions(base.cache, runtime, clock), base.cache, runtime, metrics, clock)
    quota = QuotaService(users, runtime, clock, time_zone)
    tasks.supervise(HealthReport(_probes(base), metrics, clock).run, name="health")
    tasks.supervise(routing.run, name="write_routing")
    tasks.supervise(quota.renew_holds, name="quota_holds")
    queue.start()
    return ChaosBot(clock, tasks, runtime, databases, search, media, batches, queue, users, quota)


def _probes(base: _Base) -> dict[str, HealthProbe]:
    pings = {f"database {pool.number}": HealthProbe(pool.ping, critical=False) for pool in base.databases.databases}
    return {**pings, "redis": HealthProbe(base.cache.ping, critical=False)}
