"""Word of running jobs and reports of files, on a real MongoDB and on the in-memory one."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest

from core.domain.delivery import DeliveryEntry, DeliveryJob
from core.domain.file_report import ReportReason
from core.domain.media import MediaFile, MediaKind
from core.domain.quota import QuotaReservation
from repositories.delivery import DeliveryRepository
from repositories.file_report import FileReportRepository

if TYPE_CHECKING:
    from core.database.pool import DatabaseConnectionPool
    from tests.fixtures.clock import TestClock

BOT, OTHER_BOT, READER, CROWD = 7_000_000_001, 7_000_000_002, 5_100_000_001, 20
HOLD = QuotaReservation("0123456789abcdef", READER, date(2026, 11, 22), 10, 20)
NOW = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)


def entry_of(number: int, reader_id: int = READER) -> DeliveryEntry:
    """A job of a reader that was just begun."""
    return DeliveryEntry(DeliveryJob(f"{number:016x}", reader_id, 10), 7, "en")


@pytest.fixture
def processes(either_pool: DatabaseConnectionPool, clock: TestClock) -> list[DeliveryRepository]:
    """Two processes of one bot."""
    return [DeliveryRepository(either_pool, clock, BOT, owner) for owner in ("first", "second")]


async def test_one_of_a_crowd_begins_a_job(either_pool: DatabaseConnectionPool, clock: TestClock) -> None:
    """However many processes start a job of one person at once, one does; other people and bots are not in the way."""
    crowd = [DeliveryRepository(either_pool, clock, BOT, f"process {n}") for n in range(CROWD)]

    claims = await asyncio.gather(*(each.claim(entry_of(n)) for n, each in enumerate(crowd)))

    assert claims.count(True) == 1
    assert await crowd[0].claim(entry_of(50, READER + 1))
    assert await DeliveryRepository(either_pool, clock, OTHER_BOT, "theirs").claim(entry_of(51))


async def test_a_job_that_was_taken_over_is_lost_to_its_process(processes: list[DeliveryRepository]) -> None:
    """The next process finds the job as it was last written down; the one before can neither go on nor end it."""
    first, second = processes
    job = replace(entry_of(1), sent=3, is_trying=True, reservation=HOLD)
    assert await first.claim(entry_of(1))
    assert await first.keep(job)

    assert await second.interrupted() == [job]
    assert not await first.keep(replace(job, sent=4))
    await first.end(job)
    assert not await first.claim(entry_of(2))
    assert await second.interrupted() == [job]
    await second.end(job)
    assert await second.interrupted() == []
    assert await first.claim(entry_of(2))


async def test_a_process_replaces_its_own_job(processes: list[DeliveryRepository]) -> None:
    """What a process could not end, because the database was away, is not in the way of the reader's next job."""
    first, second = processes
    assert await first.claim(entry_of(1))
    assert await first.claim(entry_of(2))
    assert not await first.keep(entry_of(1))
    await first.end(entry_of(1))

    assert [entry.job.id for entry in await second.interrupted()] == [entry_of(2).job.id]


async def test_another_bot_keeps_its_jobs(either_pool: DatabaseConnectionPool, clock: TestClock) -> None:
    """Two bots on one database do not settle each other's jobs."""
    theirs = DeliveryRepository(either_pool, clock, OTHER_BOT, "theirs")
    assert await theirs.claim(entry_of(1))

    assert await DeliveryRepository(either_pool, clock, BOT, "ours").interrupted() == []
    assert await theirs.keep(entry_of(1))


async def test_a_file_has_one_report_with_everybody_in_it(either_pool: DatabaseConnectionPool) -> None:
    """A crowd that meets the same dead file makes one report that names each of them once."""
    reports = FileReportRepository(either_pool)
    media = MediaFile(42, "u", "f", "Golem.mkv", None, 1, MediaKind.VIDEO)
    people: list[int | None] = [*range(1, CROWD), 1, None]

    await asyncio.gather(*(reports.file(media, ReportReason.GONE, person, NOW) for person in people))
    await reports.file(replace(media, id=43), ReportReason.GONE, None, NOW)

    found = {report["media"]: report for report in await either_pool.find("file_reports", {})}
    assert sorted(found[42]["reporters"]) == list(range(1, CROWD))
    assert (found[42]["name"], found[42]["first_at"], found[43]["reporters"]) == ("Golem.mkv", NOW, [])
    assert [await reports.mark_told() for _ in range(2)] == [2, 0]
    await reports.file(media, ReportReason.GONE, 99, NOW)
    assert await reports.mark_told() == 0
