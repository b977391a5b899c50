"""channels.*: channels and groups as such."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyrogram import raw

from sandbox.datacenter.methods.callers import caller, person
from sandbox.datacenter.rpc import RpcFailure, method
from sandbox.world.chats import Role
from sandbox.world.permissions import check_admin

if TYPE_CHECKING:
    from sandbox.datacenter.rpc import Call
    from sandbox.world.chats import Channel

T = raw.types


@method("channels.GetChannels")
def get_channels(call: Call, request: Any) -> Any:
    """Channels by input channel; what a stranger may not see is refused, what somebody was banned from is forbidden."""
    world, viewer = call.world, call.viewer
    found = [world.peers.channel(viewer, given) for given in request.id]
    if any(not (channel.gone or channel.username or viewer in channel.members) for channel in found):
        raise RpcFailure(400, "CHANNEL_PRIVATE")
    return T.messages.Chats(chats=[world.views.channel(channel, viewer) for channel in found])


@method("channels.GetFullChannel")
def get_full_channel(call: Call, request: Any) -> Any:
    """One channel with its counters."""
    viewer = caller(call)
    channel = call.world.peers.readable_channel(viewer.id, request.channel)
    read, admin = channel.read.get(viewer.id, 0), channel.is_admin(viewer.id)
    full = T.ChannelFull(
        id=channel.id,
        about=channel.about,
        read_inbox_max_id=read,
        read_outbox_max_id=0,
        unread_count=channel.history.count_after(read),
        chat_photo=T.PhotoEmpty(id=0),
        notify_settings=T.PeerNotifySettings(),
        bot_info=[],
        pts=channel.log.pts,
        can_view_participants=(admin or not channel.broadcast) or None,
        participants_count=len(channel.active_members()),
        admins_count=sum(map(channel.is_admin, channel.members)) if admin else None,
        # These two share one flag bit of the constructor: both or none.
        kicked_count=sum(m.role is Role.KICKED for m in channel.members.values()) if admin else None,
        banned_count=sum(m.muted for m in channel.members.values()) if admin else None,
        # So do these, and the bot of a migrated group finds its old one here.
        migrated_from_chat_id=channel.migrated_from,
        migrated_from_max_id=0 if channel.migrated_from else None,
    )
    chat = call.world.views.channel(channel, viewer.id)
    return T.messages.ChatFull(full_chat=full, chats=[chat], users=[])


@method("channels.JoinChannel")
def join_channel(call: Call, request: Any) -> Any:
    """Enter a public channel or group."""
    account = person(call)
    channel = call.world.peers.channel(account.id, request.channel)
    if channel.is_member(account.id):
        raise RpcFailure(400, "USER_ALREADY_PARTICIPANT")
    if channel.role(account.id) is Role.KICKED or not channel.username:
        raise RpcFailure(400, "CHANNEL_PRIVATE")
    call.world.membership.join(channel, account.id)
    return changed(call, channel)


@method("channels.LeaveChannel")
def leave_channel(call: Call, request: Any) -> Any:
    """Go out; the creator cannot."""
    account = caller(call)
    channel = call.world.peers.channel(account.id, request.channel)
    if not channel.is_member(account.id):
        raise RpcFailure(400, "USER_NOT_PARTICIPANT")
    if channel.role(account.id) is Role.CREATOR:
        raise RpcFailure(400, "USER_CREATOR")
    call.world.membership.leave(channel, account.id)
    return changed(call, channel)


@method("channels.UpdateUsername")
def update_channel_username(call: Call, request: Any) -> bool:
    """Make a channel public under another name, or private."""
    account = person(call)
    channel = call.world.peers.readable_channel(account.id, request.channel)
    if channel.role(account.id) is not Role.CREATOR:
        raise RpcFailure(400, "CHAT_ADMIN_REQUIRED")
    call.world.rename(channel, request.username or None)
    call.world.membership.tell_changed(channel)
    return True


@method("channels.CreateChannel")
def create_channel(call: Call, request: Any) -> Any:
    """Found a channel or supergroup; people only."""
    account = person(call)
    title = request.title.strip()
    if not title:
        raise RpcFailure(400, "CHAT_TITLE_EMPTY")
    if bool(request.broadcast) == bool(request.megagroup):
        raise RpcFailure(400, "CHANNEL_INVALID")
    found = call.world.add_channel if request.broadcast else call.world.add_group
    channel = found(title, creator=account.id)
    channel.about = request.about
    return changed(call, channel)


@method("channels.DeleteChannel")
def delete_channel(call: Call, request: Any) -> Any:
    """Delete a channel or supergroup for everybody; its creator only."""
    account = person(call)
    channel = call.world.peers.readable_channel(account.id, request.channel)
    if channel.role(account.id) is not Role.CREATOR:
        raise RpcFailure(400, "CHAT_ADMIN_REQUIRED")
    call.world.membership.close(channel)
    return changed(call, channel)


@method("channels.EditTitle")
def edit_title(call: Call, request: Any) -> Any:
    """Rename a channel or group."""
    channel = call.world.peers.readable_channel(call.viewer, request.channel)
    check_admin(call.viewer, channel, "change_info")
    title = request.title.strip()
    if not title:
        raise RpcFailure(400, "CHAT_TITLE_EMPTY")
    if title == channel.title:
        raise RpcFailure(400, "CHAT_NOT_MODIFIED")
    channel.title = title
    return changed(call, channel)


def changed(call: Call, channel: Channel) -> Any:
    """The answer to a change of a channel: its new state."""
    update = T.UpdateChannel(channel_id=channel.id)
    return call.world.views.updates([update], call.viewer, date=call.world.now(), channels=(channel.id,))
