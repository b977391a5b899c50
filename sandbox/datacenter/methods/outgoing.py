"""What every method that writes messages has in common: may the caller, who is named, and what is answered."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pyrogram import raw

from sandbox.datacenter.rpc import RpcFailure
from sandbox.world.accounts import Account
from sandbox.world.basic_groups import BasicGroup
from sandbox.world.chats import Channel
from sandbox.world.permissions import check_send_as, check_write_channel, check_write_group, check_write_private

if TYPE_CHECKING:
    from sandbox.datacenter.rpc import Call
    from sandbox.world.message_box import Event
    from sandbox.world.peers import Chat
    from sandbox.world.posting import Draft

T = raw.types


def writable(call: Call, sender: Account, peer: Any) -> Chat:
    """The chat that a request names, once it is sure that the sender may write there.

    Raises:
        RpcFailure: what the checks of `permissions` refuse with.
    """
    target = call.world.peers.chat(sender.id, peer)
    if isinstance(target, Account):
        check_write_private(sender, target)
    elif isinstance(target, BasicGroup):
        check_write_group(sender, target)
    else:
        check_write_channel(sender, target)
    return target


def name_to_send_as(call: Call, sender: Account, target: Chat, request: Any) -> int | None:
    """Bare id of the chat in whose name a request writes; None for the sender's own name.

    Raises:
        RpcFailure: SEND_AS_PEER_INVALID.
    """
    if request.send_as is None or not isinstance(target, Channel):
        return None
    name = call.world.peers.chat(sender.id, request.send_as)
    return check_send_as(sender, target, name) if isinstance(name, Channel) else None


def replied_id(request: Any) -> int | None:
    """The message that a request answers, as the caller numbers it."""
    return getattr(request.reply_to, "reply_to_msg_id", None) or None


def entities_of(call: Call, given: list[Any] | None) -> list[Any]:
    """Entities as they are stored: whom a client names by an input user is named by id, strangers by nothing."""
    stored = []
    for entity in given or ():
        if not isinstance(entity, T.InputMessageEntityMentionName):
            stored.append(entity)
            continue
        with suppress(RpcFailure):
            user_id = call.world.peers.account(call.viewer, entity.user_id).id
            stored.append(T.MessageEntityMentionName(offset=entity.offset, length=entity.length, user_id=user_id))
    return stored


def write(call: Call, target: Chat, draft: Draft, random_id: int) -> Event:
    """Write a message under a random_id that counts once; returns the caller's event.

    Raises:
        RpcFailure: 500 RANDOM_ID_DUPLICATE.
    """
    posting, sender_id = call.world.posting, call.viewer
    posting.claim_random_id(sender_id, random_id)
    if isinstance(target, Account):
        return posting.send_private(sender_id, target.id, draft)
    if isinstance(target, BasicGroup):
        return call.world.group_life.send(sender_id, target, draft)
    return posting.send_channel(sender_id, target, draft)


def sent(call: Call, target: Chat, events: list[Event], random_ids: list[int]) -> Any:
    """The answer to a request that wrote messages: their ids, and the messages as the caller sees them."""
    world, viewer = call.world, call.viewer
    channel = target if isinstance(target, Channel) else None
    messages = [event.message for event in events if event.message is not None]
    ids = [
        T.UpdateMessageID(id=message.id, random_id=random_id)
        for message, random_id in zip(messages, random_ids, strict=True)
    ]
    news = [world.views.update(event, channel, viewer) for event in events]
    return world.views.updates(ids + news, viewer, date=world.now(), messages=messages)
