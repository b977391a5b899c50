"""What unmodified pyrofork clients, a bot's and a person's, may do in the local Telegram."""

from __future__ import annotations

import asyncio
from io import BytesIO

import pytest
from pyrogram import Client, enums, errors, filters, raw, types
from pyrogram.handlers import (
    CallbackQueryHandler,
    ChatMemberUpdatedHandler,
    EditedMessageHandler,
    MessageHandler,
    RawUpdateHandler,
)

from sandbox.clients import attach_pyrofork
from tests.e2e.arrivals import arrivals, got

pytestmark = pytest.mark.wire

JPEG = b"\xff\xd8\xff" + bytes(range(256)) * 8
KEYBOARD = types.InlineKeyboardMarkup([[types.InlineKeyboardButton("Go", callback_data="go")]])


async def test_a_bot_logs_in_by_token_and_only_with_one_that_exists(dc, cast, tmp_path, monkeypatch):
    """A bot's token opens the bot's account; any other is refused as Telegram refuses it."""
    monkeypatch.chdir(tmp_path)

    def client(token):
        built = Client("bot", api_id=1, api_hash="x", bot_token=token, in_memory=True)
        return attach_pyrofork(built, dc.host, dc.port, dc.key.public_pem)

    bot = client(cast.bot.token)
    await bot.start()
    assert (bot.me.id, bot.me.username, bot.me.is_bot) == (cast.bot.id, "filter_test_bot", True)
    await bot.stop()
    with pytest.raises(errors.AccessTokenInvalid):
        await client("1:wrong").start()


async def test_a_person_logs_in_by_phone_and_a_new_phone_signs_up(dc, cast, world, tmp_path, monkeypatch):
    """99966XYYYY logs in with XXXXX, a wrong code is refused, and a phone nobody has becomes a new account."""
    monkeypatch.chdir(tmp_path)

    def client():
        built = Client("user", api_id=1, api_hash="x", in_memory=True)
        return attach_pyrofork(built, dc.host, dc.port, dc.key.public_pem)

    user = client()
    await user.connect()
    sent = await user.send_code("+9996621111")
    with pytest.raises(errors.PhoneCodeInvalid):
        await user.sign_in("+9996621111", sent.phone_code_hash, "11111")
    signed_in = await user.sign_in("+9996621111", sent.phone_code_hash, "22222")
    assert signed_in.id == cast.ann.id
    await user.disconnect()
    user = client()
    await user.connect()
    sent = await user.send_code("+9996613333")
    phone = {"phone_number": "9996613333", "phone_code_hash": sent.phone_code_hash}
    answer = await user.invoke(raw.functions.auth.SignIn(**phone, phone_code="11111"))
    assert isinstance(answer, raw.types.auth.AuthorizationSignUpRequired)
    signed_up = await user.invoke(raw.functions.auth.SignUp(**phone, first_name="Cleo", last_name="New"))
    new = signed_up.user
    assert world.accounts.by_phone("9996613333").id == new.id
    await user.invoke(raw.functions.auth.LogOut())
    with pytest.raises(errors.AuthKeyUnregistered):
        await user.get_me()
    await user.disconnect()


async def test_a_person_talks_to_a_bot_and_presses_its_buttons(connect, cast):
    """Texts, keyboards, presses, answers and edits go both ways between two unmodified clients."""
    bot, user = await connect(cast.bot), await connect(cast.ann)
    inbox = await arrivals(bot, MessageHandler, filters.private)
    presses = await arrivals(bot, CallbackQueryHandler)
    received = await arrivals(user, MessageHandler, filters.private)
    edits = await arrivals(user, EditedMessageHandler)
    await user.send_message("filter_test_bot", "/find Пример")
    message = await got(inbox)
    assert (message.text, message.from_user.id) == ("/find Пример", cast.ann.id)
    reply = await message.reply("<b>found</b> 1 & 2", reply_markup=KEYBOARD, quote=True)
    shown = await got(received)
    assert (shown.text.html, shown.reply_to_message_id is not None) == ("<b>found</b> 1 & 2", True)
    pressing = asyncio.create_task(user.request_callback_answer(cast.bot.id, shown.id, b"go"))
    query = await got(presses)
    assert (query.data, query.message.id) == ("go", reply.id)
    await query.answer("done", show_alert=True)
    answer = await pressing
    assert (answer.message, answer.alert) == ("done", True)
    await query.message.edit_text("page 2", reply_markup=KEYBOARD)
    edited = await got(edits)
    assert (edited.id, edited.text) == (shown.id, "page 2")
    with pytest.raises(errors.QueryIdInvalid):
        await query.answer("again")
    with pytest.raises(errors.MessageNotModified):
        await query.message.edit_text("page 2", reply_markup=KEYBOARD)


async def test_a_bot_that_never_answers_a_press_lets_it_time_out(connect, cast, world):
    """The person's client is told BOT_RESPONSE_TIMEOUT instead of waiting for ever."""
    world.callbacks.timeout_s = 0.05
    bot, user = await connect(cast.bot), await connect(cast.ann)
    presses = await arrivals(bot, CallbackQueryHandler)
    sent = await bot.send_message(cast.ann.id, "menu", reply_markup=KEYBOARD)
    mine = world.accounts[cast.bot.id].box.get(sent.id).twin
    with pytest.raises(errors.BotResponseTimeout):
        await user.invoke(
            raw.functions.messages.GetBotCallbackAnswer(
                peer=await user.resolve_peer("filter_test_bot"), msg_id=mine.id, data=b"go"
            )
        )
    with pytest.raises(errors.QueryIdInvalid):
        await (await got(presses)).answer("late")


async def test_files_go_up_and_come_down_with_their_bytes(connect, cast, tmp_path):
    """A document above the small-file limit and a photo arrive with the bytes that were sent."""
    bot, user = await connect(cast.bot), await connect(cast.ann)
    received = await arrivals(user, MessageHandler, filters.private)
    data = bytes(range(251)) * 45_000
    path = tmp_path / "film.mkv"
    path.write_bytes(data)
    await bot.send_document(cast.ann.id, str(path), caption="<i>a film</i>", force_document=True)
    film = await got(received)
    assert (film.document.file_name, film.document.file_size, film.caption) == ("film.mkv", len(data), "a film")
    assert (await film.download(in_memory=True)).getvalue() == data
    photo = BytesIO(JPEG)
    photo.name = "poster.jpg"
    await user.send_photo("filter_test_bot", photo)
    await bot.send_photo(cast.ann.id, photo)
    poster = await got(received)
    assert (await poster.download(in_memory=True)).getvalue() == JPEG


async def test_a_person_reads_history_and_dialogs(connect, cast, world):
    """The list of chats is newest first with unread counts, and histories page backwards."""
    for number in range(120):
        world.post(cast.group.id, f"line {number}")
    world.post(cast.group.id, "hello all", author=cast.ann.id)
    user = await connect(cast.ann)
    dialogs = [dialog async for dialog in user.get_dialogs()]
    assert {dialog.chat.id for dialog in dialogs} == {cast.bot.id, cast.group.full_id}
    history = [message.text async for message in user.get_chat_history(cast.group.full_id)]
    assert (len(history), history[0], history[-1]) == (121, "hello all", "line 0")
    await user.read_chat_history(cast.group.full_id)
    found = [message.text async for message in user.search_messages(cast.group.full_id, "line 11")]
    assert found[:2] == ["line 119", "line 118"]


async def test_members_come_and_go_and_the_bot_is_told(connect, cast, world):
    """Adding, promoting, demoting and banning work over the wire, and an admin bot gets each change."""
    bot, owner = await connect(cast.bot), await connect(cast.bob)
    changes = await arrivals(bot, ChatMemberUpdatedHandler)
    group = cast.group.full_id
    await owner.resolve_peer("ann_reader")
    await owner.promote_chat_member(
        "friends_group", cast.ann.id, types.ChatPrivileges(can_delete_messages=True, can_manage_chat=False)
    )
    assert (await got(changes)).new_chat_member.status is enums.ChatMemberStatus.ADMINISTRATOR
    assert (await bot.get_chat_member(group, cast.ann.id)).privileges.can_delete_messages
    await owner.ban_chat_member("friends_group", cast.ann.id)
    assert (await got(changes)).new_chat_member.status is enums.ChatMemberStatus.BANNED
    assert (await bot.get_chat_member(group, cast.ann.id)).status is enums.ChatMemberStatus.BANNED
    await owner.unban_chat_member("friends_group", cast.ann.id)
    with pytest.raises(errors.UserNotParticipant):
        await bot.get_chat_member(group, cast.ann.id)
    user = await connect(cast.ann)
    await user.join_chat("friends_group")
    assert (await bot.get_chat_member(group, cast.ann.id)).status is enums.ChatMemberStatus.MEMBER
    members = {member.user.id async for member in owner.get_chat_members("friends_group")}
    assert members == {cast.bot.id, cast.ann.id, cast.bob.id}
    await user.leave_chat("friends_group")
    link = (await owner.create_chat_invite_link("friends_group")).invite_link
    await user.join_chat(link)
    assert cast.group.is_member(cast.ann.id)
    with pytest.raises(errors.ChatAdminRequired):
        await user.ban_chat_member("friends_group", "bob_owner")


async def test_a_group_hears_everybody_and_another_person_may_press(connect, cast, world, ann):
    """A bot's message in a group reaches all members, and a press names who pressed, not whom it answered."""
    bot = await connect(cast.bot)
    inbox = await arrivals(bot, MessageHandler, filters.group)
    presses = await arrivals(bot, CallbackQueryHandler)
    world.post(cast.group.id, "find nosferatu", author=cast.bob.id)
    question = await got(inbox)
    await question.reply("results", reply_markup=KEYBOARD)
    seen = await ann.wait_message(containing="results")
    pressing = asyncio.create_task(ann.press(seen, "Go"))
    query = await got(presses)
    assert (query.from_user.id, query.message.chat.id) == (cast.ann.id, cast.group.full_id)
    await query.answer("not yours", show_alert=True)
    assert (await pressing).text == "not yours"


async def test_edits_and_deletions_reach_both_sides(connect, cast, world, ann):
    """What a bot edits or deletes changes for the person; deleting twice, or another's post, is refused or counts 0."""
    bot = await connect(cast.bot)
    sent = await bot.send_message(cast.ann.id, "one")
    seen = await ann.wait_message(containing="one")
    await bot.edit_message_text(cast.ann.id, sent.id, "two")
    assert (await ann.wait_edit(of=seen)).text == "two"
    assert await bot.delete_messages(cast.ann.id, sent.id) == 1
    assert ann.deleted_ids == [seen.id]
    assert await bot.delete_messages(cast.ann.id, sent.id) == 0
    with pytest.raises(errors.MessageIdInvalid):
        await bot.edit_message_text(cast.ann.id, sent.id, "three")
    with pytest.raises(errors.MessageAuthorRequired):
        await bot.edit_message_text(cast.ann.id, 1, "not mine")


async def test_commands_usernames_and_full_chats_are_kept(connect, cast, world):
    """Commands are kept per scope and language; names resolve, change, and free names are refused."""
    bot, user = await connect(cast.bot), await connect(cast.ann)
    await bot.set_bot_commands([types.BotCommand("start", "Start")])
    await bot.set_bot_commands([types.BotCommand("start", "Iniciar")], language_code="pt")
    assert [command.description for command in await bot.get_bot_commands(language_code="pt")] == ["Iniciar"]
    assert [command.description for command in await bot.get_bot_commands()] == ["Start"]
    await bot.delete_bot_commands()
    assert await bot.get_bot_commands() == []
    await user.set_username("ann_renamed")
    assert (await bot.get_users("ann_renamed")).id == cast.ann.id
    with pytest.raises(errors.UsernameNotOccupied):
        await bot.get_users("ann_reader")
    with pytest.raises(errors.UsernameOccupied):
        await user.set_username("BOB_owner")
    chat = await bot.get_chat(cast.channel.full_id)
    assert (chat.title, chat.members_count) == ("Files", 2)
    assert (await user.get_chat("friends_group")).id == cast.group.full_id


@pytest.mark.parametrize(
    ("spoil", "refusal"),
    [
        (lambda world, cast: world.block(cast.ann.id, cast.bot.id), errors.UserIsBlocked),
        (lambda world, cast: world.deactivate(cast.ann.id), errors.InputUserDeactivated),
        (lambda world, cast: world.accounts[cast.bot.id].started.clear(), errors.PeerIdInvalid),
    ],
    ids=["blocked", "deactivated", "never started"],
)
async def test_a_bot_cannot_write_to_whom_it_may_not(connect, cast, world, spoil, refusal):
    """A person who blocked the bot, is gone, or never started it cannot be written to."""
    bot = await connect(cast.bot)
    spoil(world, cast)
    with pytest.raises(refusal):
        await bot.send_message(cast.ann.id, "hello")


@pytest.mark.parametrize(
    ("text", "button", "refusal"),
    [
        ("", None, errors.MessageEmpty),
        (" \n ", None, errors.MessageEmpty),
        ("x" * 4_097, None, errors.MessageTooLong),
        ("😀" * 2_049, None, errors.MessageTooLong),
        ("x", types.InlineKeyboardButton("1", callback_data="é" * 33), errors.ButtonDataInvalid),
        ("x", types.InlineKeyboardButton("1", url="not a url"), errors.ButtonUrlInvalid),
    ],
)
async def test_what_telegram_refuses_is_refused(connect, cast, text, button, refusal):
    """Empty and too long texts and malformed buttons are refused with Telegram's names."""
    bot = await connect(cast.bot)
    markup = types.InlineKeyboardMarkup([[button]]) if button else None
    with pytest.raises(refusal):
        await bot.send_message(cast.ann.id, text, reply_markup=markup)


async def test_people_may_not_post_in_a_channel_nor_see_a_private_one(connect, cast, world):
    """Members read, admins write, strangers do not get in."""
    world.membership.join(cast.channel, cast.ann.id)
    user = await connect(cast.ann)
    world.post(cast.channel.id, "news")
    assert cast.channel.full_id in [dialog.chat.id async for dialog in user.get_dialogs()]
    with pytest.raises(errors.ChatWriteForbidden):
        await user.send_message(cast.channel.full_id, "let me in")
    world.membership.kick(cast.channel, cast.ann.id)
    with pytest.raises(errors.ChannelPrivate):
        await user.get_messages(cast.channel.full_id, 1)


async def test_reading_and_typing_are_seen_by_the_other_person(connect, cast, world):
    """Unread counts fall when a chat is read, the writer's client learns it, and typing shows."""
    writer, reader = await connect(cast.bob), await connect(cast.ann)
    signals = asyncio.Queue()
    writer.dispatcher.groups.setdefault(0, [])
    await reader.send_message("bob_owner", "hi")
    await writer.send_message("ann_reader", "one")
    await writer.send_message("ann_reader", "two")
    ask = raw.functions.messages.GetPeerDialogs
    peer = raw.types.InputDialogPeer(peer=await reader.resolve_peer("bob_owner"))
    before = (await reader.invoke(ask(peers=[peer]))).dialogs[0]

    async def note(_client, update, _users, _chats):
        signals.put_nowait(update)

    writer.dispatcher.groups[0].append(RawUpdateHandler(note))
    await reader.read_chat_history("bob_owner")
    assert (await got(signals)).max_id == 3
    after = (await reader.invoke(ask(peers=[peer]))).dialogs[0]
    assert (before.unread_count, after.unread_count) == (2, 0)
    await reader.send_chat_action("bob_owner", enums.ChatAction.TYPING)
    assert (await got(signals)).user_id == cast.ann.id


async def test_a_send_is_not_repeated_and_a_copy_hides_where_it_came_from(connect, cast, world, ann):
    """A random_id counts once, and a forward without author carries no header."""
    bot = await connect(cast.bot)
    post = world.post(cast.channel.id, "origin")
    send = raw.functions.messages.SendMessage(peer=await bot.resolve_peer(cast.ann.id), message="once", random_id=99)
    await bot.invoke(send)
    bot.sleep_threshold = 0
    with pytest.raises(errors.RandomIdDuplicate):
        await bot.session.invoke(send, retries=0)
    await bot.forward_messages(cast.ann.id, cast.channel.full_id, post.id, drop_author=True)
    copy = await ann.wait_message(containing="origin")
    assert copy.message.body.forward is None
    assert [seen.text for seen in ann.received] == ["once", "origin"]
