"""channels.*: who is in a channel or group, and what they may do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyrogram import raw

from sandbox.datacenter.methods.callers import caller
from sandbox.datacenter.methods.channels import changed
from sandbox.datacenter.rpc import RpcFailure, method
from sandbox.world.chats import Role
from sandbox.world.permissions import check_admin

if TYPE_CHECKING:
    from sandbox.datacenter.rpc import Call
    from sandbox.world.accounts import Account
    from sandbox.world.chats import Channel

T = raw.types

PAGE_LIMIT = 200


@method("channels.GetParticipant")
def get_participant(call: Call, request: Any) -> Any:
    """One account's place; in a channel only admins may look at others."""
    world, viewer = call.world, caller(call)
    channel = _listed_channel(call, request.channel, only_self=isinstance(request.participant, T.InputPeerSelf))
    if isinstance(request.participant, T.InputPeerChannel):
        raise RpcFailure(400, "PARTICIPANT_ID_INVALID")
    account = world.peers.account(viewer.id, request.participant)
    if account.id not in channel.members:
        raise RpcFailure(400, "USER_NOT_PARTICIPANT")
    found = world.views.participants(channel, (account.id,), viewer.id)
    return T.channels.ChannelParticipant(
        participant=found["participants"][0], chats=found["chats"], users=found["users"]
    )


@method("channels.GetParticipants")
def get_participants(call: Call, request: Any) -> Any:
    """A page of the members that pass a filter."""
    world, viewer = call.world, caller(call)
    channel = _listed_channel(call, request.channel)
    found = [user_id for user_id in channel.members if _passes(call, channel, user_id, request.filter)]
    page = found[request.offset : request.offset + min(request.limit or PAGE_LIMIT, PAGE_LIMIT)]
    return T.channels.ChannelParticipants(count=len(found), **world.views.participants(channel, page, viewer.id))


@method("channels.InviteToChannel")
def invite_to_channel(call: Call, request: Any) -> Any:
    """Add accounts; bots can only be admins of channels."""
    world, viewer = call.world, call.viewer
    channel = world.peers.readable_channel(viewer, request.channel)
    if channel.broadcast or not channel.is_member(viewer):
        check_admin(viewer, channel, "invite_users")
    accounts = [world.peers.account(viewer, given) for given in request.users]
    for account in accounts:
        if channel.role(account.id) is Role.KICKED:
            raise RpcFailure(400, "USER_KICKED")
        if account.is_bot and channel.broadcast:
            raise RpcFailure(400, "USER_BOT")
    for account in accounts:
        world.membership.join(channel, account.id, actor_id=viewer)
    return T.messages.InvitedUsers(updates=changed(call, channel), missing_invitees=[])


@method("channels.EditAdmin")
def edit_admin(call: Call, request: Any) -> Any:
    """Give somebody rights, or take all of them."""
    world, viewer = call.world, call.viewer
    channel = world.peers.readable_channel(viewer, request.channel)
    check_admin(viewer, channel, "add_admins")
    account = world.peers.account(viewer, request.user_id)
    _check_target(channel, account, viewer)
    rights = request.admin_rights
    if any(getattr(rights, name) for name in rights.__slots__):
        world.membership.promote(channel, account.id, rights=rights, actor_id=viewer, rank=request.rank)
    elif channel.is_admin(account.id):
        world.membership.dismiss(channel, account.id, actor_id=viewer)
    return changed(call, channel)


@method("channels.EditBanned")
def edit_banned(call: Call, request: Any) -> Any:
    """Ban, mute, or lift either."""
    world, viewer = call.world, call.viewer
    channel = world.peers.readable_channel(viewer, request.channel)
    check_admin(viewer, channel, "ban_users")
    account = world.peers.account(viewer, request.participant)
    _check_target(channel, account, viewer)
    membership, rights = world.membership, request.banned_rights
    if rights.view_messages:
        membership.kick(channel, account.id, actor_id=viewer)
    elif rights.send_messages and channel.is_member(account.id):
        membership.mute(channel, account.id, actor_id=viewer)
    elif channel.role(account.id) is Role.KICKED:
        membership.leave(channel, account.id, actor_id=viewer)
    elif channel.is_member(account.id):
        membership.demote(channel, account.id, actor_id=viewer)
    return changed(call, channel)


def _listed_channel(call: Call, peer: Any, *, only_self: bool = False) -> Channel:
    channel = call.world.peers.readable_channel(call.viewer, peer)
    if channel.broadcast and not channel.is_admin(call.viewer) and not only_self:
        raise RpcFailure(400, "CHAT_ADMIN_REQUIRED")
    return channel


def _check_target(channel: Channel, account: Account, actor_id: int) -> None:
    member = channel.members.get(account.id)
    if member is None or account.id == actor_id:
        return
    promoted_by_another = member.role is Role.ADMIN and member.actor_id != actor_id
    if member.role is Role.CREATOR or (promoted_by_another and channel.role(actor_id) is not Role.CREATOR):
        raise RpcFailure(400, "USER_ADMIN_INVALID")


def _passes(call: Call, channel: Channel, user_id: int, wanted: Any) -> bool:
    account, member = call.world.accounts[user_id], channel.members[user_id]
    if isinstance(wanted, T.ChannelParticipantsKicked):
        return member.role is Role.KICKED
    if isinstance(wanted, T.ChannelParticipantsBanned):
        return member.muted
    if isinstance(wanted, T.ChannelParticipantsAdmins):
        return channel.is_admin(user_id)
    if member.role is Role.KICKED:
        return False
    if isinstance(wanted, T.ChannelParticipantsBots):
        return account.is_bot
    words = getattr(wanted, "q", "").casefold()
    return words in f"{account.first_name} {account.last_name or ''} {account.username or ''}".casefold()
