"""What the owner of a broadcast is shown while it runs."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from core.concurrency.task_registry import TaskRegistry
from core.domain.audience import Segment
from core.domain.broadcast import Broadcast, BroadcastState, Snapshot
from core.services.broadcast_progress import BroadcastProgress
from tests.fixtures.clock import NOON

if TYPE_CHECKING:
    from tests.fixtures.clock import TestClock

BROADCAST = Broadcast("a" * 16, 1, "en", Segment(), Snapshot("Hello"), 3, False, BroadcastState.RUNNING, NOON, 9)


class SlowView:
    """Shows one broadcast after another, each when it is let."""

    def __init__(self) -> None:
        self.shown: asyncio.Queue[int] = asyncio.Queue()
        self.may_end = asyncio.Event()

    async def show(self, broadcast: Broadcast, _pace: object) -> None:
        self.shown.put_nowait(broadcast.cursor)
        await self.may_end.wait()


async def test_what_is_noted_while_something_is_shown_is_shown_next(clock: TestClock) -> None:
    """A checkpoint that comes while an edit is on its way is not forgotten with the one of before."""
    view: Any = SlowView()
    tasks = TaskRegistry(clock)

    async def publish(*_: object) -> None: ...

    progress = BroadcastProgress(view, clock, 3.0, publish)
    progress.note(BROADCAST)
    tasks.spawn(progress.run(), name="progress")
    async with asyncio.timeout(10):
        assert await view.shown.get() == 0

        progress.note(replace(BROADCAST, cursor=5))
        view.may_end.set()
        await clock.wait_sleeping()
        clock.advance(3.0)

        assert await view.shown.get() == 5
    await tasks.close(1)
