"""Messages of the local Telegram: two copies, logs, edits and deletions."""

from __future__ import annotations

from io import BytesIO

import pytest
from pyrogram.raw.core import TLObject

from sandbox.datacenter.rpc import RpcFailure
from sandbox.world.message_box import Body, EventKind, EventLog, History, Message
from sandbox.world.posting import Draft


def refusal(call, *arguments, **named):
    with pytest.raises(RpcFailure) as caught:
        call(*arguments, **named)
    return caught.value.code, caught.value.name


def test_a_private_message_is_two_copies_with_ids_of_their_own(world, bot, ann, bob):
    """Each side numbers its own box, and what one side edits changes for the other."""
    world.says(bob.id, bot.id, "earlier")
    mine = world.says(ann.id, bot.id, "hello")
    assert (mine.id, mine.twin.id) == (1, 2)
    world.edit(mine, "hello again")
    assert world.messages_between(bot.id, ann.id)[0].body.text == "hello again"


def test_a_deletion_takes_both_copies(world, sink, bot, ann):
    """A revoked message is gone for both, and both logs say so."""
    mine = world.says(ann.id, bot.id, "oops")
    world.delete(mine)
    assert world.messages_between(ann.id, bot.id) == world.messages_between(bot.id, ann.id) == []
    assert sink.of(bot.id) == ["UpdateNewMessage", "UpdateDeleteMessages"]


def test_a_reply_points_to_the_copy_of_its_own_side(world, bot, ann, bob):
    """The id of the answered message is translated for the other side."""
    world.says(bob.id, bot.id, "shifts the bot's ids")
    question = world.says(ann.id, bot.id, "question")
    answer = world.says(ann.id, bot.id, "more", reply_to=question.id)
    assert (answer.reply_to, answer.twin.reply_to) == (question.id, question.twin.id)
    assert question.id != question.twin.id


def test_a_log_returns_what_came_after_a_pts():
    """Events after the given counter, oldest first; a deletion of three counts three."""
    log = EventLog()
    log.append(EventKind.NEW)
    log.append(EventKind.DELETE, ids=(1, 2, 3))
    log.append(EventKind.NEW)
    assert [event.pts for event in log.since(1)] == [2, 5, 6]
    assert [event.pts for event in log.since(5)] == [6]
    assert log.since(6) == []


def test_a_log_that_forgot_says_so():
    """A client further behind than the log reaches is told instead of given a part."""
    log = EventLog(size=2)
    for _ in range(3):
        log.append(EventKind.NEW)
    assert log.since(1) is None
    assert len(log.since(2)) == 2


def history_of(*ids):
    history = History()
    for message_id in ids:
        history.add(Message(message_id, 0, 1, Body(1, 0)))
    return history


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ({"offset_id": 0, "add_offset": 0, "limit": 2}, [9, 7]),
        ({"offset_id": 7, "add_offset": 0, "limit": 2}, [5, 3]),
        ({"offset_id": 5, "add_offset": -2, "limit": 2}, [7, 5]),
        ({"offset_id": 0, "add_offset": 1, "limit": 9}, [7, 5, 3, 1]),
        ({"offset_id": 0, "add_offset": 0, "limit": 9, "min_id": 3, "max_id": 9}, [7, 5]),
    ],
)
def test_a_page_of_a_history_is_cut_as_telegram_cuts_it(page, expected):
    """Offsets and bounds select the ids that messages.getHistory would."""
    assert [message.id for message in history_of(1, 3, 5, 7, 9).page(**page)] == expected


def test_a_random_id_is_accepted_once_per_account(world, ann, bob):
    """A repeated send is recognised instead of delivered twice."""
    world.posting.claim_random_id(ann.id, 5)
    world.posting.claim_random_id(bob.id, 5)
    assert refusal(world.posting.claim_random_id, ann.id, 5) == (500, "RANDOM_ID_DUPLICATE")


def test_a_bot_writes_only_to_people_who_started_it(world, bot, ann):
    """Each reason why a bot may not write has Telegram's name."""
    write = lambda: world.says(bot.id, ann.id, "hi")  # noqa: E731
    assert refusal(write) == (400, "PEER_ID_INVALID")
    world.says(ann.id, bot.id, "/start")
    assert write().body.text == "hi"
    world.block(ann.id, bot.id)
    assert refusal(write) == (403, "USER_IS_BLOCKED")
    assert refusal(world.says, ann.id, bot.id, "still blocked") == (400, "YOU_BLOCKED_USER")
    world.unblock(ann.id, bot.id)
    world.deactivate(ann.id)
    assert refusal(write) == (400, "INPUT_USER_DEACTIVATED")


def test_only_admins_post_in_a_channel_and_everybody_in_a_group(world, bot, ann, bob):
    """Posting needs the right in a channel, and membership in a group."""
    channel = world.add_channel("Files", creator=bob.id, members=[ann.id])
    group = world.add_group("Friends", creator=bob.id, members=[ann.id])
    assert refusal(world.post, channel.id, "no", author=ann.id) == (403, "CHAT_WRITE_FORBIDDEN")
    assert refusal(world.post, channel.id, "no", author=bot.id) == (400, "CHANNEL_PRIVATE")
    assert world.post(group.full_id, "yes", author=ann.id).id == 1
    world.membership.mute(group, ann.id)
    assert refusal(world.post, group.id, "no", author=ann.id) == (403, "CHAT_WRITE_FORBIDDEN")


def test_deleted_posts_are_pushed_to_people_and_to_bots_only_when_asked(world, sink, bot, ann, bob):
    """Deletions in channels reach bots through the difference, unless the world is told to push them."""
    channel = world.add_channel("Files", creator=bob.id, admins=[bot.id], members=[ann.id])
    world.delete(world.post(channel.id, "one"))
    assert "UpdateDeleteChannelMessages" in sink.of(ann.id)
    assert "UpdateDeleteChannelMessages" not in sink.of(bot.id)
    assert [event.kind for event in channel.log.since(1)] == [EventKind.NEW, EventKind.DELETE]
    world.push_channel_deletions_to_bots = True
    world.delete(world.post(channel.id, "two"))
    assert "UpdateDeleteChannelMessages" in sink.of(bot.id)


def test_privacy_mode_keeps_group_talk_from_a_bot(world, sink, bob):
    """In privacy mode a bot hears its commands, mentions, inline results and replies; no bot hears another bot."""
    shy = world.add_bot("7000000002:shy", "Shy", "shy_test_bot", sees_all_group_messages=False)
    loud = world.add_bot("7000000003:loud", "Loud", "loud_test_bot")
    group = world.add_group("Friends", creator=bob.id, members=[shy.id, loud.id])
    sink.pushed.clear()
    world.post(group.id, "just talk")
    assert (sink.of(shy.id), sink.of(loud.id)) == ([], ["UpdateNewChannelMessage"])
    world.post(group.id, "/find@loud_test_bot x")
    world.post(group.id, "hey @shy_test_bot2 and friend@shy_test_bot")
    assert sink.of(shy.id) == []
    world.post(group.id, "/find x")
    world.post(group.id, "/find@shy_test_bot x")
    world.post(group.id, "hey @Shy_test_bot")
    world.write(bob.id, group, Draft("chosen from its list", via_bot_id=shy.id))
    assert sink.of(shy.id) == ["UpdateNewChannelMessage"] * 4
    own = world.post(group.id, "from a bot", author=shy.id)
    sink.pushed.clear()
    world.post(group.id, "answer", reply_to=own.id)
    assert sink.of(shy.id) == ["UpdateNewChannelMessage"]
    world.post(group.id, "bot talk", author=shy.id)
    assert len(sink.of(loud.id)) == 1


def test_a_group_may_be_written_to_in_a_channels_name(world, sink, bot, ann, bob):
    """Readers see the group, or the channel, and never who wrote; only who administers it may, and only in groups."""
    group = world.add_group("Friends", creator=bob.id, members=[bot.id, ann.id])
    channel = world.add_channel("Files", creator=bob.id)
    for name in (group, channel):
        message = world.post(group.id, "film", author=bob.id, send_as=name.id)
        shown = world.views.message(message, bot.id)
        users, chats = world.views.peers([message], bot.id)
        assert (shown.from_id.channel_id, bob.id in {user.id for user in users}) == (name.id, False)
        assert name.id in {chat.id for chat in chats}
        assert world.views.message(message, bob.id).out
    other = world.add_group("Others", creator=bob.id)
    refused = ((group, ann, group), (group, ann, channel), (channel, bob, channel), (group, bob, other))
    for place, author, name in refused:
        with pytest.raises(RpcFailure, match="SEND_AS_PEER_INVALID"):
            world.post(place.id, "film", author=author.id, send_as=name.id)


def test_changes_of_members_are_told_to_the_person_and_to_admin_bots(world, sink, bot, ann, bob):
    """Whom it concerns gets updateChannel; admin bots get updateChannelParticipant, numbered by qts."""
    channel = world.add_channel("Files", creator=bob.id, admins=[bot.id])
    sink.pushed.clear()
    world.membership.join(channel, ann.id)
    world.membership.kick(channel, ann.id, actor_id=bob.id)
    assert sink.of(ann.id) == ["UpdateChannel", "UpdateChannel"]
    assert sink.of(bot.id) == ["UpdateChannelParticipant", "UpdateChannelParticipant"]
    assert [qts for qts, _, _ in bot.box.qts_log] == [1, 2, 3]
    banned = bot.box.qts_log[-1][2]
    assert (type(banned.prev_participant).__name__, type(banned.new_participant).__name__) == (
        "ChannelParticipant",
        "ChannelParticipantBanned",
    )


def test_an_edit_counts_and_is_dated(world, clock, bot, ann):
    """A message knows when and how often it was edited."""
    mine = world.says(ann.id, bot.id, "one")
    clock.advance(60)
    world.edit(mine, "two")
    world.posting.edit(mine, Draft("three"), editor_id=ann.id)
    assert (mine.body.edit_count, mine.body.edited_at - mine.body.date) == (2, 60)


def test_a_promoted_bot_can_read_that_it_was_promoted(world, sink, bot, bob):
    """Fields that share a flag bit are written together, so that nothing of the update is misread."""
    channel = world.add_channel("Files", creator=bob.id)
    world.membership.promote(channel, bot.id, actor_id=bob.id)
    stream = BytesIO(sink.pushed[-1][1].updates[0].write())
    read = TLObject.read(stream)
    assert stream.read() == b""
    assert (read.new_participant.is_self, read.new_participant.inviter_id) == (True, bob.id)
