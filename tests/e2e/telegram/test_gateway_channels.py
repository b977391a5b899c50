"""What the gateway reads from channels, over TCP to the local Telegram."""

from __future__ import annotations

import asyncio

import pytest
from pyrogram.handlers import RawUpdateHandler

from core.domain.indexing import ChannelEdit, ChannelPost
from core.domain.media import MediaFile, MediaSource
from core.telegram.file_reference import FileReferences, FreshReference, SourceGone
from core.telegram.gateway import FileReferenceExpiredError, SourceGoneError
from core.telegram.incoming import channel_event_from_raw

pytestmark = pytest.mark.wire


def _stored_file(media, *sources):
    return MediaFile(1, media.unique_id, media.file_id, media.name, None, media.size, media.kind, sources)


async def test_posts_are_read_by_id_without_holes(bot, world, cast):
    """Deleted posts and posts without a file are left out; the others come with name, caption and source."""
    posts = [
        world.post(cast.channel.id, "c", file=world.add_document("a.mkv", 7)),
        world.post(cast.channel.id, "only text"),
        world.post(cast.channel.id, "", file=world.add_document("b.mp3", 9, kind="audio")),
    ]
    found = await bot.gateway.fetch_posts(cast.channel.full_id, [post.id for post in posts] + [999])

    assert [(media.name, media.caption, media.size) for media in found] == [("a.mkv", "c", 7), ("b.mp3", None, 9)]
    assert [media.source.message_id for media in found] == [posts[0].id, posts[2].id]
    assert await bot.gateway.fetch_posts(cast.channel.full_id, []) == []


async def test_an_expired_reference_is_healed_from_the_source(bot, world, cast, stored):
    """Expiry is told apart; a fresh reference from the post is accepted."""
    post, media = stored
    file = _stored_file(media, MediaSource(cast.group.full_id, 999), MediaSource(cast.channel.full_id, post.id))
    world.expire_file_references()
    with pytest.raises(FileReferenceExpiredError):
        await bot.gateway.send_media(cast.ann.id, media.file_id, "")

    fresh = await FileReferences(bot.gateway).refresh(file)

    assert isinstance(fresh, FreshReference)
    assert fresh.file_id != media.file_id
    assert (await bot.gateway.send_media(cast.ann.id, fresh.file_id, "")).message_id


async def test_a_file_whose_posts_are_gone_or_hold_another_file_has_no_source(bot, world, cast, stored):
    """Deleted posts and posts with another file do not count as sources; channels out of sight are named."""
    post, media = stored
    other = world.post(cast.channel.id, "", file=world.add_document("Other.mkv", 1))
    world.delete(post)
    hidden = world.add_channel("Hidden", creator=cast.bob.id)
    sources = [(cast.channel, post.id), (cast.channel, other.id), (hidden, 1)]
    file = _stored_file(media, *(MediaSource(channel.full_id, message_id) for channel, message_id in sources))

    assert await FileReferences(bot.gateway).refresh(file) == SourceGone((hidden.full_id,))


@pytest.mark.parametrize("name", ["@nobody_has_this", "@ann_reader", -1009999999999, 12345])
async def test_what_is_no_visible_channel_is_a_gone_source(bot, cast, name):
    """Unknown names, people and channels out of sight raise SourceGoneError."""
    with pytest.raises(SourceGoneError):
        await bot.gateway.get_channel(name)


async def test_a_difference_out_of_sight_is_a_gone_source(bot, world, cast):
    """A channel that the bot may not see is told apart from a failure."""
    hidden = world.add_channel("Hidden", creator=cast.bob.id)

    with pytest.raises(SourceGoneError):
        await bot.gateway.channel_changes(hidden.full_id, 1)


async def test_the_difference_brings_posts_edits_and_deletions_since_a_pts(bot, world, cast, stored):
    """What happened in a channel is told once, in order, up to the pts that is returned."""
    post, media = stored
    pts = (await bot.gateway.channel_changes(cast.channel.full_id, 1)).pts
    new = world.post(cast.channel.id, "new", file=world.add_document("New.mkv", 3))
    text = world.post(cast.channel.id, "text")
    world.edit(post, "another caption")
    world.delete(new)

    changes = await bot.gateway.channel_changes(cast.channel.full_id, pts)

    assert changes.final
    assert not changes.too_long
    assert changes.deleted == [new.id]
    assert [found.caption for found in changes.posts if found.unique_id == media.unique_id] == ["another caption"]
    assert changes.top_message_id == text.id
    assert changes.pts == pts + 4
    again = await bot.gateway.channel_changes(cast.channel.full_id, changes.pts)
    assert (again.pts, again.posts, again.deleted) == (changes.pts, (), ())


async def test_live_posts_and_edits_reach_a_raw_handler_as_channel_events(bot, world, cast):
    """One static raw handler sees new and edited posts with the channel's own pts."""
    events = asyncio.Queue()

    async def on_update(_client, update, _users, _chats):
        if (event := channel_event_from_raw(update)) is not None:
            events.put_nowait(event)

    bot.client.add_handler(RawUpdateHandler(on_update))
    await asyncio.sleep(0)
    post = world.post(cast.channel.id, "c", file=world.add_document("live.mkv", 1))
    world.edit(post, "d")

    seen = [await asyncio.wait_for(events.get(), 5) for _ in range(2)]
    seen.sort(key=lambda event: event.pts)
    assert [type(event) for event in seen] == [ChannelPost, ChannelEdit]
    assert [event.media.caption for event in seen] == ["c", "d"]
    assert {event.channel_id for event in seen} == {cast.channel.full_id}
