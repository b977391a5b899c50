"""Who administers a group, by Telegram's answers."""

from __future__ import annotations

import pytest
from pyrogram import raw

from core.telegram.group_rights import is_admin, is_basic_admin

T = raw.types
RIGHTS = T.ChatAdminRights()


@pytest.mark.parametrize(
    ("participant", "expected"),
    [
        (T.ChannelParticipantCreator(user_id=5, admin_rights=RIGHTS), True),
        (T.ChannelParticipantAdmin(user_id=5, promoted_by=1, date=0, admin_rights=RIGHTS), True),
        (T.ChannelParticipant(user_id=5, date=0), False),
        (T.ChannelParticipantLeft(peer=T.PeerUser(user_id=5)), False),
        (
            T.ChannelParticipantBanned(
                peer=T.PeerUser(user_id=5), kicked_by=1, date=0, banned_rights=T.ChatBannedRights(until_date=0)
            ),
            False,
        ),
    ],
)
def test_members_of_supergroups(participant, expected):
    """The creator and admins administer; members, those who left and those who were banned do not."""
    assert is_admin(T.channels.ChannelParticipant(participant=participant, chats=[], users=[])) is expected


def full_chat(participants):
    chat = T.ChatFull(id=3, about="", participants=participants, notify_settings=T.PeerNotifySettings())
    return T.messages.ChatFull(full_chat=chat, chats=[], users=[])


def test_members_of_basic_groups():
    """In a basic group the list of members tells."""
    members = [
        T.ChatParticipantCreator(user_id=1),
        T.ChatParticipantAdmin(user_id=2, inviter_id=1, date=0),
        T.ChatParticipant(user_id=3, inviter_id=1, date=0),
    ]
    answer = full_chat(T.ChatParticipants(chat_id=3, participants=members, version=1))

    assert [is_basic_admin(answer, user_id) for user_id in (1, 2, 3, 4)] == [True, True, False, False]


def test_a_list_that_telegram_keeps_to_itself_names_nobody():
    """Without the list of members nobody counts as an admin."""
    assert not is_basic_admin(full_chat(T.ChatParticipantsForbidden(chat_id=3)), 1)
