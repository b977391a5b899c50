"""Reading from raw answers who administers a group. Pure."""

from __future__ import annotations

from typing import Any

from pyrogram import raw

_T = raw.types
_ADMINS = (_T.ChannelParticipantAdmin, _T.ChannelParticipantCreator)
_BASIC_ADMINS = (_T.ChatParticipantAdmin, _T.ChatParticipantCreator)


def is_admin(answer: Any) -> bool:
    """Whether the member that `channels.GetParticipant` tells of administers the supergroup, or made it."""
    return isinstance(answer.participant, _ADMINS)


def is_basic_admin(answer: Any, user_id: int) -> bool:
    """Whether a person administers the basic group that `messages.GetFullChat` tells of, or made it."""
    members = getattr(answer.full_chat.participants, "participants", ())
    return any(isinstance(member, _BASIC_ADMINS) and member.user_id == user_id for member in members)
