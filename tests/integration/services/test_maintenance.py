"""Daily maintenance: once a day of the configured zone, whatever processes, clocks and stores do."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from core.cache import codec, keys
from tests.fixtures.clock import NOON

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.cache.redis_cache import RedisCache
    from core.database.lease import Lease
    from core.database.pool import DatabaseConnectionPool
    from sandbox.stores import InMemoryStores
    from tests.fixtures.clock import TestClock
    from tests.fixtures.maintenance import MaintenanceProcess

TODAY = NOON.date()
YESTERDAY = TODAY - timedelta(days=1)


async def test_processes_that_start_at_once_do_a_day_once(
    either_pool: DatabaseConnectionPool, start_maintenance: Callable[..., MaintenanceProcess]
) -> None:
    """Of ten processes one does the day's work, and restarts do not repeat it (scenario 8)."""
    processes = [start_maintenance(either_pool) for _ in range(10)]
    reports = await asyncio.gather(*(process.service.run_daily_maintenance() for process in processes))
    assert [report.is_complete for report in reports if report is not None] == [True]
    again = [await start_maintenance(either_pool).service.run_daily_maintenance() for _ in range(3)]
    assert again == [None] * 3
    assert [process.ran for process in processes if process.ran] == [[TODAY]]
    assert await processes[0].stored.last_day() == TODAY


async def test_who_comes_to_the_lease_late_looks_again(
    either_pool: DatabaseConnectionPool, start_maintenance: Callable[..., MaintenanceProcess]
) -> None:
    """A process that saw the day undone and then waited while another did it does not repeat it (scenario 8)."""
    late, first = start_maintenance(either_pool), start_maintenance(either_pool)
    acquire = late.leases.acquire

    async def slowly(name: str, owner: str, ttl_s: float) -> Lease | None:
        await first.report()
        return await acquire(name, owner, ttl_s)

    late.leases.acquire = slowly  # type: ignore[method-assign]
    assert await late.service.run_daily_maintenance() is None
    assert (late.ran, first.ran) == ([], [TODAY])


async def test_without_redis_a_day_is_done_once_as_well(
    either_pool: DatabaseConnectionPool, start_maintenance: Callable[..., MaintenanceProcess], stores: InMemoryStores
) -> None:
    """The database alone decides what is due (scenario 8)."""
    stores.redis_down = True
    processes = [start_maintenance(either_pool) for _ in range(4)]
    for _ in range(2):
        await asyncio.gather(*(process.service.run_daily_maintenance() for process in processes))
    assert sum(len(process.ran) for process in processes) == 1


@pytest.mark.parametrize(
    ("zone", "midnight"),
    [
        ("Asia/Tokyo", datetime(2026, 3, 14, 15, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 3, 15, 4, tzinfo=UTC)),
        ("Asia/Kathmandu", datetime(2026, 3, 14, 18, 15, tzinfo=UTC)),
    ],
)
async def test_the_day_turns_at_midnight_of_the_configured_zone(
    memory_pool: DatabaseConnectionPool,
    start_maintenance: Callable[..., MaintenanceProcess],
    clock: TestClock,
    zone: str,
    midnight: datetime,
) -> None:
    """A new day's work is due from the zone's own midnight on, to the second (scenario 7)."""
    process = start_maintenance(memory_pool, zone)
    await process.report()
    clock.set_utc(midnight - timedelta(seconds=1))
    assert await process.service.run_daily_maintenance() is None
    clock.set_utc(midnight)
    assert (await process.report()).day == date(2026, 3, 15)


@pytest.mark.parametrize(
    ("zone", "first"),
    [("Europe/Berlin", date(2026, 3, 28)), ("Europe/Berlin", date(2026, 10, 24)), ("Africa/Cairo", date(2026, 4, 23))],
    ids=["spring", "autumn", "no-midnight"],
)
async def test_the_loop_runs_once_a_day_where_clocks_are_moved(
    memory_pool: DatabaseConnectionPool,
    start_maintenance: Callable[..., MaintenanceProcess],
    clock: TestClock,
    zone: str,
    first: date,
) -> None:
    """Days of 23 and 25 hours, and a day without midnight, get their run in their first minutes."""
    clock.set_utc(datetime.combine(first, datetime.min.time(), tzinfo=UTC) + timedelta(hours=12))
    process = start_maintenance(memory_pool, zone)
    begun: list[datetime] = []
    process.before_step = lambda: begun.append(clock.utc_now())
    process.tasks.spawn(process.service.run(), name="maintenance")
    for _ in range(3 * 24 * 12):
        await process.at_rest()
        clock.advance(300)
    await process.at_rest()
    assert process.ran == [first + timedelta(days=number) for number in range(4)]
    for moment, day in zip(begun[1:], process.ran[1:], strict=True):
        before = (moment - timedelta(seconds=301)).astimezone(process.zone).date()
        assert before == day - timedelta(days=1)


async def test_after_days_of_sleep_every_day_is_closed_and_the_work_done_once(
    either_pool: DatabaseConnectionPool, start_maintenance: Callable[..., MaintenanceProcess], clock: TestClock
) -> None:
    """A bot that was off for three nights has sums of every day and one run (scenario 8)."""
    process = start_maintenance(either_pool)
    await process.report()
    process.counters.add("searches", 4)
    clock.advance(days=3)
    await process.report()
    assert process.ran == [TODAY, TODAY + timedelta(days=3)]
    closed = [await process.statistics.get(TODAY + timedelta(days=number)) for number in range(-1, 4)]
    assert [day.searches if day and day.closed_at else None for day in closed] == [0, 4, 0, 0, None]


async def test_after_years_only_the_last_month_is_caught_up(
    memory_pool: DatabaseConnectionPool, start_maintenance: Callable[..., MaintenanceProcess], clock: TestClock
) -> None:
    """A bot that comes back after years does not write a day for each of a thousand."""
    process = start_maintenance(memory_pool)
    await process.report()
    clock.advance(days=1_000)
    await process.report()
    assert await memory_pool.count("daily_statistics", {}) == 1 + 31


async def test_a_clock_that_jumps_back_does_nothing(
    either_pool: DatabaseConnectionPool,
    start_maintenance: Callable[..., MaintenanceProcess],
    clock: TestClock,
    stores: InMemoryStores,
) -> None:
    """Yesterday does not come again, neither for this process nor for one that starts without Redis."""
    process = start_maintenance(either_pool)
    await process.report()
    clock.set_utc(NOON - timedelta(days=1))
    assert await process.service.run_daily_maintenance() is None
    stores.redis_down = True
    assert await start_maintenance(either_pool).service.run_daily_maintenance() is None
    assert await process.stored.last_day() == TODAY


async def test_the_loop_survives_an_outage_and_does_the_day_when_it_is_over(
    memory_pool: DatabaseConnectionPool,
    start_maintenance: Callable[..., MaintenanceProcess],
    stores: InMemoryStores,
    clock: TestClock,
) -> None:
    """A database that is gone at the start delays the day and ends nothing (scenario 8)."""
    process = start_maintenance(memory_pool)
    stores.database_down = True
    running = process.tasks.spawn(process.service.run(), name="maintenance")
    for is_down in (True, False):
        await process.at_rest()
        stores.database_down = is_down
        assert process.ran == []
        clock.advance(60)
    await process.at_rest()
    assert process.ran == [TODAY]
    assert not running.done()


async def test_a_date_that_redis_knows_to_be_done_spares_the_database(
    memory_pool: DatabaseConnectionPool, start_maintenance: Callable[..., MaintenanceProcess], stores: InMemoryStores
) -> None:
    """A process that starts when today is done asks Redis alone."""
    await start_maintenance(memory_pool).report()
    stores.database_down = True
    assert await start_maintenance(memory_pool).service.run_daily_maintenance() is None


async def test_a_date_far_ahead_is_told_once(
    memory_pool: DatabaseConnectionPool, start_maintenance: Callable[..., MaintenanceProcess]
) -> None:
    """A date that a wrong clock left behind stops the work, which no one would see without an error in the log."""
    await start_maintenance(memory_pool).stored.store_day(None, TODAY + timedelta(days=2))
    with capture_logs() as logs:
        process = start_maintenance(memory_pool)
        assert [await process.service.run_daily_maintenance() for _ in range(3)] == [None] * 3
    assert [line["event"] for line in logs if line["log_level"] == "error"] == ["maintenance_date_in_future"]


@pytest.mark.parametrize(
    "remembered",
    [codec.encode(YESTERDAY.isoformat()), codec.encode("soon"), codec.encode([1]), b"\xff", b""],
    ids=["older", "no-date", "no-text", "no-codec", "empty"],
)
async def test_what_else_redis_says_is_not_believed(
    memory_pool: DatabaseConnectionPool,
    memory_cache: RedisCache,
    start_maintenance: Callable[..., MaintenanceProcess],
    remembered: bytes,
) -> None:
    """An old or broken date in Redis leads to the database, which knows that today is done."""
    await start_maintenance(memory_pool).report()
    await memory_cache.set(keys.maintenance(), remembered)
    process = start_maintenance(memory_pool)
    assert await process.service._get_last_counter_reset_date() == TODAY
    assert await process.service.run_daily_maintenance() is None


async def test_the_date_is_moved_by_one_and_only_forward(
    either_pool: DatabaseConnectionPool, start_maintenance: Callable[..., MaintenanceProcess]
) -> None:
    """Of twenty that saw the same date one moves it, first time and later; a later date is never overwritten."""
    processes = [start_maintenance(either_pool) for _ in range(20)]
    for previous, today in ((None, YESTERDAY), (YESTERDAY, TODAY)):
        moved = await asyncio.gather(
            *(process.service._store_counter_reset_date(previous, today) for process in processes)
        )
        assert sum(moved) == 1
    for previous in (None, YESTERDAY, TODAY):
        assert not await processes[0].stored.store_day(previous, YESTERDAY)
    assert await processes[0].stored.last_day() == TODAY
