"""Edits and deletions, in private chats and in channels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyrogram import raw

from sandbox.datacenter.methods.callers import caller
from sandbox.datacenter.methods.input_media import file_of
from sandbox.datacenter.methods.outgoing import entities_of
from sandbox.datacenter.rpc import RpcFailure, method
from sandbox.world.permissions import check_delete, check_edit
from sandbox.world.posting import Draft
from sandbox.world.validation import checked_markup, checked_text, same_tl

if TYPE_CHECKING:
    from sandbox.datacenter.rpc import Call
    from sandbox.world.message_box import Body

T = raw.types

DELETE_LIMIT = 100


@method("messages.EditMessage")
def edit_message(call: Call, request: Any) -> Any:
    """Change a message for everybody who sees it; without a keyboard in the request the old one goes."""
    editor, world = caller(call), call.world
    message = world.peers.message(editor.id, request.peer, request.id)
    channel = world.channels[message.peer_id] if message.in_channel else None
    check_edit(editor.id, message, channel)
    draft = _edited(call, message.body, request)
    if _is_same(message.body, draft):
        raise RpcFailure(400, "MESSAGE_NOT_MODIFIED")
    event = world.posting.edit(message, draft, editor_id=editor.id)
    update = world.views.update(event, channel, editor.id)
    return world.views.updates([update], editor.id, date=world.now(), messages=[message])


@method("messages.DeleteMessages")
def delete_messages(call: Call, request: Any) -> Any:
    """Delete private messages from one's own box; a bot always deletes them for both sides."""
    account = caller(call)
    _check_count(request.id)
    revoke = bool(request.revoke) or account.is_bot
    event = call.world.posting.delete_private(account.id, request.id, revoke=revoke)
    return T.messages.AffectedMessages(pts=account.box.log.pts, pts_count=event.count if event else 0)


@method("channels.DeleteMessages")
def delete_channel_messages(call: Call, request: Any) -> Any:
    """Delete posts of a channel or messages of a group for everybody."""
    viewer, world = call.viewer, call.world
    channel = world.peers.readable_channel(viewer, request.channel)
    _check_count(request.id)
    found = [message for message in map(channel.history.get, request.id) if message is not None]
    check_delete(viewer, found, channel)
    event = world.posting.delete_channel(channel, request.id, actor_id=viewer)
    return T.messages.AffectedMessages(pts=channel.log.pts, pts_count=event.count if event else 0)


def _check_count(ids: list[int]) -> None:
    if not ids:
        raise RpcFailure(400, "MESSAGE_IDS_EMPTY")
    if len(ids) > DELETE_LIMIT:
        raise RpcFailure(400, "LIMIT_INVALID")


def _edited(call: Call, body: Body, request: Any) -> Draft:
    file = body.file if request.media is None else file_of(call, request.media)
    markup = checked_markup(request.reply_markup, by_bot=caller(call).is_bot)
    if request.message is None:
        return Draft(body.text, body.entities, file, markup)
    text, entities = checked_text(request.message, entities_of(call, request.entities), is_caption=file is not None)
    return Draft(text, entities, file, markup)


def _is_same(body: Body, draft: Draft) -> bool:
    return (
        body.text == draft.text
        and body.file is draft.file
        and same_tl(body.entities, draft.entities)
        and same_tl(body.markup, draft.markup)
    )
