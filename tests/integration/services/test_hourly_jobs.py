"""Hourly jobs: once an hour, whatever processes, clocks and stores do."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from core.concurrency.task_registry import TaskRegistry
from core.database.lease import DatabaseLease
from core.errors import DatabaseUnavailableError
from core.observability.metrics import Metrics
from core.services.hourly_jobs import HourlyJobs
from repositories.maintenance import MaintenanceRepository
from tests.fixtures.clock import NOON

if TYPE_CHECKING:
    from core.database.pool import DatabaseConnectionPool
    from tests.fixtures.clock import TestClock

HOUR = timedelta(hours=1)


class Process:
    """The jobs of one process: one that notes when it ran, and one that fails while it is told to."""

    def __init__(self, pool: DatabaseConnectionPool, clock: TestClock) -> None:
        self.clock, self.ran, self.tasks = clock, list[datetime](), TaskRegistry(clock)
        self.fails: Exception | None = None
        self.jobs = HourlyJobs(
            {"trouble": self._fail, "noting": self._note},
            maintenance=MaintenanceRepository(pool, clock),
            leases=DatabaseLease(pool, clock),
            tasks=self.tasks,
            metrics=Metrics(),
            clock=clock,
        )

    async def due(self) -> list[str]:
        """Names of the jobs that this round did."""
        return [report.name for report in await self.jobs.run_due() if report.succeeded]

    async def _note(self) -> int:
        self.ran.append(self.clock.utc_now())
        return 1

    async def _fail(self) -> None:
        if self.fails is not None:
            raise self.fails


async def test_of_many_processes_one_does_an_hours_jobs(either_pool: DatabaseConnectionPool, clock: TestClock) -> None:
    """Ten processes at once, a restart within the hour, and the next hour: each job is done once for each hour."""
    processes = [Process(either_pool, clock) for _ in range(10)]
    for _ in range(3):
        await asyncio.gather(*(process.jobs.run_due() for process in processes))
        clock.advance(minutes=59)
        assert await Process(either_pool, clock).due() == []
        clock.advance(minutes=1)
    assert sorted(moment for process in processes for moment in process.ran) == [NOON, NOON + HOUR, NOON + 2 * HOUR]


async def test_two_processes_with_loops_of_their_own(either_pool: DatabaseConnectionPool, clock: TestClock) -> None:
    """Two loops over six hours do each hour's jobs once between them."""
    processes = [Process(either_pool, clock) for _ in range(2)]
    for process in processes:
        process.tasks.spawn(process.jobs.run(), name="hourly_jobs")
    for _ in range(6 * 4):
        async with asyncio.timeout(10):
            while any(process.tasks.names != ["hourly_jobs"] for process in processes) or clock.sleeping < 2:  # noqa: ASYNC110
                await asyncio.sleep(0)
        clock.advance(minutes=15)
    ran = sorted(moment for process in processes for moment in process.ran)
    assert [later - before for before, later in pairwise(ran)] == [HOUR] * (len(ran) - 1)
    assert len(ran) == 6
    for process in processes:
        await process.tasks.close(1)


async def test_what_was_missed_is_done_once(memory_pool: DatabaseConnectionPool, clock: TestClock) -> None:
    """A process that was down for five hours does the jobs once at its start, not five times."""
    await Process(memory_pool, clock).due()
    clock.advance(hours=5, minutes=7)
    late = Process(memory_pool, clock)
    assert await late.due() == ["trouble", "noting"]
    assert await late.due() == []


@pytest.mark.parametrize(("back", "waits"), [(timedelta(minutes=5), HOUR), (timedelta(hours=3), timedelta())])
async def test_a_clock_that_is_set_back_delays_no_job_for_long(
    memory_pool: DatabaseConnectionPool, clock: TestClock, back: timedelta, waits: timedelta
) -> None:
    """A little back, as between two machines: not again before the hour; far back: done at once, and then hourly."""
    process = Process(memory_pool, clock)
    await process.due()
    clock.set_utc(NOON - back)
    assert bool(await process.due()) is not bool(waits)
    clock.set_utc(NOON - back + HOUR + (back if waits else timedelta()))
    assert await Process(memory_pool, clock).due()
    assert len(process.ran) == (1 if waits else 2)


async def test_summer_time_moves_nothing(memory_pool: DatabaseConnectionPool, clock: TestClock) -> None:
    """Around the hour that a zone skips or repeats, jobs are due every sixty minutes."""
    for start in (datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)):
        clock.set_utc(start)
        process = Process(memory_pool, clock)
        for _ in range(4):
            assert len(await process.due()) == 2
            clock.set_utc(clock.utc_now() + HOUR)


async def test_a_job_that_fails_stops_no_other_and_is_due_at_once(
    memory_pool: DatabaseConnectionPool, clock: TestClock
) -> None:
    """Outage or defect: the others are done, and it alone is tried again."""
    process = Process(memory_pool, clock)
    for fault in (DatabaseUnavailableError("gone"), LookupError("a defect")):
        process.fails = fault
        assert "trouble" not in await process.due()
    process.fails = None
    assert await process.due() == ["trouble"]
    assert process.ran == [NOON]
