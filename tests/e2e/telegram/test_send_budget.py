"""The budget of sends, held against what the local Telegram lets a bot send."""

from __future__ import annotations

import asyncio

import pytest

from core.clock import Clock
from core.concurrency.task_registry import TaskRegistry
from core.telegram.client import start_client
from core.telegram.gateway import RetryLaterError, SendClass
from core.telegram.pyrogram_gateway import CallLimits, PyrogramGateway
from core.telegram.send_budget import SendBudget
from core.telegram.telegram_api import TelegramApi
from sandbox.datacenter.faults import Fault
from sandbox.datacenter.flood_control import FloodControl
from tests.fixtures.clock import TestClock

SEND = "messages.SendMessage"


class WatchedBudget(SendBudget):
    """Tells when Telegram has put off a chat."""

    def __init__(self, *args):
        super().__init__(*args)
        self.held = asyncio.Event()

    def hold_back(self, chat_id, seconds):
        super().hold_back(chat_id, seconds)
        self.held.set()


@pytest.fixture
async def gateway(build, settings):
    """Build gateways of one running bot, in real time, with a budget or without."""
    bot = build(settings)
    await start_client(bot.client, timeout_s=60)
    clock = Clock()
    tasks = TaskRegistry(clock)
    api = TelegramApi(bot.client, bot.lanes, clock, bot.metrics)

    def make(*, with_budget, answer_flood_s=5.0):
        budget = WatchedBudget(tasks, clock, bot.metrics) if with_budget else None
        made = PyrogramGateway(bot.client, api, CallLimits(answer_flood_s=answer_flood_s), budget)
        made.held = budget and budget.held
        return made

    make.metrics = bot.metrics
    yield make
    await tasks.close(1)
    await bot.client.stop()


@pytest.fixture
def readers(world, cast):
    """Thirty-eight people who have started the bot."""
    people = [world.add_user(f"Reader {number}") for number in range(38)]
    for person in people:
        world.says(person.id, cast.bot.id, "/start")
    return people


async def test_two_hundred_sends_at_once_meet_no_flood_wait(gateway, dc, cast, readers):
    """Scenario 86: whatever the bot sends to whom, Telegram never has to ask it to wait."""
    bot = gateway(with_budget=True)
    dc.trouble.flood_control.enable()
    chats = [person.id for person in readers for _ in range(5)] + [cast.group.full_id] * 10

    await asyncio.gather(*(bot.send_text(chat_id, "news", send_class=SendClass.NOTICE) for chat_id in chats))

    assert sum(call.name == SEND for call in dc.recorder.calls) == 200
    assert dc.trouble.flood_control.refused.total() == 0
    assert gateway.metrics.flood_wait_seconds._value.get() == 0


async def test_without_a_budget_telegram_asks_to_wait(gateway, dc, cast, readers):
    """The limits of the local Telegram are real: the same sends without a budget break all three."""
    bot = gateway(with_budget=False, answer_flood_s=0)
    dc.trouble.flood_control = FloodControl(TestClock())  # all at one moment, however long a busy machine takes
    dc.trouble.flood_control.enable()
    chats = [cast.group.full_id] * 10 + [person.id for person in readers for _ in range(5)]

    ends = await asyncio.gather(*(bot.send_text(chat_id, "news") for chat_id in chats), return_exceptions=True)

    assert sum(isinstance(end, RetryLaterError) for end in ends) > 50
    assert {"bot", "chat"} <= dc.trouble.flood_control.refused.keys()


async def test_a_flood_wait_holds_back_its_chat_alone(gateway, dc, cast, readers):
    """Scenario 85: what is sent to that chat meanwhile waits without asking Telegram; others get theirs at once."""
    bot = gateway(with_budget=True)
    peer = readers[0].id
    dc.faults.add(Fault(SEND, error=(420, "FLOOD_WAIT_3"), match=lambda request: request.peer.user_id == peer))
    first = asyncio.create_task(bot.send_text(peer, "first"))
    await dc.recorder.wait_call(SEND)
    await asyncio.wait_for(bot.held.wait(), 10)

    second = asyncio.create_task(bot.send_text(peer, "second"))
    mark = dc.recorder.mark()
    await bot.send_text(readers[1].id, "other")
    assert [call.request.message for call in dc.recorder.since(mark) if call.name == SEND] == ["other"]

    await asyncio.gather(first, second)
    assert gateway.metrics.flood_wait_seconds._value.get() == 3


async def test_a_long_flood_wait_puts_off_what_waits_for_the_chat(gateway, dc, readers):
    """Scenario 85: an hour for one chat is never slept; every send to it is put off with the seconds left."""
    bot = gateway(with_budget=True)
    dc.faults.add(Fault(SEND, error=(420, "FLOOD_WAIT_3600")))
    with pytest.raises(RetryLaterError):
        await bot.send_text(readers[0].id, "first")
    mark = dc.recorder.mark()

    with pytest.raises(RetryLaterError) as refused:
        await bot.send_text(readers[0].id, "second", send_class=SendClass.BULK)
    await bot.send_text(readers[1].id, "other")

    assert 3590 <= refused.value.seconds <= 3600
    assert [call.request.message for call in dc.recorder.since(mark) if call.name == SEND] == ["other"]
