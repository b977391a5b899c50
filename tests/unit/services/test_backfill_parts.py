"""Counting a block, the pace of a walk, and showing it seldom enough."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from core.concurrency.task_registry import TaskRegistry
from core.domain.index_job import BlockCounts, BlockPlan, IndexJob, JobState, JobViewer, WalkPace
from core.domain.media import MediaKind, MediaSource, NewMedia
from core.services.backfill_progress import BackfillProgress
from core.services.backfill_walk import count_block
from core.services.walk_pace import PaceMeter
from core.telegram.gateway import RetryLaterError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.fixtures.clock import TestClock

JOB = IndexJob(-1001, "Films", 1, 1, JobViewer(7, "en", 1), 0, 1000, 0, JobState.RUNNING)


def post(unique_id: str, number: int) -> NewMedia:
    return NewMedia(unique_id, "x", unique_id, None, 1, MediaKind.DOCUMENT, MediaSource(-1001, number))


def test_a_file_posted_twice_is_new_once() -> None:
    """New files are counted by file, the rest by post; what is not in the library afterwards was refused."""
    posts = [post(unique_id, number) for number, unique_id in enumerate(["a", "a", "b", "c", "d"])]

    assert count_block({"a", "d"}, posts, {"a", "b", "c"}) == BlockCounts(new=1, known=3, refused=1)


def test_a_block_that_was_begun_keeps_its_length() -> None:
    """Another block size after a restart does not move the end of a block that is counted already."""
    begun = replace(JOB, checkpoint=100, plan=BlockPlan(150, frozenset()))

    assert begun.block(200) == range(101, 151)
    assert replace(JOB, checkpoint=900).block(200) == range(901, 1001)


def test_the_pace_is_that_of_the_last_minute(clock: TestClock) -> None:
    """A wait that is over a minute ago is forgotten, and nothing is said before there is something to say."""
    meter = PaceMeter(clock)
    meter.note(0)
    assert meter.pace(1000) == WalkPace()
    clock.advance(600)
    for position in range(0, 700, 10):
        meter.note(position)
        clock.advance(1)

    pace = meter.pace(1000)

    assert pace.per_second == pytest.approx(10, rel=0.05)
    assert pace.left_s == pytest.approx(100, rel=0.05)


def test_another_walk_has_another_pace(clock: TestClock) -> None:
    """A position before the last one begins anew, and standing still says nothing."""
    meter = PaceMeter(clock)
    meter.note(500)
    clock.advance(1)
    meter.note(0)
    clock.advance(1)
    assert meter.pace(10) == WalkPace()
    meter.note(0)
    assert meter.pace(10) == WalkPace()


class Board:
    """What was shown, when, and what Telegram says next."""

    def __init__(self, clock: TestClock) -> None:
        self.clock = clock
        self.shown: list[tuple[float, int]] = []
        self.refusals: list[Exception] = []

    async def show(self, job: IndexJob, pace: WalkPace) -> None:
        if self.refusals:
            raise self.refusals.pop(0)
        self.shown.append((self.clock.monotonic(), job.checkpoint))


@pytest.fixture
async def tasks(clock: TestClock) -> AsyncIterator[TaskRegistry]:
    registry = TaskRegistry(clock)
    yield registry
    await registry.close(1)
    assert registry.failures == 0


async def turn() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_message_is_edited_every_three_seconds_at_most(clock: TestClock, tasks: TaskRegistry) -> None:
    """However quick the walk is, each edit is three seconds after the last, and the end is shown in any case."""
    board = Board(clock)
    progress = BackfillProgress(tasks, clock, lambda: 3.0)
    progress.show_in(board)
    start = clock.monotonic()
    for second in range(10):
        progress.changed(replace(JOB, checkpoint=second * 10))
        await turn()
        clock.advance(1)
        await turn()
    progress.changed(replace(JOB, checkpoint=1000, state=JobState.DONE))
    await turn()
    clock.advance(3)
    await turn()

    moments = [moment - start for moment, _ in board.shown]
    assert all(later - earlier >= 3 for earlier, later in pairwise(moments))
    assert len(moments) == 5
    assert board.shown[-1][1] == 1000


async def test_an_edit_waits_as_long_as_telegram_asks(clock: TestClock, tasks: TaskRegistry) -> None:
    """Scenario 63: a refused edit is made later, with what is true then; the walk hears nothing of it."""
    board = Board(clock)
    board.refusals = [RetryLaterError(40)]
    progress = BackfillProgress(tasks, clock, lambda: 3.0)
    progress.show_in(board)
    progress.changed(JOB)
    await turn()
    clock.advance(39)
    progress.changed(replace(JOB, checkpoint=500))
    await turn()
    assert board.shown == []
    clock.advance(1)
    await turn()

    assert [checkpoint for _, checkpoint in board.shown] == [500]


async def test_what_cannot_be_shown_is_given_up(clock: TestClock, tasks: TaskRegistry) -> None:
    """A message that can never be edited is not tried for ever, and the next change is tried again."""
    board = Board(clock)
    board.refusals = [RetryLaterError(1) for _ in range(5)]
    progress = BackfillProgress(tasks, clock, lambda: 3.0)
    progress.show_in(board)
    progress.changed(JOB)
    for _ in range(6):
        await turn()
        clock.advance(3)
    await turn()
    assert (board.refusals, len(tasks)) == ([], 0)
    progress.changed(replace(JOB, checkpoint=10))
    await turn()
    clock.advance(3)
    await turn()

    assert [checkpoint for _, checkpoint in board.shown] == [10]
