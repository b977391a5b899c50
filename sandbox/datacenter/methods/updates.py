"""updates.*: what happened while a client was away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyrogram import raw

from sandbox.datacenter.methods.callers import caller
from sandbox.datacenter.methods.dialogs import channel_dialog
from sandbox.datacenter.rpc import RpcFailure, method
from sandbox.world.message_box import Event, EventKind, Message

if TYPE_CHECKING:
    from sandbox.datacenter.rpc import Call
    from sandbox.world.accounts import Account
    from sandbox.world.chats import Channel

T = raw.types

PEOPLE_CHANNEL_LIMIT = 100
BOTS_CHANNEL_LIMIT = 100_000
TOO_LONG_MESSAGES = 20


@method("updates.GetState")
def get_state(call: Call, _request: Any) -> Any:
    """Where the account's counters stand; the session gets updates from now on."""
    call.session.updates_on = True
    return _state(call, caller(call).box.log.pts)


@method("updates.GetDifference")
def get_difference(call: Call, request: Any) -> Any:
    """Private messages, edits and deletions after a pts, and member changes after a qts."""
    call.session.updates_on = True
    account = caller(call)
    if request.pts < 1:
        raise RpcFailure(400, "PERSISTENT_TIMESTAMP_EMPTY")
    events = account.box.log.since(request.pts)
    if events is None or len(events) > (request.pts_total_limit or len(events)):
        return T.updates.DifferenceTooLong(pts=account.box.log.pts)
    members = _second_sequence(account, request)
    if not events and not members:
        return T.updates.DifferenceEmpty(date=call.world.now(), seq=0)
    limit = min(request.pts_limit or call.world.difference_slice, call.world.difference_slice)
    if len(events) > limit:
        page = events[:limit]
        return T.updates.DifferenceSlice(
            **_contents(call, page, None), new_encrypted_messages=[], intermediate_state=_state(call, page[-1].pts)
        )
    return _last_difference(call, account, events, members)


@method("updates.GetChannelDifference")
def get_channel_difference(call: Call, request: Any) -> Any:
    """Posts, edits and deletions of a channel after a pts."""
    world, account = call.world, caller(call)
    channel = world.peers.readable_channel(account.id, request.channel)
    if request.pts < 1:
        raise RpcFailure(400, "PERSISTENT_TIMESTAMP_EMPTY")
    if request.limit < 1:
        raise RpcFailure(400, "LIMIT_INVALID")
    events = channel.log.since(request.pts)
    if events is None:
        return _channel_too_long(call, channel)
    if not events:
        return T.updates.ChannelDifferenceEmpty(pts=channel.log.pts, final=True)
    limit = min(request.limit, BOTS_CHANNEL_LIMIT if account.is_bot else PEOPLE_CHANNEL_LIMIT)
    page = events[:limit]
    return T.updates.ChannelDifference(
        **_contents(call, page, channel), pts=page[-1].pts, final=len(page) == len(events) or None
    )


def _state(call: Call, pts: int) -> Any:
    box = caller(call).box
    unread = sum(dialog.unread for dialog in box.dialogs.values()) if not caller(call).is_bot else 0
    return T.updates.State(pts=pts, qts=box.qts, date=call.world.now(), seq=0, unread_count=unread)


def _second_sequence(account: Account, request: Any) -> list[Any]:
    # pyrofork always sends qts 0, so the date decides too: otherwise each restart would replay the whole log.
    return [u for qts, date, u in account.box.qts_log if qts > request.qts and date >= request.date]


def _last_difference(call: Call, account: Account, events: list[Event], members: list[Any]) -> Any:
    contents = _contents(call, events, None)
    contents["other_updates"] += members
    users = {user_id for update in members for user_id in _named_by(update)}
    peers = [getattr(update, "peer", update) for update in members]
    channels = {peer.channel_id for peer in peers if hasattr(peer, "channel_id")}
    groups = {peer.chat_id for peer in peers if hasattr(peer, "chat_id")}
    more_users, more_chats = call.world.views.peers((), account.id, users, channels, groups)
    contents["users"] += [user for user in more_users if all(user.id != known.id for known in contents["users"])]
    contents["chats"] += more_chats
    return T.updates.Difference(**contents, new_encrypted_messages=[], state=_state(call, account.box.log.pts))


def _named_by(update: Any) -> set[int]:
    if isinstance(update, T.UpdateBotStopped):
        return {update.user_id}
    if isinstance(update, T.UpdateBotChatInviteRequester):
        return {update.user_id, update.invite.admin_id}
    places = (update.prev_participant, update.new_participant)
    inviters = {getattr(place, "inviter_id", None) or update.user_id for place in places if place is not None}
    promoters = {getattr(place, "promoted_by", update.user_id) for place in places if place is not None}
    kickers = {getattr(place, "kicked_by", update.user_id) for place in places if place is not None}
    return {update.user_id, update.actor_id} | promoters | kickers | inviters


def _contents(call: Call, events: list[Event], channel: Channel | None) -> dict[str, Any]:
    views, viewer = call.world.views, call.viewer
    alive = [event for event in events if event.message is None or not event.message.deleted]
    new = _messages(event for event in alive if event.kind is EventKind.NEW)
    fresh = set(map(id, new))
    other = [event for event in alive if event.kind is not EventKind.NEW and id(event.message) not in fresh]
    channels = () if channel is None else (channel.id,)
    users, chats = views.peers(_messages(alive), viewer, channels=channels)
    return {
        "new_messages": [views.message(message, viewer) for message in new],
        "other_updates": [views.update(event, channel, viewer) for event in other],
        "users": users,
        "chats": chats,
    }


def _messages(events: Any) -> list[Message]:
    return [event.message for event in events if event.message is not None]


def _channel_too_long(call: Call, channel: Channel) -> Any:
    views, viewer = call.world.views, call.viewer
    messages = channel.history.page(offset_id=0, add_offset=0, limit=TOO_LONG_MESSAGES)
    users, chats = views.peers(messages, viewer, channels=(channel.id,))
    return T.updates.ChannelDifferenceTooLong(
        dialog=channel_dialog(channel, viewer),
        messages=[views.message(message, viewer) for message in messages],
        chats=chats,
        users=users,
        final=True,
    )
