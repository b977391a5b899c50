"""An independent client, of another library and another TL layer, meets bots in the local data centre."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pyrogram import filters
from pyrogram.handlers import CallbackQueryHandler, InlineQueryHandler, MessageHandler
from pyrogram.raw.functions.messages import SetInlineBotResults
from pyrogram.raw.types import InputBotInlineMessageMediaAuto, InputBotInlineResultDocument, InputDocument
from pyrogram.types import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQueryResultArticle,
    InputTextMessageContent,
)
from telethon import Button, events
from telethon.errors import PhoneCodeInvalidError
from telethon.network import connection as framings
from telethon.tl.functions.messages import StartBotRequest

from sandbox.clients import telethon_client
from tests.e2e.library import post_files
from tests.e2e.telethon_person import BOT_NAME, CODE, PHONE, Inbox, connected, sign_in

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

pytestmark = pytest.mark.wire


@pytest.fixture
async def reader(cast: Cast, dc: DataCenter) -> AsyncIterator[TelegramClient]:
    """A telethon client that is connected and nobody yet."""
    async with connected(dc) as client:
        yield client


@pytest.fixture
async def ann(reader: TelegramClient) -> TelegramClient:
    """Ann, logged in by phone from telethon."""
    await sign_in(reader)
    return reader


@pytest.fixture
async def echo(cast: Cast, connect: Callable[[Account], Awaitable[Client]]) -> Client:
    """The bot: a menu on /menu, an answer and an edit on a press, an echo of everything else."""
    bot = await connect(cast.bot)

    async def menu(_client: Client, message: Any) -> None:
        keyboard = [[InlineKeyboardButton("Go", callback_data="go"), InlineKeyboardButton("Web", url="https://t.me/x")]]
        await message.reply("menu", reply_markup=InlineKeyboardMarkup(keyboard))

    async def repeat(_client: Client, message: Any) -> None:
        await message.reply(f"echo <b>{message.text}</b>")

    async def pressed(_client: Client, query: Any) -> None:
        await query.answer(f"got {query.data}", show_alert=True)
        await query.message.edit_text("edited", reply_markup=query.message.reply_markup)

    bot.add_handler(MessageHandler(menu, filters.command("menu")))
    bot.add_handler(MessageHandler(repeat, filters.text & ~filters.command("menu")))
    bot.add_handler(CallbackQueryHandler(pressed))
    return bot


@pytest.mark.parametrize(
    ("framing", "name"),
    [
        (framings.ConnectionTcpFull, "full"),
        (framings.ConnectionTcpAbridged, "abridged"),
        (framings.ConnectionTcpIntermediate, "intermediate"),
        (framings.ConnectionTcpObfuscated, "obfuscated abridged"),
    ],
)
async def test_telethon_connects_in_each_of_its_framings(dc: DataCenter, framing: type, name: str) -> None:
    """A client of another library agrees on a key and asks something, however it frames its packets."""
    client = telethon_client(dc.host, dc.port, dc.key, connection=framing)
    await client.connect()
    authorized = await client.is_user_authorized()
    used = {connection.framing for connection in dc.connections}
    await client.disconnect()

    assert not authorized
    assert used == {name}


async def test_a_person_logs_in_by_phone(cast: Cast, reader: TelegramClient) -> None:
    """A wrong code is refused as Telegram refuses it; the right one logs the owner of the number in."""
    sent = await reader.send_code_request(PHONE)
    with pytest.raises(PhoneCodeInvalidError):
        await reader.sign_in(PHONE, "99999", phone_code_hash=sent.phone_code_hash)
    me = await reader.sign_in(PHONE, CODE, phone_code_hash=sent.phone_code_hash)

    assert (me.id, me.first_name, me.username) == (cast.ann.id, "Ann", "ann_reader")


async def test_a_person_chats_with_the_bot(cast: Cast, echo: Client, ann: TelegramClient) -> None:
    """A message to the bot by its username is answered, formatting included, and stands in the history."""
    inbox = Inbox(ann)
    sent = await ann.send_message(BOT_NAME, "a & b")
    kind, answer = await inbox.next()
    history = await ann.get_messages(BOT_NAME, limit=2)

    assert (kind, answer.raw_text, answer.sender_id) == ("new", "echo a & b", cast.bot.id)
    assert [(entity.offset, entity.length) for entity in answer.entities] == [(5, 5)]
    assert [message.id for message in history] == [answer.id, sent.id]


async def test_a_person_presses_a_button(echo: Client, ann: TelegramClient) -> None:
    """The keyboard arrives with its data and links; a press brings the alert, and then the edited message."""
    inbox = Inbox(ann)
    await ann.send_message(BOT_NAME, "/menu")
    _, menu = await inbox.next()
    answer = await menu.click(text="Go")
    kind, edited = await inbox.next()

    assert [(button.text, button.data, button.url) for button in menu.buttons[0]] == [
        ("Go", b"go", None),
        ("Web", None, "https://t.me/x"),
    ]
    assert (answer.message, answer.alert) == ("got go", True)
    assert (kind, edited.id, edited.raw_text) == ("edited", menu.id, "edited")
    assert edited.buttons[0][0].data == b"go"


async def test_a_file_from_a_channel_reaches_a_person(
    cast: Cast, world: World, echo: Client, ann: TelegramClient
) -> None:
    """A document that the bot forwards out of a channel arrives with its name and size and can be downloaded."""
    inbox = Inbox(ann)
    content = bytes(range(256)) * 1_000
    file = world.add_document("Nosferatu.1922.mkv", len(content), "video/x-matroska", data=content)
    post = world.post(cast.channel.id, file=file)
    await echo.copy_message(cast.ann.id, int(f"-100{cast.channel.id}"), post.id, caption="<i>silent</i>")
    _, message = await inbox.next()

    assert (message.file.name, message.file.size, message.raw_text) == ("Nosferatu.1922.mkv", len(content), "silent")
    assert await message.download_media(bytes) == content


async def test_a_person_is_reached_after_a_lost_connection(
    dc: DataCenter, cast: Cast, world: World, ann: TelegramClient
) -> None:
    """When all connections are cut, telethon comes back by itself and, once it speaks, gets what was said meanwhile."""
    inbox = Inbox(ann)
    dialogs = await ann.get_dialogs()
    dc.drop_all()
    world.says(cast.bot.id, cast.ann.id, "meanwhile")
    await ann.send_message(BOT_NAME, "back")

    assert [dialog.entity.id for dialog in dialogs] == [cast.bot.id]
    assert (await inbox.next())[1].raw_text == "meanwhile"


async def test_a_bot_of_another_library_works_too(dc: DataCenter, cast: Cast, world: World) -> None:
    """A telethon bot logs in by token, receives a message and answers it with a keyboard."""
    bot = telethon_client(dc.host, dc.port, dc.key)

    async def pong(event: Any) -> None:
        await event.respond("pong", buttons=[Button.inline("b", b"1")])

    bot.add_event_handler(pong, events.NewMessage)
    await bot.start(bot_token="7000000001:a-bot-of-the-local-telegram-only")
    world.says(cast.ann.id, cast.bot.id, "ping")

    request = await dc.recorder.wait_call("messages.SendMessage")
    await bot.disconnect()

    assert request.message == "pong"
    assert request.reply_markup.rows[0].buttons[0].data == b"1"


async def test_a_person_types_an_inline_query_and_sends_a_result(
    cast: Cast, world: World, connect: Callable[[Account], Awaitable[Client]], ann: TelegramClient
) -> None:
    """Articles and a file that the pyrofork bot offers are listed by telethon; a choice arrives with its keyboard."""
    bot = await connect(cast.bot)
    data = bytes(range(256)) * 40
    file = world.files[world.add_document("Faust.1926.mkv", data=data)]
    known = InputDocument(
        id=file.id,
        access_hash=world.access.file(cast.bot.id, file.id),
        file_reference=world.access.file_reference(file.id),
    )

    async def offer(_client: Client, query: Any) -> None:
        message = InputTextMessageContent(f"<b>{query.query}</b>")
        keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("Open", url=f"https://t.me/{BOT_NAME}?start=x")]])
        article = InlineQueryResultArticle("Nosferatu", message, id="1", description="1922", reply_markup=keyboard)
        caption = InputBotInlineMessageMediaAuto(message="")
        document = InputBotInlineResultDocument(
            id="2", type="file", title="Faust", document=known, send_message=caption
        )
        await bot.invoke(
            SetInlineBotResults(
                query_id=int(query.id), results=[await article.write(bot), document], cache_time=0, next_offset="10"
            )
        )

    bot.add_handler(InlineQueryHandler(offer))
    results = await ann.inline_query(BOT_NAME, "silent", offset="0")
    sent = await results[0].click(BOT_NAME)
    film = await results[1].click("friends_group")

    assert [(result.type, result.title, result.description) for result in results] == [
        ("article", "Nosferatu", "1922"),
        ("file", "Faust", None),
    ]
    assert results.result.next_offset == "10"
    assert (sent.raw_text, sent.via_bot_id, sent.buttons[0][0].url) == (
        "silent",
        cast.bot.id,
        f"https://t.me/{BOT_NAME}?start=x",
    )
    assert (film.file.name, await film.download_media(bytes)) == ("Faust.1926.mkv", data)


async def test_a_telethon_bot_answers_inline_queries_and_is_started_by_a_link(
    dc: DataCenter, cast: Cast, connect: Callable[[Account], Awaitable[Client]], ann: TelegramClient
) -> None:
    """The later layer passes in both roles: results that telethon offers, and /start with a parameter."""
    bot = telethon_client(dc.host, dc.port, dc.key)

    async def offer(event: Any) -> None:
        buttons = [Button.inline("Go", b"go")]
        article = event.builder.article("Faust", text=f"about {event.text}", buttons=buttons)
        await event.answer([article], cache_time=0, switch_pm="More", switch_pm_param="more")

    bot.add_event_handler(offer, events.InlineQuery)
    await bot.start(bot_token=cast.bot.token)
    started = Inbox(bot)
    results = await ann.inline_query(BOT_NAME, "films", entity="friends_group")
    sent = await results[0].click()
    await ann(StartBotRequest(BOT_NAME, BOT_NAME, "abc"))
    kind, command = await started.next()
    while command.raw_text != "/start abc":
        kind, command = await started.next()
    await bot.disconnect()

    assert (results.result.switch_pm.text, results.result.switch_pm.start_param) == ("More", "more")
    assert (sent.raw_text, sent.buttons[0][0].data) == ("about films", b"go")
    assert (kind, command.sender_id) == ("new", cast.ann.id)


async def test_a_person_searches_pages_and_fetches_from_the_real_bot(
    cast: Cast, bot: Container, bob: Actor, ann: TelegramClient
) -> None:
    """Greeted, the person finds eleven files, turns the page, fetches the last one, and reads why not twice."""
    await post_files(bot, bob, cast, [f"Les.Vampires.1915.Part.{n:02}.mkv" for n in range(11)])
    inbox = Inbox(ann)
    await ann.send_message(BOT_NAME, "/start")
    _, greeting = await inbox.next()
    await ann.send_message(BOT_NAME, "vampires")
    _, page = await inbox.next()
    await page.click(text="›")
    kind, second = await inbox.next()
    quiet = await second.click(0)
    _, delivered = await inbox.next()
    refused = await second.click(0)

    assert "Ann" in greeting.raw_text
    assert "1–10 of 11" in page.raw_text
    assert (kind, second.id) == ("edited", page.id)
    assert "11–11 of 11" in second.raw_text
    assert not quiet.message
    assert (delivered.file.name, delivered.file.size) == ("Les.Vampires.1915.Part.00.mkv", 1000)
    assert (refused.message, refused.alert) == ("This file is on its way already.", True)
