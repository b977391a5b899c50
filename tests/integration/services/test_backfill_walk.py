"""Back-fills that are killed between any two steps, and processes that fight over one."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from core.database.indexes import ensure_indexes
from core.domain.index_job import BlockCounts, IndexJob, JobState, JobViewer
from core.services.backfill_walk import BackfillWalk
from repositories.index_job import IndexJobRepository
from tests.fixtures.channel_wire import FakeChannel, FakeTelegram
from tests.fixtures.media_stores import batches_on

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    from core.database.pool import DatabaseConnectionPool
    from tests.fixtures.clock import TestClock
    from tests.integration.services.indexer import Indexer

    Start = Callable[..., AbstractAsyncContextManager[Indexer]]

VIEWER = JobViewer(7, "en", 1)
BLOCK = 4
EXPECTED = BlockCounts(new=4, known=3, refused=1)


class Killer:
    """Lets a pool do so many operations; whoever asks for one more waits for ever, as in a killed process."""

    def __init__(self, pool: DatabaseConnectionPool) -> None:
        self._pool = pool
        self._execute = pool.execute_with_retry
        self.done = 0
        self.struck = asyncio.Event()

    def kill_at(self, number: int, *, afterwards: bool) -> None:
        """Freeze operation `number`, from 0: before the database hears of it, or when it has carried it out."""
        self.done, self.struck = 0, asyncio.Event()
        struck = self.struck

        async def execute(*args: Any, **options: Any) -> Any:
            count, self.done = self.done, self.done + 1
            if count < number:
                return await self._execute(*args, **options)
            if count == number and afterwards:
                await self._execute(*args, **options)
            struck.set()
            return await asyncio.Event().wait()

        self._pool.execute_with_retry = execute

    def spare(self) -> None:
        """Let everything pass again."""
        self._pool.execute_with_retry = self._execute


def channel_of(number: int) -> FakeChannel:
    """Nine posts, one of them deleted, one without room in any record; a file twice in a block and once in each."""
    channel = FakeChannel(-1000 - number)
    prefix = f"c{number}"
    for name in ("a", "b", "a", "known", "gone", "c", "bad", "a", "d"):
        channel.post(f"{prefix} {name}", file="known" if name == "known" else f"{prefix} {name}")
    channel.posts[7] = replace(channel.posts[7], unique_id="")
    channel.delete(5)
    return channel


def walk_on(indexer: Indexer, channel: FakeChannel) -> tuple[IndexJobRepository, BackfillWalk]:
    jobs = IndexJobRepository(indexer.pool, indexer.clock)
    batches = batches_on(indexer.pool)
    return jobs, BackfillWalk(
        jobs, batches, indexing=indexer.indexing, telegram=FakeTelegram(channel), block_size=lambda: BLOCK
    )


async def finish(walk: BackfillWalk, job: IndexJob) -> IndexJob:
    while job.state is JobState.RUNNING:
        moved = await walk.next_block(job)
        assert moved is not None
        job = moved
    return job


async def stored(pool: DatabaseConnectionPool, channel: FakeChannel) -> list[str]:
    """Names of the channel's own files, without its prefix."""
    prefix = f"c{-1000 - channel.id} "
    names = [found["n"] for found in await pool.find("media_files", {})]
    return sorted(name.removeprefix(prefix) for name in names if name.startswith(prefix))


@pytest.fixture
async def library(either_pool: DatabaseConnectionPool, start: Start) -> DatabaseConnectionPool:
    """A library that holds one file of each channel's already."""
    await ensure_indexes(either_pool)
    async with start(either_pool) as indexer:
        other = FakeChannel(-999)
        await indexer.indexing.store([other.post("known", file="known")])
    return either_pool


async def killed(killer: Killer, number: int, walk: BackfillWalk, job: IndexJob, *, afterwards: bool) -> bool:
    """Walk until the kill; False when the walk ended before it."""
    killer.kill_at(number, afterwards=afterwards)
    running = asyncio.ensure_future(finish(walk, job))
    struck = asyncio.ensure_future(killer.struck.wait())
    await asyncio.wait((running, struck), return_when=asyncio.FIRST_COMPLETED)
    running.cancel()
    struck.cancel()
    killer.spare()
    return killer.struck.is_set()


async def test_a_kill_between_any_two_steps_counts_nothing_twice(
    library: DatabaseConnectionPool, start: Start, clock: TestClock
) -> None:
    """Scenario 62: killed before or after any operation of its databases, a job ends with each file once, counted."""
    killer, number, was_killed = Killer(library), 0, True
    async with start(library) as before, start(library) as after:
        while was_killed:
            for afterwards in (False, True):
                clock.advance(1)  # two processes give the same ids where time stands still
                channel = channel_of(number * 2 + afterwards)
                jobs, walk = walk_on(before, channel)
                info = await FakeTelegram(channel).get_channel(channel.id)
                job = await jobs.start(info, VIEWER, skip=0, top=channel.last_id)
                was_killed = await killed(killer, number, walk, job, afterwards=afterwards)

                jobs, walk = walk_on(after, channel)
                if (again := await jobs.take_over(channel.id)) is not None:
                    await finish(walk, again)
                done = await jobs.get(channel.id)
                assert (done.state, done.counts, done.plan) == (JobState.DONE, EXPECTED, None), f"killed at {number}"
                assert await stored(library, channel) == ["a", "b", "c", "d"]
            number += 1
    assert number > 12  # each block asks, plans, stores, asks again and advances


async def test_who_was_succeeded_moves_nothing(library: DatabaseConnectionPool, start: Start) -> None:
    """Scenario 62: a process that wakes up after another one took its job over and ended it counts nothing more."""
    channel = channel_of(0)
    async with start(library) as sleeper, start(library) as successor:
        jobs, walk = walk_on(sleeper, channel)
        info = await FakeTelegram(channel).get_channel(channel.id)
        job = await jobs.start(info, VIEWER, skip=0, top=channel.last_id)
        jobs, successors_walk = walk_on(successor, channel)
        done = await finish(successors_walk, await jobs.take_over(channel.id))

        assert await walk.next_block(job) is None
        assert await jobs.finish(job) is None
        assert (await jobs.get(channel.id)).counts == done.counts == EXPECTED
        assert await stored(library, channel) == ["a", "b", "c", "d"]


async def test_two_processes_at_once_count_what_one_would(library: DatabaseConnectionPool, start: Start) -> None:
    """Scenario 62: two that walk the same blocks at the same time, each taking the job from the other, end exact."""
    channel = channel_of(0)
    async with start(library) as one, start(library) as other:
        jobs, _ = walk_on(one, channel)
        info = await FakeTelegram(channel).get_channel(channel.id)
        await jobs.start(info, VIEWER, skip=0, top=channel.last_id)

        async def grab_and_walk(indexer: Indexer) -> None:
            own_jobs, walk = walk_on(indexer, channel)
            for _ in range(10):
                job = await own_jobs.take_over(channel.id)
                if job is not None:
                    await walk.next_block(job)

        await asyncio.gather(grab_and_walk(one), grab_and_walk(other))
        job = await jobs.take_over(channel.id)
        if job is not None:
            await finish(walk_on(one, channel)[1], job)

        assert (await jobs.get(channel.id)).counts == EXPECTED
        assert await stored(library, channel) == ["a", "b", "c", "d"]
