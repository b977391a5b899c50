"""bots.*: command lists per scope and language."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pyrogram import raw

from sandbox.datacenter.methods.callers import bot
from sandbox.datacenter.rpc import RpcFailure, method

if TYPE_CHECKING:
    from sandbox.datacenter.rpc import Call
    from sandbox.world.accounts import Account

T = raw.types

COMMAND = re.compile(r"[a-z0-9_]{1,32}")
LANGUAGE = re.compile(r"([a-z]{2})?")
COMMAND_LIMIT = 100
DESCRIPTION_LIMIT = 256


@method("bots.SetBotCommands")
def set_bot_commands(call: Call, request: Any) -> bool:
    """Replace the list of one scope and language."""
    account = bot(call)
    if len(request.commands) > COMMAND_LIMIT:
        raise RpcFailure(400, "BOT_COMMANDS_TOO_MUCH")
    for command in request.commands:
        if not COMMAND.fullmatch(command.command):
            raise RpcFailure(400, "BOT_COMMAND_INVALID")
        if not 1 <= len(command.description) <= DESCRIPTION_LIMIT:
            raise RpcFailure(400, "BOT_COMMAND_DESCRIPTION_INVALID")
    account.commands[_key(call, request)] = list(request.commands)
    return True


@method("bots.GetBotCommands")
def get_bot_commands(call: Call, request: Any) -> list[Any]:
    """The list of exactly this scope and language."""
    return list(bot(call).commands.get(_key(call, request), ()))


@method("bots.ResetBotCommands")
def reset_bot_commands(call: Call, request: Any) -> bool:
    """Drop the list of one scope and language."""
    bot(call).commands.pop(_key(call, request), None)
    return True


@method("bots.SetBotMenuButton")
def set_bot_menu_button(call: Call, _request: Any) -> bool:
    """Accept any menu button; nothing here shows it."""
    bot(call)
    return True


def commands_for(account: Account, viewer: Account) -> list[Any]:
    """What a person sees in the private chat with a bot: the nearest scope in their language, else in the default."""
    for scope in (f"BotCommandScopePeer:{viewer.id}", "BotCommandScopeUsers:0", "BotCommandScopeDefault:0"):
        for language in (viewer.language, ""):
            found = account.commands.get((scope, language))
            if found:
                return found
    return []


def _key(call: Call, request: Any) -> tuple[str, str]:
    if not LANGUAGE.fullmatch(request.lang_code):
        raise RpcFailure(400, "LANG_CODE_INVALID")
    peer = getattr(request.scope, "peer", None)
    target = 0 if peer is None else call.world.peers.chat(call.viewer, peer).id
    if isinstance(request.scope, T.BotCommandScopePeerUser):
        target = call.world.peers.account(call.viewer, request.scope.user_id).id
    return f"{type(request.scope).__name__}:{target}", request.lang_code
