"""Readers ask for channels over the wire, moderators decide."""

from __future__ import annotations

import asyncio
from contextlib import closing
from typing import TYPE_CHECKING

from sandbox.actor import Actor
from sandbox.datacenter.faults import Fault
from tests.e2e.past import fill, forward, link

if TYPE_CHECKING:
    from core.container import Container
    from tests.e2e.indexing.stage import Stage


async def settled(bot: Container) -> None:
    """Return when nothing that arrived waits to be handled."""
    async with asyncio.timeout(20):
        while bot.receiving.lanes.waiting or bot.receiving.lanes.running:
            await bot.clock.sleep(0.01)


async def test_a_reader_asks_and_the_first_moderator_decides(stage: Stage) -> None:
    """Scenario 76: every moderator sees a request; of two decisions the first stands, and the asker is told."""
    posts = fill(stage.bob, stage.old, 12)
    account = stage.world.add_user("Carol", username="carol_moderates", phone="9996623333")
    with closing(Actor(stage.world, account.id, stage.cast.bot.id)) as carol:
        stage.bob.say("/start")
        carol.say("/start")
        async with stage.running(ADMINS=f"{stage.cast.bob.id} {account.id}") as bot:
            forward(stage.world, stage.ann, posts[-1])
            await stage.ann.wait_message(containing="I have asked the moderators to index Old films")
            seen_by_bob = await stage.bob.wait_message(containing="Ann asks to index Old films")
            seen_by_carol = await carol.wait_message(containing="Ann asks to index Old films")

            await carol.press(seen_by_carol, "Accept")
            await stage.ann.wait_message(containing="Old films is being indexed, as you asked")
            second = await stage.bob.press(seen_by_bob, "Reject")

            assert second.text == "Carol has accepted this request already."
            done = await carol.wait_edit(of=seen_by_carol, containing="is indexed")
            assert "12 new, 0 known already" in done.text
            assert await bot.pool.count("media_files", {}) == 12


async def test_a_rejected_request_ends_there(bot: Container, stage: Stage) -> None:
    """A rejection is told to the asker, starts nothing, and the same wish is refused at once."""
    stage.bob.say("/start")
    [post] = fill(stage.bob, stage.old, 1)
    stage.ann.say(link(stage.old, post))
    asked = await stage.bob.wait_message(containing="asks to index Old films")

    await stage.bob.press(asked, "Reject")

    await stage.bob.wait_edit(of=asked, containing="You have rejected")
    await stage.ann.wait_message(containing="decided not to index Old films")
    stage.ann.say(link(stage.old, post))
    await stage.ann.wait_message(containing="decided not to index this channel")
    assert await bot.pool.find_one("index_jobs", {}) is None


async def test_a_reader_cannot_press_for_the_moderators(bot: Container, stage: Stage) -> None:
    """Authority comes from who presses: a reader's forged press begins and decides nothing."""
    [post] = fill(stage.bob, stage.old, 1)
    stage.ann.say(link(stage.old, post))
    told = await stage.ann.wait_message(containing="I have asked")

    full_id = -1_000_000_000_000 - stage.old.id
    for data in (f"iqa:{full_id}:1", f"bfs:{full_id}:1", f"bfc:{full_id}:1"):
        refused = await stage.ann.press(told, data=data)
        assert refused.alert

    assert (await bot.pool.find_one("index_requests", {}))["state"] == "open"
    assert await bot.pool.find_one("index_jobs", {}) is None


async def test_what_is_indexed_already_is_not_asked_for(bot: Container, stage: Stage) -> None:
    """A channel of the index list needs no moderator."""
    post = stage.post("x.mkv")

    forward(stage.world, stage.ann, post)

    await stage.ann.wait_message(containing="in the library already")


async def test_a_forwarded_album_is_one_wish(bot: Container, stage: Stage) -> None:
    """Ten files that are forwarded together are one offer, and the next album is another one."""
    posts = fill(stage.bob, stage.old, 10)
    drafts = stage.world.sharing.forwarded(posts)
    for album in (1, 2):
        for draft in drafts:
            draft.grouped_id = album
            stage.world.write(stage.bob.user_id, stage.world.accounts[stage.bob.bot_id], draft)
    stage.bob.say("/help")
    await stage.bob.wait_message(containing="How to search")

    assert [seen.text.splitlines()[0] for seen in stage.bob.received if "Index" in seen.text] == [
        "Index one message of Old films?",
        "Index one message of Old films?",
    ]


async def test_accepting_what_is_being_indexed_begins_nothing(bot: Container, stage: Stage) -> None:
    """A moderator who indexes a channel by hand may still accept the request for it, and is told how things stand."""
    stage.bob.say("/start")
    posts = fill(stage.bob, stage.old, 30)
    stage.ann.say(link(stage.old, posts[-1]))
    asked = await stage.bob.wait_message(containing="asks to index Old films")
    held = stage.dc.faults.add(
        Fault("channels.GetMessages", action="hold", match=lambda request: request.id[0].id == 11)
    )
    stage.bob.say(link(stage.old, posts[-1]))
    await stage.bob.press(await stage.bob.wait_message(containing="Index 30"), "Start")
    await held.held()

    await stage.bob.press(asked, "Accept")

    await stage.bob.wait_edit(of=asked, containing="is being indexed already")
    await stage.ann.wait_message(containing="is being indexed, as you asked")
    held.release()
    await stage.bob.wait_edit(containing="30 new, 0 known already")


async def test_a_flood_of_forwards_reaches_the_moderators_once(bot: Container, stage: Stage) -> None:
    """Scenario 76: a thousand forwards of anyone's are one request, and the person is answered a few times only."""
    stage.bob.say("/start")
    await stage.bob.wait_message(containing="Hello")
    [post] = fill(stage.bob, stage.old, 1)
    for _ in range(1000):
        forward(stage.world, stage.ann, post)
    stage.bob.say("/help")  # arrives behind all of them
    await stage.bob.wait_message(containing="How to search")
    await settled(bot)
    await stage.ann.wait_message(containing="I have asked the moderators")

    stage.bob.say("/help")
    await stage.bob.wait_message(containing="How to search")
    assert len([seen for seen in stage.bob.received if "asks to index" in seen.text]) == 1
    assert len(stage.ann.received) < 10
