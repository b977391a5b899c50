"""Waiting for the turn of a message."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from core.concurrency.task_registry import TaskRegistry
from core.observability.metrics import Metrics
from core.telegram.gateway import RetryLaterError, SendClass
from core.telegram.send_budget import SendBudget
from core.telegram.send_schedule import SendLimits
from tests.fixtures.send_run import SINGLY

ANSWER, DELIVERY, NOTICE, BULK = SendClass


class Desk:
    """A budget on a clock that stands still, and who got a turn in which order.

    Attributes:
        answers: whether what is sent is answered at once.
    """

    def __init__(self, clock, **limits):
        self.clock = clock
        self.metrics = Metrics()
        self.tasks = TaskRegistry(clock)
        self.budget = SendBudget(self.tasks, clock, self.metrics, replace(SINGLY, **limits))
        self.went = []
        self.answers = True

    def send(self, name, chat_id, send_class=ANSWER):
        async def go():
            turn = await self.budget.acquire(chat_id, send_class)
            self.went.append(name)
            if self.answers:
                self.budget.answered(turn)
            return turn

        return asyncio.create_task(go())

    async def tick(self, seconds=0.0):
        """Let time pass and everything react."""
        self.clock.advance(seconds)
        for _ in range(8):
            await asyncio.sleep(0)

    def count(self, metric, *labels):
        return getattr(self.metrics, metric).labels(*labels)._value.get()


@pytest.fixture
async def desk(clock):
    made = Desk(clock)
    yield made
    await made.tasks.close(1)


async def test_a_send_that_may_go_does_not_wait(desk):
    """An idle bot answers at once, without a task of its own."""
    await desk.budget.acquire(7, ANSWER)

    assert len(desk.tasks) == 0
    assert desk.budget.report()["waiting"] == {"answer": 0, "delivery": 0, "notice": 0, "bulk": 0}


async def test_who_has_to_wait_goes_in_turn_and_nothing_runs_afterwards(desk):
    """Turns come one by one, the earlier class first; the alarm rests when nobody waits."""
    sends = [desk.send("a", 1), desk.send("b", 2, BULK), desk.send("c", 3)]
    await desk.tick()
    assert desk.went == ["a"]
    assert desk.budget.report()["waiting"]["bulk"] == 1
    assert desk.count("send_budget_waiting", "bulk") == 1

    await desk.tick(0.04)
    assert desk.went == ["a", "c"]
    await desk.tick(0.04)
    await asyncio.gather(*sends)

    assert desk.went == ["a", "c", "b"]
    assert desk.count("send_budget_waiting", "bulk") == 0
    assert len(desk.tasks) == 0


async def test_a_send_that_may_go_earlier_moves_the_alarm(desk):
    """While one chat has to wait for a minute, another waits for its own moment only."""
    desk.budget.hold_back(7, 20)
    held = desk.send("held", 7)
    await desk.tick(1)
    await desk.budget.acquire(8, ANSWER)
    quick = desk.send("quick", 9)
    await desk.tick()
    assert len(desk.tasks) == 1
    await desk.tick(0.04)
    assert quick.done()
    assert desk.went == ["quick"]

    await desk.tick(20)
    assert held.done()
    assert desk.went == ["quick", "held"]


async def test_a_cancelled_send_leaves_its_place_to_the_next(desk):
    """Whoever gives up waiting costs nobody a turn."""
    await desk.budget.acquire(1, ANSWER)
    first, second = desk.send("first", 2), desk.send("second", 3)
    await desk.tick()
    first.cancel()
    await desk.tick(0.04)

    assert first.cancelled()
    assert second.done()
    assert desk.went == ["second"]
    assert desk.budget.report()["waiting"]["answer"] == 0


async def test_a_chat_put_off_for_longer_than_patience_is_refused_at_once(desk):
    """Scenario 85: waiting sends of that chat and new ones end with the seconds to wait; other chats go on."""
    await desk.budget.acquire(1, ANSWER)
    waiting = desk.send("waiting", 7)
    await desk.tick()
    desk.budget.hold_back(7, 3600)

    with pytest.raises(RetryLaterError) as refused:
        await waiting
    assert refused.value.seconds == 3600
    with pytest.raises(RetryLaterError):
        await desk.budget.acquire(7, DELIVERY)
    assert desk.budget.report()["chats_held_back"] == 1
    assert desk.count("send_budget_refusals", "answer") == 1
    assert desk.count("send_budget_refusals", "delivery") == 1
    assert desk.metrics.send_budget_holds._value.get() == 1

    other = desk.send("other", 8)
    await desk.tick(0.04)
    assert other.done()


async def test_patience_ends(clock):
    """A send that was overtaken for as long as its class bears it is refused, not kept."""
    desk = Desk(clock, bot_rate=0.01)
    await desk.budget.acquire(1, ANSWER)
    waiting = desk.send("waiting", 2)
    await desk.tick()
    await desk.tick(30)

    with pytest.raises(RetryLaterError):
        await waiting
    await desk.tasks.close(1)


@pytest.mark.parametrize("late_s", [0.01, 0.05, 0.1])
async def test_a_hundred_at_once_keep_the_pace(clock, late_s):
    """Scenario 86: what comes together leaves at the bot's rate, on a busy machine that gives turns late as well."""
    limits = SendLimits()
    desk = Desk(clock, bot_burst=limits.bot_burst)
    sends = [desk.send(number, number) for number in range(100)]
    await desk.tick()
    for second in range(1, 4):
        for _ in range(round(1 / late_s)):
            await desk.tick(late_s)
        assert limits.bot_rate * second - 1 <= len(desk.went) <= limits.bot_sends * second
    await desk.tick(0.5)
    for send in sends:
        send.cancel()
    assert desk.went == sorted(desk.went)
    await desk.tasks.close(1)


async def test_a_send_without_an_answer_takes_a_place_in_every_second(clock):
    """Scenario 86: thirty sends that are stuck on their ways let nothing follow until a second after an answer."""
    desk = Desk(clock, bot_burst=40)
    desk.answers = False
    sends = [desk.send(number, number) for number in range(31)]
    await desk.tick()
    await desk.tick(5)
    assert len(desk.went) == 30
    assert desk.budget.report()["under_way"] == 30

    desk.budget.answered(sends[3].result())
    desk.budget.answered(sends[3].result())
    await desk.tick(1)
    assert len(desk.went) == 30
    await desk.tick(0.02)
    assert len(desk.went) == 31
    await desk.tasks.close(1)


async def test_an_answer_that_never_comes_is_not_waited_for_for_ever(clock):
    """Even a place that nobody gives back is free again after a minute."""
    desk = Desk(clock, bot_burst=40)
    desk.answers = False
    for number in range(30):
        desk.send(number, number)
    await desk.tick()
    late = desk.send("late", 99, BULK)
    await desk.tick(59)
    assert not late.done()
    await desk.tick(1)
    await desk.tick(1.01)

    assert late.done()
    assert desk.budget.report()["under_way"] == 1
    await desk.tasks.close(1)


async def test_a_turn_that_came_to_somebody_who_gave_up_is_given_back(desk):
    """A send that is cancelled in the moment of its turn never goes, and holds no place."""
    await desk.budget.acquire(1, ANSWER)
    waiting = desk.send("waiting", 2)
    await desk.tick()
    desk.clock.advance(0.04)
    desk.budget.hold_back(9, 1)  # gives out what is due
    waiting.cancel()
    await desk.tick()

    assert waiting.cancelled()
    assert desk.went == []
    assert desk.budget.report()["under_way"] == 1
