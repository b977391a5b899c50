"""messages.*ChatInvite: links that let people in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyrogram import raw

from sandbox.datacenter.methods.callers import caller, person
from sandbox.datacenter.methods.channels import changed
from sandbox.datacenter.rpc import RpcFailure, method
from sandbox.world.chats import Channel
from sandbox.world.joining import raw_invite
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
    invite = world.joining.new_link(channel, account.id, needs_approval=bool(request.request_needed))
    exported = raw_invite(invite)
    exported.permanent = not request.expire_date or None
    exported.expire_date, exported.usage_limit, exported.title = (
        request.expire_date, request.usage_limit, request.title,
    )  # fmt: skip
    return exported


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
        request_needed=channel.invites[request.hash].needs_approval or None,
    )


@method("messages.ImportChatInvite")
def import_chat_invite(call: Call, request: Any) -> Any:
    """Enter by a link."""
    world, account = call.world, person(call)
    return changed(call, world.joining.follow(account.id, request.hash))


@method("messages.HideChatJoinRequest")
def hide_chat_join_request(call: Call, request: Any) -> Any:
    """Let somebody in who asked, or not."""
    world, account = call.world, caller(call)
    channel = _invited_to(call, request.peer)
    asking = world.peers.account(account.id, request.user_id)
    world.joining.decide(channel, asking.id, approved=bool(request.approved), actor_id=account.id)
    return changed(call, channel)


@method("messages.GetChatInviteImporters")
def get_chat_invite_importers(call: Call, request: Any) -> Any:
    """Who waits to be let in, after the offset user; people only, and who came in by a link is not remembered."""
    world, account = call.world, person(call)
    channel = _invited_to(call, request.peer)
    waiting = list(channel.requesters) if request.requested else []
    offset = getattr(request.offset_user, "user_id", None)
    page = waiting[waiting.index(offset) + 1 if offset in waiting else 0 :][: request.limit]
    importers = [T.ChatInviteImporter(user_id=user_id, date=world.now(), requested=True) for user_id in page]
    users, _ = world.views.peers((), account.id, page)
    return T.messages.ChatInviteImporters(count=len(waiting), importers=importers, users=users)


def _invited_to(call: Call, peer: Any) -> Channel:
    """The channel or group of a request to whom only those may answer who invite."""
    chat = call.world.peers.chat(call.viewer, peer)
    if not isinstance(chat, Channel):
        raise RpcFailure(400, "PEER_ID_INVALID")
    check_admin(call.viewer, chat, "invite_users")
    return chat
