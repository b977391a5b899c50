"""What a reader asked for is not lost, whatever dies or is away between the wish and the moderators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.container import Stores
from sandbox.datacenter.faults import Fault
from tests.e2e.past import fill, link
from tests.fixtures.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.stores import InMemoryStores
    from tests.e2e.indexing.stage import Stage


async def test_a_wish_that_no_moderator_heard_of_is_told_later(stage: Stage) -> None:
    """Scenario 76: the moderator had never started the bot; once they have, they see the request, and see it once."""
    posts = fill(stage.bob, stage.old, 3)
    async with stage.running() as bot:
        stage.ann.say(link(stage.old, posts[-1]))
        await stage.ann.wait_message(containing="I have asked the moderators")
        await until(lambda: "index_request" not in bot.tasks.names)

    stage.bob.say("/start")
    async with stage.running():
        asked = await stage.bob.wait_message(containing="Ann asks to index Old films")
    async with stage.running():
        await stage.bob.press(asked, "Reject")
        await stage.ann.wait_message(containing="decided not to index Old films")

    assert len([seen for seen in stage.bob.received if "asks to index" in seen.text]) == 1


async def test_a_decision_that_the_asker_did_not_hear_of_is_told_later(stage: Stage) -> None:
    """Scenario 76: Telegram did not take the message to the asker, and the process ended; the next one tells, once."""
    posts = fill(stage.bob, stage.old, 3)
    stage.bob.say("/start")
    async with stage.running() as bot:
        stage.ann.say(link(stage.old, posts[-1]))
        asked = await stage.bob.wait_message(containing="Ann asks to index Old films")
        held = stage.dc.faults.add(
            Fault("messages.SendMessage", (420, "FLOOD_WAIT_600"), times=None, match=_to(stage.ann.user_id))
        )
        await stage.bob.press(asked, "Reject")
        await stage.bob.wait_edit(of=asked, containing="You have rejected")
        await until(lambda: "index_request" not in bot.tasks.names)
    stage.dc.faults.lift(held)

    async with stage.running():
        await stage.ann.wait_message(containing="decided not to index Old films")
    async with stage.running():
        stage.ann.say("/help")
        await stage.ann.wait_message(containing="How to search")

    assert len([seen for seen in stage.ann.received if "decided not" in seen.text]) == 1


async def test_an_outage_costs_nobody_a_wish(stage: Stage, stores: InMemoryStores) -> None:
    """Scenario 56: what could not even be looked at does not count; the same wish works when Telegram is back."""
    posts = fill(stage.bob, stage.old, 3)
    stage.bob.say("/start")
    own = Stores(stores.mongo_client, stores.redis_client)
    async with stage.setup.running(stores=own, RATE_INDEX_REQUEST_BURST="1"):
        fault = stage.dc.faults.add(Fault("channels.GetMessages", (500, "INTERNAL"), times=None))
        stage.ann.say(link(stage.old, posts[-1]))
        await stage.ann.wait_message(containing="try again in a moment")
        stage.dc.faults.lift(fault)

        stage.ann.say(link(stage.old, posts[-1]))
        await stage.ann.wait_message(containing="I have asked the moderators")


async def test_a_wish_too_many_is_told_in_hours(stage: Stage) -> None:
    """A day's allowance is not counted in seconds, and what is in the library already costs nothing of it."""
    [indexed] = fill(stage.bob, stage.channel, 1)
    [post] = fill(stage.bob, stage.old, 1)
    other = stage.world.add_channel("Other films", creator=stage.cast.bob.id, admins=[stage.cast.bot.id])
    [second] = fill(stage.bob, other, 1)
    async with stage.running(RATE_INDEX_REQUEST_BURST="1"):
        stage.ann.say(link(stage.channel, indexed))
        await stage.ann.wait_message(containing="in the library already")
        stage.ann.say(link(stage.old, post))
        await stage.ann.wait_message(containing="I have asked the moderators")
        stage.ann.say(link(other, second))

        refused = await stage.ann.wait_message(containing="wait")

    assert "24 hours" in refused.text


def _to(person_id: int) -> Callable[[Any], bool]:
    return lambda request: getattr(request.peer, "user_id", 0) == person_id


async def test_a_killed_bot_tells_the_moderators_after_its_restart(stage: Stage) -> None:
    """Scenario 76: killed between the reader's wish and the moderators; the next process tells them, and once."""
    posts = fill(stage.bob, stage.old, 3)
    stage.bob.say("/start")
    async with stage.setup.process() as killed:
        swallowed = stage.dc.faults.add(
            Fault("messages.SendMessage", action="ignore", times=None, match=_to(stage.bob.user_id))
        )
        stage.ann.say(link(stage.old, posts[-1]))
        await until(lambda: swallowed.hits)
        await killed.kill()
    stage.dc.faults.lift(swallowed)

    async with stage.setup.process():
        asked = await stage.bob.wait_message(containing="Ann asks to index Old films")
        await stage.bob.press(asked, "Accept")
        await stage.ann.wait_message(containing="is being indexed, as you asked")

    assert len([seen for seen in stage.bob.received if "asks to index" in seen.text]) == 1
