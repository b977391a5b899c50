"""users.*: accounts by input user."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyrogram import raw

from sandbox.datacenter.methods.bots import commands_for
from sandbox.datacenter.methods.callers import caller
from sandbox.datacenter.rpc import RpcFailure, method

if TYPE_CHECKING:
    from sandbox.datacenter.rpc import Call
    from sandbox.world.accounts import Account

T = raw.types


@method("users.GetUsers")
def get_users(call: Call, request: Any) -> list[Any]:
    """Users in the order asked for; userEmpty for each that cannot be named."""
    return [_user_or_empty(call, given) for given in request.id]


@method("users.GetFullUser")
def get_full_user(call: Call, request: Any) -> Any:
    """One user with its settings, and a bot's commands."""
    viewer = caller(call)
    account = call.world.peers.account(viewer.id, request.id)
    full = T.UserFull(
        id=account.id,
        settings=T.PeerSettings(),
        notify_settings=T.PeerNotifySettings(),
        common_chats_count=len(viewer.channels & account.channels),
        blocked=account.id in viewer.blocked or None,
        bot_info=_bot_info(account, viewer) if account.is_bot else None,
    )
    return T.users.UserFull(full_user=full, chats=[], users=[call.world.views.user(account.id, viewer.id)])


def _user_or_empty(call: Call, given: Any) -> Any:
    try:
        account = call.world.peers.account(call.viewer, given)
    except RpcFailure:
        return T.UserEmpty(id=getattr(given, "user_id", 0))
    return call.world.views.user(account.id, call.viewer)


def _bot_info(account: Account, viewer: Account) -> Any:
    return T.BotInfo(user_id=account.id, description="", commands=commands_for(account, viewer) or None)
