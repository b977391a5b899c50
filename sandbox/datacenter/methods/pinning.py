"""messages.updatePinnedMessage, in private chats."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyrogram import raw

from sandbox.datacenter.methods.callers import caller
from sandbox.datacenter.methods.outgoing import writable
from sandbox.datacenter.rpc import RpcFailure, method
from sandbox.world.accounts import Account
from sandbox.world.posting import Draft

if TYPE_CHECKING:
    from sandbox.datacenter.rpc import Call

T = raw.types


@method("messages.UpdatePinnedMessage")
def update_pinned_message(call: Call, request: Any) -> Any:
    """Pin a message for both sides, told by a service message, or take it down; groups and channels are not here."""
    account, world = caller(call), call.world
    target = writable(call, account, request.peer)
    if not isinstance(target, Account):
        raise RpcFailure(400, "PEER_ID_INVALID")
    message = world.peers.message(account.id, request.peer, request.id)
    pinned = not request.unpin
    if message.pinned == pinned:
        raise RpcFailure(400, "CHAT_NOT_MODIFIED")
    for copy in (message, *message.others):
        copy.pinned = pinned
    if not pinned:
        return world.views.updates([], account.id, date=world.now())
    event = world.posting.send_private(account.id, target.id, Draft(action=T.MessageActionPinMessage()))
    update = world.views.update(event, None, account.id)
    return world.views.updates([update], account.id, date=world.now(), messages=[m for m in (event.message,) if m])
