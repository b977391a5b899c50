"""Presses of inline buttons and the answers of bots."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from pyrogram import raw

from sandbox.datacenter.methods.callers import bot, person
from sandbox.datacenter.rpc import RpcFailure, method
from sandbox.world.callbacks import PressAnswer
from sandbox.world.links import check_answer_url

if TYPE_CHECKING:
    from sandbox.datacenter.rpc import Call

T = raw.types


@method("messages.GetBotCallbackAnswer")
async def get_bot_callback_answer(call: Call, request: Any) -> Any:
    """Press a button and wait for the bot; any data passes unless `presses.check_data` says otherwise."""
    world, account = call.world, person(call)
    if request.data is None:
        raise RpcFailure(400, "DATA_INVALID")
    message = world.peers.message(account.id, request.peer, request.msg_id)
    query_id, future = world.presses.press(account.id, message, request.data)
    try:
        answer = await asyncio.wait_for(future, world.callbacks.timeout_s)
    except TimeoutError:
        raise RpcFailure(400, "BOT_RESPONSE_TIMEOUT") from None
    finally:
        world.callbacks.close(query_id)
    return T.messages.BotCallbackAnswer(
        cache_time=answer.cache_time_s,
        alert=answer.alert or None,
        has_url=bool(answer.url) or None,
        native_ui=True,
        message=answer.text,
        url=answer.url,
    )


@method("messages.SetBotCallbackAnswer")
def set_bot_callback_answer(call: Call, request: Any) -> bool:
    """Answer a press, once and in time; an address may only start this bot."""
    account = bot(call)
    if request.url is not None:
        check_answer_url(request.url, account.username)
    answer = PressAnswer(request.message, bool(request.alert), request.url, request.cache_time)
    call.world.callbacks.answer(account.id, request.query_id, answer)
    return True
