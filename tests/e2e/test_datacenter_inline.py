"""Inline mode, start links and rights in groups, between unmodified pyrofork clients of a bot and a person."""

from __future__ import annotations

import asyncio

import pytest
from pyrogram import enums, errors, filters, raw
from pyrogram.handlers import CallbackQueryHandler, ChosenInlineResultHandler, MessageHandler, RawUpdateHandler
from pyrogram.types import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQueryResultArticle,
    InlineQueryResultCachedDocument,
    InputTextMessageContent,
)

from tests.e2e.arrivals import arrivals, got

pytestmark = pytest.mark.wire

T = raw.types
BOT_NAME = "filter_test_bot"
OPEN = InlineKeyboardMarkup([[InlineKeyboardButton("Open", url=f"https://t.me/{BOT_NAME}?start=x")]])


def article(result_id, title):
    return InlineQueryResultArticle(
        title, InputTextMessageContent(f"<b>{title}</b>"), id=result_id, description="film", reply_markup=OPEN
    )


async def queries_of(bot):
    """A queue of the raw inline queries that reach a bot."""
    queue = asyncio.Queue()

    async def handle(_client, update, _users, _chats):
        if isinstance(update, T.UpdateBotInlineQuery):
            queue.put_nowait(update)

    # In a group of its own: pyrofork gives an update to the first handler of each group that takes it.
    bot.dispatcher.groups.setdefault(9, []).append(RawUpdateHandler(handle))
    return queue


async def test_a_person_types_a_query_and_sends_a_result(connect, cast, world):
    """Query, results and the chosen message pass between two clients; the next page is asked for by its offset."""
    bot, user = await connect(cast.bot), await connect(cast.ann)
    queries, received = await queries_of(bot), await arrivals(await connect(cast.bob), MessageHandler, filters.private)
    asking = asyncio.create_task(user.get_inline_bot_results(BOT_NAME, "nosferatu", offset="10"))
    query = await got(queries)
    assert (query.user_id, query.query, query.offset) == (cast.ann.id, "nosferatu", "10")
    await bot.answer_inline_query(
        str(query.query_id), [article("1", "Nosferatu"), article("2", "Faust")], cache_time=0, next_offset="20",
        is_personal=True, switch_pm_text="More", switch_pm_parameter="more",
    )  # fmt: skip
    results = await asking
    assert [(r.id, r.type, r.title, r.description) for r in results.results][1] == ("2", "article", "Faust", "film")
    assert (results.next_offset, results.switch_pm.text, results.switch_pm.start_param) == ("20", "More", "more")
    await user.resolve_peer("bob_owner")
    await user.send_inline_bot_result("bob_owner", results.query_id, "2")
    message = await got(received)
    assert (message.text.html, message.from_user.id, message.via_bot.id) == ("<b>Faust</b>", cast.ann.id, cast.bot.id)
    assert message.reply_markup.inline_keyboard[0][0].url == f"https://t.me/{BOT_NAME}?start=x"
    with pytest.raises(errors.QueryIdInvalid):
        await bot.answer_inline_query(str(query.query_id), [])


async def test_a_file_that_the_bot_knows_is_sent_from_its_results(connect, cast, world):
    """A cached file of a channel arrives in a group with its bytes, and the group's bot sees by whose way."""
    bot, user = await connect(cast.bot), await connect(cast.ann)
    queries = await queries_of(bot)
    posted, seen = (
        await arrivals(bot, MessageHandler, filters.channel),
        await arrivals(bot, MessageHandler, filters.group, group=1),
    )
    data = bytes(range(256)) * 40
    world.post(cast.channel.id, file=world.add_document("Nosferatu.1922.mkv", data=data))
    post = await got(posted)
    asking = asyncio.create_task(user.get_inline_bot_results(BOT_NAME, "nosferatu"))
    query = await got(queries)
    file = InlineQueryResultCachedDocument(post.document.file_id, "Nosferatu", id="f", caption="<i>1922</i>")
    await bot.answer_inline_query(str(query.query_id), [file], cache_time=0)
    results = await asking
    assert (results.results[0].type, results.results[0].document.size) == ("file", len(data))
    sent = await user.send_inline_bot_result("friends_group", results.query_id, "f")
    assert (await sent.download(in_memory=True)).getvalue() == data
    message = await got(seen)
    assert (message.document.file_name, message.caption.html) == ("Nosferatu.1922.mkv", "<i>1922</i>")
    assert (message.via_bot.id, message.from_user.id) == (cast.bot.id, cast.ann.id)


async def test_results_are_refused_as_telegram_refuses_them(connect, cast, world):
    """A stale file reference and a repeated id end in Telegram's errors, and the person waits for a better answer."""
    bot, user = await connect(cast.bot), await connect(cast.ann)
    queries, posted = await queries_of(bot), await arrivals(bot, MessageHandler, filters.channel)
    world.post(cast.channel.id, file=world.add_document("a.mkv", 9))
    file_id = (await got(posted)).document.file_id
    asking = asyncio.create_task(user.get_inline_bot_results(BOT_NAME, "x"))
    query_id = str((await got(queries)).query_id)
    with pytest.raises(errors.ResultIdDuplicate):
        await bot.answer_inline_query(query_id, [article("1", "a"), article("1", "b")])
    world.expire_file_references()
    with pytest.raises(errors.FileReferenceExpired):
        await bot.answer_inline_query(query_id, [InlineQueryResultCachedDocument(file_id, "a")])
    assert not asking.done()
    await bot.answer_inline_query(query_id, [article("1", "a")], cache_time=0)
    assert [result.id for result in (await asking).results] == ["1"]


async def test_a_query_that_is_not_answered_in_time_is_over(connect, cast, world):
    """The person's client is told BOT_RESPONSE_TIMEOUT, and the bot that its answer is late."""
    bot, user = await connect(cast.bot), await connect(cast.ann)
    queries = await queries_of(bot)
    world.inline.desk.timeout_s = 0.05
    with pytest.raises(errors.BotResponseTimeout):
        await user.get_inline_bot_results(BOT_NAME, "x")
    with pytest.raises(errors.QueryIdInvalid):
        await bot.answer_inline_query(str((await got(queries)).query_id), [])


async def test_only_bots_with_inline_mode_take_queries(connect, cast, world):
    """A person and a bot without it are refused; a result of no query that was ever answered is expired."""
    world.add_bot("7000000002:plain", "Plain", "plain_test_bot")
    user = await connect(cast.ann)
    with pytest.raises(errors.BotInlineDisabled):
        await user.get_inline_bot_results("plain_test_bot", "x")
    with pytest.raises(errors.BotInvalid):
        await user.get_inline_bot_results("bob_owner", "x")
    with pytest.raises(errors.InlineResultExpired):
        await user.send_inline_bot_result("plain_test_bot", 5, "1")


async def test_a_bot_hears_of_the_choice_when_its_owner_wants_that(connect, cast, world):
    """With feedback on, the bot is told which result of which query was sent."""
    cast.bot.inline_feedback = True
    bot, user = await connect(cast.bot), await connect(cast.ann)
    queries, chosen = await queries_of(bot), await arrivals(bot, ChosenInlineResultHandler)
    asking = asyncio.create_task(user.get_inline_bot_results(BOT_NAME, "faust"))
    await bot.answer_inline_query(str((await got(queries)).query_id), [article("7", "Faust")])
    await user.send_inline_bot_result("me", (await asking).query_id, "7")
    choice = await got(chosen)
    assert (choice.result_id, choice.from_user.id, choice.query) == ("7", cast.ann.id, "faust")


async def test_a_link_starts_the_bot_with_its_parameter(connect, cast):
    """What an app does with t.me/bot?start=… arrives as a command; what a link cannot carry is refused."""
    bot, user = await connect(cast.bot), await connect(cast.bob)
    received = await arrivals(bot, MessageHandler, filters.private)
    await user.start_bot(BOT_NAME, "abc-1_Z")
    started = await got(received)
    assert (started.text, started.from_user.id) == ("/start abc-1_Z", cast.bob.id)
    assert started.entities[0].type is enums.MessageEntityType.BOT_COMMAND
    with pytest.raises(errors.StartParamInvalid):
        await user.start_bot(BOT_NAME, "a b")
    with pytest.raises(errors.StartParamTooLong):
        await user.start_bot(BOT_NAME, "x" * 65)
    with pytest.raises(errors.BotInvalid):
        await user.start_bot("ann_reader", "x")


async def test_a_press_may_be_answered_with_a_link_that_starts_the_bot(connect, cast, world):
    """The person's client is given the address; a link to anything else is refused."""
    bot, user = await connect(cast.bot), await connect(cast.ann)
    presses = await arrivals(bot, CallbackQueryHandler)
    keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("Go", callback_data="go")]])
    sent = await bot.send_message(cast.ann.id, "menu", reply_markup=keyboard)
    shown = world.accounts[cast.bot.id].box.get(sent.id).twin
    await user.resolve_peer(BOT_NAME)
    pressing = asyncio.create_task(user.request_callback_answer(cast.bot.id, shown.id, b"go"))
    query = await got(presses)
    with pytest.raises(errors.UrlInvalid):
        await query.answer(url="https://example.org")
    await query.answer(url=f"https://t.me/{BOT_NAME}?start=abc")
    assert (await pressing).url == f"https://t.me/{BOT_NAME}?start=abc"


async def test_a_bot_asks_who_may_rule_a_group(connect, cast, world):
    """Creator, admin with rights, member, and nobody at all are told apart, also by a bot that is a plain member."""
    other = world.add_user("Cleo", username="cleo_admin")
    stranger = world.add_user("Dan", username="dan_stranger")
    group = world.add_group("Plain", creator=cast.bob.id, admins=[other.id], members=[cast.bot.id, cast.ann.id])
    bot = await connect(cast.bot)
    for account in (cast.bob, cast.ann, other, stranger):
        world.says(account.id, cast.bot.id, "/start")
    status = {}
    for account in (cast.bob, other, cast.ann):
        status[account.first_name] = await bot.get_chat_member(group.full_id, account.id)
    kinds = {name: member.status.name for name, member in status.items()}
    assert kinds == {"Bob": "OWNER", "Cleo": "ADMINISTRATOR", "Ann": "MEMBER"}
    assert status["Cleo"].privileges.can_delete_messages
    with pytest.raises(errors.UserNotParticipant):
        await bot.get_chat_member(group.full_id, stranger.id)
    admins = [
        m.user.id async for m in bot.get_chat_members(group.full_id, filter=enums.ChatMembersFilter.ADMINISTRATORS)
    ]
    assert sorted(admins) == sorted([cast.bob.id, other.id])
    with pytest.raises(errors.ParticipantIdInvalid):
        await bot.get_chat_member(group.full_id, group.full_id)


async def test_who_writes_in_a_channels_name_stays_unnamed(connect, cast, world):
    """A group's anonymous admin and a channel that speaks are senders without a user, by back door and by wire."""
    for chat in (cast.channel, cast.group):
        world.post(chat.id, "talk")
    bot, owner = await connect(cast.bot), await connect(cast.bob)
    received = await arrivals(bot, MessageHandler, filters.group)
    world.post(cast.group.id, "as the group", author=cast.bob.id, send_as=cast.group.id)
    async for _ in owner.get_dialogs():
        pass
    await owner.invoke(
        raw.functions.messages.SendMessage(
            peer=await owner.resolve_peer(cast.group.full_id),
            message="as a channel",
            random_id=5,
            send_as=await owner.resolve_peer(cast.channel.full_id),
        )
    )
    for name in (cast.group, cast.channel):
        message = await got(received)
        assert (message.from_user, message.sender_chat.id) == (None, name.full_id)
