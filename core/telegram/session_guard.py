"""Repairs of pyrogram's session that a bot cannot do without, each tied to the exact code it was written for."""

from __future__ import annotations

import asyncio
import hashlib
import inspect
from typing import Any

import structlog
from pyrogram.errors import RPCError, Unauthorized
from pyrogram.session import Session

from core.errors import ConfigurationError

_KNOWN_SOURCES = {
    "Session.restart": "6f4a4e2448d20f1c",
    "Session.stop": "6c49f7f187d5189e",
    "Session.start": "04fbace9425aff4f",
    "RPCError.__init__": "a27b99e379962464",
}
_RESTART_TASK = "_guard_restart_task"

_original_start = Session.start
_original_stop = Session.stop
_original_error = RPCError.__init__


def install_session_guard() -> None:
    """Patch pyrogram's classes for this process; calling it again changes nothing.

    - At most one restart of a session runs at a time. Two at once leave a reader nobody awaits, and the bot goes deaf
      at the next loss of the connection.
    - A reader that died does not make `stop()` fail, and stopping ends a restart that is under way.
    - An error unknown to pyrogram is logged instead of appended to a file in the working directory, which where that
      is read-only turns the error into a network failure and repeats the request.

    Raises:
        ConfigurationError: the installed pyrogram is not the one these repairs were written for.
    """
    if Session.restart is _restart:
        return
    changed = [name for name, known in _KNOWN_SOURCES.items() if source_hash(_method(name)) != known]
    if changed:
        raise ConfigurationError(
            f"pyrofork: {', '.join(changed)} differs from the version this bot was written for; "
            "install the locked dependencies, for example with `make setup`"
        )
    Session.restart = _restart
    Session.stop = _stop
    RPCError.__init__ = _error_without_file


def source_hash(method: Any) -> str:
    """A short digest of a function's source text."""
    return hashlib.sha256(inspect.getsource(method).encode()).hexdigest()[:16]


def _method(name: str) -> Any:
    owner, _, attribute = name.partition(".")
    return getattr({"Session": Session, "RPCError": RPCError}[owner], attribute)


async def _restart(self: Any) -> None:
    if getattr(self, _RESTART_TASK, None) is not None:
        return
    setattr(self, _RESTART_TASK, asyncio.current_task())
    try:
        await self.stop()
        await _original_start(self)
    finally:
        setattr(self, _RESTART_TASK, None)


async def _stop(self: Any) -> None:
    restart = getattr(self, _RESTART_TASK, None)
    if restart is not None and restart is not asyncio.current_task():
        restart.cancel()
        await asyncio.wait([restart])
    if _is_dead(self.ping_task):
        self.ping_task = None
    if _is_dead(self.recv_task):
        self.recv_task = None
    await _original_stop(self)


def _is_dead(task: asyncio.Task[Any] | None) -> bool:
    """Whether awaiting the task would raise something its session should not die of."""
    if task is None or not task.done():
        return False
    if task.cancelled():
        return True
    error = task.exception()
    return error is not None and not isinstance(error, Unauthorized)  # a lost login must reach whoever started


def _error_without_file(self: Any, value: Any = None, rpc_name: str | None = None, *args: Any, **kwargs: Any) -> None:
    """Stands in for `RPCError.__init__(value, rpc_name, is_unknown, is_signed)`."""
    call = inspect.signature(_original_error).bind(self, value, rpc_name, *args, **kwargs)
    if call.arguments.get("is_unknown"):
        call.arguments["is_unknown"] = False
        structlog.get_logger(__name__).warning("telegram_error_unknown", error=str(value), method=rpc_name)
    _original_error(*call.args, **call.kwargs)
