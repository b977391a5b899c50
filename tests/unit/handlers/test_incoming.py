"""What a raw message from a group becomes: who wrote it, whom it answers, whose words it holds."""

from __future__ import annotations

import pytest
from pyrogram import raw

from handlers.incoming import IncomingMessage, read_update

T = raw.types
GROUP = T.PeerChannel(channel_id=77)
FULL_GROUP = -1000000000077
ANN = T.User(id=5, first_name="Ann", lang_code="de")


def read(**fields):
    message = T.Message(id=9, peer_id=fields.pop("peer_id", GROUP), date=0, message="moon", **fields)
    return read_update(T.UpdateNewChannelMessage(message=message, pts=1, pts_count=1), {ANN.id: ANN})


def test_a_member_is_the_sender():
    """Words of a person in a group carry the person, and nothing that they do not say."""
    message = read(from_id=T.PeerUser(user_id=5))

    assert isinstance(message, IncomingMessage)
    assert (message.sender.id, message.chat_id, message.is_private) == (5, FULL_GROUP, False)
    assert not message.sender.is_chat
    assert (message.mentions_bot, message.reply_to, message.is_forwarded) == (False, None, False)


@pytest.mark.parametrize("from_id", [None, GROUP])
def test_an_anonymous_admin_is_the_group_itself(from_id):
    """Scenario 40: with or without an author, words in the group's name are the group's."""
    message = read(from_id=from_id)

    assert message.sender.is_chat
    assert message.sender.id == message.chat_id == FULL_GROUP


def test_a_channel_may_be_the_sender():
    """Scenario 40: words in the name of a channel are that channel's, with its full id."""
    message = read(from_id=T.PeerChannel(channel_id=88))

    assert message.sender.is_chat
    assert message.sender.id == -1000000000088


@pytest.mark.parametrize(
    "fields",
    [
        {"post": True},
        {"out": True, "from_id": T.PeerUser(user_id=5)},
        {"via_bot_id": 4, "from_id": T.PeerUser(user_id=5)},
        {"from_id": T.PeerUser(user_id=6)},
    ],
    ids=["post of a channel", "own message", "via a bot", "unknown person"],
)
def test_what_nobody_wrote_to_the_bot_is_no_message(fields):
    """Posts of channels, the bot's own words, results of inline bots and people that Telegram does not name."""
    assert read(**fields) is None


@pytest.mark.parametrize(
    ("header", "answered"),
    [
        ({"reply_to_msg_id": 4}, 4),
        ({"reply_to_msg_id": 4, "forum_topic": True}, None),
        ({"reply_to_msg_id": 4, "forum_topic": True, "reply_to_top_id": 2}, 4),
        ({"reply_to_msg_id": 4, "reply_to_peer_id": T.PeerChannel(channel_id=9)}, None),
    ],
    ids=["reply", "message in a topic", "reply in a topic", "message of another chat"],
)
def test_only_an_answer_is_a_reply(header, answered):
    """A forum's message names its topic, which is no answer; what stands in another chat has that chat's number."""
    message = read(from_id=T.PeerUser(user_id=5), reply_to=T.MessageReplyHeader(**header))

    assert message.reply_to == answered


def test_a_forward_and_a_mention_are_known():
    """Words that somebody else wrote, and words that Telegram marks as meant for the bot, are told apart."""
    forward = T.MessageFwdHeader(date=0, from_name="Somebody")

    assert read(from_id=T.PeerUser(user_id=5), fwd_from=forward).is_forwarded
    assert read(from_id=T.PeerUser(user_id=5), mentioned=True).mentions_bot


def test_a_forwarded_post_says_where_it_is_from():
    """A channel's post carries its channel and id; words of people and of hidden ones carry nothing."""
    header = T.MessageFwdHeader(date=0, from_id=T.PeerChannel(channel_id=88), channel_post=12)
    message = read(from_id=T.PeerUser(user_id=5), fwd_from=header, grouped_id=3)
    assert (message.forward.channel_id, message.forward.message_id, message.forward.album) == (-1000000000088, 12, 3)
    for header in (
        T.MessageFwdHeader(date=0, from_id=T.PeerUser(user_id=6)),
        T.MessageFwdHeader(date=0, from_name="Somebody"),
        T.MessageFwdHeader(date=0, from_id=T.PeerChannel(channel_id=88)),
    ):
        words = read(from_id=T.PeerUser(user_id=5), fwd_from=header)
        assert (words.is_forwarded, words.forward) == (True, None)
