"""Indexing what a channel held before the bot knew it, over the wire."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from sandbox.datacenter.faults import Fault
from tests.e2e.library import indexed
from tests.e2e.past import QUICK, fill, forward, link

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from core.container import Container
    from sandbox.actor import Actor, Seen
    from sandbox.datacenter.server import DataCenter
    from sandbox.world import World
    from sandbox.world.chats import Channel
    from sandbox.world.message_box import Message
    from tests.e2e.bots import BotSetup
    from tests.e2e.conftest import Cast


@pytest.fixture
def old(world: World, cast: Cast) -> Channel:
    """A channel full of posts that the bot may read and was never told of."""
    return world.add_channel("Old films", creator=cast.bob.id, admins=[cast.bot.id])


@pytest.fixture
async def bot(setup: BotSetup, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AsyncIterator[Container]:
    """The ordinary bot with small blocks and lively progress."""
    monkeypatch.chdir(tmp_path)
    async with setup.running(**QUICK) as container:
        yield container


async def begin(admin: Actor, channel: Channel, last: Message) -> Seen:
    """Have a channel indexed up to a post; returns the message that shows how it goes."""
    admin.say(link(channel, last))
    offer = await admin.wait_message(containing="Index ")
    await admin.press(offer, "Start")
    return offer


async def test_a_forwarded_post_indexes_its_channel(
    bot: Container, world: World, bob: Actor, cast: Cast, old: Channel
) -> None:
    """Scenario 62: an admin forwards a post, confirms, and sees all files indexed and counted; new posts follow."""
    posts = fill(bob, old, 35)
    bob.say_in(old.id, "no file")
    bob.delete(posts[3])
    fill(bob, old, 1, "Beyond")

    forward(world, bob, posts[-1])
    offer = await bob.wait_message(containing="Index 35 messages of Old films?")
    await bob.press(offer, "Start")

    done = await bob.wait_edit(of=offer, containing="is indexed")
    assert "35 of 35 messages" in done.text
    assert "34 new, 0 known already" in done.text
    assert done.buttons == ()
    assert await bot.pool.count("media_files", {}) == 34
    fill(bob, old, 1, "Later")
    await indexed(bot, 35)


def reads_from(first: int):
    """The requests for a block of posts that begins with this id."""
    return lambda request: request.id[0].id == first and len(request.id) > 1


async def test_pause_resume_and_cancel(bot: Container, dc: DataCenter, bob: Actor, old: Channel) -> None:
    """Scenario 64: a paused job stands still, goes on where it was, and a cancelled one keeps what it stored."""
    posts = fill(bob, old, 60)
    second = dc.faults.add(Fault("channels.GetMessages", action="hold", match=reads_from(11)))
    shown = await begin(bob, old, posts[-1])
    await second.held()
    running = await bob.wait_edit(of=shown, containing="10 of 60 messages")

    assert "Pausing" in (await bob.press(running, "Pause")).text
    paused = await bob.wait_edit(of=shown, containing="is paused")
    second.release()
    assert "10 of 60 messages" in paused.text

    fifth = dc.faults.add(Fault("channels.GetMessages", action="hold", match=reads_from(41)))
    await bob.press(paused, "Resume")
    await fifth.held()
    assert await bot.pool.count("media_files", {}) == 40
    running = await bob.wait_edit(of=shown, containing="40 of 60 messages")
    await bob.press(running, "Cancel")
    over = await bob.wait_edit(of=shown, containing="was cancelled")
    fifth.release()

    assert "40 new, 0 known already" in over.text
    assert over.buttons == ()
    late = await bob.press(running, "Pause")
    assert late.text == "This job is over."
    assert await bot.pool.count("media_files", {}) == 40


async def test_a_refused_progress_message_holds_nothing_up(
    bot: Container, dc: DataCenter, bob: Actor, old: Channel
) -> None:
    """Scenario 63: Telegram asks to wait before the message may be edited; the job goes on and ends meanwhile."""
    posts = fill(bob, old, 30)
    dc.faults.add(Fault("messages.EditMessage", error=(420, "FLOOD_WAIT_600"), times=None))

    await begin(bob, old, posts[-1])

    await indexed(bot, 30)
    async with asyncio.timeout(10):
        while (await bot.pool.find_one("index_jobs", {}))["state"] != "done":
            await bot.clock.sleep(0.01)


async def test_a_walk_waits_as_long_as_it_is_told(bot: Container, dc: DataCenter, bob: Actor, old: Channel) -> None:
    """Scenario 62: FloodWait while posts are read is waited for, and costs nothing."""
    posts = fill(bob, old, 30)
    wait = dc.faults.add(Fault("channels.GetMessages", error=(420, "FLOOD_WAIT_1"), match=reads_from(11), times=2))

    shown = await begin(bob, old, posts[-1])

    done = await bob.wait_edit(of=shown, containing="is indexed")
    assert "30 new, 0 known already" in done.text
    assert wait.hits == 2


async def test_lost_rights_pause_a_job(bot: Container, dc: DataCenter, bob: Actor, old: Channel) -> None:
    """Scenario 74: a channel that may not be read any more pauses its job; the admin is told, and lets it go on."""
    posts = fill(bob, old, 30)
    gone = dc.faults.add(
        Fault("channels.GetMessages", error=(400, "CHANNEL_PRIVATE"), match=reads_from(11), times=None)
    )
    shown = await begin(bob, old, posts[-1])

    await bob.wait_message(containing="I cannot read Old films any more")
    paused = await bob.wait_edit(of=shown, containing="I cannot read the channel any more")
    gone.times = 0
    await bob.press(paused, "Resume")

    done = await bob.wait_edit(of=shown, containing="is indexed")
    assert "30 new, 0 known already" in done.text


async def test_a_skip_is_honoured_once(bot: Container, bob: Actor, old: Channel) -> None:
    """Scenario 64: /setskip leaves out what it says, for the next job and no other."""
    posts = fill(bob, old, 30)
    bob.say("/setskip 12")
    await bob.wait_message(containing="from behind message 12")

    bob.say(link(old, posts[-1]))
    offer = await bob.wait_message(containing="Index 18 messages")
    assert "behind message 12" in offer.text
    await bob.press(offer, "Start")
    done = await bob.wait_edit(of=offer, containing="is indexed")
    assert "18 of 18 messages" in done.text
    assert await bot.pool.count("media_files", {}) == 18

    again = await begin(bob, old, posts[-1])
    assert "12 new, 18 known already" in (await bob.wait_edit(of=again, containing="is indexed")).text
    bob.say("/setskip many")
    await bob.wait_message(containing="Send the number")


async def test_a_restart_continues_by_itself(
    setup: BotSetup, dc: DataCenter, bob: Actor, old: Channel, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Scenario 62: a job that was under way goes on after a restart, in the same message, and counts nothing twice."""
    monkeypatch.chdir(tmp_path)
    posts = fill(bob, old, 40)
    held = dc.faults.add(Fault("channels.GetMessages", action="hold", match=reads_from(21)))
    async with setup.running(**QUICK):
        shown = await begin(bob, old, posts[-1])
        await held.held()
    dc.faults.clear()

    async with setup.running(**QUICK) as bot:
        done = await bob.wait_edit(of=shown, containing="is indexed")
        assert "40 of 40 messages" in done.text
        assert "40 new, 0 known already" in done.text
        assert await bot.pool.count("media_files", {}) == 40


async def test_one_job_for_a_channel_and_several_channels_in_turn(
    bot: Container, world: World, dc: DataCenter, bob: Actor, cast: Cast, old: Channel
) -> None:
    """A second job of a channel is refused while the first runs; another channel's does not wait for its end."""
    other = world.add_channel("Old books", creator=cast.bob.id, admins=[cast.bot.id])
    posts, books = fill(bob, old, 40), fill(bob, other, 40, "Book")
    held = dc.faults.add(Fault("channels.GetMessages", action="hold", match=reads_from(11)))
    await begin(bob, old, posts[-1])
    await held.held()

    bob.say(link(old, posts[-1]))
    second = await bob.wait_message(containing="Index ")
    assert "is being indexed already" in (await bob.press(second, "Start")).text
    await bob.press(second, "Cancel")
    await bob.wait_edit(of=second, containing="Nothing was indexed")
    mark = dc.recorder.mark()
    await begin(bob, other, books[-1])
    held.release()

    await bob.wait_edit(containing="is indexed")
    await bob.wait_edit(containing="is indexed")
    calls = [call.request for call in dc.recorder.since(mark) if call.name == "channels.GetMessages"]
    blocks = [request.channel.channel_id for request in calls if len(request.id) == 10]
    assert blocks == [old.id, other.id, old.id, other.id, other.id, other.id]
    assert await bot.pool.count("media_files", {}) == 80


async def test_a_channel_that_the_bot_may_not_read_is_refused(
    bot: Container, world: World, bob: Actor, cast: Cast
) -> None:
    """Scenario 74: nothing is offered for a channel that the bot is no member of."""
    foreign = world.add_channel("Foreign", creator=cast.bob.id)
    post = bob.post_file(foreign.id, "x.mkv")

    bob.say(link(foreign, post))

    await bob.wait_message(containing="I cannot read this channel")
