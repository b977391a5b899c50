"""messages.send*, startBot, forwardMessages, uploadMedia, setTyping."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pyrogram import raw

from sandbox.datacenter.methods.callers import caller, person
from sandbox.datacenter.methods.input_media import file_of
from sandbox.datacenter.rpc import RpcFailure, method
from sandbox.world.accounts import Account
from sandbox.world.links import check_start_param
from sandbox.world.message_box import Event, Forward, Message
from sandbox.world.permissions import check_send_as, check_write_channel, check_write_private
from sandbox.world.posting import Draft
from sandbox.world.validation import checked_markup, checked_text

if TYPE_CHECKING:
    from sandbox.datacenter.rpc import Call
    from sandbox.world.chats import Channel

T = raw.types

FORWARD_LIMIT = 100


@method("messages.SendMessage")
def send_message(call: Call, request: Any) -> Any:
    """Write a text; a plain private one is answered in the short form."""
    sender = caller(call)
    target = _writable(call, sender, request.peer)
    text, entities = checked_text(request.message, request.entities, is_caption=False)
    markup = checked_markup(request.reply_markup, by_bot=sender.is_bot)
    sent_as = _sent_as(call, sender, target, request)
    draft = Draft(text, entities, markup=markup, reply_to=_reply_id(request), sent_as=sent_as)
    event = _write(call, target, draft, request.random_id)
    plain = markup is None and draft.reply_to is None
    if call.world.short_sent and plain and isinstance(target, Account) and event.message is not None:
        return T.UpdateShortSentMessage(
            out=True,
            id=event.message.id,
            pts=event.pts,
            pts_count=1,
            date=event.message.body.date,
            entities=entities or None,
        )
    return _sent(call, target, [event], [request.random_id])


@method("messages.SendMedia")
def send_media(call: Call, request: Any) -> Any:
    """Write a file with a caption."""
    sender = caller(call)
    target = _writable(call, sender, request.peer)
    caption, entities = checked_text(request.message, request.entities, is_caption=True)
    markup = checked_markup(request.reply_markup, by_bot=sender.is_bot)
    file = file_of(call, request.media)
    sent_as = _sent_as(call, sender, target, request)
    draft = Draft(caption, entities, file, markup, _reply_id(request), sent_as=sent_as)
    event = _write(call, target, draft, request.random_id)
    return _sent(call, target, [event], [request.random_id])


@method("messages.SendInlineBotResult")
def send_inline_bot_result(call: Call, request: Any) -> Any:
    """Write what the person chose from a bot's inline results; the bot is told if it asked for that."""
    sender, inline = person(call), call.world.inline
    target = _writable(call, sender, request.peer)
    draft = inline.draft(sender.id, request.query_id, request.id, _reply_id(request))
    event = _write(call, target, draft, request.random_id)
    inline.tell_chosen(sender.id, request.query_id, request.id)
    return _sent(call, target, [event], [request.random_id])


@method("messages.StartBot")
def start_bot(call: Call, request: Any) -> Any:
    """Write /start with the parameter of a link into the bot's private chat; starting bots in groups is not here."""
    sender = person(call)
    bot = call.world.peers.account(sender.id, request.bot)
    if not bot.is_bot:
        raise RpcFailure(400, "BOT_INVALID")
    check_start_param(request.start_param)
    if _writable(call, sender, request.peer) is not bot:
        raise RpcFailure(400, "PEER_ID_INVALID")
    text, entities = checked_text(f"/start {request.start_param}", None, is_caption=False)
    event = _write(call, bot, Draft(text, entities), request.random_id)
    return _sent(call, bot, [event], [request.random_id])


@method("messages.UploadMedia")
def upload_media(call: Call, request: Any) -> Any:
    """Turn an upload into a file without sending it."""
    call.world.peers.chat(call.viewer, request.peer)
    return call.world.views.media(file_of(call, request.media), call.viewer)


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
    target = _writable(call, sender, request.to_peer)
    events, random_ids = [], []
    found = [peers.find_message(sender.id, request.from_peer, message_id) for message_id in request.id]
    if not any(found):
        raise RpcFailure(400, "MESSAGE_ID_INVALID")
    for message, random_id in zip(found, request.random_id, strict=True):
        if message is not None:
            events.append(_write(call, target, _forwarded(call, message, request), random_id))
            random_ids.append(random_id)
    return _sent(call, target, events, random_ids)


@method("messages.SetTyping")
def set_typing(call: Call, request: Any) -> bool:
    """Show people that somebody types."""
    sender = caller(call)
    target = _writable(call, sender, request.peer)
    if isinstance(target, Account):
        if not target.is_bot:
            update = T.UpdateUserTyping(user_id=sender.id, action=request.action)
            call.world.delivery.push(target.id, update, users=(sender.id,))
        return True
    for user_id in target.active_members():
        if user_id != sender.id and not call.world.accounts[user_id].is_bot:
            update = T.UpdateChannelUserTyping(
                channel_id=target.id, from_id=T.PeerUser(user_id=sender.id), action=request.action
            )
            call.world.delivery.push(user_id, update, users=(sender.id,), channels=(target.id,))
    return True


def _writable(call: Call, sender: Account, peer: Any) -> Account | Channel:
    target = call.world.peers.chat(sender.id, peer)
    if isinstance(target, Account):
        check_write_private(sender, target)
    else:
        check_write_channel(sender, target)
    return target


def _sent_as(call: Call, sender: Account, target: Account | Channel, request: Any) -> int | None:
    if request.send_as is None or isinstance(target, Account):
        return None
    name = call.world.peers.chat(sender.id, request.send_as)
    return None if isinstance(name, Account) else check_send_as(sender, target, name)


def _reply_id(request: Any) -> int | None:
    return getattr(request.reply_to, "reply_to_msg_id", None) or None


def _write(call: Call, target: Account | Channel, draft: Draft, random_id: int) -> Event:
    posting, sender_id = call.world.posting, call.viewer
    posting.claim_random_id(sender_id, random_id)
    if isinstance(target, Account):
        return posting.send_private(sender_id, target.id, draft)
    return posting.send_channel(sender_id, target, draft)


def _sent(call: Call, target: Account | Channel, events: list[Event], random_ids: list[int]) -> Any:
    world, viewer = call.world, call.viewer
    channel = None if isinstance(target, Account) else target
    messages = [event.message for event in events if event.message is not None]
    ids = [
        T.UpdateMessageID(id=message.id, random_id=random_id)
        for message, random_id in zip(messages, random_ids, strict=True)
    ]
    news = [world.views.update(event, channel, viewer) for event in events]
    return world.views.updates(ids + news, viewer, date=world.now(), messages=messages)


def _forwarded(call: Call, message: Message, request: Any) -> Draft:
    body = message.body
    without_text = request.drop_media_captions and body.file is not None
    draft = Draft("" if without_text else body.text, [] if without_text else body.entities, body.file)
    return draft if request.drop_author else replace(draft, forward=body.forward or _origin(call, message))


def _origin(call: Call, message: Message) -> Forward:
    body = message.body
    if message.in_channel and call.world.channels[message.peer_id].broadcast:
        return Forward(body.date, channel_id=message.peer_id, channel_post=message.id)
    if body.sent_as:
        return Forward(body.date, channel_id=body.sent_as)
    return Forward(body.date, user_id=body.sender_id)
