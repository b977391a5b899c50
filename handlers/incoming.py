"""What a handler gets: updates from people, reduced to what the bot uses.

They are read from the raw update. pyrofork's own parsing would cost a request to Telegram for every first press
of a button, and a third of the processor time of an answer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pyrogram import raw, utils

_T = raw.types


@dataclass(frozen=True, slots=True)
class Sender:
    """The person an update comes from; authority derives from this alone.

    Attributes:
        id: of a person; negative, the full id of a chat, when a group or channel is named as the author.
        language_code: Telegram's IETF tag of the person's app, None when not told.
    """

    id: int
    first_name: str
    username: str | None
    language_code: str | None

    @property
    def is_chat(self) -> bool:
        """Whether somebody wrote in the name of a chat: its anonymous admin, or the owner of a channel."""
        return self.id < 0


@dataclass(frozen=True, slots=True)
class ForwardOrigin:
    """The post of a channel that a message repeats; the header comes from Telegram, not from who forwards.

    Attributes:
        channel_id: full id.
        album: shared by all messages of a forwarded album; None outside of one.
    """

    channel_id: int
    message_id: int
    album: int | None = None


@dataclass(frozen=True, slots=True)
class IncomingMessage:
    """A message written to the bot.

    Attributes:
        chat_id: full id; the person's own id in a private chat.
        text: the text or caption, "" when there is none.
        has_media: whether anything other than text is attached.
        mentions_bot: Telegram says that the text mentions the bot or answers one of its messages.
        reply_to: id of the message that this one answers.
        is_forwarded: the words are somebody else's.
        forward: the channel's post that was forwarded; None for anything else, words of people included.
        date: unix seconds; tells messages of two accounts apart that have the same ids.
    """

    sender: Sender
    chat_id: int
    message_id: int
    text: str
    is_private: bool
    has_media: bool
    mentions_bot: bool = False
    reply_to: int | None = None
    is_forwarded: bool = False
    forward: ForwardOrigin | None = None
    date: int = 0


@dataclass(slots=True)
class CallbackQuery:
    """A pressed button; `data` is whatever the client sent, to be distrusted.

    Attributes:
        answered: set by whoever answers, so that every press is answered exactly once.
    """

    sender: Sender
    id: str
    chat_id: int
    message_id: int
    data: bytes
    answered: bool = field(default=False)

    @property
    def is_private(self) -> bool:
        """Whether the button is in the private chat of who pressed it."""
        return self.chat_id == self.sender.id


@dataclass(frozen=True, slots=True)
class InlineQuery:
    """Words typed after the bot's name in any chat; there is no chat to write into, only the query to answer.

    Attributes:
        text: as typed so far, "" when there is only the name.
        offset: "", or the `next_offset` of an earlier answer, to be distrusted.
        chat_type: where it is typed: "bot" (the chat with this bot), "private", "group", "channel", "" when not told.
    """

    sender: Sender
    id: str
    text: str
    offset: str
    chat_type: str


Incoming = IncomingMessage | CallbackQuery | InlineQuery

_CHAT_TYPES = {
    _T.InlineQueryPeerTypeSameBotPM: "bot",
    _T.InlineQueryPeerTypePM: "private",
    _T.InlineQueryPeerTypeBotPM: "private",
    _T.InlineQueryPeerTypeChat: "group",
    _T.InlineQueryPeerTypeMegagroup: "group",
    _T.InlineQueryPeerTypeBroadcast: "channel",
}


def read_update(update: Any, users: dict[int, Any]) -> Incoming | None:
    """Reduce one raw update; None for everything that no person wrote or pressed."""
    if isinstance(update, _T.UpdateNewMessage | _T.UpdateNewChannelMessage):
        return _read_message(update.message, users)
    if isinstance(update, _T.UpdateBotCallbackQuery):
        sender = _read_sender(users.get(update.user_id))
        if sender is None:
            return None
        return CallbackQuery(
            sender, str(update.query_id), utils.get_peer_id(update.peer), update.msg_id, update.data or b""
        )
    if isinstance(update, _T.UpdateBotInlineQuery):
        return _read_inline_query(update, users)
    return None


def _read_inline_query(update: Any, users: dict[int, Any]) -> InlineQuery | None:
    sender = _read_sender(users.get(update.user_id))
    if sender is None:
        return None
    chat_type = _CHAT_TYPES.get(type(update.peer_type), "")
    return InlineQuery(sender, str(update.query_id), update.query, update.offset, chat_type)


def _read_message(message: Any, users: dict[int, Any]) -> IncomingMessage | None:
    if not isinstance(message, _T.Message) or message.out or message.via_bot_id:
        return None
    peer = message.peer_id
    is_private = isinstance(peer, _T.PeerUser)
    sender = None if message.post else _read_author(message.from_id or peer, users)
    if sender is None:
        return None
    return IncomingMessage(
        sender,
        utils.get_peer_id(peer),
        message.id,
        message.message or "",
        is_private=is_private,
        has_media=message.media is not None and not isinstance(message.media, _T.MessageMediaWebPage),
        mentions_bot=bool(message.mentioned),
        reply_to=_replied_message(message.reply_to),
        is_forwarded=message.fwd_from is not None,
        forward=_read_origin(message),
        date=message.date,
    )


def _read_origin(message: Any) -> ForwardOrigin | None:
    header = message.fwd_from
    if header is None or not isinstance(header.from_id, _T.PeerChannel) or not header.channel_post:
        return None
    return ForwardOrigin(utils.get_peer_id(header.from_id), header.channel_post, message.grouped_id)


def _read_author(author: Any, users: dict[int, Any]) -> Sender | None:
    """A person, or the chat in whose name somebody wrote."""
    if isinstance(author, _T.PeerUser):
        return _read_sender(users.get(author.user_id))
    return Sender(utils.get_peer_id(author), "", None, None)


def _replied_message(header: Any) -> int | None:
    """The id of the answered message of this chat; the topic that a message of a forum stands in is no answer."""
    if not isinstance(header, _T.MessageReplyHeader) or (header.forum_topic and not header.reply_to_top_id):
        return None
    return None if header.reply_to_peer_id else header.reply_to_msg_id


def _read_sender(user: Any) -> Sender | None:
    if not isinstance(user, _T.User) or user.bot:
        return None
    return Sender(user.id, user.first_name or "", user.username, user.lang_code)
