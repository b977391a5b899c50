"""Steering broadcasts: stop, pause, resume, turns, moments, limits."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from repositories.broadcast import BroadcastRepository
from sandbox.actor import Actor
from sandbox.datacenter.faults import Fault
from tests.e2e.broadcast.crowd import ask, says, start
from tests.fixtures.waiting import Stopwatch

if TYPE_CHECKING:
    from core.clock import Clock
    from core.container import Container
    from core.database.pool import DatabaseConnectionPool
    from sandbox.datacenter.server import DataCenter
    from sandbox.world import World
    from tests.e2e.bots import BotSetup
    from tests.e2e.broadcast.crowd import Crowd
    from tests.e2e.conftest import Cast

TEXT = "The library has moved to a larger house."
OTHER = "And it is open on Sundays."


@pytest.fixture
def slow(dc: DataCenter) -> Fault:
    """Every copy of the text takes a while, so that there is something to steer."""
    return dc.faults.add(Fault("messages.SendMessage", action="delay", delay=0.2, times=None, match=says(TEXT)))


@pytest.mark.usefixtures("bot", "slow")
async def test_a_stop_ordered_by_another_process_is_obeyed(
    admin: Actor, crowd: Crowd, pool: DatabaseConnectionPool, clock: Clock
) -> None:
    """Scenario 110: an order in the database ends the broadcast within two seconds, whoever gave it."""
    await crowd.join(1000)
    question = await start(admin, TEXT)
    await crowd.reach(TEXT, 50)

    [broadcast] = await BroadcastRepository(pool, clock).under_way()
    with Stopwatch() as passed:
        await BroadcastRepository(pool, clock).stop(broadcast.id)
        report = await admin.wait_edit(of=question, containing="The broadcast was stopped")
    record = await crowd.record("stopped")

    assert passed.seconds < 2.5
    assert record["sent"] in (crowd.reached(TEXT), crowd.reached(TEXT) + 1)  # the admin as well, when it is their turn
    assert f"Sent: {record['sent']:,} of 1,001" in report.text
    assert record["unsettled"] == []


@pytest.mark.usefixtures("bot")
async def test_a_broadcast_is_paused_and_goes_on(dc: DataCenter, slow: Fault, admin: Actor, crowd: Crowd) -> None:
    """Section 10 of the product: Pause lets it stand still, Resume goes on from there; nobody hears it twice."""
    await crowd.join(300)
    question = await start(admin, TEXT)
    await crowd.reach(TEXT, 30)

    running = await admin.wait_edit(of=question, containing="is on its way")
    await admin.press(running, "Pause")
    paused = await admin.wait_edit(of=question, containing="The broadcast is paused")
    stood_at = crowd.reached(TEXT)
    record = await crowd.record("paused")
    dc.faults.lift(slow)
    await admin.press(paused, "Resume")
    await admin.wait_edit(of=question, containing="The broadcast is done", timeout=20)

    assert record["sent"] in (stood_at, stood_at + 1)
    assert stood_at < 300
    assert crowd.copies(TEXT) == {1: 300}


async def test_two_confirmed_broadcasts_are_sent_one_after_the_other(
    setup: BotSetup, world: World, cast: Cast, admin: Actor, crowd: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scenario 107: two admins confirm, and the second message begins when the first has reached everybody."""
    monkeypatch.chdir(setup.environ["SESSION"].rpartition("/")[0])
    cast.bot.started.add(cast.ann.id)
    ann = Actor(world, cast.ann.id, cast.bot.id)
    admins = f"{cast.bob.id},{cast.ann.id}"
    await crowd.join(150)
    async with setup.running(ADMINS=admins, RATE_BROADCAST_BURST="2"):
        first, second = await ask(admin, TEXT), await ask(ann, OTHER)
        await admin.press(first, "Send it")  # which is answered before anything is confirmed
        await admin.wait_edit(of=first)
        await ann.press(second, "Send it")
        await ann.wait_edit(of=second, containing="as soon as those before it are over")
        await ann.wait_edit(of=second, containing="The broadcast is done", timeout=20)
    ann.close()

    order = [text for text in crowd.order if text in (TEXT, OTHER)]
    assert order == [TEXT] * 150 + [OTHER] * 150


async def test_only_who_was_shown_it_may_confirm(
    setup: BotSetup, world: World, cast: Cast, admin: Actor, crowd: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Section 10 of the product: another admin's press, forged, confirms nothing; a dismissed one's neither."""
    monkeypatch.chdir(setup.environ["SESSION"].rpartition("/")[0])
    ann = Actor(world, cast.ann.id, cast.bot.id)
    await crowd.join(2)
    async with setup.running(ADMINS=f"{cast.bob.id},{cast.ann.id}"):
        data = (await ask(admin, TEXT)).button("Send it").data
        own = await ask(ann, OTHER)
        await ann.press(own, data=data)
        await ann.wait_message(containing="Another admin was asked this")
    async with setup.running(ADMINS=str(cast.bob.id)):
        dismissed = await ann.press(own, "Send it")
    ann.close()

    assert dismissed.text
    assert (crowd.reached(TEXT), crowd.reached(OTHER)) == (0, 0)


@pytest.mark.usefixtures("bot")
async def test_one_broadcast_an_hour_unless_the_limit_is_lifted(admin: Actor, crowd: Crowd) -> None:
    """Section 4 of the product: the second within an hour is refused when it is confirmed, and kept meanwhile."""
    await crowd.join(2)
    await start(admin, TEXT)
    await admin.wait_message(containing="It took")

    second = await start(admin, OTHER)
    await admin.wait_message(containing="There was a broadcast a moment ago. Press Send it again in 60 minutes")
    admin.say("/reset_broadcast_limit")
    await admin.wait_message(containing="may begin at once")
    await admin.press(second, "Send it")
    await crowd.reach(OTHER, 2)

    assert crowd.copies(OTHER) == {1: 2}


@pytest.mark.usefixtures("bot")
async def test_a_broadcast_for_later_is_listed_begins_when_due_and_can_be_cancelled(
    admin: Actor, crowd: Crowd, pool: DatabaseConnectionPool, clock: Clock
) -> None:
    """Section 10 of the product: "in 2h" waits; /broadcasts shows it with a Stop; what is due begins by itself."""
    await crowd.join(2)
    question = await start(admin, TEXT, "/broadcast in 2h")
    waiting = await crowd.record("waiting")
    assert timedelta(minutes=119) < waiting["due_at"] - clock.utc_now() <= timedelta(hours=2)

    admin.say("/broadcasts")
    listed = await admin.wait_message(containing="This broadcast waits")
    await admin.press(listed, "Stop")
    await admin.wait_edit(of=question, containing="The broadcast was stopped")
    admin.say("/reset_broadcast_limit")
    await admin.wait_message(containing="may begin at once")
    await start(admin, OTHER, "/broadcast in 2h")
    later = await crowd.record("waiting")
    await pool.update_one("broadcasts", {"_id": later["_id"]}, {"$set": {"due_at": clock.utc_now()}})
    await crowd.reach(OTHER, 2)

    assert crowd.reached(TEXT) == 0


@pytest.mark.usefixtures("bot")
async def test_what_a_dismissed_admin_planned_waits_for_another(
    admin: Actor, ann: Actor, crowd: Crowd, pool: DatabaseConnectionPool, clock: Clock
) -> None:
    """Section 10 of the product: a planned broadcast begins by the authority that its author has when it is due."""
    await crowd.join(2)
    ann.say("/start")
    await ann.wait_message()
    admin.say(f"/role {ann.user_id} admin")
    await admin.wait_message(containing="is an admin now")
    question = await start(ann, TEXT, "/broadcast in 2h")
    planned = await crowd.record("waiting")
    admin.say(f"/role {ann.user_id} reader")
    await admin.wait_message(containing="is a reader now")

    await pool.update_one("broadcasts", {"_id": planned["_id"]}, {"$set": {"due_at": clock.utc_now()}})
    await admin.wait_message(containing="It was not sent: /broadcasts shows it")
    await ann.wait_edit(of=question, containing="Whoever ordered it may not send broadcasts any more")
    assert crowd.reached(TEXT) == 0

    admin.say("/broadcasts")
    withheld = await admin.wait_message(containing="The broadcast is paused")
    await admin.press(withheld, "Resume")
    await crowd.reach(TEXT, 2)


@pytest.mark.usefixtures("bot", "slow")
async def test_commands_steer_what_runs(admin: Actor, crowd: Crowd) -> None:
    """Scenario 110: the commands do what the buttons do, and say so when there is nothing to steer."""
    admin.say("/stop_broadcast")
    await admin.wait_message(containing="There is no such broadcast")
    admin.say("/broadcasts")
    await admin.wait_message(containing="No broadcast runs, waits or is paused")
    await crowd.join(500)
    question = await start(admin, TEXT)
    await crowd.reach(TEXT, 20)

    admin.say("/pause_broadcast")
    await admin.wait_edit(of=question, containing="The broadcast is paused")
    admin.say("/resume_broadcast")
    await admin.wait_edit(of=question, containing="is on its way")
    admin.say("/stop_broadcast")
    await admin.wait_edit(of=question, containing="The broadcast was stopped")

    assert crowd.reached(TEXT) < 500
    assert set(crowd.copies(TEXT)) == {0, 1}


async def test_a_defect_pauses_the_broadcast_and_says_so(
    bot: Container, admin: Actor, crowd: Crowd, pool: DatabaseConnectionPool
) -> None:
    """Section 10 of the product: what goes wrong on the bot's side loses nobody: Resume goes on when it is mended."""
    await crowd.join(20)
    question = await ask(admin, TEXT)
    await pool.update_many("broadcasts", {}, {"$set": {"snapshot.entities": [["NoSuchKind", 0, 1, None]]}})
    await admin.press(question, "Send it")
    paused = await admin.wait_edit(of=question, containing="Something went wrong on my side")
    assert bot.tasks.failures > 0

    await pool.update_many("broadcasts", {}, {"$set": {"snapshot.entities": []}})
    await admin.press(paused, "Resume")
    await admin.wait_edit(of=question, containing="Sent: 21 of 21")

    assert crowd.copies(TEXT) == {1: 20}
