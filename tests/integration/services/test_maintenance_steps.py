"""The steps of the daily maintenance: what each leaves, and what happens when one fails."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from core.domain.daily_statistics import DayStatistics
from core.errors import DatabaseUnavailableError
from tests.fixtures.clock import NOON

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.database.pool import DatabaseConnectionPool
    from tests.fixtures.clock import TestClock
    from tests.fixtures.maintenance import MaintenanceProcess

TODAY = NOON.date()
YESTERDAY = TODAY - timedelta(days=1)
OWN_STEPS = ["expired_holds", "ended_premium", "daily_statistics"]


def down() -> None:
    raise DatabaseUnavailableError("the repair found no database")


async def test_a_failing_step_stops_no_other_and_is_tried_again_alone(
    either_pool: DatabaseConnectionPool, start_maintenance: Callable[..., MaintenanceProcess]
) -> None:
    """The day is not stored until every step succeeded; what succeeded is not done again."""
    process = start_maintenance(either_pool)
    process.before_step = down
    first = await process.report()
    assert [(step.name, step.succeeded) for step in first.steps] == [
        *((name, True) for name in OWN_STEPS),
        ("noting", False),
    ]
    assert not first.is_complete
    assert await process.stored.last_day() is None

    process.before_step = lambda: None
    second = await process.report()
    assert [(step.name, step.succeeded) for step in second.steps] == [("noting", True)]
    assert second.is_complete
    assert await process.stored.last_day() == TODAY
    assert process.steps_counted("noting", "failed") == 1
    assert process.steps_counted("noting", "done") == 1
    assert process.tasks.failures == 0


async def test_a_step_with_a_bug_is_reported_and_stops_no_other(
    memory_pool: DatabaseConnectionPool, start_maintenance: Callable[..., MaintenanceProcess]
) -> None:
    """An error nobody expected is counted as a failed task, and the round goes on."""
    process = start_maintenance(memory_pool)
    process.before_step = lambda: 1 // 0
    report = await process.report()
    assert [step.name for step in report.steps if step.succeeded] == OWN_STEPS
    assert process.tasks.failures == 1


async def test_yesterdays_success_does_not_count_today(
    memory_pool: DatabaseConnectionPool, start_maintenance: Callable[..., MaintenanceProcess], clock: TestClock
) -> None:
    """Where one step kept failing over midnight, the new day begins with all of them."""
    process = start_maintenance(memory_pool)
    process.before_step = down
    await process.report()
    clock.advance(days=1)
    process.before_step = lambda: None
    assert [step.name for step in (await process.report()).steps] == [*OWN_STEPS, "noting"]


async def test_who_loses_the_lease_stops_and_the_successor_finishes(
    memory_pool: DatabaseConnectionPool, start_maintenance: Callable[..., MaintenanceProcess], clock: TestClock
) -> None:
    """A process that froze in the middle begins no further step and does not store the day twice."""
    frozen, successor = start_maintenance(memory_pool), start_maintenance(memory_pool)
    reclaim = frozen.users.reclaim_expired_holds

    async def freezing(now: datetime) -> int:
        (keeper,) = (task for task in frozen.tasks._tasks if task.get_name() == "lease:daily_maintenance")
        keeper.cancel()
        clock.advance(120)
        await successor.report()
        return await reclaim(now)

    frozen.users.reclaim_expired_holds = freezing  # type: ignore[method-assign]
    report = await frozen.report()
    assert [step.name for step in report.steps] == ["expired_holds"]
    assert not report.is_complete
    assert (frozen.ran, successor.ran) == ([], [TODAY])
    assert await frozen.service.run_daily_maintenance() is None


async def test_a_run_closes_yesterday(
    either_pool: DatabaseConnectionPool, start_maintenance: Callable[..., MaintenanceProcess], clock: TestClock
) -> None:
    """Counters that were not stored yet, expired holds and ended premium of yesterday are in what a run leaves."""
    process, neighbour = start_maintenance(either_pool), start_maintenance(either_pool)
    await process.report()
    process.counters.add("searches", 5)
    neighbour.counters.add("searches", 7)
    await neighbour.counters.flush()
    await process.users.reserve_quota_atomic(7, 3, limit=10, day=TODAY, hold_s=600, now=NOON)
    await process.users.set_premium(8, NOON + timedelta(hours=1))
    await process.users.set_premium(9, NOON + timedelta(days=30))
    clock.advance(days=1)

    report = await process.report()

    assert {step.name: step.result for step in report.steps} == {
        "expired_holds": 1,
        "ended_premium": 0,
        "daily_statistics": 1,
        "noting": None,
    }
    assert await process.statistics.get(TODAY) == DayStatistics(
        TODAY, searches=12, premium_ended=1, closed_at=clock.utc_now()
    )
    stored = {found["_id"]: found for found in await either_pool.find("users", {})}
    assert stored[7]["quota"]["holds"] == []
    assert stored[7]["quota"]["charged"] == 0
    assert stored[8]["premium_until"] == NOON + timedelta(hours=1)
    assert stored[9]["premium_until"] == NOON + timedelta(days=30)


async def test_ended_premium_is_forgotten_when_there_was_time_to_tell(
    either_pool: DatabaseConnectionPool, start_maintenance: Callable[..., MaintenanceProcess], clock: TestClock
) -> None:
    """A week after the day of the end it goes, and not a day before, so that a bot that was away can still tell."""
    process = start_maintenance(either_pool)
    await process.users.set_premium(8, NOON + timedelta(hours=1))
    stored = []
    for _ in range(9):
        await process.report()
        [person] = await either_pool.find("users", {})
        stored.append("premium_until" in person)
        clock.advance(days=1)
    assert stored == [True] * 8 + [False]
    found = await process.statistics.get(TODAY)
    assert found is not None
    assert found.premium_ended == 1


async def test_premium_that_ended_today_is_left_to_the_day_it_belongs_to(
    memory_pool: DatabaseConnectionPool, start_maintenance: Callable[..., MaintenanceProcess], clock: TestClock
) -> None:
    """A run late in the day neither counts nor clears what ended since midnight; the next one does both."""
    process = start_maintenance(memory_pool)
    midnight = NOON - timedelta(hours=12)
    ends = {1: midnight - timedelta(milliseconds=1), 2: midnight, 3: NOON - timedelta(hours=1)}
    for user_id, until in ends.items():
        await process.users.set_premium(user_id, until)
    await process.report()
    clock.advance(days=1)
    await process.report()
    counted = [await process.statistics.get(day) for day in (YESTERDAY, TODAY)]
    assert [day.premium_ended if day else None for day in counted] == [1, 2]


async def test_premium_is_counted_whole_though_clearing_was_interrupted(
    memory_pool: DatabaseConnectionPool, start_maintenance: Callable[..., MaintenanceProcess], clock: TestClock
) -> None:
    """A run that dies after clearing some counts those as well when it is repeated."""
    process = start_maintenance(memory_pool)
    await process.report()
    people = [{"_id": number, "premium_until": NOON + timedelta(hours=1)} for number in range(1, 701)]
    await memory_pool.insert_many("users", people)
    clock.advance(days=9)
    clear = process.stored.clear_ended_premium
    portions = iter((True, False))

    async def dying(before: datetime) -> int:
        if not next(portions, True):
            raise DatabaseUnavailableError("gone in the middle")
        return await clear(before)

    process.stored.clear_ended_premium = dying  # type: ignore[method-assign]
    assert not (await process.report()).is_complete
    assert (await process.report()).is_complete
    found = await process.statistics.get(TODAY)
    assert found is not None
    assert found.premium_ended == 700
    assert await memory_pool.count("users", {"premium_until": {"$exists": True}}) == 0


async def test_numbers_that_come_after_their_day_was_closed_are_summed_by_the_next_run(
    either_pool: DatabaseConnectionPool, start_maintenance: Callable[..., MaintenanceProcess], clock: TestClock
) -> None:
    """What a process cut off over midnight stores later is in the sums a day later."""
    process, cut_off = start_maintenance(either_pool), start_maintenance(either_pool)
    cut_off.counters.add("searches", 3)
    clock.advance(days=1)
    await process.report()
    await cut_off.counters.flush()
    clock.advance(days=1)
    await process.report()
    assert await process.statistics.get(TODAY) == DayStatistics(TODAY, searches=3, closed_at=clock.utc_now())
