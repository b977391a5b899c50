"""messages.*Dialogs: the list of a person's chats."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pyrogram import raw

from sandbox.datacenter.methods.callers import person
from sandbox.datacenter.rpc import method
from sandbox.world.accounts import Account
from sandbox.world.chats import Channel

if TYPE_CHECKING:
    from sandbox.datacenter.rpc import Call
    from sandbox.world.basic_groups import BasicGroup
    from sandbox.world.message_box import Message

T = raw.types

PAGE_LIMIT = 100


class _Row(NamedTuple):
    date: int
    peer_id: int
    dialog: Any
    top: Message | None


@method("messages.GetDialogs")
def get_dialogs(call: Call, request: Any) -> Any:
    """Chats, the one with the newest message first, empty ones left out; a page starts after the offset peer."""
    account = person(call)
    rows = sorted(_rows(call, account), key=lambda row: (row.date, row.peer_id), reverse=True)
    page = _after(rows, call, request.offset_peer)[: min(request.limit or PAGE_LIMIT, PAGE_LIMIT)]
    contents = _contents(call, page)
    if len(page) == len(rows):
        return T.messages.Dialogs(**contents)
    return T.messages.DialogsSlice(count=len(rows), **contents)


@method("messages.GetPinnedDialogs")
def get_pinned_dialogs(call: Call, _request: Any) -> Any:
    """Nothing is ever pinned."""
    account = person(call)
    return T.messages.PeerDialogs(**_contents(call, []), state=_state(call, account))


@method("messages.GetPeerDialogs")
def get_peer_dialogs(call: Call, request: Any) -> Any:
    """The chats with certain peers."""
    account = person(call)
    rows = [_row(call, account, given.peer) for given in request.peers]
    return T.messages.PeerDialogs(**_contents(call, rows), state=_state(call, account))


def channel_dialog(channel: Channel, viewer: int) -> Any:
    """A raw Dialog of a channel or group."""
    read = channel.read.get(viewer, 0)
    return T.Dialog(
        peer=T.PeerChannel(channel_id=channel.id),
        top_message=channel.history.top_id,
        read_inbox_max_id=read,
        read_outbox_max_id=0,
        unread_count=channel.history.count_after(read),
        unread_mentions_count=0,
        unread_reactions_count=0,
        notify_settings=T.PeerNotifySettings(),
        pts=channel.log.pts,
    )


def _private_dialog(account: Account, peer_id: int) -> Any:
    dialog = account.box.dialogs.get(peer_id) or account.box.dialog(peer_id)
    return T.Dialog(
        peer=T.PeerUser(user_id=peer_id) if peer_id > 0 else T.PeerChat(chat_id=-peer_id),
        top_message=dialog.history.top_id,
        read_inbox_max_id=dialog.read_inbox,
        read_outbox_max_id=dialog.read_outbox,
        unread_count=dialog.unread,
        unread_mentions_count=0,
        unread_reactions_count=0,
        notify_settings=T.PeerNotifySettings(),
    )


def _rows(call: Call, account: Account) -> list[_Row]:
    private = [_private_row(account, peer_id) for peer_id in account.box.dialogs]
    channels = [_channel_row(call.world.channels[channel_id], account) for channel_id in account.channels]
    return [row for row in private + channels if row.top is not None]


def _row(call: Call, account: Account, peer: Any) -> _Row:
    chat = call.world.peers.chat(account.id, peer)
    return _channel_row(chat, account) if isinstance(chat, Channel) else _private_row(account, _own_key(chat))


def _own_key(chat: Account | BasicGroup) -> int:
    """What an account's own box calls a chat."""
    return chat.id if isinstance(chat, Account) else chat.full_id


def _private_row(account: Account, peer_id: int) -> _Row:
    history = account.box.dialog(peer_id).history
    top = history.get(history.top_id)
    return _Row(top.body.date if top else 0, peer_id, _private_dialog(account, peer_id), top)


def _channel_row(channel: Channel, account: Account) -> _Row:
    top = channel.history.get(channel.history.top_id)
    date = top.body.date if top else channel.created_at
    return _Row(date, channel.id, channel_dialog(channel, account.id), top)


def _after(rows: list[_Row], call: Call, offset_peer: Any) -> list[_Row]:
    if isinstance(offset_peer, T.InputPeerEmpty):
        return rows
    chat = call.world.peers.chat(call.viewer, offset_peer)
    peer_id = chat.id if isinstance(chat, Channel) else _own_key(chat)
    start = next((index for index, row in enumerate(rows, 1) if row.peer_id == peer_id), 0)
    return rows[start:]


def _contents(call: Call, rows: list[_Row]) -> dict[str, Any]:
    views, viewer = call.world.views, call.viewer
    messages = [row.top for row in rows if row.top is not None]
    peers = [row.dialog.peer for row in rows]
    users, chats = views.peers(
        messages,
        viewer,
        users=[peer.user_id for peer in peers if isinstance(peer, T.PeerUser)],
        channels=[peer.channel_id for peer in peers if isinstance(peer, T.PeerChannel)],
        groups=[peer.chat_id for peer in peers if isinstance(peer, T.PeerChat)],
    )
    return {
        "dialogs": [row.dialog for row in rows],
        "messages": [views.message(message, viewer) for message in messages],
        "users": users,
        "chats": chats,
    }


def _state(call: Call, account: Account) -> Any:
    unread = sum(dialog.unread for dialog in account.box.dialogs.values())
    return T.updates.State(
        pts=account.box.log.pts, qts=account.box.qts, date=call.world.now(), seq=0, unread_count=unread
    )
