"""Basic groups, their way up to supergroups, and what becomes of a bot's rights."""

from __future__ import annotations

import pytest
from pyrogram import raw

from sandbox.actor import Actor
from sandbox.datacenter.rpc import RpcFailure
from sandbox.world.chats import Role

T = raw.types


def refusal(call, *arguments, **named):
    with pytest.raises(RpcFailure) as caught:
        call(*arguments, **named)
    return caught.value.code, caught.value.name


def says(world, user_id, group, text, reply_to=None):
    draft = world._draft(text, None, reply_to, None)
    return world.write(user_id, group, draft)


@pytest.fixture
def owner(world, bot, bob):
    """Bob, without a client."""
    return Actor(world, bob.id, bot.id)


@pytest.fixture
def family(owner, ann, bot):
    """A basic group of Bob's with Ann and the bot in it."""
    return owner.create_basic_group("Family", [ann.id, bot.id])


def boxes(world, family):
    return {i: [m.body.text for m in world.accounts[i].box.dialog(family.full_id).history] for i in family.members}


def test_everybody_in_a_basic_group_keeps_a_copy(world, family, ann, bob, bot):
    """One message is a copy a member, edits and deletions reach all of them, and replies point into one's own box."""
    world.says(ann.id, bot.id, "shifts the ids")
    question = says(world, ann.id, family, "question")
    answer = says(world, bob.id, family, "answer", question.others[0].id)
    assert {copy.owner_id for copy in question.body.copies} == {ann.id, bob.id, bot.id}
    replies = {copy.owner_id: copy.reply_to for copy in answer.body.copies}
    assert replies == {copy.owner_id: copy.id for copy in question.body.copies}
    world.edit(question, "question?")
    world.delete(answer)
    assert boxes(world, family) == {i: ["", "question?"] for i in family.members}


def test_a_copy_that_its_owner_threw_away_stays_away(world, sink, family, ann, bob):
    """Deleting for oneself alone leaves the others' copies, and later edits are not told."""
    said = says(world, bob.id, family, "hello")
    own = next(copy for copy in said.others if copy.owner_id == ann.id)
    world.posting.delete_private(ann.id, [own.id], revoke=False)
    sink.pushed.clear()
    world.edit(said, "hello all")
    assert sink.of(ann.id) == []
    assert [m.body.text for m in bob.box.dialog(family.full_id).history][-1] == "hello all"


def test_who_is_not_in_a_basic_group_neither_reads_nor_writes(world, family, ann, bob, bot):
    """Somebody taken out gets that news as the last message."""
    carl = world.add_user("Carl")
    assert refusal(says, world, carl.id, family, "let me in") == (403, "CHAT_WRITE_FORBIDDEN")
    world.group_life.remove(family, ann.id, actor_id=bob.id)
    says(world, bob.id, family, "among us")
    last = list(ann.box.dialog(family.full_id).history)[-1]
    assert isinstance(last.body.action, T.MessageActionChatDeleteUser)
    assert isinstance(world.views.group(family, ann.id), T.ChatForbidden)


def test_a_bot_in_privacy_mode_gets_what_is_meant_for_it(world, family, ann, bot):
    """Commands, mentions and replies reach it; talk does not, until it is an admin."""
    bot.sees_all_group_messages = False
    for text in ("talk", "/start", "/start@other_bot", "@filter_test_bot nosferatu"):
        says(world, ann.id, family, text)
    world.group_life.set_admin(family, bot.id, admin=True, actor_id=family.members[ann.id].actor_id)
    says(world, ann.id, family, "more talk")
    texts = [message.body.text for message in bot.box.dialog(family.full_id).history if message.body.text]
    assert texts == ["/start", "@filter_test_bot nosferatu", "more talk"]


def test_bots_that_are_admins_learn_who_comes_and_goes_in_a_basic_group(world, sink, family, ann, bob, bot):
    """Such updates say what was and what is; a bot that is no admin is told of itself alone."""
    carl = world.add_user("Carl")
    sink.pushed.clear()
    world.group_life.add(family, carl.id, actor_id=bob.id)
    assert "UpdateChatParticipant" not in sink.of(bot.id)
    world.group_life.set_admin(family, bot.id, admin=True, actor_id=bob.id)
    world.group_life.remove(family, carl.id, actor_id=bob.id)
    told = [update for _, _, update in bot.box.qts_log if isinstance(update, T.UpdateChatParticipant)]
    kinds = [(type(u.prev_participant).__name__, type(u.new_participant).__name__) for u in told]
    assert kinds == [
        ("NoneType", "ChatParticipant"),
        ("ChatParticipant", "ChatParticipantAdmin"),
        ("ChatParticipant", "NoneType"),
    ]
    assert (told[-1].user_id, told[-1].actor_id, told[-1].chat_id) == (carl.id, bob.id, family.id)


def test_a_migrated_group_is_dead_and_its_supergroup_has_everybody(world, sink, owner, family, ann, bob, bot):
    """Scenario 102: roles move, both chats say where the other is, and the old id takes no messages."""
    world.group_life.set_admin(family, bot.id, admin=True, actor_id=bob.id)
    supergroup = owner.migrate(family)
    assert {i: member.role for i, member in supergroup.members.items()} == {
        bob.id: Role.CREATOR,
        ann.id: Role.MEMBER,
        bot.id: Role.ADMIN,
    }
    farewell = list(bot.box.dialog(family.full_id).history)[-1].body.action
    arrival = next(iter(supergroup.history)).body.action
    assert (farewell.channel_id, arrival.chat_id, arrival.title) == (supergroup.id, family.id, "Family")
    told = [u for to, u in sink.pushed if to == bot.id and getattr(u.updates[0], "message", None)]
    assert [supergroup.id in {chat.id for chat in updates.chats} for updates in told][-2:] == [True, True]
    old = world.views.group(family, bot.id)
    assert (old.deactivated, old.migrated_to.channel_id) == (True, supergroup.id)
    assert old.migrated_to.access_hash == world.access.channel(bot.id, supergroup.id)
    assert refusal(says, world, ann.id, family, "anybody?") == (400, "PEER_ID_INVALID")
    assert refusal(owner.migrate, family) == (400, "CHAT_ID_INVALID")


def test_only_the_founder_migrates_a_group(world, family, ann, bot):
    """Others are refused, and the group lives on."""
    assert refusal(Actor(world, ann.id, bot.id).migrate, family) == (400, "CHAT_ADMIN_REQUIRED")
    assert family.migrated_to is None


def test_service_messages_are_neither_edited_nor_forwarded(world, owner, family, bob):
    """They are no words of anybody."""
    news = next(iter(bob.box.dialog(family.full_id).history))
    assert refusal(owner.forward, owner.bot_id, family.full_id, [news.id]) == (400, "MESSAGE_ID_INVALID")
    assert isinstance(world.views.message(news, bob.id), T.MessageService)


@pytest.mark.parametrize(("make", "stays"), [("create_channel", False), ("create_supergroup", True)])
def test_a_bot_whose_rights_are_taken_is_out_of_a_channel_and_stays_in_a_group(world, owner, bot, make, stays):
    """Scenario 74: bots are admins of channels or nothing."""
    chat = getattr(owner, make)("Files")
    owner.set_bot_rights(chat.full_id, admin=True)
    assert chat.may(bot.id, "post_messages")
    owner.set_bot_rights(chat.full_id, admin=False)
    assert (chat.is_admin(bot.id), chat.is_member(bot.id)) == (False, stays)
    told = [update for _, _, update in bot.box.qts_log if update.channel_id == chat.id]
    assert type(told[-1].prev_participant).__name__ == "ChannelParticipantAdmin"
    assert (told[-1].new_participant is not None) is stays


def test_a_bot_that_was_thrown_out_is_told_and_reads_nothing(world, owner, bot):
    """Scenario 74: CHANNEL_PRIVATE follows, until it is an admin again."""
    chat = owner.create_channel("Files")
    owner.set_bot_rights(chat.full_id, admin=True)
    peer = T.InputChannel(channel_id=chat.id, access_hash=world.access.channel(bot.id, chat.id))
    world.peers.readable_channel(bot.id, peer)
    owner.remove_bot(chat.full_id)
    assert bot.box.qts_log[-1][2].new_participant.banned_rights.view_messages
    assert refusal(world.peers.readable_channel, bot.id, peer) == (400, "CHANNEL_PRIVATE")
    owner.set_bot_rights(chat.full_id, admin=True)
    assert world.peers.readable_channel(bot.id, peer) is chat


def test_a_public_channel_made_private_is_closed_to_strangers(world, owner, bot, sink):
    """Scenario 74: who is in is told and reads on; who is not gets CHANNEL_PRIVATE, and the name is free."""
    chat = owner.create_channel("Films", username="silent_films")
    peer = T.InputChannel(channel_id=chat.id, access_hash=world.access.channel(bot.id, chat.id))
    world.peers.readable_channel(bot.id, peer)
    owner.rename(chat.full_id, "silent_films_2")
    assert world.usernames.owner("silent_films") is None
    owner.make_private(chat.full_id)
    assert sink.of(owner.user_id)[-1] == "UpdateChannel"
    assert refusal(world.peers.readable_channel, bot.id, peer) == (400, "CHANNEL_PRIVATE")


def test_a_deleted_channel_is_closed_to_everybody(world, owner, bot):
    """Scenario 74: its creator and its bot get CHANNEL_PRIVATE, and see no more than its title."""
    chat = owner.create_channel("Files")
    owner.set_bot_rights(chat.full_id, admin=True)
    world.post(chat.id, "news")
    owner.delete_channel(chat.full_id)
    assert isinstance(world.views.channel(chat, bot.id), T.ChannelForbidden)
    assert refusal(world.post, chat.id, "more") == (400, "CHANNEL_PRIVATE")


def test_rights_are_checked(world, owner, ann, bot):
    """Who may not add admins neither gives nor takes the bot's rights; bots are not members of channels."""
    chat = owner.create_supergroup("Friends", members=[ann.id])
    stranger = Actor(world, ann.id, bot.id)
    required = (400, "CHAT_ADMIN_REQUIRED")
    assert refusal(stranger.set_bot_rights, chat.full_id, admin=True) == required
    assert refusal(stranger.remove_bot, chat.full_id) == required
    assert refusal(stranger.rename, chat.full_id, "new_name") == required
    assert refusal(owner.add_bot, owner.create_channel("Files").full_id) == (400, "USER_BOT")
    owner.add_bot(chat.full_id)
    assert chat.role(bot.id) is Role.MEMBER


def test_a_message_says_whom_it_mentions(world, owner, ann, bob, bot):
    """A username, a named person and an answer are mentions, for the one who is meant only."""
    chat = owner.create_supergroup("Friends", members=[ann.id])
    owner.add_bot(chat.full_id)
    plain = world.post(chat.id, "hello")
    by_name = world.post(chat.id, "hello @Filter_Test_Bot!")
    by_link = world.post(chat.id, "you", entities=[T.MessageEntityMentionName(offset=0, length=3, user_id=ann.id)])
    reply = world.post(chat.id, "and you", author=ann.id, reply_to=plain.id)
    messages = (plain, by_name, by_link, reply)
    mentioned = {
        i: [bool(world.views.message(message, i).mentioned) for message in messages] for i in (bot.id, ann.id, bob.id)
    }
    assert mentioned == {
        bot.id: [False, True, False, False],
        ann.id: [False, False, True, False],
        bob.id: [False, False, False, True],
    }


def test_somebody_asks_to_be_let_in(world, owner, sink, ann, bob, bot):
    """Scenario 100: the bot that may invite is told once; an admin's yes makes a member, a no does not."""
    chat = owner.create_channel("Files")
    owner.set_bot_rights(chat.full_id, admin=True)
    link = owner.invite_link(chat.full_id, needs_approval=True)
    visitor = Actor(world, ann.id, bot.id)
    assert [visitor.follow_link(link), visitor.follow_link(link)] == [False, False]
    told = [update for _, _, update in bot.box.qts_log if isinstance(update, T.UpdateBotChatInviteRequester)]
    assert [(update.user_id, update.peer.channel_id, update.invite.link) for update in told] == [
        (ann.id, chat.id, link)
    ]
    assert "UpdatePendingJoinRequests" in sink.of(bob.id)
    owner.decide_request(chat.full_id, ann.id, approved=False)
    assert not chat.is_member(ann.id)
    assert refusal(owner.decide_request, chat.full_id, ann.id, approved=True) == (400, "HIDE_REQUESTER_MISSING")
    visitor.follow_link(link)
    owner.decide_request(chat.full_id, ann.id, approved=True)
    assert chat.is_member(ann.id)
    assert refusal(visitor.follow_link, link) == (400, "USER_ALREADY_PARTICIPANT")


def test_links_let_in_at_once_unless_somebody_was_banned(world, owner, ann, bot):
    """An ordinary link needs nobody; it does not undo a ban, and dies with its channel."""
    chat = owner.create_channel("Files")
    link, visitor = owner.invite_link(chat.full_id), Actor(world, ann.id, bot.id)
    assert visitor.follow_link(link)
    world.membership.kick(chat, ann.id, actor_id=owner.user_id)
    assert refusal(visitor.follow_link, link) == (400, "INVITE_HASH_EXPIRED")
    owner.delete_channel(chat.full_id)
    assert refusal(owner.follow_link, link) == (400, "INVITE_HASH_EXPIRED")
