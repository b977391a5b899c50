"""Messages by id, histories, search in a chat, and what was read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyrogram import raw

from sandbox.datacenter.methods.callers import person
from sandbox.datacenter.rpc import RpcFailure, method
from sandbox.world.accounts import Account
from sandbox.world.basic_groups import BasicGroup
from sandbox.world.chats import Channel
from sandbox.world.message_box import History, Message

if TYPE_CHECKING:
    from sandbox.datacenter.rpc import Call
    from sandbox.world.peers import Chat

T = raw.types

_Found = tuple[int, Message | None]

BY_ID_LIMIT = 200
PAGE_LIMIT = 100


@method("messages.GetMessages")
def get_messages(call: Call, request: Any) -> Any:
    """Private messages by id, in the order asked for; holes come as messageEmpty."""
    found = _by_ids(call, None, request.id)
    users, chats = call.world.views.peers(_existing(found), call.viewer)
    return T.messages.Messages(messages=_rendered(call, found), topics=[], chats=chats, users=users)


@method("channels.GetMessages")
def get_channel_messages(call: Call, request: Any) -> Any:
    """Messages of a channel by id, the first 200 of them; holes come as messageEmpty."""
    channel = call.world.peers.readable_channel(call.viewer, request.channel)
    found = _by_ids(call, request.channel, request.id)
    users, chats = call.world.views.peers(_existing(found), call.viewer, channels=(channel.id,))
    return T.messages.ChannelMessages(
        pts=channel.log.pts, count=len(found), messages=_rendered(call, found), topics=[], chats=chats, users=users
    )


@method("messages.GetHistory")
def get_history(call: Call, request: Any) -> Any:
    """A page of a chat, newest first; people only."""
    account = person(call)
    chat = call.world.peers.chat(account.id, request.peer)
    history = _history_of(account, chat)
    page = history.page(
        offset_id=request.offset_id,
        add_offset=request.add_offset,
        limit=min(request.limit, PAGE_LIMIT),
        min_id=request.min_id,
        max_id=request.max_id,
    )
    return _page(call, chat, page, len(history))


@method("messages.Search")
def search(call: Call, request: Any) -> Any:
    """Messages of a chat that contain a text and, when asked, are of a kind; newest first; people only."""
    account = person(call)
    chat = call.world.peers.chat(account.id, request.peer)
    history = _history_of(account, chat)
    wanted = request.q.casefold()
    matching = History()
    for message in history:
        if wanted in message.body.text.casefold() and _passes(request.filter, message):
            matching.add(message)
    page = matching.page(
        offset_id=request.offset_id, add_offset=request.add_offset, limit=min(request.limit, PAGE_LIMIT)
    )
    return _page(call, chat, page, len(matching))


@method("messages.ReadHistory")
def read_history(call: Call, request: Any) -> Any:
    """Mark a private chat as read, and tell the other person."""
    account = person(call)
    other = call.world.peers.account(account.id, request.peer)
    dialog = account.box.dialog(other.id)
    max_id = request.max_id or dialog.history.top_id
    if max_id > dialog.read_inbox:
        dialog.read_inbox = max_id
        above = dialog.history.page(offset_id=0, add_offset=0, limit=dialog.history.count_after(max_id))
        dialog.unread = sum(message.body.sender_id != account.id for message in above)
        _tell_read(call, account, other, max_id)
    return T.messages.AffectedMessages(pts=account.box.log.pts, pts_count=0)


@method("channels.ReadHistory")
def read_channel_history(call: Call, request: Any) -> bool:
    """Mark a channel or group as read."""
    account = person(call)
    channel = call.world.peers.readable_channel(account.id, request.channel)
    channel.read[account.id] = max(channel.read.get(account.id, 0), request.max_id or channel.history.top_id)
    return True


def _by_ids(call: Call, peer: Any, given: list[Any]) -> list[_Found]:
    if not given:
        raise RpcFailure(400, "MESSAGE_IDS_EMPTY")
    find = call.world.peers.find_message
    found: list[_Found] = []
    for item in given[:BY_ID_LIMIT]:
        message_id = item.id
        if isinstance(item, T.InputMessageReplyTo):
            answering = find(call.viewer, peer, item.id)
            message_id = (answering.reply_to if answering else None) or 0
        found.append((message_id, find(call.viewer, peer, message_id)))
    return found


def _existing(found: list[_Found]) -> list[Message]:
    return [message for _, message in found if message is not None]


def _rendered(call: Call, found: list[_Found]) -> list[Any]:
    view = call.world.views.message
    return [
        T.MessageEmpty(id=message_id) if message is None else view(message, call.viewer)
        for message_id, message in found
    ]


def _history_of(account: Account, chat: Chat) -> History:
    if isinstance(chat, Channel):
        return chat.history
    return account.box.dialog(chat.id if isinstance(chat, Account) else chat.full_id).history


def _page(call: Call, chat: Chat, page: list[Message], count: int) -> Any:
    views, viewer = call.world.views, call.viewer
    messages = [views.message(message, viewer) for message in page]
    if not isinstance(chat, Channel):
        person, group = isinstance(chat, Account), isinstance(chat, BasicGroup)
        users, chats = views.peers(page, viewer, (chat.id,) if person else (), groups=(chat.id,) if group else ())
        if count == len(page):
            return T.messages.Messages(messages=messages, topics=[], chats=chats, users=users)
        return T.messages.MessagesSlice(count=count, messages=messages, topics=[], chats=chats, users=users)
    users, chats = views.peers(page, viewer, channels=(chat.id,))
    return T.messages.ChannelMessages(
        pts=chat.log.pts, count=count, messages=messages, topics=[], chats=chats, users=users
    )


def _passes(message_filter: Any, message: Message) -> bool:
    name = type(message_filter).__name__.removeprefix("InputMessagesFilter")
    if name == "Empty":
        return True
    file = message.body.file
    kinds = {"Document": "document", "Video": "video", "Music": "audio", "Photos": "photo", "Gif": "animation"}
    if name not in kinds:
        raise RpcFailure(400, "FILTER_NOT_SUPPORTED")
    return file is not None and file.kind.value == kinds[name]


def _tell_read(call: Call, reader: Account, writer: Account, max_id: int) -> None:
    read = reader.box.dialog(writer.id).history.page(offset_id=max_id + 1, add_offset=0, limit=PAGE_LIMIT)
    last = next((m.twin for m in read if m.body.sender_id == writer.id and m.twin), None)
    if last is None or writer.is_bot:
        return
    dialog = writer.box.dialog(reader.id)
    dialog.read_outbox = max(dialog.read_outbox, last.id)
    update = T.UpdateReadHistoryOutbox(
        peer=T.PeerUser(user_id=reader.id), max_id=dialog.read_outbox, pts=writer.box.log.pts, pts_count=0
    )
    call.world.delivery.push(writer.id, update, users=(reader.id,))
