"""Jobs and requests under crowds, on a real MongoDB and on the in-memory one."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from core.domain.index_job import JobState, JobViewer, PauseReason
from core.domain.index_request import RequestState
from core.domain.user import User
from core.telegram.gateway import ChannelInfo
from repositories.index_job import IndexJobRepository
from repositories.index_request import IndexRequestRepository

if TYPE_CHECKING:
    from core.database.pool import DatabaseConnectionPool
    from tests.fixtures.clock import TestClock

CROWD = 30
FILMS = ChannelInfo(-1002000000001, "Films", None, 1)
VIEWER = JobViewer(5_100_000_001, "en", 9)
ANN = User(5_100_000_002, "Ann")


@pytest.fixture
def jobs(either_pool: DatabaseConnectionPool, clock: TestClock) -> IndexJobRepository:
    return IndexJobRepository(either_pool, clock)


@pytest.fixture
def requests(either_pool: DatabaseConnectionPool, clock: TestClock) -> IndexRequestRepository:
    return IndexRequestRepository(either_pool, clock)


async def test_one_of_a_crowd_begins_a_job(jobs: IndexJobRepository) -> None:
    """However many press Start at once, a channel has one job; the next one may begin when it is over."""
    for run in (1, 2):
        begun = await asyncio.gather(*(jobs.start(FILMS, VIEWER, skip=3, top=10) for _ in range(CROWD)))
        [job] = [each for each in begun if each is not None]
        assert (job.run, job.checkpoint, job.state, job.viewer) == (run, 3, JobState.RUNNING, VIEWER)
        assert type(job.channel_id) is int
        await jobs.move(FILMS.id, run, to=JobState.CANCELLED)


async def test_a_paused_job_keeps_its_channel(jobs: IndexJobRepository) -> None:
    """Nobody begins another job while one is paused, and nobody takes over what does not run."""
    job = await jobs.start(FILMS, VIEWER, skip=0, top=10)
    paused = await jobs.move(FILMS.id, job.run, to=JobState.PAUSED, reason=PauseReason.ASKED)

    assert (paused.state, paused.reason) == (JobState.PAUSED, PauseReason.ASKED)
    assert await jobs.start(FILMS, VIEWER, skip=0, top=10) is None
    assert await jobs.take_over(FILMS.id) is None
    assert await jobs.running() == []
    assert (await jobs.move(FILMS.id, job.run, to=JobState.RUNNING)).reason is None


async def test_one_of_a_crowd_of_orders_counts(jobs: IndexJobRepository) -> None:
    """Of many presses of Cancel one changes the job, and a button of an earlier job changes nothing."""
    job = await jobs.start(FILMS, VIEWER, skip=0, top=10)
    cancelled = await asyncio.gather(*(jobs.move(FILMS.id, job.run, to=JobState.CANCELLED) for _ in range(CROWD)))
    assert sum(each is not None for each in cancelled) == 1
    again = await jobs.start(FILMS, VIEWER, skip=0, top=10)

    assert await jobs.move(FILMS.id, job.run, to=JobState.PAUSED) is None
    assert (await jobs.get(FILMS.id)).state is JobState.RUNNING
    assert again.counts.files == 0


async def test_only_what_stands_still_is_abandoned(jobs: IndexJobRepository, clock: TestClock) -> None:
    """A job that moved within the time asked for is left to whoever walks it."""
    await jobs.start(FILMS, VIEWER, skip=0, top=10)
    clock.advance(60)

    assert await jobs.running(unmoved_since=clock.utc_now() - timedelta(seconds=61)) == []
    assert await jobs.running(unmoved_since=clock.utc_now() - timedelta(seconds=59)) == [FILMS.id]


async def test_a_skip_is_kept_until_it_is_spent(jobs: IndexJobRepository) -> None:
    """A skip survives a restart and belongs to one admin; one that was set anew is not spent by an older job."""
    await jobs.set_skip(7, 100)
    await jobs.set_skip(7, 200)
    await jobs.spend_skip(7, 100)

    assert (await jobs.skip_of(7), await jobs.skip_of(8)) == (200, 0)
    await jobs.spend_skip(7, 200)
    assert await jobs.skip_of(7) == 0


async def test_a_channel_has_one_open_request(requests: IndexRequestRepository) -> None:
    """Scenario 76: of many who ask at once one opens a request, and one of many moderators decides it."""
    asked = await asyncio.gather(*(requests.open(FILMS, ANN, language="en", top=10) for _ in range(CROWD)))
    [request] = [each for each in asked if each is not None]
    assert (request.number, request.state, request.asker_id) == (1, RequestState.OPEN, ANN.id)

    moderators = [User(number, f"Moderator {number}") for number in range(1, CROWD + 1)]
    wishes = [RequestState.ACCEPTED if each.id % 2 else RequestState.REJECTED for each in moderators]
    decided = await asyncio.gather(
        *(requests.decide(FILMS.id, 1, each, wish) for each, wish in zip(moderators, wishes, strict=True))
    )
    assert sum(stands for _, stands in decided) == 1
    assert len({(each.state, each.decided_name) for each, _ in decided}) == 1


async def test_a_rejected_channel_may_be_asked_for_again_after_a_week(
    requests: IndexRequestRepository, clock: TestClock
) -> None:
    """A rejection holds for a week; an accepted channel may be asked for again; an old press decides nothing."""
    await requests.open(FILMS, ANN, language="en", top=10)
    await requests.decide(FILMS.id, 1, User(1, "Bob"), RequestState.REJECTED)
    clock.advance(days=6.9)
    assert await requests.open(FILMS, ANN, language="en", top=10) is None
    clock.advance(days=0.2)

    again = await requests.open(FILMS, ANN, language="en", top=10)
    assert (again.number, again.decided_by, again.decided_name) == (2, None, "")
    assert await requests.decide(FILMS.id, 1, User(1, "Bob"), RequestState.ACCEPTED) == (None, False)


async def test_a_request_that_nobody_decides_is_asked_again_after_a_week(
    requests: IndexRequestRepository, clock: TestClock
) -> None:
    """A request whose message was lost does not lock its channel for ever."""
    await requests.open(FILMS, ANN, language="en", top=10)
    clock.advance(days=7)

    assert (await requests.open(FILMS, ANN, language="en", top=10)).number == 2
