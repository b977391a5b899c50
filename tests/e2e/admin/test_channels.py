"""The index list, changed while the bot runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.admin.talk import ask, audited, in_step, until
from tests.e2e.library import post_files

if TYPE_CHECKING:
    from core.container import Container
    from sandbox.actor import Actor
    from sandbox.owner import Owner
    from sandbox.world import World
    from tests.e2e.conftest import Cast


@pytest.mark.parametrize("form", ["full", "bare", "name", "link", "reply"])
async def test_a_channel_is_added_however_it_is_named(
    bot: Container, bob: Actor, cast: Cast, world: World, owner: Owner, form: str
) -> None:
    """Scenario 78: an id with and without -100, a @name, a link and an answered forward are one channel, kept by id."""
    channel = world.add_channel("Music", creator=cast.bob.id, username="music_box", admins=[cast.bot.id])
    post = bob.post_file(channel.id, "Old.mp3")
    reply_to = owner.forward(cast.bot.id, channel.id, [post.id])[0] if form == "reply" else None
    if reply_to is not None:
        await bob.wait_message()  # the offer to index what is older
    named = {"full": channel.full_id, "bare": channel.id, "name": "@music_box", "link": "https://t.me/music_box/1"}

    answer = await ask(bob, f"/add_channel {named.get(form, '')}", reply_to=reply_to)

    assert "Music" in answer
    assert str(channel.full_id) in answer
    owner.rename(channel.id, "another_name")
    bob.post_file(channel.id, "New.mp3")
    await until(bot, ["New.mp3"])
    assert await audited(bot) == [(cast.bob.id, "channel_added")]


async def test_what_is_wrong_with_a_channel_is_said_with_its_remedy(
    bot: Container, bob: Actor, cast: Cast, world: World
) -> None:
    """Scenario 78: a missing, a malformed, an unknown and a listed channel, and one that the bot cannot hear."""
    channel = world.add_channel("Closed", creator=cast.bob.id)
    public = world.add_channel("Open", creator=cast.bob.id, username="open_to_all")

    refusals = {
        "/add_channel": "/add_channel @name",
        "/add_channel one two": "/add_channel @name",
        "/add_channel !!": "is no channel",
        "/add_channel 0": "is no channel",
        "/add_channel @nobody_here": "I cannot find @nobody_here",
        f"/add_channel {channel.full_id}": "make me an admin",
        f"/add_channel @{public.username}": "Make me",
        f"/add_channel {cast.channel.full_id}": "on the list already",
        f"/add_channel {cast.channel.full_id} db=two": "number of a database",
        f"/add_channel {cast.channel.full_id} db=2": "no database 2",
        "/remove_channel": "/remove_channel @name",
        "/remove_channel @nobody_here": "not on the list",
        f"/remove_channel {channel.full_id}": "not on the list",
        "/toggle_channel": "/toggle_channel @name",
        f"/toggle_channel {channel.full_id}": "not on the list",
    }
    for command, sentence in refusals.items():
        assert sentence in await ask(bob, command), command

    own = bob.say("a message of my own")
    await bob.wait_message()
    assert "not forwarded" in await ask(bob, "/add_channel", reply_to=own)
    assert await audited(bot) == []


async def test_a_supergroup_is_indexed_when_its_messages_reach_the_bot(
    bot: Container, bob: Actor, cast: Cast, owner: Owner
) -> None:
    """As a member with group privacy off, or as an admin; with privacy on the bot would hear commands alone."""
    group = owner.create_supergroup("Film club", members=[cast.bot.id], username="film_club_1")
    cast.bot.sees_all_group_messages = False
    assert "I am no admin of Film club" in await ask(bob, "/add_channel @film_club_1")

    cast.bot.sees_all_group_messages = True
    assert "is on the list" in await ask(bob, "/add_channel @film_club_1")

    bob.post_file(group.id, "Shared.mkv")
    await until(bot, ["Shared.mkv"])


async def test_a_removed_channel_is_indexed_no_more(bot: Container, bob: Actor, cast: Cast, world: World) -> None:
    """What is posted after the removal stays out; what is in the library stays there."""
    other = world.add_channel("Music", creator=cast.bob.id, username="music_box", admins=[cast.bot.id])
    await ask(bob, "/add_channel music_box")
    await post_files(bot, bob, cast, ["Kept.mkv"])

    assert "not on the list any more" in await ask(bob, f"/remove_channel {cast.channel.full_id}")

    bob.post_file(cast.channel.id, "Late.mkv")
    bob.post_file(other.id, "Song.mp3")
    await until(bot, ["Kept.mkv", "Song.mp3"])


async def test_a_switched_off_channel_waits_until_it_is_switched_on(bot: Container, bob: Actor, cast: Cast) -> None:
    """What is posted meanwhile is fetched afterwards."""
    assert "switched off" in await ask(bob, f"/toggle_channel {cast.channel.full_id}")
    bob.post_file(cast.channel.id, "Meanwhile.mkv")
    assert "switched off" in await ask(bob, "/list_channels")

    assert "switched on" in await ask(bob, f"/toggle_channel {cast.channel.full_id}")

    await until(bot, ["Meanwhile.mkv"])
    assert [action for _, action in await audited(bot)] == ["channel_switched"] * 2


async def test_the_list_tells_what_is_known_of_each_channel(bot: Container, bob: Actor, cast: Cast) -> None:
    """Title, id, state, files; an outage of reading shows as a pause with its reason."""
    await post_files(bot, bob, cast, ["One.mkv", "Two.mkv"])

    listed = await ask(bob, "/list_channels")
    for part in ("One channel", "Files", str(cast.channel.full_id), "2 files"):
        assert part in listed

    await in_step(bot, cast.channel.full_id)  # a look that finds it readable would end the pause
    await bot.indexing.index_list.pause(cast.channel.full_id, "private")
    await bob.wait_message(containing="Files")  # the notice
    assert "paused" in await ask(bob, "/list_channels")
    await ask(bob, f"/remove_channel {cast.channel.full_id}")
    assert "No channel is on the list" in await ask(bob, "/list_channels")
