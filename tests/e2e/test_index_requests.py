"""Readers ask for channels over the wire, moderators decide."""

from __future__ import annotations

import asyncio
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from sandbox.actor import Actor
from sandbox.datacenter.faults import Fault
from tests.e2e.past import QUICK, fill, forward, link

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from core.container import Container
    from sandbox.datacenter.server import DataCenter
    from sandbox.world import World
    from sandbox.world.chats import Channel
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


async def settled(bot: Container) -> None:
    """Return when nothing that arrived waits to be handled."""
    async with asyncio.timeout(20):
        while bot.receiving.lanes.waiting or bot.receiving.lanes.running:
            await bot.clock.sleep(0.01)


async def test_a_reader_asks_and_the_first_moderator_decides(
    setup: BotSetup,
    world: World,
    ann: Actor,
    bob: Actor,
    cast: Cast,
    old: Channel,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Scenario 76: every moderator sees a request; of two decisions the first stands, and the asker is told."""
    monkeypatch.chdir(tmp_path)
    posts = fill(bob, old, 12)
    account = world.add_user("Carol", username="carol_moderates", phone="9996623333")
    with closing(Actor(world, account.id, cast.bot.id)) as carol:
        bob.say("/start")
        carol.say("/start")
        async with setup.running(ADMINS=f"{cast.bob.id} {account.id}", **QUICK) as bot:
            forward(world, ann, posts[-1])
            await ann.wait_message(containing="I have asked the moderators to index Old films")
            seen_by_bob = await bob.wait_message(containing="Ann asks to index Old films")
            seen_by_carol = await carol.wait_message(containing="Ann asks to index Old films")

            await carol.press(seen_by_carol, "Accept")
            await ann.wait_message(containing="Old films is being indexed, as you asked")
            second = await bob.press(seen_by_bob, "Reject")

            assert second.text == "Carol has accepted this request already."
            done = await carol.wait_edit(of=seen_by_carol, containing="is indexed")
            assert "12 new, 0 known already" in done.text
            assert await bot.pool.count("media_files", {}) == 12


async def test_a_rejected_request_ends_there(bot: Container, ann: Actor, bob: Actor, old: Channel) -> None:
    """A rejection is told to the asker, starts nothing, and the same wish is refused at once."""
    bob.say("/start")
    [post] = fill(bob, old, 1)
    ann.say(link(old, post))
    asked = await bob.wait_message(containing="asks to index Old films")

    await bob.press(asked, "Reject")

    await bob.wait_edit(of=asked, containing="You have rejected")
    await ann.wait_message(containing="decided not to index Old films")
    ann.say(link(old, post))
    await ann.wait_message(containing="decided not to index this channel")
    assert await bot.pool.find_one("index_jobs", {}) is None


async def test_a_reader_cannot_press_for_the_moderators(bot: Container, ann: Actor, bob: Actor, old: Channel) -> None:
    """Authority comes from who presses: a reader's forged press begins and decides nothing."""
    [post] = fill(bob, old, 1)
    ann.say(link(old, post))
    told = await ann.wait_message(containing="I have asked")

    full_id = -1_000_000_000_000 - old.id
    for data in (f"iqa:{full_id}:1", f"bfs:{full_id}:1", f"bfc:{full_id}:1"):
        refused = await ann.press(told, data=data)
        assert refused.alert

    assert (await bot.pool.find_one("index_requests", {}))["state"] == "open"
    assert await bot.pool.find_one("index_jobs", {}) is None


async def test_what_is_indexed_already_is_not_asked_for(
    bot: Container, world: World, ann: Actor, bob: Actor, cast: Cast
) -> None:
    """A channel of the index list needs no moderator."""
    post = bob.post_file(cast.channel.id, "x.mkv")

    forward(world, ann, post)

    await ann.wait_message(containing="in the library already")


async def test_a_forwarded_album_is_one_wish(bot: Container, world: World, bob: Actor, old: Channel) -> None:
    """Ten files that are forwarded together are one offer, and the next album is another one."""
    posts = fill(bob, old, 10)
    drafts = world.sharing.forwarded(posts)
    for album in (1, 2):
        for draft in drafts:
            draft.grouped_id = album
            world.write(bob.user_id, world.accounts[bob.bot_id], draft)
    bob.say("/help")
    await bob.wait_message(containing="How to search")

    assert [seen.text.splitlines()[0] for seen in bob.received if "Index" in seen.text] == [
        "Index one message of Old films?",
        "Index one message of Old films?",
    ]


async def test_accepting_what_is_being_indexed_begins_nothing(
    bot: Container, dc: DataCenter, bob: Actor, ann: Actor, old: Channel
) -> None:
    """A moderator who indexes a channel by hand may still accept the request for it, and is told how things stand."""
    bob.say("/start")
    posts = fill(bob, old, 30)
    ann.say(link(old, posts[-1]))
    asked = await bob.wait_message(containing="asks to index Old films")
    held = dc.faults.add(Fault("channels.GetMessages", action="hold", match=lambda request: request.id[0].id == 11))
    bob.say(link(old, posts[-1]))
    await bob.press(await bob.wait_message(containing="Index 30"), "Start")
    await held.held()

    await bob.press(asked, "Accept")

    await bob.wait_edit(of=asked, containing="is being indexed already")
    await ann.wait_message(containing="is being indexed, as you asked")
    held.release()
    await bob.wait_edit(containing="30 new, 0 known already")


async def test_a_flood_of_forwards_reaches_the_moderators_once(
    bot: Container, world: World, ann: Actor, bob: Actor, old: Channel
) -> None:
    """Scenario 76: a thousand forwards of anyone's are one request, and the person is answered a few times only."""
    bob.say("/start")
    await bob.wait_message(containing="Hello")
    [post] = fill(bob, old, 1)
    for _ in range(1000):
        forward(world, ann, post)
    bob.say("/help")  # arrives behind all of them
    await bob.wait_message(containing="How to search")
    await settled(bot)
    await ann.wait_message(containing="I have asked the moderators")

    bob.say("/help")
    await bob.wait_message(containing="How to search")
    assert len([seen for seen in bob.received if "asks to index" in seen.text]) == 1
    assert len(ann.received) < 10
