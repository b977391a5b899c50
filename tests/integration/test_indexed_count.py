"""The day's count of indexed files after processes that did not live to write theirs down."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from core.database.indexes import ensure_indexes
from core.database.multi_pool import MultiDatabaseManager
from core.domain.media import MediaKind, MediaSource, NewMedia
from core.domain.media_id import MediaIdSource
from core.services.indexed_count import IndexedCount
from repositories.daily_statistics import DailyStatisticsRepository
from repositories.media_count import MediaCountRepository
from tests.fixtures.bookkeeping import counters_on
from tests.fixtures.clock import NOON
from tests.fixtures.media_stores import batches_on

if TYPE_CHECKING:
    from core.database.pool import DatabaseConnectionPool
    from core.services.daily_statistics import DailyCounters
    from sandbox.stores import InMemoryStores
    from tests.fixtures.clock import TestClock

YESTERDAY, TODAY = NOON.date(), NOON.date() + timedelta(days=1)


async def store(pool: DatabaseConnectionPool, clock: TestClock, *numbers: int) -> None:
    """Store files as a process does that does not live to count them."""
    files = [NewMedia(f"u{n}", f"f{n}", f"{n}.mkv", None, 1, MediaKind.VIDEO, MediaSource(-1001, n)) for n in numbers]
    await batches_on(pool, ids=MediaIdSource(clock)).save_batch(files)
    clock.advance(1)


async def start(pool: DatabaseConnectionPool, clock: TestClock) -> DailyCounters:
    """What the next process does first."""
    counters = counters_on(pool, clock)
    files = MediaCountRepository(MultiDatabaseManager([pool], clock))
    await IndexedCount(files, counters, clock, ZoneInfo("UTC")).make_up(clock.unix())
    return counters


async def indexed(pool: DatabaseConnectionPool) -> list[int]:
    """What is written down of both days."""
    days = [await DailyStatisticsRepository(pool).get(day) for day in (YESTERDAY, TODAY)]
    return [day.files_indexed if day is not None else 0 for day in days]


async def test_every_file_is_counted_once_on_its_day(either_pool: DatabaseConnectionPool, clock: TestClock) -> None:
    """Files around midnight that a killed process stored belong to their days; further starts add nothing."""
    await ensure_indexes(either_pool)
    clock.set_utc(NOON.replace(hour=23, minute=59))
    await store(either_pool, clock, 1, 2, 3)
    clock.advance(120)
    await store(either_pool, clock, 4, 5)

    for number in (6, 7):
        counters = await start(either_pool, clock)
        counters.add("files_indexed", 1)
        await store(either_pool, clock, number)
        await counters.flush()

    assert await indexed(either_pool) == [3, 4]


async def test_what_was_written_down_is_not_counted_again(
    either_pool: DatabaseConnectionPool, clock: TestClock
) -> None:
    """A process that wrote a part of its count down before it was killed is made up for the rest only."""
    await ensure_indexes(either_pool)
    await store(either_pool, clock, 1, 2, 3)
    before = counters_on(either_pool, clock)
    before.add("files_indexed", 2)
    await before.flush()

    await (await start(either_pool, clock)).flush()

    assert await indexed(either_pool) == [3, 0]


async def test_a_database_that_is_away_is_waited_for(
    memory_pool: DatabaseConnectionPool, stores: InMemoryStores, clock: TestClock
) -> None:
    """The count comes when the database does."""
    await ensure_indexes(memory_pool)
    await store(memory_pool, clock, 1)
    stores.database_down = True
    starting = asyncio.ensure_future(start(memory_pool, clock))
    await clock.wait_sleeping(1)
    stores.database_down = False
    clock.advance(30)

    await (await starting).flush()

    assert (await indexed(memory_pool))[0] == 1
