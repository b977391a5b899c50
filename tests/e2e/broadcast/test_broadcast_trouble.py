"""Broadcasts while something is in trouble, or is changed on the way."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from core.services.rate_limiter import Action
from repositories.broadcast import BroadcastRepository
from sandbox.datacenter.faults import Fault
from tests.e2e.broadcast.crowd import ask, says, start

if TYPE_CHECKING:
    from core.container import Container
    from core.database.pool import DatabaseConnectionPool
    from core.domain.broadcast import Broadcast
    from sandbox.actor import Actor
    from sandbox.datacenter.server import DataCenter
    from sandbox.stores import InMemoryStores
    from sandbox.world import World
    from tests.e2e.bots import BotSetup
    from tests.e2e.broadcast.crowd import Crowd

TEXT = "The library has moved to a larger house."
OTHER = "And it is open on Sundays."


async def test_an_outage_at_the_confirmation_costs_nothing_of_the_limit(
    memory_bot: Container, stores: InMemoryStores, admin: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Section 4 of the product: only a broadcast that is confirmed counts; after an outage Send is pressed again."""
    question = await ask(admin, TEXT)
    limiter = memory_bot.searching.limiter
    check = limiter.check

    async def check_and_lose(user_id: int, action: Action) -> None:
        await check(user_id, action)
        stores.database_down = action is Action.BROADCAST

    monkeypatch.setattr(limiter, "check", check_and_lose)
    await admin.press(question, "Send it")
    await admin.wait_message(containing="try again")
    monkeypatch.undo()
    stores.database_down = False

    await admin.press(question, "Send it")
    await admin.wait_edit(of=question, containing="The broadcast is done", timeout=20)


@pytest.mark.usefixtures("bot")
async def test_a_file_that_was_exchanged_is_not_sent_in_place_of_the_one_that_was_shown(
    world: World, admin: Actor, crowd: Crowd
) -> None:
    """Section 10 of the product: everybody gets what was shown; another file in its message does not renew it."""
    await crowd.join(40)
    original = admin.send_file("plan.pdf", caption=TEXT)
    admin.say("/broadcast", reply_to=original)
    question = await admin.wait_message(containing="This is how it looks")
    world.edit(original, TEXT, file=world.add_document("something else.pdf", 7))
    world.expire_file_references()

    await admin.press(question, "Send it")
    paused = await admin.wait_edit(of=question, containing="is paused")

    assert "Its file cannot be sent any more" in paused.text
    assert crowd.reached(TEXT) == 0


@pytest.mark.usefixtures("bot")
async def test_a_slow_word_on_the_confirmation_does_not_hide_the_report(
    dc: DataCenter, admin: Actor, crowd: Crowd
) -> None:
    """Section 10 of the product: the report stays, though the edit after the press was held up beyond the end."""
    await crowd.join(3)
    question = await ask(admin, TEXT)
    dc.faults.add(Fault("messages.EditMessage", error=(420, "FLOOD_WAIT_2")))

    await admin.press(question, "Send it")
    await admin.wait_message(containing="It took")
    await admin.wait_edit(of=question, containing="This broadcast waits")
    await admin.wait_edit(of=question, containing="The broadcast is done")


async def test_a_report_that_telegram_puts_off_is_not_asked_for_meanwhile(
    bot: Container, dc: DataCenter, admin: Actor, crowd: Crowd
) -> None:
    """Scenario 109: while Telegram wants no edits none is tried, or the wait would grow."""
    await crowd.join(3)
    question = await ask(admin, TEXT)
    flood = dc.faults.add(Fault("messages.EditMessage", error=(420, "FLOOD_WAIT_8"), times=None))
    await admin.press(question, "Send it")
    await crowd.reach(TEXT, 3)
    async with asyncio.timeout(10):
        while not await bot.pool.count("broadcasts", {"state": "done"}):
            await bot.clock.sleep(0.01)
    asked = flood.hits
    await bot.clock.sleep(3.5)

    assert flood.hits <= asked + 1


@pytest.mark.usefixtures("bot")
async def test_a_broadcast_that_cannot_go_on_says_so_in_a_message(world: World, admin: Actor, crowd: Crowd) -> None:
    """Section 10 of the product: nobody watches a progress message for hours, so a pause by itself is told."""
    await crowd.join(3)
    original = admin.send_file("plan.pdf", caption=TEXT)
    admin.say("/broadcast", reply_to=original)
    question = await admin.wait_message(containing="This is how it looks")
    world.expire_file_references()
    admin.delete(original)

    await admin.press(question, "Send it")
    told = await admin.wait_message(containing="The broadcast is paused")

    assert "Its file cannot be sent any more" in told.text
    assert told.button("Stop")


async def test_a_broadcast_that_cannot_be_taken_over_keeps_no_database_busy(
    bot: Container, admin: Actor, pool: DatabaseConnectionPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scenario 103: with leases of before the last sender, as after a restore of a part, it is tried seldom."""
    question = await ask(admin, TEXT)
    await pool.update_many("broadcasts", {}, {"$set": {"fence": 1_000_000}})
    looked, next_due = [], BroadcastRepository.next_due

    async def count(broadcasts: BroadcastRepository) -> Broadcast | None:
        looked.append(1)
        return await next_due(broadcasts)

    monkeypatch.setattr(BroadcastRepository, "next_due", count)
    await admin.press(question, "Send it")
    await bot.clock.sleep(1)

    assert 0 < len(looked) < 10


@pytest.mark.parametrize("is_dismissed", [False, True])
async def test_what_an_earlier_version_planned_is_its_authors(
    admin: Actor, ann: Actor, bot: Container, crowd: Crowd, pool: DatabaseConnectionPool, *, is_dismissed: bool
) -> None:
    """Section 10 of the product: a planned broadcast that names nobody who ordered it was ordered by its author."""
    await crowd.join(2)
    ann.say("/start")
    await ann.wait_message()
    admin.say(f"/role {ann.user_id} admin")
    await admin.wait_message(containing="is an admin now")
    await start(ann, TEXT, "/broadcast in 2h")
    planned = await crowd.record("waiting")
    if is_dismissed:
        admin.say(f"/role {ann.user_id} reader")
        await admin.wait_message(containing="is a reader now")

    due = {"$set": {"due_at": bot.clock.utc_now()}, "$unset": {"by": 1}}
    await pool.update_one("broadcasts", {"_id": planned["_id"]}, due)

    if is_dismissed:
        await admin.wait_message(containing=f"that {ann.user_id} ordered")
        assert crowd.reached(TEXT) == 0
    else:
        await crowd.reach(TEXT, 2)


async def test_what_is_resumed_behind_another_one_says_that_it_waits(
    setup: BotSetup, dc: DataCenter, admin: Actor, crowd: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scenario 107: Resume does not begin a second broadcast beside the one that runs, and shows that it was heard."""
    monkeypatch.chdir(setup.environ["SESSION"].rpartition("/")[0])
    await crowd.join(200)
    dc.faults.add(Fault("messages.SendMessage", action="delay", delay=0.3, times=None, match=says(TEXT)))
    async with setup.running(RATE_BROADCAST_BURST="2"):
        first = await start(admin, TEXT)
        running = await admin.wait_edit(of=first, containing="is on its way")
        await admin.press(running, "Pause")
        paused = await admin.wait_edit(of=first, containing="The broadcast is paused")
        second = await ask(admin, OTHER)
        slow = dc.faults.add(Fault("messages.SendMessage", action="hold", times=None, match=says(OTHER)))
        await admin.press(second, "Send it")
        await slow.held()

        await admin.press(paused, "Resume")
        await admin.wait_edit(of=first, containing="This broadcast waits")
        slow.release()
        await admin.wait_edit(of=second, containing="The broadcast is done", timeout=20)
        await admin.wait_edit(of=first, containing="is on its way")
