"""contacts.*: usernames and blocks; address books are empty."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyrogram import raw

from sandbox.datacenter.methods.callers import person
from sandbox.datacenter.rpc import RpcFailure, method
from sandbox.world.accounts import phone_digits

if TYPE_CHECKING:
    from sandbox.datacenter.rpc import Call

T = raw.types


@method("contacts.ResolveUsername")
def resolve_username(call: Call, request: Any) -> Any:
    """Whoever has a username."""
    world, viewer = call.world, call.viewer
    owner = world.usernames.owner(request.username.removeprefix("@"))
    if owner is None:
        raise RpcFailure(400, "USERNAME_NOT_OCCUPIED")
    kind, owner_id = owner
    if kind == "user":
        return _resolved_user(call, owner_id)
    channel = world.channels[owner_id]
    return T.contacts.ResolvedPeer(
        peer=T.PeerChannel(channel_id=owner_id), chats=[world.views.channel(channel, viewer)], users=[]
    )


@method("contacts.ResolvePhone")
def resolve_phone(call: Call, request: Any) -> Any:
    """The person with a phone."""
    person(call)
    found = call.world.accounts.by_phone(phone_digits(request.phone))
    if found is None:
        raise RpcFailure(400, "PHONE_NOT_OCCUPIED")
    return _resolved_user(call, found.id)


@method("contacts.GetContacts")
def get_contacts(call: Call, _request: Any) -> Any:
    """An empty address book."""
    person(call)
    return T.contacts.Contacts(contacts=[], saved_count=0, users=[])


@method("contacts.Block")
def block(call: Call, request: Any) -> bool:
    """Block an account; a bot is told."""
    account = person(call)
    call.world.block(account.id, call.world.peers.account(account.id, request.id).id)
    return True


@method("contacts.Unblock")
def unblock(call: Call, request: Any) -> bool:
    """Undo a block."""
    account = person(call)
    call.world.unblock(account.id, call.world.peers.account(account.id, request.id).id)
    return True


def _resolved_user(call: Call, user_id: int) -> Any:
    return T.contacts.ResolvedPeer(
        peer=T.PeerUser(user_id=user_id), chats=[], users=[call.world.views.user(user_id, call.viewer)]
    )
