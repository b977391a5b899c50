"""messages.forwardMessages and messages.sendMultiMedia: several messages in one request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.datacenter.methods.callers import caller
from sandbox.datacenter.methods.input_media import file_of
from sandbox.datacenter.methods.outgoing import entities_of, name_to_send_as, replied_id, sent, writable, write
from sandbox.datacenter.rpc import RpcFailure, method
from sandbox.world.posting import Draft
from sandbox.world.sharing import FORWARD_LIMIT
from sandbox.world.validation import checked_text

if TYPE_CHECKING:
    from sandbox.datacenter.rpc import Call
    from sandbox.world.message_box import Event


@method("messages.SendMultiMedia")
def send_multi_media(call: Call, request: Any) -> Any:
    """Write an album of two to ten files; each has its own caption, and clients show the only one below them all."""
    sender = caller(call)
    target = writable(call, sender, request.peer)
    sent_as = name_to_send_as(call, sender, target, request)
    drafts = [_file_draft(call, item) for item in request.multi_media]
    for draft in call.world.sharing.album(drafts):
        draft.reply_to, draft.sent_as, draft.protected = replied_id(request), sent_as, bool(request.noforwards)
    random_ids = [item.random_id for item in request.multi_media]
    events = [write(call, target, draft, random_id) for draft, random_id in zip(drafts, random_ids, strict=True)]
    return sent(call, target, events, random_ids)


@method("messages.ForwardMessages")
def forward_messages(call: Call, request: Any) -> Any:
    """Copy up to a hundred messages, in the order of their ids; holes are skipped."""
    if not request.id:
        raise RpcFailure(400, "MESSAGE_IDS_EMPTY")
    if len(request.id) > FORWARD_LIMIT:
        raise RpcFailure(400, "LIMIT_INVALID")
    if len(request.random_id) != len(request.id):
        raise RpcFailure(400, "RANDOM_ID_INVALID")
    sender, peers = caller(call), call.world.peers
    target = writable(call, sender, request.to_peer)
    asked = zip(request.id, request.random_id, strict=True)
    found = [(peers.find_message(sender.id, request.from_peer, i), random_id) for i, random_id in asked]
    existing = [(message, random_id) for message, random_id in found if message is not None]
    if not existing:
        raise RpcFailure(400, "MESSAGE_ID_INVALID")
    drafts = call.world.sharing.forwarded(
        [message for message, _ in existing],
        drop_author=bool(request.drop_author),
        drop_captions=bool(request.drop_media_captions),
    )
    random_ids = [random_id for _, random_id in existing]
    events: list[Event] = []
    for draft, random_id in zip(drafts, random_ids, strict=True):
        draft.protected = bool(request.noforwards)
        events.append(write(call, target, draft, random_id))
    return sent(call, target, events, random_ids)


def _file_draft(call: Call, item: Any) -> Draft:
    caption, entities = checked_text(item.message, entities_of(call, item.entities), is_caption=True)
    return Draft(caption, entities, file_of(call, item.media))
