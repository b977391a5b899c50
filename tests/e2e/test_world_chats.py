"""Albums, forwards, groups and rights between unmodified pyrofork clients in the local Telegram."""

from __future__ import annotations

import asyncio
from io import BytesIO

import pytest
from pyrogram import enums, errors, filters, raw, types
from pyrogram.handlers import (
    ChatJoinRequestHandler,
    ChatMemberUpdatedHandler,
    DeletedMessagesHandler,
    EditedMessageHandler,
    MessageHandler,
    RawUpdateHandler,
)

from tests.e2e.arrivals import arrivals, got

pytestmark = pytest.mark.wire

T = raw.types
F = raw.functions
ADMIN = types.ChatPrivileges(can_post_messages=True, can_edit_messages=True, can_invite_users=True)


async def found_group(owner, *usernames):
    """Found a basic group; its negative id. pyrofork's own create_group does not read today's answer."""
    users = [await owner.resolve_peer(username) for username in usernames]
    invited = await owner.invoke(F.messages.CreateChat(title="Family", users=users))
    return -invited.updates.chats[0].id


async def send_album(client, chat_id, captions):
    """Send new files as one album, raw since pyrofork's own send_media_group fails on every answer; its answer."""
    peer = await client.resolve_peer(chat_id)
    media = []
    for number, caption in enumerate(captions):
        file = BytesIO(b"film" * 100)
        file.name = "film"
        named = T.DocumentAttributeFilename(file_name=f"Part.{number}.mkv")
        uploaded = T.InputMediaUploadedDocument(
            file=await client.save_file(file), mime_type="video/x-matroska", attributes=[named]
        )
        stored = (await client.invoke(F.messages.UploadMedia(peer=peer, media=uploaded))).document
        known = T.InputDocument(id=stored.id, access_hash=stored.access_hash, file_reference=stored.file_reference)
        item = T.InputSingleMedia(
            media=T.InputMediaDocument(id=known), random_id=client.rnd_id(), **await client.parser.parse(caption)
        )
        media.append(item)
    return await client.invoke(F.messages.SendMultiMedia(peer=peer, multi_media=media))


async def raw_updates(client, *kinds):
    """A queue of the raw updates of these kinds that reach a client."""
    queue = asyncio.Queue()

    async def handle(_client, update, _users, _chats):
        if isinstance(update, kinds):
            queue.put_nowait(update)

    client.dispatcher.groups.setdefault(9, []).append(RawUpdateHandler(handle))
    return queue


async def test_an_album_goes_up_and_arrives_as_one(connect, cast):
    """Scenario 71: the bot sends three files at once; the person gets them in order, tied together, captioned once."""
    bot, user = await connect(cast.bot), await connect(cast.ann)
    received = await arrivals(user, MessageHandler, filters.private)
    sent = await send_album(bot, cast.ann.id, ["<b>Les Vampires</b>", "", ""])
    album = [await got(received) for _ in range(3)]
    assert [message.document.file_name for message in album] == ["Part.0.mkv", "Part.1.mkv", "Part.2.mkv"]
    assert [message.caption and message.caption.html for message in album] == ["<b>Les Vampires</b>", None, None]
    own = [update.message for update in sent.updates if isinstance(update, T.UpdateNewMessage)]
    assert len({message.media_group_id for message in album} | {message.grouped_id for message in own}) == 1
    with pytest.raises(errors.MediaInvalid):
        await send_album(bot, cast.ann.id, ["alone"])


async def test_a_channels_album_is_forwarded_to_the_bot_with_its_origin(connect, cast, bob):
    """A person forwards an album out of a channel: the header names channel and post, and the album holds together."""
    bot, owner = await connect(cast.bot), await connect(cast.bob)
    received = await arrivals(bot, MessageHandler, filters.private)
    album = bob.post_album(cast.channel.full_id, ["a.mkv", "b.mkv"], "both")
    await owner.send_message("filter_test_bot", "hi")
    await got(received)
    await owner.forward_messages("filter_test_bot", cast.channel.full_id, [post.id for post in album])
    first, second = await got(received), await got(received)
    assert [(m.forward_from_chat.id, m.forward_from_message_id) for m in (first, second)] == [
        (cast.channel.full_id, post.id) for post in album
    ]
    assert first.media_group_id == second.media_group_id
    bob.protect(cast.channel.full_id)
    with pytest.raises(errors.ChatForwardsRestricted):
        await owner.forward_messages("filter_test_bot", cast.channel.full_id, album[0].id)


async def test_a_basic_group_lives_over_the_wire(connect, cast):
    """A person founds it with the bot inside; both write, answer, edit, delete and see who is in."""
    bot, owner = await connect(cast.bot), await connect(cast.bob)
    told = await arrivals(bot, ChatMemberUpdatedHandler)
    inbox = await arrivals(bot, MessageHandler, filters.group & ~filters.service)
    received = await arrivals(owner, MessageHandler, filters.group & ~filters.service)
    edits = await arrivals(owner, EditedMessageHandler)
    gone = await arrivals(owner, DeletedMessagesHandler)
    group = await found_group(owner, "filter_test_bot", "ann_reader")
    added = await got(told)
    assert (added.chat.id, added.new_chat_member.status) == (group, enums.ChatMemberStatus.MEMBER)
    await owner.send_message(group, "/find nosferatu")
    question = await got(inbox)
    assert (question.chat.id, question.chat.type, question.from_user.id) == (
        group,
        enums.ChatType.GROUP,
        cast.bob.id,
    )
    reply = await question.reply("found", quote=True)
    shown = await got(received)
    assert (shown.text, shown.reply_to_message.text, shown.mentioned) == ("found", "/find nosferatu", True)
    await reply.edit_text("found two")
    assert (await got(edits)).text == "found two"
    await reply.delete()
    assert [message.id for message in await got(gone)] == [shown.id]
    assert {member.user.id async for member in owner.get_chat_members(group)} == {
        cast.bob.id,
        cast.bot.id,
        cast.ann.id,
    }
    history = [message async for message in owner.get_chat_history(group)]
    assert [message.text for message in history if message.text] == ["/find nosferatu"]
    assert group in {dialog.chat.id async for dialog in owner.get_dialogs()}
    await bot.leave_chat(group)
    assert (await got(told)).old_chat_member.status is enums.ChatMemberStatus.MEMBER
    with pytest.raises(errors.ChatIdInvalid):
        await bot.send_message(group, "too late")


async def test_members_of_a_basic_group_are_managed_over_the_wire(connect, cast, world):
    """Its founder brings in, promotes and takes out; others may not, and only oneself may be taken out by oneself."""
    owner, user = await connect(cast.bob), await connect(cast.ann)
    carl = world.add_user("Carl", username="carl_guest")
    group = await found_group(owner, "filter_test_bot", "ann_reader")
    person, guest = await owner.resolve_peer("ann_reader"), await user.resolve_peer("carl_guest")
    chat = world.groups[group]
    await owner.invoke(F.messages.EditChatAdmin(chat_id=-group, user_id=person, is_admin=True))
    assert chat.is_admin(cast.ann.id)
    await user.invoke(F.messages.AddChatUser(chat_id=-group, user_id=guest, fwd_limit=0))
    with pytest.raises(errors.UserAlreadyParticipant):
        await user.invoke(F.messages.AddChatUser(chat_id=-group, user_id=guest, fwd_limit=0))
    await user.invoke(F.messages.DeleteChatUser(chat_id=-group, user_id=guest))
    assert not chat.is_member(carl.id)
    founder = await user.resolve_peer("bob_owner")
    for refused in (
        F.messages.DeleteChatUser(chat_id=-group, user_id=founder),
        F.messages.EditChatAdmin(chat_id=-group, user_id=guest, is_admin=True),
        F.messages.MigrateChat(chat_id=-group),
    ):
        with pytest.raises(errors.ChatAdminRequired):
            await user.invoke(refused)
    with pytest.raises(errors.ChatTitleEmpty):
        await owner.invoke(F.messages.CreateChat(title=" ", users=[person]))
    with pytest.raises(errors.UsersTooFew):
        await owner.invoke(F.messages.CreateChat(title="Alone", users=[]))


async def test_named_people_and_protected_messages_pass_as_they_are(connect, cast, world):
    """A person named by a link is mentioned by id, and what a bot protects is not passed on by anybody."""
    bot, user, owner = await connect(cast.bot), await connect(cast.ann), await connect(cast.bob)
    received = await arrivals(user, MessageHandler, filters.group)
    await bot.send_message(cast.group.full_id, f'<a href="tg://user?id={cast.ann.id}">you</a>', protect_content=True)
    named = await got(received)
    assert (named.entities[0].user.id, named.mentioned, named.has_protected_content) == (cast.ann.id, True, True)
    for client in (user, owner):
        with pytest.raises(errors.ChatForwardsRestricted):
            await client.forward_messages("friends_group", "friends_group", named.id)
    peer = await owner.resolve_peer("friends_group")
    await owner.invoke(F.messages.ToggleNoForwards(peer=peer, enabled=True))
    assert cast.group.protected
    with pytest.raises(errors.ChatNotModified):
        await owner.invoke(F.messages.ToggleNoForwards(peer=peer, enabled=True))


async def test_a_group_becomes_a_supergroup(connect, cast):
    """Scenario 102: the bot is told in both chats, the old id is dead, and the new one is found from the old."""
    bot, owner = await connect(cast.bot), await connect(cast.bob)
    services = await arrivals(bot, MessageHandler, filters.service)
    inbox = await arrivals(bot, MessageHandler, filters.group & ~filters.service, group=1)
    group = await found_group(owner, "filter_test_bot")
    created = await got(services)
    assert (created.chat.id, created.service) == (group, enums.MessageServiceType.GROUP_CHAT_CREATED)
    upgraded = await owner.invoke(F.messages.MigrateChat(chat_id=-group))
    new_id = next(-1_000_000_000_000 - chat.id for chat in upgraded.chats if isinstance(chat, T.Channel))
    went, came = await got(services), await got(services)
    assert (went.chat.id, went.migrate_to_chat_id) == (group, new_id)
    assert (came.chat.id, came.migrate_from_chat_id) == (new_id, group)
    with pytest.raises(errors.PeerIdInvalid):
        await bot.send_message(group, "anybody?")
    old = (await bot.invoke(F.messages.GetChats(id=[-group]))).chats[0]
    assert (old.deactivated, -1_000_000_000_000 - old.migrated_to.channel_id) == (True, new_id)
    await owner.send_message(new_id, "hello")
    assert (await got(inbox)).chat.id == new_id
    with pytest.raises(errors.ChatIdInvalid):
        await owner.invoke(F.messages.MigrateChat(chat_id=-group))


async def test_a_bot_loses_its_rights_and_gets_them_back(connect, cast, bob):
    """Scenario 74: it is told each time, reads nothing meanwhile, and reads again afterwards."""
    bot = await connect(cast.bot)
    changes = await arrivals(bot, ChatMemberUpdatedHandler)
    channel = cast.channel.full_id
    post = bob.say_in(channel, "news")
    assert (await bot.get_messages(channel, post.id)).text == "news"
    bob.set_bot_rights(channel, admin=False)
    lost = await got(changes)
    assert (lost.old_chat_member.status, lost.new_chat_member) == (enums.ChatMemberStatus.ADMINISTRATOR, None)
    named = F.channels.GetChannels(id=[await bot.resolve_peer(channel)])
    for refused in (
        bot.get_messages(channel, post.id),
        bot.get_chat(channel),
        bot.send_message(channel, "hello"),
        bot.invoke(named),
    ):
        with pytest.raises(errors.ChannelPrivate):
            await refused
    bob.set_bot_rights(channel, admin=True)
    assert (await got(changes)).new_chat_member.status is enums.ChatMemberStatus.ADMINISTRATOR
    assert (await bot.get_messages(channel, post.id)).text == "news"
    bob.remove_bot(channel)
    assert (await got(changes)).new_chat_member.status is enums.ChatMemberStatus.BANNED
    with pytest.raises(errors.ChannelPrivate):
        await bot.get_messages(channel, post.id)


async def test_an_admin_without_the_right_may_not_post(connect, cast, bob):
    """Rights are looked at one by one: a bot that may only edit cannot post, and only admins list members."""
    bot = await connect(cast.bot)
    rights = T.ChatAdminRights(edit_messages=True)
    bob.set_bot_rights(cast.channel.full_id, admin=True, rights=rights)
    with pytest.raises(errors.ChatAdminRequired):
        await bot.send_message(cast.channel.full_id, "hello")
    with pytest.raises(errors.ChatAdminRequired):
        await bot.promote_chat_member(cast.channel.full_id, cast.ann.id, ADMIN)
    assert (await bot.get_chat_member(cast.channel.full_id, "me")).privileges.can_edit_messages


async def test_somebody_asks_to_be_let_in_and_the_bot_agrees(connect, cast, bob):
    """Scenario 100: a link that needs approval sends the bot a request; its yes makes a member."""
    bot, user = await connect(cast.bot), await connect(cast.ann)
    requests = await arrivals(bot, ChatJoinRequestHandler)
    channel = cast.channel.full_id
    link = await bot.create_chat_invite_link(channel, creates_join_request=True)
    for _ in range(2):
        with pytest.raises(errors.InviteRequestSent):
            await user.join_chat(link.invite_link)
    request = await got(requests)
    assert (request.chat.id, request.from_user.id, request.invite_link.invite_link) == (
        channel,
        cast.ann.id,
        link.invite_link,
    )
    bob.say_in(channel, "news")
    owner = await connect(cast.bob)
    [_ async for _ in owner.get_dialogs()]
    assert [joiner.user.id async for joiner in owner.get_chat_join_requests(channel)] == [cast.ann.id]
    await bot.approve_chat_join_request(channel, cast.ann.id)
    assert cast.channel.is_member(cast.ann.id)
    with pytest.raises(errors.UserAlreadyParticipant):
        await bot.decline_chat_join_request(channel, cast.ann.id)
    with pytest.raises(errors.ChatAdminRequired):
        await user.decline_chat_join_request(channel, "bob_owner")


async def test_deletions_are_in_the_difference_and_pushed_only_when_asked(connect, cast, bob):
    """Bots hear of deleted posts now or from updates.getChannelDifference, as the test chooses."""
    bot = await connect(cast.bot)
    deleted = await raw_updates(bot, T.UpdateDeleteChannelMessages)
    posts = [bob.post_file(cast.channel.full_id, f"{number}.mkv") for number in range(2)]
    before = cast.channel.log.pts
    bob.delete_posts(cast.channel.full_id, [posts[0].id])
    bob.delete_posts(cast.channel.full_id, [posts[1].id], push=True)
    assert (await got(deleted)).messages == [posts[1].id]
    assert deleted.empty()
    ask = F.updates.GetChannelDifference(
        channel=await bot.resolve_peer(cast.channel.full_id),
        filter=T.ChannelMessagesFilterEmpty(),
        pts=before,
        limit=99,
    )
    difference = await bot.invoke(ask)
    assert [update.messages for update in difference.other_updates] == [[post.id] for post in posts]


async def test_a_channel_is_founded_renamed_closed_and_deleted(connect, cast):
    """A stranger reads a public channel, not a private one, and nobody one that is gone."""
    owner, user = await connect(cast.bob), await connect(cast.ann)
    channel = await owner.create_channel("Films", "silent ones")
    await owner.invoke(F.channels.UpdateUsername(channel=await owner.resolve_peer(channel.id), username="silent_films"))
    post = await owner.send_message(channel.id, "news")
    assert (await user.get_messages("silent_films", post.id)).text == "news"
    await owner.invoke(F.channels.UpdateUsername(channel=await owner.resolve_peer(channel.id), username=""))
    for refused in (user.get_messages(channel.id, post.id), user.join_chat(channel.id)):
        with pytest.raises(errors.ChannelPrivate):
            await refused
    await owner.delete_channel(channel.id)
    with pytest.raises(errors.ChannelPrivate):
        await owner.send_message(channel.id, "more")


async def test_what_a_bot_missed_in_groups_waits_for_it(connect, cast, bob, ann):
    """Member changes of basic groups and requests to join come with the difference after an absence."""
    group = bob.create_basic_group("Family", [cast.ann.id, cast.bot.id])
    assert not ann.follow_link(bob.invite_link(cast.channel.full_id, needs_approval=True))
    bot = await connect(cast.bot)
    messages = (await bot.invoke(F.updates.GetDifference(pts=1, date=1, qts=0))).new_messages
    difference = await bot.invoke(F.updates.GetDifference(pts=cast.bot.box.log.pts, date=1, qts=0))
    kinds = {type(update).__name__ for update in difference.other_updates}
    assert {"UpdateChatParticipant", "UpdateBotChatInviteRequester"} <= kinds
    assert {group.id, cast.channel.id} <= {chat.id for chat in difference.chats}
    assert {cast.ann.id, cast.bob.id, cast.bot.id} <= {user.id for user in difference.users}
    service = [message for message in messages if isinstance(message, T.MessageService)]
    assert [type(message.action).__name__ for message in service] == ["MessageActionChatCreate"]
