"""messages.*Chat: basic groups, and what they have in common with channels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyrogram import raw

from sandbox.datacenter.methods.callers import caller, person
from sandbox.datacenter.rpc import RpcFailure, method
from sandbox.world.chats import Channel
from sandbox.world.permissions import check_admin

if TYPE_CHECKING:
    from sandbox.datacenter.rpc import Call
    from sandbox.world.basic_groups import BasicGroup

T = raw.types

MEMBER_LIMIT = 200


@method("messages.CreateChat")
def create_chat(call: Call, request: Any) -> Any:
    """Found a basic group with other people and bots in it."""
    world, account = call.world, person(call)
    title = request.title.strip()
    if not title:
        raise RpcFailure(400, "CHAT_TITLE_EMPTY")
    members = [world.peers.account(account.id, given).id for given in request.users]
    if not members:
        raise RpcFailure(400, "USERS_TOO_FEW")
    if len(members) >= MEMBER_LIMIT:
        raise RpcFailure(400, "USERS_TOO_MUCH")
    group = world.group_life.found(title, account.id, members)
    return T.messages.InvitedUsers(updates=_changed(call, group), missing_invitees=[])


@method("messages.GetChats")
def get_chats(call: Call, request: Any) -> Any:
    """Basic groups by id; those that the caller is not in come as chatForbidden."""
    groups = [call.world.groups.known(group_id) for group_id in request.id]
    return T.messages.Chats(chats=[call.world.views.group(group, call.viewer) for group in groups])


@method("messages.GetFullChat")
def get_full_chat(call: Call, request: Any) -> Any:
    """One basic group with its members."""
    world, viewer = call.world, call.viewer
    group = world.peers.group(viewer, request.chat_id)
    members = [world.views.group_participant(member, user_id) for user_id, member in group.members.items()]
    full = T.ChatFull(
        id=group.id,
        about="",
        participants=T.ChatParticipants(chat_id=group.id, participants=members, version=group.version),
        notify_settings=T.PeerNotifySettings(),
    )
    users, chats = world.views.peers((), viewer, group.members, groups=(group.id,))
    return T.messages.ChatFull(full_chat=full, chats=chats, users=users)


@method("messages.AddChatUser")
def add_chat_user(call: Call, request: Any) -> Any:
    """Bring somebody in."""
    world, account = call.world, person(call)
    group = _living(call, request.chat_id)
    invited = world.peers.account(account.id, request.user_id)
    if group.is_member(invited.id):
        raise RpcFailure(400, "USER_ALREADY_PARTICIPANT")
    world.group_life.add(group, invited.id, actor_id=account.id)
    return T.messages.InvitedUsers(updates=_changed(call, group), missing_invitees=[])


@method("messages.DeleteChatUser")
def delete_chat_user(call: Call, request: Any) -> Any:
    """Take somebody out: oneself, or as an admin others."""
    world, account = call.world, caller(call)
    group = _living(call, request.chat_id)
    target = world.peers.account(account.id, request.user_id)
    if not group.is_member(target.id):
        raise RpcFailure(400, "USER_NOT_PARTICIPANT")
    if target is not account and (not group.is_admin(account.id) or group.is_creator(target.id)):
        raise RpcFailure(400, "CHAT_ADMIN_REQUIRED")
    world.group_life.remove(group, target.id, actor_id=account.id)
    return _changed(call, group)


@method("messages.EditChatAdmin")
def edit_chat_admin(call: Call, request: Any) -> bool:
    """Make a member an admin or not; the creator only."""
    world, account = call.world, person(call)
    group = _living(call, request.chat_id)
    if not group.is_creator(account.id):
        raise RpcFailure(400, "CHAT_ADMIN_REQUIRED")
    target = world.peers.account(account.id, request.user_id)
    if not group.is_member(target.id):
        raise RpcFailure(400, "USER_NOT_PARTICIPANT")
    world.group_life.set_admin(group, target.id, admin=request.is_admin, actor_id=account.id)
    return True


@method("messages.MigrateChat")
def migrate_chat(call: Call, request: Any) -> Any:
    """Make a supergroup of a basic group; its creator only."""
    world, account = call.world, person(call)
    group = world.peers.group(account.id, request.chat_id)
    if not group.is_creator(account.id):
        raise RpcFailure(400, "CHAT_ADMIN_REQUIRED")
    channel = world.group_life.migrate(group, world.channels, world.membership, actor_id=account.id)
    update = T.UpdateChannel(channel_id=channel.id)
    return world.views.updates([update], account.id, date=world.now(), channels=(channel.id,), groups=(group.id,))


@method("messages.ToggleNoForwards")
def toggle_no_forwards(call: Call, request: Any) -> Any:
    """Forbid or allow forwarding out of a channel or supergroup; its creator only."""
    world, account = call.world, person(call)
    chat = world.peers.chat(account.id, request.peer)
    if not isinstance(chat, Channel):
        raise RpcFailure(400, "PEER_ID_INVALID")
    check_admin(account.id, chat, "change_info")
    if chat.protected == request.enabled:
        raise RpcFailure(400, "CHAT_NOT_MODIFIED")
    chat.protected = request.enabled
    world.membership.tell_changed(chat)
    return world.views.updates([T.UpdateChannel(channel_id=chat.id)], account.id, date=world.now(), channels=(chat.id,))


def _living(call: Call, group_id: int) -> BasicGroup:
    """A basic group that the caller is in and that can change.

    Raises:
        RpcFailure: as `Peers.group`, and CHAT_ID_INVALID once it has migrated.
    """
    group = call.world.peers.group(call.viewer, group_id)
    if group.migrated_to is not None:
        raise RpcFailure(400, "CHAT_ID_INVALID")
    return group


def _changed(call: Call, group: BasicGroup) -> Any:
    update = T.UpdateChat(chat_id=group.id)
    return call.world.views.updates([update], call.viewer, date=call.world.now(), groups=(group.id,))
