"""Indexing what a channel held before the bot knew it, over the wire."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from sandbox.datacenter.faults import Fault
from tests.e2e.library import indexed
from tests.e2e.past import fill, forward, link

if TYPE_CHECKING:
    from core.container import Container
    from sandbox.actor import Actor, Seen
    from sandbox.world.chats import Channel
    from sandbox.world.message_box import Message
    from tests.e2e.indexing.stage import Stage


async def begin(admin: Actor, channel: Channel, last: Message) -> Seen:
    """Have a channel indexed up to a post; returns the message that shows how it goes."""
    admin.say(link(channel, last))
    offer = await admin.wait_message(containing="Index ")
    await admin.press(offer, "Start")
    return offer


async def test_a_forwarded_post_indexes_its_channel(bot: Container, stage: Stage) -> None:
    """Scenario 62: an admin forwards a post, confirms, and sees all files indexed and counted; new posts follow."""
    posts = fill(stage.bob, stage.old, 35)
    stage.bob.say_in(stage.old.id, "no file")
    stage.bob.delete(posts[3])
    fill(stage.bob, stage.old, 1, "Beyond")

    forward(stage.world, stage.bob, posts[-1])
    offer = await stage.bob.wait_message(containing="Index 35 messages of Old films?")
    await stage.bob.press(offer, "Start")

    done = await stage.bob.wait_edit(of=offer, containing="is indexed")
    assert "35 of 35 messages" in done.text
    assert "34 new, 0 known already" in done.text
    assert done.buttons == ()
    assert await bot.pool.count("media_files", {}) == 34
    fill(stage.bob, stage.old, 1, "Later")
    await indexed(bot, 35)


def reads_from(first: int):
    """The requests for a block of posts that begins with this id."""
    return lambda request: request.id[0].id == first and len(request.id) > 1


async def test_pause_resume_and_cancel(bot: Container, stage: Stage) -> None:
    """Scenario 64: a paused job stands still, goes on where it was, and a cancelled one keeps what it stored."""
    posts = fill(stage.bob, stage.old, 60)
    second = stage.dc.faults.add(Fault("channels.GetMessages", action="hold", match=reads_from(11)))
    shown = await begin(stage.bob, stage.old, posts[-1])
    await second.held()
    running = await stage.bob.wait_edit(of=shown, containing="10 of 60 messages")

    assert "Pausing" in (await stage.bob.press(running, "Pause")).text
    paused = await stage.bob.wait_edit(of=shown, containing="is paused")
    second.release()
    assert "10 of 60 messages" in paused.text

    fifth = stage.dc.faults.add(Fault("channels.GetMessages", action="hold", match=reads_from(41)))
    await stage.bob.press(paused, "Resume")
    await fifth.held()
    assert await bot.pool.count("media_files", {}) == 40
    running = await stage.bob.wait_edit(of=shown, containing="40 of 60 messages")
    await stage.bob.press(running, "Cancel")
    over = await stage.bob.wait_edit(of=shown, containing="was cancelled")
    fifth.release()

    assert "40 new, 0 known already" in over.text
    assert over.buttons == ()
    late = await stage.bob.press(running, "Pause")
    assert late.text == "This job is over."
    assert await bot.pool.count("media_files", {}) == 40


async def test_a_refused_progress_message_holds_nothing_up(bot: Container, stage: Stage) -> None:
    """Scenario 63: Telegram asks to wait before the message may be edited; the job goes on and ends meanwhile."""
    posts = fill(stage.bob, stage.old, 30)
    stage.dc.faults.add(Fault("messages.EditMessage", error=(420, "FLOOD_WAIT_600"), times=None))

    await begin(stage.bob, stage.old, posts[-1])

    await indexed(bot, 30)
    async with asyncio.timeout(10):
        while (await bot.pool.find_one("index_jobs", {}))["state"] != "done":
            await bot.clock.sleep(0.01)


async def test_a_walk_waits_as_long_as_it_is_told(bot: Container, stage: Stage) -> None:
    """Scenario 62: FloodWait while posts are read is waited for, and costs nothing."""
    posts = fill(stage.bob, stage.old, 30)
    wait = stage.dc.faults.add(
        Fault("channels.GetMessages", error=(420, "FLOOD_WAIT_1"), match=reads_from(11), times=2)
    )

    shown = await begin(stage.bob, stage.old, posts[-1])

    done = await stage.bob.wait_edit(of=shown, containing="is indexed")
    assert "30 new, 0 known already" in done.text
    assert wait.hits == 2


async def test_lost_rights_pause_a_job(bot: Container, stage: Stage) -> None:
    """Scenario 74: a channel that may not be read any more pauses its job; the admin is told, and lets it go on."""
    posts = fill(stage.bob, stage.old, 30)
    gone = stage.dc.faults.add(
        Fault("channels.GetMessages", error=(400, "CHANNEL_PRIVATE"), match=reads_from(11), times=None)
    )
    shown = await begin(stage.bob, stage.old, posts[-1])

    await stage.bob.wait_message(containing="I cannot read Old films any more")
    paused = await stage.bob.wait_edit(of=shown, containing="I cannot read the channel any more")
    gone.times = 0
    await stage.bob.press(paused, "Resume")

    done = await stage.bob.wait_edit(of=shown, containing="is indexed")
    assert "30 new, 0 known already" in done.text


async def test_a_skip_is_honoured_once(bot: Container, stage: Stage) -> None:
    """Scenario 64: /setskip leaves out what it says, for the next job and no other."""
    posts = fill(stage.bob, stage.old, 30)
    stage.bob.say("/setskip 12")
    await stage.bob.wait_message(containing="from behind message 12")

    stage.bob.say(link(stage.old, posts[-1]))
    offer = await stage.bob.wait_message(containing="Index 18 messages")
    assert "behind message 12" in offer.text
    await stage.bob.press(offer, "Start")
    done = await stage.bob.wait_edit(of=offer, containing="is indexed")
    assert "18 of 18 messages" in done.text
    assert await bot.pool.count("media_files", {}) == 18

    again = await begin(stage.bob, stage.old, posts[-1])
    assert "12 new, 18 known already" in (await stage.bob.wait_edit(of=again, containing="is indexed")).text
    stage.bob.say("/setskip many")
    await stage.bob.wait_message(containing="Send the number")


async def test_a_restart_continues_by_itself(stage: Stage) -> None:
    """Scenario 62: a job that was under way goes on after a restart, in the same message, and counts nothing twice."""
    posts = fill(stage.bob, stage.old, 40)
    held = stage.dc.faults.add(Fault("channels.GetMessages", action="hold", match=reads_from(21)))
    async with stage.running():
        shown = await begin(stage.bob, stage.old, posts[-1])
        await held.held()
    stage.dc.faults.clear()

    async with stage.running() as bot:
        done = await stage.bob.wait_edit(of=shown, containing="is indexed")
        assert "40 of 40 messages" in done.text
        assert "40 new, 0 known already" in done.text
        assert await bot.pool.count("media_files", {}) == 40


async def test_one_job_for_a_channel_and_several_channels_in_turn(bot: Container, stage: Stage) -> None:
    """A second job of a channel is refused while the first runs; another channel's does not wait for its end."""
    other = stage.world.add_channel("Old books", creator=stage.cast.bob.id, admins=[stage.cast.bot.id])
    posts, books = fill(stage.bob, stage.old, 40), fill(stage.bob, other, 40, "Book")
    held = stage.dc.faults.add(Fault("channels.GetMessages", action="hold", match=reads_from(11)))
    await begin(stage.bob, stage.old, posts[-1])
    await held.held()

    stage.bob.say(link(stage.old, posts[-1]))
    second = await stage.bob.wait_message(containing="Index ")
    assert "is being indexed already" in (await stage.bob.press(second, "Start")).text
    await stage.bob.press(second, "Cancel")
    await stage.bob.wait_edit(of=second, containing="Nothing was indexed")
    mark = stage.dc.recorder.mark()
    await begin(stage.bob, other, books[-1])
    held.release()

    await stage.bob.wait_edit(containing="is indexed")
    await stage.bob.wait_edit(containing="is indexed")
    calls = [call.request for call in stage.dc.recorder.since(mark) if call.name == "channels.GetMessages"]
    blocks = [request.channel.channel_id for request in calls if len(request.id) == 10]
    assert blocks == [stage.old.id, other.id, stage.old.id, other.id, other.id, other.id]
    assert await bot.pool.count("media_files", {}) == 80


async def test_a_channel_that_the_bot_may_not_read_is_refused(bot: Container, stage: Stage) -> None:
    """Scenario 74: nothing is offered for a channel that the bot is no member of."""
    foreign = stage.world.add_channel("Foreign", creator=stage.cast.bob.id)
    post = stage.bob.post_file(foreign.id, "x.mkv")

    stage.bob.say(link(foreign, post))

    await stage.bob.wait_message(containing="I cannot read this channel")
