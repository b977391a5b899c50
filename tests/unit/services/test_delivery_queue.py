"""Whose turn it is."""

from __future__ import annotations

import random
import statistics

from config.runtime import RuntimeSettings
from core.observability.metrics import Metrics
from core.services.delivery_queue import DeliveryQueue
from core.telegram.gateway import SendClass
from core.telegram.send_schedule import SendLimits, SendSchedule

DELIVERY = SendClass.DELIVERY


def waits_beside(jobs: int, *, seconds: float = 60.0) -> list[float]:
    """How long people who want one file wait for their turn while so many jobs send as fast as chats bear it."""
    schedule, now, waits, chance = SendSchedule(SendLimits()), 0.0, [], random.Random(88)
    presses = sorted(chance.uniform(5, seconds - 10) for _ in range(100))
    pressed: dict[object, float] = {}
    chat_of = {schedule.add(job, DELIVERY, now): job for job in range(1, jobs + 1)}
    while now < seconds:
        while presses and presses[0] <= now:
            pressed[schedule.add(10_000 + len(presses), DELIVERY, now)] = presses.pop(0)
        while (ticket := schedule.next_turn(now)) is not None:
            schedule.settled(ticket, now)
            if ticket in pressed:
                waits.append(now - pressed.pop(ticket))
            else:
                chat = chat_of.pop(ticket)
                chat_of[schedule.add(chat, DELIVERY, now)] = chat
        now += 0.005
    return sorted(waits)


async def test_jobs_have_places_in_the_order_they_asked() -> None:
    """Two places, four jobs: the first two work, and each place that is given up goes to the next in line."""
    queue = DeliveryQueue(lambda: 2, Metrics())
    turns = {name: queue.join(name) for name in "abcd"}

    assert [name for name, turn in turns.items() if turn.done()] == ["a", "b"]
    assert (queue.ahead("c"), queue.ahead("d")) == (0, 1)
    queue.leave("b")
    assert turns["c"].done()
    queue.leave("d")
    assert not queue.is_crowded
    queue.leave("a")
    assert not turns["d"].done()


async def test_a_job_that_asks_again_is_last() -> None:
    """Who has sent a share stands behind those who wait, and has the next place when nobody does."""
    queue = DeliveryQueue(lambda: 1, Metrics())
    queue.join("a")
    other = queue.join("b")
    queue.leave("a")
    again = queue.join("a")

    assert other.done()
    assert not again.done()
    queue.leave("b")
    assert again.done()


async def test_a_job_that_gave_up_takes_no_place() -> None:
    """A turn that was cancelled goes to the next in line as soon as its job leaves."""
    queue = DeliveryQueue(lambda: 1, Metrics())
    for name in "ab":
        queue.join(name)
    queue.join("c")
    queue.leave("b")
    queue.leave("a")

    assert not queue.is_crowded


def test_the_places_leave_room_for_single_files() -> None:
    """Scenario 88: beside as many jobs as have places, one file waits below a second; beside a hundred it would not."""
    places = RuntimeSettings().send_all_places

    assert waits_beside(places)[-1] < 1
    assert statistics.median(waits_beside(100)) > 3
