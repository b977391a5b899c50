"""Jobs that cannot go on, beside jobs that can."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from core.clock import Clock
from core.database.indexes import ensure_indexes
from core.domain.index_job import IndexJob, JobState, JobViewer, PauseReason
from core.domain.post_link import NamedPost
from core.errors import BadInputError, ExpiredError
from core.services.admin_notices import AdminNotices
from core.services.audit_log import AuditLog
from core.services.backfill import BackfillService
from core.services.backfill_progress import BackfillProgress
from core.services.backfill_walk import BackfillWalk
from core.telegram.gateway import RetryLaterError
from core.text.catalog import Catalogue
from repositories.audit_log import AuditLogRepository
from repositories.index_job import IndexJobRepository
from tests.fixtures.channel_wire import FakeChannel, FakeTelegram
from tests.fixtures.media_stores import batches_on

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager

    from core.database.pool import DatabaseConnectionPool
    from tests.integration.services.indexer import Indexer

FILMS, BOOKS = -1001, -1002
VIEWER = JobViewer(7, "en", 1)


@pytest.fixture
def telegram() -> FakeTelegram:
    films, books = FakeChannel(FILMS), FakeChannel(BOOKS)
    for channel in (films, books):
        for number in range(20):
            channel.post(f"{channel.id} {number}")
    return FakeTelegram(films, books)


@pytest.fixture
async def jobs(memory_pool: DatabaseConnectionPool, indexer: Indexer) -> IndexJobRepository:
    return IndexJobRepository(memory_pool, indexer.clock)


@pytest.fixture
async def indexer(
    start: Callable[..., AbstractAsyncContextManager[Indexer]], memory_pool: DatabaseConnectionPool
) -> AsyncIterator[Indexer]:
    await ensure_indexes(memory_pool)
    async with start(memory_pool) as indexer:
        yield indexer


@pytest.fixture
async def backfill(
    indexer: Indexer, jobs: IndexJobRepository, telegram: FakeTelegram
) -> AsyncIterator[BackfillService]:
    tasks, clock = indexer.tasks, indexer.clock
    service = BackfillService(
        jobs=jobs,
        walk=BackfillWalk(jobs, batches_on(indexer.pool), indexer.indexing, telegram, lambda: 5),
        progress=BackfillProgress(tasks, clock, lambda: 3.0),
        index_list=indexer.index_list,
        telegram=telegram,
        notices=AdminNotices(telegram, Catalogue(), [], tasks, clock),
        audit=AuditLog(AuditLogRepository(indexer.pool), clock),
        tasks=tasks,
        clock=clock,
    )
    running = tasks.spawn(service.run(), name="backfill")
    yield service
    assert not running.done()


async def until(jobs: IndexJobRepository, channel_id: int, state: JobState) -> IndexJob:
    async with asyncio.timeout(10):
        while (job := await jobs.get(channel_id)) is None or job.state is not state:
            await Clock().sleep(0.001)
        return job


async def test_a_defect_pauses_its_job_and_no_other(
    backfill: BackfillService, jobs: IndexJobRepository, telegram: FakeTelegram
) -> None:
    """A job that meets an error nobody expects is paused with a reason, and goes on when it is told to."""
    telegram.fail_after("fetch_posts", 2, RuntimeError("a defect"))
    films = await backfill.start(VIEWER, FILMS, 20)
    paused = await until(jobs, FILMS, JobState.PAUSED)
    assert (paused.reason, paused.checkpoint) == (PauseReason.FAILED, 5)

    await backfill.start(VIEWER, BOOKS, 20)
    assert (await until(jobs, BOOKS, JobState.DONE)).counts.new == 20
    await backfill.resume(FILMS, films.run)
    assert (await until(jobs, FILMS, JobState.DONE)).counts.new == 20


async def test_a_channel_that_has_to_wait_holds_up_no_other(
    backfill: BackfillService, jobs: IndexJobRepository, telegram: FakeTelegram
) -> None:
    """Scenario 62: a long wait that Telegram asks for is kept, and is no reason to fail or to keep others waiting."""
    await backfill.start(VIEWER, FILMS, 20)
    telegram.refusals[FILMS] = RetryLaterError(3600)
    await backfill.start(VIEWER, BOOKS, 20)

    assert (await until(jobs, BOOKS, JobState.DONE)).counts.new == 20
    films = await jobs.get(FILMS)
    assert films.state is JobState.RUNNING
    await backfill.cancel(7, FILMS, films.run)
    assert (await until(jobs, FILMS, JobState.CANCELLED)).run == films.run
    with pytest.raises(ExpiredError):
        await backfill.pause(FILMS, films.run)


async def test_a_link_may_not_name_a_post_out_of_the_blue(backfill: BackfillService) -> None:
    """A number far above the channel's posts is refused, unless Telegram says that the post exists."""
    with pytest.raises(BadInputError) as refused:
        await backfill.offer(7, NamedPost(FILMS, 1_000_000))
    assert refused.value.text_key == "error-backfill-no-post"

    assert (await backfill.offer(7, NamedPost(FILMS, 150))).total == 150
    assert (await backfill.offer(7, NamedPost(FILMS, 1_000_000, is_certain=True))).total == 1_000_000
