"""How an unmodified pyrofork bot gets at channel posts and files: live, by id, and after it was away."""

from __future__ import annotations

import pytest
from pyrogram import errors, filters, raw
from pyrogram.handlers import MessageHandler

from tests.e2e.arrivals import arrivals, got

pytestmark = pytest.mark.wire


async def test_a_channel_post_reaches_the_bot_which_sends_its_file_on(connect, cast, world, ann):
    """A post's file can be sent by file_id until its reference expires, and again after a fresh look at the post."""
    bot = await connect(cast.bot)
    posts = await arrivals(bot, MessageHandler, filters.channel)
    file_id = world.add_document("Nosferatu.1922.mkv", 2_200_000_000, "video/x-matroska", kind="video", duration=5_640)
    world.post(cast.channel.id, "Nosferatu", file=file_id)
    post = await got(posts)
    assert (post.chat.id, post.video.file_name, post.video.file_size, post.video.duration) == (
        cast.channel.full_id,
        "Nosferatu.1922.mkv",
        2_200_000_000,
        5_640,
    )
    await bot.send_cached_media(cast.ann.id, post.video.file_id, caption="here")
    assert (await ann.wait_message(containing="here")).document.id == file_id
    world.expire_file_references()
    with pytest.raises(errors.FileReferenceExpired):
        await bot.send_cached_media(cast.ann.id, post.video.file_id)
    fresh = await bot.get_messages(cast.channel.full_id, post.id)
    assert fresh.video.file_unique_id == post.video.file_unique_id
    await bot.send_cached_media(cast.ann.id, fresh.video.file_id)
    await bot.copy_message(cast.ann.id, cast.channel.full_id, post.id)
    forwarded = await bot.forward_messages(cast.ann.id, cast.channel.full_id, [post.id])
    assert forwarded[0].forward_origin.chat.id == cast.channel.full_id
    assert [file.id for file in ann.files()] == [file_id] * 4


async def test_messages_by_id_come_in_order_with_holes_and_two_hundred_at_most(connect, cast, world):
    """Ids beyond the two hundredth are cut silently, and a deleted post is an empty message."""
    bot = await connect(cast.bot)
    for number in range(1, 251):
        world.post(cast.channel.id, f"post {number}")
    world.delete(cast.channel.history.get(7))
    found = await bot.get_messages(cast.channel.full_id, range(1, 251))
    assert len(found) == 200
    assert found[6].empty
    assert [message.text for message in found[:3]] == ["post 1", "post 2", "post 3"]
    with pytest.raises(errors.BotMethodInvalid):
        await anext(bot.get_chat_history(cast.channel.full_id))


async def test_a_bot_that_was_away_gets_what_it_missed(dc, connect, cast, world):
    """updates.getDifference and getChannelDifference bring messages, edits and deletions, in slices when asked."""
    bot = await connect(cast.bot)
    state = await bot.invoke(raw.functions.updates.GetState())
    peer = await bot.resolve_peer(cast.channel.full_id)
    start = cast.channel.log.pts
    dc.offline = "drop"
    said = world.says(cast.ann.id, cast.bot.id, "missed")
    world.edit(said, "missed, edited")
    first = world.post(cast.channel.id, "first")
    world.post(cast.channel.id, "second")
    world.edit(first, "first, edited")
    world.delete(cast.channel.history.get(2))
    difference = await bot.invoke(raw.functions.updates.GetDifference(pts=state.pts, date=state.date, qts=state.qts))
    assert [message.message for message in difference.new_messages] == ["missed, edited"]
    ask = raw.functions.updates.GetChannelDifference
    empty = raw.types.ChannelMessagesFilterEmpty()
    missed = await bot.invoke(ask(channel=peer, filter=empty, pts=start, limit=100))
    assert [message.message for message in missed.new_messages] == ["first, edited"]
    assert [type(update).__name__ for update in missed.other_updates] == ["UpdateDeleteChannelMessages"]
    page = await bot.invoke(ask(channel=peer, filter=empty, pts=start, limit=1))
    assert (page.pts, page.final) == (start + 1, False)
    nothing = await bot.invoke(ask(channel=peer, filter=empty, pts=missed.pts, limit=1))
    assert isinstance(nothing, raw.types.updates.ChannelDifferenceEmpty)


async def test_a_client_too_far_behind_is_told_so(connect, cast, world):
    """Slices lead through a long backlog; behind the end of a log there is only "too long"."""
    bot = await connect(cast.bot)
    world.difference_slice = 2
    for number in range(5):
        world.says(cast.ann.id, cast.bot.id, f"text {number}")
    ask = raw.functions.updates.GetDifference
    texts, pts, kinds = [], 2, []
    while True:
        part = await bot.invoke(ask(pts=pts, date=world.now(), qts=cast.bot.box.qts))
        kinds.append(type(part).__name__)
        texts += [message.message for message in part.new_messages]
        if isinstance(part, raw.types.updates.Difference):
            break
        pts = part.intermediate_state.pts
    assert (texts, kinds) == ([f"text {n}" for n in range(5)], ["DifferenceSlice", "DifferenceSlice", "Difference"])
    total = await bot.invoke(ask(pts=2, date=0, qts=cast.bot.box.qts, pts_total_limit=3))
    assert isinstance(total, raw.types.updates.DifferenceTooLong)
    small = world.channels.add("Small log", broadcast=True, created_at=0, log_size=2)
    world.membership.found(small, cast.bob.id)
    world.membership.promote(small, cast.bot.id)
    for number in range(4):
        world.post(small.id, f"post {number}")
    peer = raw.types.InputChannel(channel_id=small.id, access_hash=0)
    channel_ask = raw.functions.updates.GetChannelDifference
    answer = await bot.invoke(
        channel_ask(channel=peer, filter=raw.types.ChannelMessagesFilterEmpty(), pts=1, limit=100)
    )
    assert isinstance(answer, raw.types.updates.ChannelDifferenceTooLong)
    assert (answer.dialog.pts, answer.dialog.top_message, answer.messages[0].message) == (small.log.pts, 4, "post 3")


async def test_changes_of_members_wait_for_a_bot_that_is_away(dc, connect, cast, world):
    """The difference after a qts brings joins, bans and blocks with everybody they name."""
    bot = await connect(cast.bot)
    state = await bot.invoke(raw.functions.updates.GetState())
    dc.offline = "drop"
    world.membership.kick(cast.group, cast.ann.id, actor_id=cast.bob.id)
    world.block(cast.ann.id, cast.bot.id)
    missed = await bot.invoke(raw.functions.updates.GetDifference(pts=state.pts, date=state.date, qts=state.qts))
    assert [type(update).__name__ for update in missed.other_updates] == [
        "UpdateChannelParticipant",
        "UpdateBotStopped",
    ]
    assert {user.id for user in missed.users} >= {cast.ann.id, cast.bob.id}
    assert missed.state.qts == state.qts + 2


@pytest.mark.parametrize("kind", ["video", "audio", "document", "photo", "animation", "voice"])
async def test_every_kind_of_file_arrives_as_what_it_is(connect, cast, world, ann, kind):
    """A client tells the kinds apart, downloads the generated bytes, and a bot sends each on by its file_id."""
    bot = await connect(cast.bot)
    posts = await arrivals(bot, MessageHandler, filters.channel)
    file_id = world.add_document(f"name.{kind}", 100_000, kind=kind, duration=7)
    world.post(cast.channel.id, file=file_id)
    post = await got(posts)
    media = getattr(post, kind)
    assert post.media.value == kind
    assert (await bot.download_media(media.file_id, in_memory=True)).getvalue() == world.files[file_id].read(0, 1 << 20)
    await bot.send_cached_media(cast.ann.id, media.file_id)
    assert (await ann.wait_message()).document.id == file_id
    if kind == "photo":
        small = await bot.download_media(media.thumbs[0].file_id, in_memory=True)
        assert len(small.getvalue()) == 100_000 // 6
