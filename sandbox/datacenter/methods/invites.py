"""messages.*ChatInvite: links that let people in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyrogram import raw

from sandbox.datacenter.methods.callers import caller, person
from sandbox.datacenter.methods.channels import changed
from sandbox.datacenter.rpc import RpcFailure, method
from sandbox.world.chats import Role
from sandbox.world.permissions import check_admin

if TYPE_CHECKING:
    from sandbox.datacenter.rpc import Call

T = raw.types


@method("messages.ExportChatInvite")
def export_chat_invite(call: Call, request: Any) -> Any:
    """A new link."""
    world, account = call.world, caller(call)
    channel = world.peers.readable_channel(account.id, request.peer)
    check_admin(account.id, channel, "invite_users")
    invite_hash = world.access.invite_hash(channel.id, account.id, len(channel.invites))
    world.channels.invite(channel, account.id, invite_hash)
    return T.ChatInviteExported(
        link=f"https://t.me/+{invite_hash}",
        admin_id=account.id,
        date=world.now(),
        permanent=not request.expire_date or None,
        expire_date=request.expire_date,
        usage_limit=request.usage_limit,
        title=request.title,
    )


@method("messages.CheckChatInvite")
def check_chat_invite(call: Call, request: Any) -> Any:
    """What a link leads to."""
    world, account = call.world, person(call)
    channel = world.channels.by_invite(request.hash)
    if channel.is_member(account.id):
        return T.ChatInviteAlready(chat=world.views.channel(channel, account.id))
    return T.ChatInvite(
        title=channel.title,
        photo=T.PhotoEmpty(id=0),
        participants_count=len(channel.active_members()),
        color=0,
        channel=True,
        broadcast=channel.broadcast or None,
        megagroup=not channel.broadcast or None,
        public=bool(channel.username) or None,
    )


@method("messages.ImportChatInvite")
def import_chat_invite(call: Call, request: Any) -> Any:
    """Enter by a link."""
    world, account = call.world, person(call)
    channel = world.channels.by_invite(request.hash)
    if channel.is_member(account.id):
        raise RpcFailure(400, "USER_ALREADY_PARTICIPANT")
    if channel.role(account.id) is Role.KICKED:
        raise RpcFailure(400, "INVITE_HASH_EXPIRED")
    world.membership.join(channel, account.id)
    return changed(call, channel)
