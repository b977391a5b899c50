"""Inline queries of people and the answers of bots; a chosen result is sent like any message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyrogram import raw

from sandbox.datacenter.methods.callers import bot, person
from sandbox.datacenter.rpc import method
from sandbox.world.inline_results import checked_answer

if TYPE_CHECKING:
    from sandbox.datacenter.rpc import Call
    from sandbox.world.inline_results import InlineResult

T = raw.types


@method("messages.GetInlineBotResults")
async def get_inline_bot_results(call: Call, request: Any) -> Any:
    """Ask a bot and wait for its results, or get them from an earlier answer."""
    world, account = call.world, person(call)
    asked = world.peers.account(account.id, request.bot)
    nowhere = isinstance(request.peer, T.InputPeerEmpty)
    chat = None if nowhere else world.peers.chat(account.id, request.peer)
    answered = await world.inline.ask(account.id, asked.id, request.query, request.offset, chat=chat)
    answer = answered.answer
    button = answer.switch_pm
    return T.messages.BotResults(
        query_id=answered.query_id,
        results=[_result(call, result) for result in answer.results],
        cache_time=answer.cache_time_s,
        users=[world.views.user(asked.id, account.id)],
        gallery=answer.is_gallery or None,
        next_offset=answer.next_offset,
        switch_pm=button and T.InlineBotSwitchPM(text=button.text, start_param=button.start_param),
    )


@method("messages.SetInlineBotResults")
def set_inline_bot_results(call: Call, request: Any) -> bool:
    """Answer a query, once and in time."""
    world, account = call.world, bot(call)
    answer = checked_answer(request, lambda given: world.peers.file(account.id, given))
    world.inline.desk.answer(account.id, request.query_id, answer)
    return True


def _result(call: Call, result: InlineResult) -> Any:
    common = {"id": result.id, "type": result.type, "send_message": _message(result)}
    common |= {"title": result.title, "description": result.description}
    views, viewer, file = call.world.views, call.viewer, result.file
    if file is None:
        return T.BotInlineResult(**common, url=result.url, thumb=_thumb(result.thumb))
    if file.is_photo:
        return T.BotInlineMediaResult(**common, photo=views.photo(file, viewer))
    return T.BotInlineMediaResult(**common, document=views.document(file, viewer))


def _message(result: InlineResult) -> Any:
    kind = T.BotInlineMessageMediaAuto if result.sends_file else T.BotInlineMessageText
    return kind(message=result.text, entities=result.entities or None, reply_markup=result.markup)


def _thumb(given: Any) -> Any:
    if given is None:
        return None
    return T.WebDocumentNoProxy(url=given.url, size=given.size, mime_type=given.mime_type, attributes=given.attributes)
