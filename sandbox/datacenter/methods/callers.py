"""Which kind of account may call a method."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.datacenter.rpc import RpcFailure

if TYPE_CHECKING:
    from sandbox.datacenter.rpc import Call
    from sandbox.world.accounts import Account


def caller(call: Call) -> Account:
    """The logged-in account."""
    return call.world.accounts[call.viewer]


def person(call: Call) -> Account:
    """The logged-in person.

    Raises:
        RpcFailure: BOT_METHOD_INVALID for bots.
    """
    account = caller(call)
    if account.is_bot:
        raise RpcFailure(400, "BOT_METHOD_INVALID")
    return account


def bot(call: Call) -> Account:
    """The logged-in bot.

    Raises:
        RpcFailure: USER_BOT_REQUIRED for people.
    """
    account = caller(call)
    if not account.is_bot:
        raise RpcFailure(400, "USER_BOT_REQUIRED")
    return account
