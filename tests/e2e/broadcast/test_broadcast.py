"""Broadcasts over the wire: shown, confirmed, sent, reported."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from sandbox.datacenter.faults import Fault
from tests.e2e.broadcast.crowd import ask, says, start
from tests.fixtures.waiting import Stopwatch

if TYPE_CHECKING:
    from core.container import Container
    from core.database.pool import DatabaseConnectionPool
    from sandbox.actor import Actor
    from sandbox.datacenter.server import DataCenter
    from sandbox.world import World
    from tests.e2e.broadcast.crowd import Crowd
    from tests.e2e.conftest import Cast

TEXT = "The library has moved to a larger house."
OTHER = "And it is open on Sundays."


async def test_everybody_gets_the_message_once_and_the_admin_a_report(
    bot: Container, admin: Actor, crowd: Crowd
) -> None:
    """Section 10 of the product: shown first, then sent to everybody once, with progress and a report."""
    await crowd.join(120)

    question = await ask(admin, TEXT)
    assert "121 people" in question.text  # the admin as well
    assert crowd.reached(TEXT) == 0
    await admin.press(question, "Send it")
    report = await admin.wait_edit(of=question, containing="The broadcast is done")

    assert crowd.copies(TEXT) == {1: 120}
    assert "Sent: 121 of 121" in report.text
    assert report.buttons == ()
    assert "It took" in (await admin.wait_message(containing="The broadcast is done")).text
    assert bot.tasks.failures == 0


async def test_a_confirmation_is_acknowledged_before_anything_slow(
    bot: Container, dc: DataCenter, admin: Actor, crowd: Crowd
) -> None:
    """Scenario 35: the press on Send is answered at once, however slow Telegram is with everything else."""
    await crowd.join(1)
    question = await ask(admin, TEXT)
    slow = dc.faults.add(Fault("messages.EditMessage", action="hold", times=None))

    with Stopwatch() as passed:
        await admin.press(question, "Send it")
    assert passed.seconds < 1

    await crowd.reach(TEXT, 1)
    slow.release()
    await admin.wait_edit(of=question, containing="The broadcast is done")
    assert bot.tasks.failures == 0


async def test_a_preview_that_fails_leaves_nothing_behind(
    bot: Container, dc: DataCenter, admin: Actor, crowd: Crowd, pool: DatabaseConnectionPool
) -> None:
    """Scenario 104: what Telegram refuses to show is neither kept nor counted; the next broadcast is not held up."""
    await crowd.join(3)
    fault = Fault("messages.SendMessage", error=(400, "ENTITY_BOUNDS_INVALID"), match=says(TEXT))
    dc.faults.add(fault)
    admin.say("/broadcast", reply_to=admin.say(TEXT))
    await admin.wait_message(containing="ENTITY_BOUNDS_INVALID")

    assert await pool.count("broadcasts", {}) == 0
    await start(admin, TEXT)
    await crowd.reach(TEXT, 3)
    assert bot.tasks.failures == 0


async def test_malformed_buttons_are_found_before_anybody_sees_them(
    bot: Container, admin: Actor, crowd: Crowd, pool: DatabaseConnectionPool
) -> None:
    """Scenario 105: markup that Telegram does not take is refused at the preview, not for every person."""
    await crowd.join(3)

    admin.say("/broadcast\nOur channel - not an address", reply_to=admin.say(TEXT))
    await admin.wait_message(containing="BUTTON_URL_INVALID")

    assert (crowd.reached(TEXT), await pool.count("broadcasts", {})) == (0, 0)
    assert bot.tasks.failures == 0


async def test_people_who_cannot_be_written_to_are_flagged_and_left_alone_until_they_come_back(
    bot: Container, world: World, admin: Actor, crowd: Crowd, pool: DatabaseConnectionPool, cast: Cast
) -> None:
    """Scenarios 106, 108: told apart by kind, kept with what they have, not tried again, back with /start."""
    reachable = await crowd.join(4)
    blocked = await crowd.join(2, premium_until=None, ban_reason=None)
    [deactivated] = await crowd.join(1)
    await crowd.join(1, started=False)
    for user_id in blocked:
        crowd.block(user_id)
    world.deactivate(deactivated)

    question = await start(admin, TEXT)
    report = await admin.wait_edit(of=question, containing="The broadcast is done")

    assert "Sent: 5 of 9" in report.text
    assert "2 people have blocked me." in report.text
    assert "One account is deleted." in report.text
    assert "One person never started me." in report.text
    assert await pool.count("users", {"unreachable_why": "blocked"}) == 2
    world.unblock(blocked[0], cast.bot.id)
    world.says(blocked[0], cast.bot.id, "/start")
    async with asyncio.timeout(10):
        while await pool.count("users", {"_id": blocked[0], "unreachable_why": "blocked"}):
            await bot.clock.sleep(0.01)
    await admin.wait_message(containing="It took")
    admin.say("/reset_broadcast_limit")
    await admin.wait_message(containing="may begin at once")
    again = await ask(admin, OTHER)
    assert "6 people" in again.text
    await admin.press(again, "Send it")
    await admin.wait_edit(of=again, containing="Sent: 6 of 6")
    assert crowd.copies(OTHER) == {1: len(reachable) + 1, 0: 3}
    assert bot.tasks.failures == 0


async def test_a_flood_wait_in_the_middle_is_waited_out(
    bot: Container, dc: DataCenter, admin: Actor, crowd: Crowd
) -> None:
    """Scenario 109: Telegram asks to wait, so the bot waits and tries again; nobody counts as failed."""
    await crowd.join(60)
    question = await ask(admin, TEXT)
    short = dc.faults.add(Fault("messages.SendMessage", error=(420, "FLOOD_WAIT_1"), times=5, match=says(TEXT)))

    await admin.press(question, "Send it")
    report = await admin.wait_edit(of=question, containing="The broadcast is done")

    assert short.hits == 5
    assert "Sent: 61 of 61" in report.text
    assert "Not sent" not in report.text
    assert crowd.copies(TEXT) == {1: 60}
    assert bot.tasks.failures == 0


async def test_time_outs_of_telegram_itself_leave_nobody_out(
    bot: Container, dc: DataCenter, admin: Actor, crowd: Crowd
) -> None:
    """Scenario 103: what may have arrived is sent again under the same number, which Telegram delivers once."""
    await crowd.join(60)
    question = await ask(admin, TEXT)
    timeouts = Fault("messages.SendMessage", error=(500, "TIMEOUT"), times=10, match=says(TEXT))
    dc.faults.add(timeouts)

    await admin.press(question, "Send it")
    report = await admin.wait_edit(of=question, containing="The broadcast is done")
    numbers = [call.request.random_id for call in dc.recorder.calls if getattr(call.request, "message", "") == TEXT]

    assert timeouts.hits == 10
    assert crowd.copies(TEXT) == {1: 60}
    assert "Sent: 61 of 61" in report.text
    assert len(set(numbers)) == 61 + 1  # the preview has one of its own
    assert bot.tasks.failures == 0
