"""The indexing half of the bot over a real repository layer, with Telegram replaced at its port."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from core.concurrency.task_registry import TaskRegistry
from core.concurrency.worker_process import WorkerProcess
from core.database.indexes import ensure_indexes
from core.database.multi_pool import MultiDatabaseManager
from core.domain.media_id import MediaIdSource
from core.observability.metrics import Metrics
from core.services.admin_notices import AdminNotices
from core.services.channel import ChannelService
from core.services.channel_audit import ChannelAuditService
from core.services.channel_scan import ChannelScanService
from core.services.indexing import IndexingService
from core.services.indexing_alert import IndexingAlert
from core.services.indexing_queue import IndexingQueue
from core.services.runtime_settings import RuntimeSettingsService
from core.text.catalog import Catalogue
from repositories.channel import ChannelRepository
from repositories.media import MediaRepository
from repositories.media_source import MediaSourceRepository
from repositories.runtime_settings import RuntimeSettingsRepository
from tests.fixtures.bookkeeping import counters_on, invalidator_without_redis
from tests.fixtures.channel_wire import FakeChannel, FakeTelegram
from tests.fixtures.maintenance import MaintenanceProcess
from tests.fixtures.media_stores import albums_on, batches_on, blocked_on, changes_on
from tests.fixtures.new_names import new_names_on
from tests.integration.services.indexer import ADMIN, BOOKS, FILMS, Indexer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager

    from core.cache.redis_cache import RedisCache
    from core.database.pool import DatabaseConnectionPool
    from tests.fixtures.clock import TestClock


@pytest.fixture
def films() -> FakeChannel:
    """A channel on the index list."""
    return FakeChannel(FILMS)


@pytest.fixture
def books() -> FakeChannel:
    """Another one."""
    return FakeChannel(BOOKS)


@pytest.fixture
def telegram(films: FakeChannel, books: FakeChannel) -> FakeTelegram:
    """Telegram's record of both channels."""
    return FakeTelegram(films, books)


@pytest.fixture
def start(clock: TestClock, telegram: FakeTelegram) -> Callable[..., AbstractAsyncContextManager[Indexer]]:
    """Start an indexer on a pool, as a process does; leaving the block ends it with what it has not stored."""

    @asynccontextmanager
    async def started(pool: DatabaseConnectionPool, **settings: Any) -> AsyncIterator[Indexer]:
        metrics, tasks = Metrics(), TaskRegistry(clock)
        worker = WorkerProcess(tasks, metrics, clock)
        environ = {name.upper(): str(value) for name, value in settings.items()}
        runtime = RuntimeSettingsService(RuntimeSettingsRepository(pool, clock), environ, clock, tasks)
        channels, media = ChannelRepository(pool, clock), MediaRepository(MultiDatabaseManager([pool], clock))
        batches = batches_on(pool, ids=MediaIdSource(clock))
        changes = changes_on(pool, clock=clock, metrics=metrics)
        indexing = IndexingService(
            changes=changes,
            batches=batches,
            channels=channels,
            invalidator=invalidator_without_redis(clock),
            names=new_names_on(pool, clock=clock, tasks=tasks, worker=worker),
            tasks=tasks,
            metrics=metrics,
            counters=counters_on(pool, clock),
            blocked=blocked_on(pool, clock=clock),
            albums=albums_on(pool),
        )
        notices = AdminNotices(telegram, Catalogue(), [ADMIN], tasks, clock)
        queue = IndexingQueue(indexing, runtime, tasks, metrics, clock, IndexingAlert(notices, tasks, clock))
        index_list = ChannelService(channels, queue, notices)
        scan = ChannelScanService(channels, index_list, indexing, telegram, runtime, clock)
        audit = ChannelAuditService(
            *(channels, MediaSourceRepository(MultiDatabaseManager([pool], clock)), index_list, telegram),
            runtime=runtime,
            metrics=metrics,
            clock=clock,
        )
        yield Indexer(pool, clock, tasks, metrics, channels, media, indexing, queue, index_list, scan, audit)
        await worker.close()
        await tasks.close(1)

    return started


@pytest.fixture
async def indexer(
    start: Callable[..., AbstractAsyncContextManager[Indexer]], memory_pool: DatabaseConnectionPool
) -> AsyncIterator[Indexer]:
    """An indexer over the in-memory store that knows both channels; its queue does not run yet and is small."""
    await ensure_indexes(memory_pool)
    async with start(memory_pool, message_queue_size=10, overflow_queue_size=10) as indexer:
        await indexer.know(FILMS, BOOKS)
        yield indexer


@pytest.fixture
async def start_maintenance(
    memory_cache: RedisCache, clock: TestClock
) -> AsyncIterator[Callable[..., MaintenanceProcess]]:
    """Build the maintenance of another process, on a pool and in a zone."""
    started: list[MaintenanceProcess] = []

    def starting(pool: DatabaseConnectionPool, zone: str = "UTC") -> MaintenanceProcess:
        started.append(MaintenanceProcess(pool, memory_cache, clock, zone))
        return started[-1]

    yield starting
    for process in started:
        await process.tasks.close(5)
