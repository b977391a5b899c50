"""Pure reading of Telegram's answers about channels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyrogram import raw

from core.domain.indexing import ChannelDelete, ChannelEdit, ChannelPost
from core.telegram.gateway import ChannelChanges, ChannelInfo, SourceGoneError
from core.telegram.incoming import channel_event_from_raw, full_channel_id, new_media_from_raw

if TYPE_CHECKING:
    from core.domain.media import NewMedia


def posts_from_raw(answer: Any, channel_id: int) -> list[NewMedia]:
    """The files in an answer to channels.GetMessages, in the order of the answer."""
    return _files(getattr(answer, "messages", ()), channel_id)


def channel_info_from_raw(answer: Any) -> ChannelInfo:
    """The channel in an answer to channels.GetFullChannel.

    Raises:
        SourceGoneError: it is not a channel, or the bot may not see it.
    """
    full = answer.full_chat
    chat = next((chat for chat in answer.chats if chat.id == full.id), None)
    if not isinstance(full, raw.types.ChannelFull) or not isinstance(chat, raw.types.Channel):
        raise SourceGoneError("not a channel that the bot may see")
    username = chat.username or next((name.username for name in chat.usernames or () if name.active), None)
    return ChannelInfo(full_channel_id(chat.id), chat.title, username, full.pts)


def channel_changes_from_raw(answer: Any, channel_id: int) -> ChannelChanges:
    """One answer to updates.GetChannelDifference.

    An edit stands behind the post it changes, so that applying `posts` in order and then `deleted` is right.
    """
    if isinstance(answer, raw.types.updates.ChannelDifferenceEmpty):
        return ChannelChanges(answer.pts, final=True)
    if isinstance(answer, raw.types.updates.ChannelDifferenceTooLong):
        top = max((message.id for message in answer.messages), default=0)
        return ChannelChanges(
            pts=answer.dialog.pts,
            final=True,
            too_long=True,
            posts=_files(sorted(answer.messages, key=lambda message: message.id), channel_id),
            top_message_id=max(top, answer.dialog.top_message),
        )
    messages = sorted(answer.new_messages, key=lambda message: message.id)
    posts, deleted, ids = _files(messages, channel_id), list[int](), [message.id for message in messages]
    for event in map(channel_event_from_raw, answer.other_updates):
        if isinstance(event, ChannelPost | ChannelEdit) and event.channel_id == channel_id:
            ids.append(event.message_id)
            posts.extend([event.media] if event.media is not None else [])
        elif isinstance(event, ChannelDelete) and event.channel_id == channel_id:
            deleted.extend(event.message_ids)
    return ChannelChanges(
        pts=answer.pts,
        final=bool(answer.final),
        posts=posts,
        deleted=deleted,
        top_message_id=max(ids, default=0),
    )


def _files(messages: Any, channel_id: int) -> list[NewMedia]:
    found = (new_media_from_raw(message, channel_id) for message in messages)
    return [media for media in found if media is not None]
