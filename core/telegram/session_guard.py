"""Repairs of pyrogram's session that a bot cannot do without, each tied to the exact code it was written for."""

from __future__ import annotations

import asyncio
import hashlib
import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog
from pyrogram.errors import AuthKeyDuplicated, BadMsgNotification, FloodWait, RPCError, Unauthorized
from pyrogram.raw import functions
from pyrogram.raw.all import layer
from pyrogram.session import Session

from core.clock import Clock
from core.errors import ConfigurationError
from core.telegram.reconnect_pace import ReconnectPace

if TYPE_CHECKING:
    from core.telegram.server_clock import ServerClock

_KNOWN_SOURCES = {
    "Session.restart": "6f4a4e2448d20f1c",
    "Session.stop": "6c49f7f187d5189e",
    "Session.start": "04fbace9425aff4f",
    "Session.recv_worker": "1b2fda640b68ebd8",
    "Session.handle_packet": "6557bbf1449ce8ea",
    "RPCError.__init__": "a27b99e379962464",
}
_RESTART_TASK = "_guard_restart_task"
_PACE = "_guard_pace"
_KEY_IS_LOST = "_guard_key_is_lost"
_WATCH = "_guard_watch"
_PING_END_S = 2.0
LOST_KEY = (Unauthorized, AuthKeyDuplicated)
"""Errors after which a session never works again."""

_original_stop = Session.stop
_original_handle_packet = Session.handle_packet
_original_error = RPCError.__init__


@dataclass(frozen=True, slots=True)
class SessionWatch:
    """What a client's sessions are paced by, and told to."""

    clock: Clock
    server_clock: ServerClock


def watch_sessions(client: Any, watch: SessionWatch) -> None:
    """Let every session of a client use this watch; without one a session keeps time by itself and tells nobody."""
    setattr(client, _WATCH, watch)


def has_lost_key(session: Any) -> bool:
    """Whether Telegram said that it does not know, or no longer accepts, the key of this session."""
    _note_lost_key(session)
    return bool(getattr(session, _KEY_IS_LOST, False))


def waits_as_asked(session: Any) -> bool:
    """Whether the session stays away from Telegram because Telegram asked it to."""
    return _pace_of(session).waits_as_asked


def install_session_guard() -> None:
    """Patch pyrogram's classes for this process; calling it again changes nothing.

    - At most one restart of a session runs at a time. Two at once leave a reader nobody awaits, and the bot goes deaf
      at the next loss of the connection.
    - Attempts to connect have growing pauses, and what Telegram asks for is waited. pyrogram itself connects again and
      again without any pause when Telegram refuses its first request. Only a restart goes on trying; whoever starts a
      session is told of a refusal.
    - A key that Telegram does not know is remembered (`has_lost_key`), instead of in a task that nobody awaits.
    - Every packet tells the server's clock.
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
    Session.start = _start
    Session.stop = _stop
    Session.handle_packet = _handle_packet
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
        await self.start()
    except Unauthorized as error:
        structlog.get_logger(__name__).error("telegram_key_lost", detail=str(error))
    finally:
        setattr(self, _RESTART_TASK, None)


async def _start(self: Any) -> None:
    pace = _pace_of(self)
    while True:
        await pace.wait()
        try:
            if await _connect(self):
                break
        except (OSError, RPCError, BadMsgNotification) as error:
            if has_lost_key(self) or isinstance(error, LOST_KEY):
                setattr(self, _KEY_IS_LOST, True)
                raise Unauthorized("Telegram no longer knows the key of this session") from error
            if not isinstance(error, OSError) and getattr(self, _RESTART_TASK, None) is None:
                raise
            _note_failure(pace, error)
    pace.connected()
    self.is_started.set()


def _note_failure(pace: ReconnectPace, error: Exception) -> None:
    asked_s = error.value if isinstance(error, FloodWait) and isinstance(error.value, int) else 0
    log = structlog.get_logger(__name__)
    log.warning("telegram_connects_again", error=type(error).__name__, detail=str(error), asked_s=asked_s)
    pace.failed(asked_s)


async def _connect(self: Any) -> bool:
    """Connect once and introduce the client; whatever ends this early, nothing of the attempt is left behind."""
    client = self.client
    self.connection = client.connection_factory(
        dc_id=self.dc_id,
        test_mode=self.test_mode,
        ipv6=client.ipv6,
        alt_port=client.alt_port,
        proxy=client.proxy,
        media=self.is_media,
        protocol_factory=client.protocol_factory,
    )
    introduced = False
    try:
        await self.connection.connect()
        self.recv_task = self.loop.create_task(self.recv_worker())
        await self.send(functions.Ping(ping_id=0), timeout=self.START_TIMEOUT)
        if not self.is_cdn:
            await self.send(await _introduction(client), timeout=self.START_TIMEOUT)
        self.ping_task = self.loop.create_task(self.ping_worker())
        introduced = True
    finally:
        if not introduced:
            await self.stop()
    return introduced


async def _introduction(client: Any) -> Any:
    """The request that tells Telegram which schema and which program it speaks with."""
    program = functions.InitConnection(
        api_id=await client.storage.api_id(),
        app_version=client.app_version,
        device_model=client.device_model,
        system_version=client.system_version,
        system_lang_code=client.system_lang_code,
        lang_code=client.lang_code,
        lang_pack=client.lang_pack,
        query=functions.help.GetConfig(),
    )
    return functions.InvokeWithLayer(layer=layer, query=program)


async def _stop(self: Any) -> None:
    restart = getattr(self, _RESTART_TASK, None)
    if restart is not None and restart is not asyncio.current_task():
        restart.cancel()
        await asyncio.wait([restart])
    _note_lost_key(self)
    if self.ping_task is not None:
        self.ping_task_event.set()
        await asyncio.wait([self.ping_task], timeout=_PING_END_S)
        self.ping_task.cancel()  # it may wait for a connection that takes nothing any more
        self.ping_task = None
    if self.connection is None:
        return
    reader, self.recv_task = self.recv_task, None
    await _original_stop(self)
    if reader is not None:
        await asyncio.wait([reader])
        self.recv_task = reader
        _note_lost_key(self)
        self.recv_task = None


async def _handle_packet(self: Any, packet: Any) -> None:
    before = self.stored_msg_ids[-1] if self.stored_msg_ids else 0
    await _original_handle_packet(self, packet)
    newest = self.stored_msg_ids[-1] if self.stored_msg_ids else 0
    if newest > before and (watch := getattr(self.client, _WATCH, None)) is not None:
        watch.server_clock.packet_made(newest)


def _pace_of(session: Any) -> ReconnectPace:
    pace = getattr(session, _PACE, None)
    if pace is None:
        watch = getattr(session.client, _WATCH, None)
        pace = ReconnectPace(Clock() if watch is None else watch.clock)
        setattr(session, _PACE, pace)
    return pace


def _note_lost_key(session: Any) -> None:
    reader = session.recv_task
    if reader is None or not reader.done() or reader.cancelled():
        return
    if isinstance(reader.exception(), Unauthorized):
        setattr(session, _KEY_IS_LOST, True)


def _error_without_file(self: Any, value: Any = None, rpc_name: str | None = None, *args: Any, **kwargs: Any) -> None:
    """Stands in for `RPCError.__init__(value, rpc_name, is_unknown, is_signed)`."""
    call = inspect.signature(_original_error).bind(self, value, rpc_name, *args, **kwargs)
    if call.arguments.get("is_unknown"):
        call.arguments["is_unknown"] = False
        structlog.get_logger(__name__).warning("telegram_error_unknown", error=str(value), method=rpc_name)
    _original_error(*call.args, **call.kwargs)
