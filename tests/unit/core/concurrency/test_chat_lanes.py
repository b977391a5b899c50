"""Lanes of chats: order within, independence between, and bounds that shed instead of growing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import pytest

from core.concurrency.chat_lanes import ChatLanes, LaneJob, LaneLimits, ShedReason
from core.concurrency.task_registry import TaskRegistry
from tests.fixtures.clock import TestClock

Work = Callable[[], Coroutine[Any, Any, None]]


class Rig:
    """Lanes whose jobs are named; `done` and `shed` say what became of them."""

    def __init__(self, **limits: int) -> None:
        self.clock = TestClock()
        self.tasks = TaskRegistry(self.clock)
        self.lanes = ChatLanes(self.tasks, self.clock, LaneLimits(**limits))
        self.done: list[str] = []
        self.shed: list[tuple[str, ShedReason]] = []
        self.gate = asyncio.Event()

    def put(self, lane: str, name: str, work: Work | None = None, patience_s: float | None = 60.0) -> None:
        self.lanes.put(
            LaneJob(lane, work or partial(self.note, name), lambda why: self.shed.append((name, why)), patience_s)
        )

    def block(self, lane: str, name: str = "blocked") -> None:
        """Occupy a lane until the gate opens."""

        async def wait() -> None:
            await self.gate.wait()
            self.done.append(name)

        self.put(lane, name, wait)

    async def note(self, name: str) -> None:
        self.done.append(name)

    async def settle(self) -> None:
        """Let everything happen that can."""
        for _ in range(50):
            await asyncio.sleep(0)


async def test_one_chat_keeps_its_order_while_another_goes_ahead() -> None:
    """Jobs of a chat wait for the one before, and another chat's are done meanwhile."""
    rig = Rig()

    rig.block("a", "a1")
    rig.put("a", "a2")
    rig.put("b", "b1")
    await rig.settle()
    assert rig.done == ["b1"]
    rig.gate.set()
    await rig.settle()

    assert rig.done == ["b1", "a1", "a2"]
    assert (rig.lanes.running, rig.lanes.waiting) == (0, 0)


async def test_a_job_that_fails_does_not_hold_up_its_chat() -> None:
    """The failure is the registry's to report; the next job of the chat is done."""
    rig = Rig()

    async def fail() -> None:
        raise ValueError("on purpose")

    rig.put("a", "a1", fail)
    rig.put("a", "a2")
    await rig.settle()

    assert rig.done == ["a2"]
    assert rig.tasks.failures == 1


async def test_a_chat_that_floods_loses_its_oldest_and_costs_others_nothing() -> None:
    """Of 500 messages of one chat the newest 20 wait; another chat is served at once."""
    rig = Rig()
    rig.block("hostile")
    await rig.settle()

    for number in range(500):
        rig.put("hostile", str(number))
    rig.put("b", "b1")
    await rig.settle()

    assert rig.done == ["b1"]
    assert rig.shed == [(str(number), ShedReason.CHAT_FULL) for number in range(480)]
    rig.gate.set()
    await rig.settle()
    assert rig.done == ["b1", "blocked", *map(str, range(480, 500))]


async def test_chats_take_turns_when_there_are_more_than_may_be_served() -> None:
    """With one place, a chat with three jobs does not go first with all of them."""
    rig = Rig(parallel=1)
    rig.block("x")
    for name in ("a1", "a2", "a3", "b1", "b2"):
        rig.put(name[0], name)
    rig.gate.set()
    await rig.settle()

    assert rig.done == ["blocked", "a1", "b1", "a2", "b2", "a3"]


async def test_what_waited_too_long_is_not_done() -> None:
    """A job past its patience is shed at its turn; a younger one behind it is done."""
    rig = Rig()
    rig.block("a")
    rig.put("a", "old", patience_s=10)
    rig.clock.advance(8)
    rig.put("a", "young", patience_s=10)
    rig.clock.advance(3)
    rig.gate.set()
    await rig.settle()

    assert rig.done == ["blocked", "young"]
    assert rig.shed == [("old", ShedReason.STALE)]


async def test_when_everything_is_full_the_oldest_of_all_goes() -> None:
    """The total is bounded whatever the number of chats, and the newest are kept."""
    rig = Rig(parallel=1, waiting=3)
    rig.block("x")
    for number in range(5):
        rig.put(f"chat {number}", str(number))

    assert rig.shed == [("0", ShedReason.ALL_FULL), ("1", ShedReason.ALL_FULL)]
    assert rig.lanes.waiting == 3


async def test_what_may_not_be_lost_is_never_shed() -> None:
    """Jobs without a patience wait however full their chat is, and are done in their order."""
    rig = Rig(waiting_per_lane=2)
    rig.block("a")
    for number in range(4):
        rig.put("a", f"payment {number}", patience_s=None)
    rig.put("a", "message")
    rig.clock.advance(days=1)
    rig.gate.set()
    await rig.settle()

    assert rig.done == ["blocked", *(f"payment {number}" for number in range(4))]
    assert rig.shed == [("message", ShedReason.CHAT_FULL)]


@pytest.mark.parametrize("ends", [True, False])
async def test_the_end_waits_for_what_runs_and_refuses_the_rest(*, ends: bool) -> None:
    """Scenario 139: what runs may end within the patience, what waits and what comes is shed, and it is counted."""
    rig = Rig()
    rig.block("a")
    rig.put("a", "waiting")
    await rig.settle()
    if ends:
        asyncio.get_running_loop().call_later(0.02, rig.gate.set)

    still_running = await rig.lanes.close(5 if ends else 0.02)
    rig.put("b", "late")

    assert still_running == (0 if ends else 1)
    assert rig.shed == [("waiting", ShedReason.STOPPING), ("late", ShedReason.STOPPING)]
    await rig.tasks.close(1)
