"""Who may write where, and who may change what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.datacenter.rpc import RpcFailure

if TYPE_CHECKING:
    from sandbox.world.accounts import Account
    from sandbox.world.basic_groups import BasicGroup
    from sandbox.world.chats import Channel
    from sandbox.world.message_box import Message


def check_write_private(sender: Account, recipient: Account) -> None:
    """Let a message from one account to another pass.

    Raises:
        RpcFailure: 400 INPUT_USER_DEACTIVATED, 400 USER_IS_BOT (bot to bot), 403 USER_IS_BLOCKED,
            400 YOU_BLOCKED_USER, or 400 PEER_ID_INVALID for a bot whose recipient has not started it.
    """
    if recipient.deactivated:
        raise RpcFailure(400, "INPUT_USER_DEACTIVATED")
    if sender.is_bot and recipient.is_bot:
        raise RpcFailure(400, "USER_IS_BOT")
    if sender.id in recipient.blocked:
        raise RpcFailure(403, "USER_IS_BLOCKED")
    if recipient.id in sender.blocked:
        raise RpcFailure(400, "YOU_BLOCKED_USER")
    if sender.is_bot and recipient.id not in sender.started:
        raise RpcFailure(400, "PEER_ID_INVALID")


def check_write_channel(sender: Account, channel: Channel) -> None:
    """Let a message into a channel or group pass.

    Raises:
        RpcFailure: 400 CHANNEL_PRIVATE for a stranger to a private chat, and where the chat is gone; 403
            CHAT_WRITE_FORBIDDEN for people who may not write; 403 CHAT_ADMIN_REQUIRED for a bot in a channel without
            the right to post.
    """
    if channel.gone:
        raise RpcFailure(400, "CHANNEL_PRIVATE")
    if not channel.is_member(sender.id):
        if channel.username and not channel.members.get(sender.id):
            raise RpcFailure(403, "CHAT_WRITE_FORBIDDEN")
        raise RpcFailure(400, "CHANNEL_PRIVATE")
    if channel.broadcast and not channel.may(sender.id, "post_messages"):
        raise RpcFailure(403, "CHAT_ADMIN_REQUIRED" if sender.is_bot else "CHAT_WRITE_FORBIDDEN")
    if channel.members[sender.id].muted:
        raise RpcFailure(403, "CHAT_WRITE_FORBIDDEN")


def check_write_group(sender: Account, group: BasicGroup) -> None:
    """Let a message into a basic group pass.

    Raises:
        RpcFailure: 403 CHAT_WRITE_FORBIDDEN for whoever is not in; 400 PEER_ID_INVALID once the group has migrated.
    """
    if group.migrated_to is not None:
        raise RpcFailure(400, "PEER_ID_INVALID")
    if not group.is_member(sender.id):
        raise RpcFailure(403, "CHAT_WRITE_FORBIDDEN")


def check_send_as(sender: Account, channel: Channel, name: Channel) -> int:
    """Let somebody write into a group in the name of the group itself, or of a channel; returns the name's bare id.

    Raises:
        RpcFailure: 400 SEND_AS_PEER_INVALID unless the sender administers both the named chat and, to be anonymous
            there, the group; channels never show who posts anyway.
    """
    if channel.broadcast or not name.is_admin(sender.id) or (name is not channel and not name.broadcast):
        raise RpcFailure(400, "SEND_AS_PEER_INVALID")
    return name.id


def check_edit(editor_id: int, message: Message, channel: Channel | None) -> None:
    """Let an edit pass.

    Raises:
        RpcFailure: 400 MESSAGE_ID_INVALID for a service message; 403 MESSAGE_AUTHOR_REQUIRED for another's message;
            403 CHAT_ADMIN_REQUIRED for a channel post of another without the right to edit.
    """
    if message.body.action is not None:
        raise RpcFailure(400, "MESSAGE_ID_INVALID")
    own = message.body.sender_id == editor_id
    if channel is None or not channel.broadcast:
        if not own or message.body.forward is not None:
            raise RpcFailure(403, "MESSAGE_AUTHOR_REQUIRED")
        return
    if not channel.may(editor_id, "post_messages" if own else "edit_messages"):
        raise RpcFailure(403, "CHAT_ADMIN_REQUIRED")


def check_delete(actor_id: int, messages: list[Message], channel: Channel) -> None:
    """Let a deletion in a channel or group pass: one's own messages, or the right to delete.

    Raises:
        RpcFailure: 403 MESSAGE_DELETE_FORBIDDEN.
    """
    if channel.may(actor_id, "delete_messages"):
        return
    writes = not channel.broadcast or channel.may(actor_id, "post_messages")
    if not writes or any(message.body.sender_id != actor_id for message in messages):
        raise RpcFailure(403, "MESSAGE_DELETE_FORBIDDEN")


def check_admin(actor_id: int, channel: Channel, right: str) -> None:
    """Let an admin's act pass.

    Raises:
        RpcFailure: 400 CHAT_ADMIN_REQUIRED.
    """
    if not channel.may(actor_id, right):
        raise RpcFailure(400, "CHAT_ADMIN_REQUIRED")
