"""messages.send*, startBot, uploadMedia, setTyping."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyrogram import raw

from sandbox.datacenter.methods.callers import caller, person
from sandbox.datacenter.methods.input_media import file_of
from sandbox.datacenter.methods.outgoing import entities_of, name_to_send_as, replied_id, sent, writable, write
from sandbox.datacenter.rpc import RpcFailure, method
from sandbox.world.accounts import Account
from sandbox.world.chats import Channel
from sandbox.world.links import check_start_param
from sandbox.world.posting import Draft
from sandbox.world.validation import checked_markup, checked_text

if TYPE_CHECKING:
    from sandbox.datacenter.rpc import Call

T = raw.types


@method("messages.SendMessage")
def send_message(call: Call, request: Any) -> Any:
    """Write a text; a plain private one is answered in the short form."""
    sender = caller(call)
    target = writable(call, sender, request.peer)
    text, entities = checked_text(request.message, entities_of(call, request.entities), is_caption=False)
    markup = checked_markup(request.reply_markup, by_bot=sender.is_bot)
    sent_as = name_to_send_as(call, sender, target, request)
    draft = Draft(text, entities, markup=markup, reply_to=replied_id(request), sent_as=sent_as)
    draft.protected = bool(request.noforwards)
    event = write(call, target, draft, request.random_id)
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
    return sent(call, target, [event], [request.random_id])


@method("messages.SendMedia")
def send_media(call: Call, request: Any) -> Any:
    """Write a file with a caption."""
    sender = caller(call)
    target = writable(call, sender, request.peer)
    caption, entities = checked_text(request.message, entities_of(call, request.entities), is_caption=True)
    markup = checked_markup(request.reply_markup, by_bot=sender.is_bot)
    file = file_of(call, request.media)
    sent_as = name_to_send_as(call, sender, target, request)
    draft = Draft(caption, entities, file, markup, replied_id(request), sent_as=sent_as)
    draft.protected = bool(request.noforwards)
    event = write(call, target, draft, request.random_id)
    return sent(call, target, [event], [request.random_id])


@method("messages.SendInlineBotResult")
def send_inline_bot_result(call: Call, request: Any) -> Any:
    """Write what the person chose from a bot's inline results; the bot is told if it asked for that."""
    sender, inline = person(call), call.world.inline
    target = writable(call, sender, request.peer)
    draft = inline.draft(sender.id, request.query_id, request.id, replied_id(request))
    event = write(call, target, draft, request.random_id)
    inline.tell_chosen(sender.id, request.query_id, request.id)
    return sent(call, target, [event], [request.random_id])


@method("messages.StartBot")
def start_bot(call: Call, request: Any) -> Any:
    """Write /start with the parameter of a link into the bot's private chat; starting bots in groups is not here."""
    sender = person(call)
    bot = call.world.peers.account(sender.id, request.bot)
    if not bot.is_bot:
        raise RpcFailure(400, "BOT_INVALID")
    check_start_param(request.start_param)
    if writable(call, sender, request.peer) is not bot:
        raise RpcFailure(400, "PEER_ID_INVALID")
    text, entities = checked_text(f"/start {request.start_param}", None, is_caption=False)
    event = write(call, bot, Draft(text, entities), request.random_id)
    return sent(call, bot, [event], [request.random_id])


@method("messages.UploadMedia")
def upload_media(call: Call, request: Any) -> Any:
    """Turn an upload into a file without sending it."""
    call.world.peers.chat(call.viewer, request.peer)
    return call.world.views.media(file_of(call, request.media), call.viewer)


@method("messages.SetTyping")
def set_typing(call: Call, request: Any) -> bool:
    """Show people that somebody types."""
    sender = caller(call)
    target = writable(call, sender, request.peer)
    if isinstance(target, Account):
        if not target.is_bot:
            update = T.UpdateUserTyping(user_id=sender.id, action=request.action)
            call.world.delivery.push(target.id, update, users=(sender.id,))
        return True
    for user_id in target.active_members() if isinstance(target, Channel) else ():
        if user_id != sender.id and not call.world.accounts[user_id].is_bot:
            update = T.UpdateChannelUserTyping(
                channel_id=target.id, from_id=T.PeerUser(user_id=sender.id), action=request.action
            )
            call.world.delivery.push(user_id, update, users=(sender.id,), channels=(target.id,))
    return True
