"""The whole way of a reader, and chats of every kind, through a client of another library and another TL layer."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from pyrogram import filters
from pyrogram.handlers import ChosenInlineResultHandler, InlineQueryHandler, MessageHandler
from pyrogram.types import InlineQueryResultArticle, InputTextMessageContent
from telethon import functions
from telethon.errors import ChannelPrivateError, ChatForwardsRestrictedError, InviteRequestSentError
from telethon.tl import types as tl

from tests.e2e.arrivals import arrivals, got
from tests.e2e.library import indexed
from tests.e2e.telethon_person import BOT_NAME, Inbox, connected, sign_in

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from pyrogram import Client
    from telethon import TelegramClient

    from core.container import Container
    from sandbox.actor import Actor
    from sandbox.datacenter import DataCenter
    from sandbox.world import World
    from sandbox.world.accounts import Account
    from tests.e2e.conftest import Cast

    Connect = Callable[[Account], Awaitable[Client]]

pytestmark = pytest.mark.wire


@pytest.fixture
async def ann(cast: Cast, dc: DataCenter) -> AsyncIterator[TelegramClient]:
    """Ann, logged in by phone from telethon."""
    async with connected(dc) as client:
        await sign_in(client)
        yield client


async def test_a_reader_searches_presses_downloads_and_comes_back_after_a_cut(
    dc: DataCenter, cast: Cast, world: World, bot: Container, bob: Actor, ann: TelegramClient
) -> None:
    """The bytes of a pressed file are those of the post; after a lost connection an inline result brings them again."""
    data = bytes(range(256)) * 600
    world.post(cast.channel.id, file=world.add_document("Nosferatu.1922.mkv", mime="video/x-matroska", data=data))
    await indexed(bot, 1)
    inbox = Inbox(ann)
    await ann.send_message(BOT_NAME, "nosferatu")
    _, page = await inbox.next()
    await page.click(0)
    _, film = await inbox.next()
    pressed = await film.download_media(bytes)
    dc.drop_all()
    await bot.users.set_premium(cast.ann.id, bot.clock.utc_now() + timedelta(days=1))
    results = await ann.inline_query(BOT_NAME, "nosferatu")
    sent = await results[0].click(BOT_NAME)
    chosen = await sent.download_media(bytes)

    assert film.file.name == "Nosferatu.1922.mkv"
    assert pressed == data
    assert (chosen, sent.via_bot_id) == (data, cast.bot.id)


async def test_the_bot_learns_which_result_was_chosen_if_its_owner_asked_for_that(
    cast: Cast, connect: Connect, ann: TelegramClient
) -> None:
    """With inline feedback on, a choice in telethon reaches the bot with the person, the query and the result's id."""
    bot = await connect(cast.bot)
    cast.bot.inline_feedback = True
    chosen = await arrivals(bot, ChosenInlineResultHandler)

    async def offer(_client: Client, query: Any) -> None:
        results = [InlineQueryResultArticle(n, InputTextMessageContent(n), id=n) for n in ("Faust", "Nosferatu")]
        await query.answer(results, cache_time=0)

    bot.add_handler(InlineQueryHandler(offer))
    results = await ann.inline_query(BOT_NAME, "silent films")
    await results[1].click("friends_group")
    told = await got(chosen)

    assert (told.from_user.id, told.query, told.result_id) == (cast.ann.id, "silent films", "Nosferatu")


async def test_a_long_download_survives_a_cut_with_equal_bytes(
    dc: DataCenter, cast: Cast, world: World, connect: Connect, ann: TelegramClient
) -> None:
    """The connection breaks in the middle of a file of many parts; what arrives is the file."""
    bot, inbox = await connect(cast.bot), Inbox(ann)
    data = bytes(range(251)) * 9_000
    post = world.post(cast.channel.id, file=world.add_document("Die.Nibelungen.1924.mkv", data=data))
    await bot.copy_message(cast.ann.id, cast.channel.full_id, post.id)
    _, film = await inbox.next()
    downloading = asyncio.create_task(ann.download_media(film, bytes))
    await dc.recorder.wait_call("upload.GetFile", lambda request: request.offset > 0)
    dc.drop_all()

    assert await asyncio.wait_for(downloading, 15) == data


async def test_albums_go_out_and_are_forwarded_as_one(
    cast: Cast, bob: Actor, connect: Connect, ann: TelegramClient, world: World
) -> None:
    """Telethon sends an album of files, gets a channel's album as one, and its forward names the channel."""
    bot = await connect(cast.bot)
    received = await arrivals(bot, MessageHandler, filters.private)
    files = []
    for name in ("a.mkv", "b.mkv"):
        file = BytesIO(name.encode() * 50)
        file.name = name
        files.append(file)
    sent = await ann.send_file(BOT_NAME, files, caption=["both", ""], force_document=True)
    album = [await got(received) for _ in sent]
    world.membership.join(cast.channel, cast.ann.id)
    posts = bob.post_album(cast.channel.full_id, ["c.mkv", "d.mkv"], "films")
    await ann.get_dialogs()
    shown = await ann.get_messages(cast.channel.full_id, ids=[post.id for post in posts])
    await ann.forward_messages(BOT_NAME, shown)
    forwarded = [await got(received) for _ in posts]

    assert [message.document.file_name for message in album] == ["a.mkv", "b.mkv"]
    assert len({message.media_group_id for message in album}) == 1
    assert {message.grouped_id for message in shown} == {posts[0].body.grouped_id}
    assert [(m.forward_from_chat.id, m.forward_from_message_id) for m in forwarded] == [
        (cast.channel.full_id, post.id) for post in posts
    ]
    bob.protect(cast.channel.full_id)
    with pytest.raises(ChatForwardsRestrictedError):
        await ann.forward_messages(BOT_NAME, shown)


async def test_a_basic_group_becomes_a_supergroup(cast: Cast, connect: Connect, ann: TelegramClient) -> None:
    """Scenario 102: founded and migrated from telethon, with the bot inside; each chat names the other."""
    bot = await connect(cast.bot)
    services = await arrivals(bot, MessageHandler, filters.service)
    texts = await arrivals(bot, MessageHandler, filters.text, group=1)
    invited = await ann(functions.messages.CreateChatRequest([BOT_NAME, "bob_owner"], "Family"))
    group = invited.updates.chats[0]
    await ann.send_message(group, "hello")
    heard = await got(texts)
    upgraded = await ann(functions.messages.MigrateChatRequest(group.id))
    new = next(chat for chat in upgraded.chats if isinstance(chat, tl.Channel))
    old = next(chat for chat in upgraded.chats if isinstance(chat, tl.Chat))
    full = await ann(functions.channels.GetFullChannelRequest(new))
    told = [await got(services) for _ in range(3)]

    assert (heard.chat.id, heard.from_user.id) == (-group.id, cast.ann.id)
    assert (old.deactivated, old.migrated_to.channel_id) == (True, new.id)
    assert full.full_chat.migrated_from_chat_id == group.id
    assert [(m.chat.id, m.migrate_to_chat_id, m.migrate_from_chat_id) for m in told] == [
        (-group.id, None, None),
        (-group.id, int(f"-100{new.id}"), None),
        (int(f"-100{new.id}"), None, -group.id),
    ]


async def test_a_private_channel_lets_in_whom_an_admin_agrees_to(
    cast: Cast, bob: Actor, world: World, ann: TelegramClient
) -> None:
    """Scenario 100: telethon asks by a link and reads once it is in; thrown out, it reads no more."""
    post = world.post(cast.channel.id, "news")
    link = bob.invite_link(cast.channel.full_id, needs_approval=True)
    join = functions.messages.ImportChatInviteRequest(link.rpartition("+")[2])
    offered = await ann(functions.messages.CheckChatInviteRequest(join.hash))
    with pytest.raises(InviteRequestSentError):
        await ann(join)
    bob.decide_request(cast.channel.full_id, cast.ann.id, approved=True)
    await ann.get_dialogs()
    read = await ann.get_messages(cast.channel.full_id, ids=post.id)
    world.membership.kick(cast.channel, cast.ann.id, actor_id=cast.bob.id)

    assert (offered.title, offered.request_needed) == ("Files", True)
    assert read.raw_text == "news"
    with pytest.raises(ChannelPrivateError):
        await ann.get_messages(cast.channel.full_id, ids=post.id)
