"""Counting by day: many processes, late and repeated writes, on a real MongoDB and on the in-memory one."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from core.concurrency.task_registry import TaskRegistry
from core.domain.daily_statistics import COUNTED, DayStatistics
from core.errors import DatabaseUnavailableError
from core.services.daily_statistics import DailyCounters
from repositories.daily_statistics import DailyStatisticsRepository
from tests.fixtures.clock import NOON

if TYPE_CHECKING:
    from core.database.pool import DatabaseConnectionPool
    from sandbox.stores import InMemoryStores
    from tests.fixtures.clock import TestClock

TODAY = NOON.date()
TOMORROW = TODAY + timedelta(days=1)
UTC_ZONE = ZoneInfo("UTC")


@pytest.fixture
def statistics(either_pool: DatabaseConnectionPool) -> DailyStatisticsRepository:
    return DailyStatisticsRepository(either_pool)


@pytest.fixture
def counters(statistics: DailyStatisticsRepository, clock: TestClock) -> DailyCounters:
    return DailyCounters(statistics, clock, UTC_ZONE)


async def test_a_day_nobody_counted_on_is_unknown(statistics: DailyStatisticsRepository) -> None:
    """Nothing is invented by asking."""
    assert await statistics.get(TODAY) is None


async def test_what_processes_counted_adds_up(statistics: DailyStatisticsRepository) -> None:
    """The sums of a day are those of its processes, before and after it is closed."""
    await statistics.put_part(TODAY, "a", {"searches": 3, "new_users": 1})
    await statistics.put_part(TODAY, "b", {"searches": 4, "files_delivered": 2})
    open_day = DayStatistics(TODAY, searches=7, files_delivered=2, new_users=1)
    assert await statistics.get(TODAY) == open_day
    closed = await statistics.close(TODAY, NOON)
    assert closed == DayStatistics(TODAY, searches=7, files_delivered=2, new_users=1, closed_at=NOON)
    assert await statistics.get(TODAY) == closed


async def test_a_write_repeated_or_late_counts_nothing_twice(statistics: DailyStatisticsRepository) -> None:
    """Storing the same sum again, or an older one after it, changes nothing."""
    for searches in (3, 5, 5, 3):
        await statistics.put_part(TODAY, "a", {"searches": searches})
    found = await statistics.get(TODAY)
    assert found is not None
    assert found.searches == 5


async def test_closing_stores_the_sums_where_they_are_read_without_parts(
    statistics: DailyStatisticsRepository, either_pool: DatabaseConnectionPool
) -> None:
    """A closed day carries every sum by its name, zeros included, and is no open day any more."""
    await statistics.put_part(TODAY, "a", {"searches": 3})
    assert await statistics.open_days(TOMORROW) == [TODAY]
    assert await statistics.open_days(TODAY) == []
    await statistics.close(TODAY, NOON)
    await statistics.close(TODAY + timedelta(days=-1), NOON)
    assert await statistics.open_days(TOMORROW) == []
    stored = await either_pool.find("daily_statistics", {}, projection={"parts": 0}, sort=[("_id", 1)])
    zeros = dict.fromkeys(COUNTED, 0)
    assert stored == [
        {"_id": "2026-03-13", **zeros, "closed_at": NOON},
        {"_id": "2026-03-14", **zeros, "searches": 3, "closed_at": NOON},
    ]


async def test_a_part_that_comes_after_the_closing_opens_the_day_again(statistics: DailyStatisticsRepository) -> None:
    """What a process cut off at midnight stores later is seen at once and is in the sums of the next closing."""
    await statistics.put_part(TODAY, "a", {"searches": 3})
    await statistics.close(TODAY, NOON)
    await statistics.put_part(TODAY, "b", {"searches": 4})
    assert await statistics.get(TODAY) == DayStatistics(TODAY, searches=7)
    assert await statistics.open_days(TOMORROW) == [TODAY]
    assert (await statistics.close(TODAY, NOON)).searches == 7


async def test_parts_that_race_with_the_closing_are_not_lost(
    statistics: DailyStatisticsRepository, either_pool: DatabaseConnectionPool
) -> None:
    """A part is in the sums, or the day is open: never neither."""
    for number in range(15):
        day = TODAY + timedelta(days=number)
        parts = (statistics.put_part(day, f"p{part}", {"searches": 1}) for part in range(3))
        await asyncio.gather(*parts, statistics.close(day, NOON), return_exceptions=False)
        found = await either_pool.find_one("daily_statistics", {"_id": day.isoformat()})
        assert found is not None
        assert found.get("is_open") or found["searches"] == 3
        assert (await statistics.close(day, NOON)).searches == 3


async def test_a_part_between_look_and_closing_makes_it_look_again(
    statistics: DailyStatisticsRepository, either_pool: DatabaseConnectionPool
) -> None:
    """Sums are stored only over the parts that they were made of, for a new day as for a known one."""
    look = either_pool.find_one
    late = iter(("a", "b"))

    async def with_a_late_part(*args, **options):
        found = await look(*args, **options)
        if (process := next(late, None)) is not None:
            await statistics.put_part(TODAY, process, {"searches": 1})
        return found

    either_pool.find_one = with_a_late_part  # type: ignore[method-assign]
    assert (await statistics.close(TODAY, NOON)).searches == 2
    assert await statistics.open_days(TOMORROW) == []


async def test_ended_premium_keeps_the_first_count(statistics: DailyStatisticsRepository) -> None:
    """A repetition that finds fewer, because some were cleared already, does not lower the number."""
    for people in (5, 2):
        await statistics.put_premium_ended(TODAY, people)
    await statistics.close(TODAY, NOON)
    assert await statistics.get(TODAY) == DayStatistics(TODAY, premium_ended=5, closed_at=NOON)


async def test_counting_is_stored_by_flushing(statistics: DailyStatisticsRepository, counters: DailyCounters) -> None:
    """Nothing is written per event, and a flush stores everything so far."""
    for _ in range(3):
        counters.add("searches")
    counters.add("files_delivered", 10)
    assert await statistics.get(TODAY) is None
    await counters.flush()
    assert await statistics.get(TODAY) == DayStatistics(TODAY, searches=3, files_delivered=10)
    counters.add("searches")
    await asyncio.gather(counters.flush(), counters.flush())
    assert await statistics.get(TODAY) == DayStatistics(TODAY, searches=4, files_delivered=10)


async def test_flushing_without_news_writes_nothing(
    counters: DailyCounters, either_pool: DatabaseConnectionPool
) -> None:
    """An idle bot leaves the database alone."""
    counters.add("searches")
    await counters.flush()
    await either_pool.close()
    await counters.flush()


async def test_an_event_belongs_to_its_day_in_the_configured_zone(
    statistics: DailyStatisticsRepository, clock: TestClock
) -> None:
    """What is stored after midnight of the zone counts for the day on which it happened (scenario 7)."""
    counters = DailyCounters(statistics, clock, ZoneInfo("Asia/Tokyo"))
    clock.set_utc(datetime(2026, 3, 14, 14, 59, 59, tzinfo=UTC))
    counters.add("searches")
    clock.set_utc(datetime(2026, 3, 14, 15, 0, tzinfo=UTC))
    counters.add("searches", 5)
    await counters.flush()
    assert await statistics.get(date(2026, 3, 14)) == DayStatistics(date(2026, 3, 14), searches=1)
    assert await statistics.get(date(2026, 3, 15)) == DayStatistics(date(2026, 3, 15), searches=5)


async def test_a_clock_that_jumps_back_goes_on_with_the_earlier_day(
    statistics: DailyStatisticsRepository, counters: DailyCounters, clock: TestClock
) -> None:
    """Returning to a day adds to what was counted on it, stored or not."""
    counters.add("searches")
    clock.set_utc(NOON + timedelta(days=1))
    counters.add("searches", 10)
    await counters.flush()
    clock.set_utc(NOON)
    counters.add("searches")
    await counters.flush()
    for day, searches in ((TODAY, 2), (TOMORROW, 10)):
        assert await statistics.get(day) == DayStatistics(day, searches=searches)


async def test_a_failed_flush_keeps_its_numbers(
    memory_pool: DatabaseConnectionPool, stores: InMemoryStores, clock: TestClock
) -> None:
    """What was counted while the database was gone is stored when it is back."""
    statistics = DailyStatisticsRepository(memory_pool)
    counters = DailyCounters(statistics, clock, UTC_ZONE)
    counters.add("searches")
    stores.database_down = True
    with pytest.raises(DatabaseUnavailableError):
        await counters.flush()
    counters.add("searches")
    stores.database_down = False
    await counters.flush()
    assert await statistics.get(TODAY) == DayStatistics(TODAY, searches=2)


async def test_a_flush_whose_answer_is_lost_counts_once(
    statistics: DailyStatisticsRepository, counters: DailyCounters, either_pool: DatabaseConnectionPool
) -> None:
    """A write that got through without its answer is repeated and changes nothing."""
    write = either_pool.update_one

    async def losing_its_answer(*args, **options):
        await write(*args, **options)
        raise DatabaseUnavailableError("the answer was lost")

    counters.add("searches", 3)
    either_pool.update_one = losing_its_answer  # type: ignore[method-assign]
    with pytest.raises(DatabaseUnavailableError):
        await counters.flush()
    either_pool.update_one = write  # type: ignore[method-assign]
    await counters.flush()
    assert await statistics.get(TODAY) == DayStatistics(TODAY, searches=3)


async def test_a_crowd_of_processes_begins_a_day_together(
    statistics: DailyStatisticsRepository, clock: TestClock
) -> None:
    """Twenty first flushes of a day at the same instant all arrive."""
    processes = [DailyCounters(statistics, clock, UTC_ZONE) for _ in range(20)]
    for process in processes:
        process.add("searches")
    await asyncio.gather(*(process.flush() for process in processes))
    assert await statistics.get(TODAY) == DayStatistics(TODAY, searches=20)


async def test_the_running_counters_store_every_half_minute_through_an_outage(
    memory_pool: DatabaseConnectionPool, stores: InMemoryStores, clock: TestClock
) -> None:
    """Flushing goes on after the database was gone for a while."""
    statistics, tasks = DailyStatisticsRepository(memory_pool), TaskRegistry(clock)
    counters = DailyCounters(statistics, clock, UTC_ZONE)
    counters.add("searches")
    tasks.spawn(counters.run(), name="daily_counters")
    for is_down in (True, False):
        stores.database_down = is_down
        await clock.wait_sleeping()
        clock.advance(30)
        await clock.wait_sleeping()
    assert await statistics.get(TODAY) == DayStatistics(TODAY, searches=1)
    await tasks.close(5)
