"""The only way out to Telegram: what it waits for, where, and what is counted."""

from __future__ import annotations

import asyncio
import itertools

import pytest
from pyrogram import raw

from core.concurrency.semaphore_manager import ConcurrencyDomain
from core.telegram.gateway import (
    OutcomeUnknownError,
    RecipientUnreachableError,
    RetryLaterError,
    TelegramUnavailableError,
)
from core.telegram.retry_policy import Idempotency
from sandbox.datacenter.faults import Fault

SEND = "messages.SendMessage"
STATE = "updates.GetState"


class Permits:
    """Gives so many turns, then refuses; remembers what it was told."""

    def __init__(self, turns):
        self.turns = turns
        self.given = itertools.count()
        self.answers = []
        self.held = []

    async def acquire(self):
        self.turns -= 1
        if self.turns < 0:
            raise RetryLaterError(5)
        return next(self.given)

    def answered(self, turn):
        self.answers.append(turn)

    def hold_back(self, seconds):
        self.held.append(seconds)


@pytest.fixture
def ask(bot):
    """Ask Telegram for something, with permits."""

    async def call(permit=None, idempotency=Idempotency.RANDOM_ID, flood_cap_s=10.0):
        return await bot.api.call_api(
            STATE,
            raw.functions.updates.GetState,
            lane=ConcurrencyDomain.TELEGRAM_SEND,
            idempotency=idempotency,
            flood_cap_s=flood_cap_s,
            timeout_s=1.5,
            permit=permit,
        )

    return call


def outcomes(bot, method):
    """How the calls of a method ended: counts by outcome."""
    samples = next(iter(bot.metrics.telegram_outcomes.collect())).samples
    return {
        sample.labels["outcome"]: sample.value
        for sample in samples
        if sample.labels["method"] == method and sample.name.endswith("_total")
    }


def waits(bot, reason):
    """(number, sum in seconds) of the waits for a reason."""
    child = bot.metrics.telegram_wait_seconds.labels(reason)
    return sum(bucket.get() for bucket in child._buckets), child._sum.get()


async def test_every_attempt_asks_for_a_turn_and_a_flood_wait_is_passed_on(ask, bot, dc):
    """A repeated send counts against the budget again, and its chat is held back for what Telegram asks."""
    dc.faults.add(Fault(STATE, error=(420, "FLOOD_WAIT_3")))
    dc.faults.add(Fault(STATE, error=(500, "INTERNAL")))
    permit = Permits(3)

    await ask(permit)

    assert (permit.turns, permit.held) == (0, [3])
    assert permit.answers == [0, 1, 2]
    assert outcomes(bot, STATE)["ok"] == 1
    number, seconds = waits(bot, "flood_wait")
    assert number == 1
    assert 3 <= seconds <= 3.5
    assert waits(bot, "retry")[0] == 1


async def test_no_turn_means_that_nothing_was_asked(ask, bot, dc):
    """The caller learns how long to put the work off; Telegram hears nothing."""
    mark = dc.recorder.mark()

    with pytest.raises(RetryLaterError) as refused:
        await ask(Permits(0))

    assert refused.value.seconds == 5
    assert dc.recorder.since(mark) == []
    assert outcomes(bot, STATE)["RetryLaterError"] == 1


@pytest.mark.parametrize("lost", ["ignore", "drop_after"])
async def test_no_turn_to_ask_again_leaves_the_outcome_open(ask, dc, lost):
    """Scenario 3: what may have been sent is never reported as not sent."""
    dc.faults.add(Fault(STATE, action=lost))
    permit = Permits(1)
    with pytest.raises(OutcomeUnknownError):
        await ask(permit)
    assert permit.answers == [0]

    dc.faults.add(Fault(STATE, action=lost))
    with pytest.raises(RetryLaterError):
        await ask(Permits(1), Idempotency.REPEATABLE)


async def test_calls_without_a_connection_wait_outside_their_lane_and_without_a_turn(ask, bot, dc):
    """While Telegram is away nobody holds a place or uses up turns, which would all go at once when it is back."""
    session, permit = bot.client.session, Permits(1)
    session.is_started.clear()
    waiting = asyncio.create_task(ask(permit))
    for _ in range(5):
        await asyncio.sleep(0)
    assert bot.lanes.in_use(ConcurrencyDomain.TELEGRAM_SEND) == 0
    assert permit.turns == 1

    session.is_started.set()
    await waiting
    assert permit.turns == 0
    assert waits(bot, "connection")[0] == 1
    assert waits(bot, "lane")[0] >= 1


async def test_a_cancelled_call_gives_its_turn_back(ask, dc):
    """Who stops waiting for an answer leaves nothing behind that others would have to wait for."""
    dc.faults.add(Fault(STATE, action="ignore"))
    permit, mark = Permits(1), dc.recorder.mark()
    asking = asyncio.create_task(ask(permit))
    await dc.recorder.wait_call(STATE, since=mark)
    assert permit.answers == []

    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert permit.answers == [0]


async def test_every_end_of_a_call_is_counted_by_its_kind(bot, dc, world, cast):
    """An operator sees of every method how often which error met it."""
    await bot.gateway.send_text(cast.ann.id, "fine")
    world.block(cast.ann.id, cast.bot.id)
    with pytest.raises(RecipientUnreachableError):
        await bot.gateway.send_text(cast.ann.id, "blocked")
    dc.faults.add(Fault(SEND, error=(420, "FLOOD_WAIT_60")))
    with pytest.raises(RetryLaterError):
        await bot.gateway.send_text(cast.ann.id, "later")
    dc.faults.add(Fault(SEND, error=(500, "INTERNAL"), times=None))
    with pytest.raises(TelegramUnavailableError):
        await bot.gateway.send_text(cast.ann.id, "broken")

    assert outcomes(bot, SEND) == {
        "ok": 1,
        "UserIsBlocked": 1,
        "RetryLaterError": 1,
        "TelegramUnavailableError": 1,
    }
