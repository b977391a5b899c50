"""The data centre: listens, knows keys and accounts, pushes updates."""

from __future__ import annotations

import asyncio
import importlib
import os
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pyrogram import raw

from core.clock import Clock
from core.concurrency.task_registry import TaskRegistry
from sandbox.datacenter.codec import Codecs
from sandbox.datacenter.connection import Connection
from sandbox.datacenter.crypto import MessageIds
from sandbox.datacenter.dispatcher import Dispatcher
from sandbox.datacenter.faults import Faults
from sandbox.datacenter.key_exchange import KeyExchange
from sandbox.datacenter.message_router import MessageRouter
from sandbox.datacenter.problems import ProblemLog
from sandbox.datacenter.recorder import Recorder
from sandbox.datacenter.rpc import METHODS, Handler
from sandbox.datacenter.server_key import ServerKey
from sandbox.datacenter.session import AuthKey, Session
from sandbox.datacenter.trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.world import World

_NO_AUTH_KEY = bytes(8)
_PLAIN_HEAD = struct.Struct("<qqi")  # auth key id 0, message id, length
_STOP_DEADLINE_S = 5.0

OfflinePolicy = Literal["queue", "too_long", "drop"]
Kept = Literal["sessions", "keys", "nothing"]


@dataclass(slots=True)
class Statistics:
    """Counters since the start.

    Attributes:
        connections: TCP connections accepted.
        handshakes: auth keys agreed on.
        packets: encrypted packets received.
        calls: RPCs served, refused ones included.
        pushes: updates sent or queued, once per session.
    """

    connections: int = 0
    handshakes: int = 0
    packets: int = 0
    calls: int = 0
    pushes: int = 0


def registered_methods() -> Mapping[str, Handler]:
    """Every method of the `methods` package, which is imported at the first call."""
    importlib.import_module("sandbox.datacenter.methods")
    return METHODS


class DataCenter:
    """One local Telegram data centre over one world.

    Args:
        world: what handlers read and change; it is attached, so that its updates are pushed here.
        clock: paces injected delays, and is there for handlers.
        host: address to listen on.
        dc_id: the number clients know the data centre by; new clients begin with 2.
        key: the RSA key that clients trust.
        fast_pq: spare clients the factoring of a real-size number.
        recording: keep calls in the recorder.
        methods: handlers by TL name; None for all of the `methods` package.
        wire_clock: time of message ids. Clients compare it with their own real time and turn away from a server
            more than 30 s off, so it stays the real one even where `clock` is driven by a test.

    Attributes:
        port: where it listens, after `start`.
        auth_keys: every client's key, by its 8-byte id; a key taken out is answered with transport error 404.
        faults: failures to inject into calls.
        trouble: failures of the whole data centre.
        recorder: calls received.
        problems: errors of the data centre itself; empty in a sound test.
        offline: what becomes of updates for a session without a connection: "queue" keeps them until it is back,
            "too_long" drops them and sends updatesTooLong then, "drop" drops them.
        resend_unacked: send unacknowledged messages again when a client comes back, as MTProto demands.
        stats: counters since the start.
    """

    def __init__(
        self,
        world: World,
        *,
        clock: Clock | None = None,
        host: str = "127.0.0.1",
        dc_id: int = 2,
        key: ServerKey | None = None,
        fast_pq: bool = True,
        recording: bool = True,
        methods: Mapping[str, Handler] | None = None,
        wire_clock: Clock | None = None,
    ) -> None:
        self.world = world
        self.clock = clock or Clock()
        self.host = host
        self.port = 0
        self.dc_id = dc_id
        self.key = key or ServerKey.default()
        self.offline: OfflinePolicy = "queue"
        self.resend_unacked = True
        self.auth_keys: dict[bytes, AuthKey] = {}
        self.stats = Statistics()
        self.problems = ProblemLog()
        self.faults = Faults()
        self.trouble = Trouble(self)
        self.recorder = Recorder(recording=recording)
        self.codecs = Codecs()
        self.tasks = TaskRegistry(self.clock, on_failure=lambda name, error: self.problems.note(name, repr(error)))
        self.message_ids = MessageIds(wire_clock or Clock())
        self._logins: dict[int, list[AuthKey]] = {}
        self._connections: set[Connection] = set()
        self._server: asyncio.Server | None = None
        self._exchange = KeyExchange(
            codec=self.codecs.native,
            key=self.key,
            message_ids=self.message_ids,
            on_key=self._agreed,
            fast_pq=fast_pq,
        )
        self._router = MessageRouter(
            auth_keys=self.auth_keys,
            codecs=self.codecs,
            message_ids=self.message_ids,
            rpc=Dispatcher(self, registered_methods() if methods is None else methods),
            returned=self._session_returned,
            problems=self.problems,
        )
        world.attach(self)

    async def start(self, port: int = 0) -> None:
        """Listen on `port`; 0 takes a free one.

        Raises:
            OSError: the port is taken.
        """
        self.port = port
        await self.open_port()

    async def stop(self) -> None:
        """Stop listening, cut all connections, end all waiting calls; cannot be started again."""
        await self.close_port()
        self.drop_all()
        await self.tasks.close(_STOP_DEADLINE_S)

    async def restart(self, *, keep: Kept = "sessions", down_s: float = 0.0) -> None:
        """Close the port, cut all connections, and come back on the same port. The world stays as it is.

        Args:
            keep: what the server remembers. "sessions": everything, so that it answers and sends again what it owed;
                "keys": keys and logins only, so that queued updates are lost and clients meet new_session_created;
                "nothing": no client's key is known any more.
            down_s: how long connecting fails, in seconds of the data centre's clock.

        Raises:
            OSError: another program has taken the port meanwhile.
        """
        await self.close_port()
        self.drop_all()
        for auth in list(self.auth_keys.values()) if keep != "sessions" else ():
            auth.lose_sessions()
            if keep == "nothing":
                self.forget(auth)
        await self.clock.sleep(down_s)
        await self.open_port()

    async def open_port(self) -> None:
        """Listen on `port`, a free one when that is 0. Without effect when it listens.

        Raises:
            OSError: the port is taken.
        """
        if self._server is None:
            loop = asyncio.get_running_loop()
            self._server = await loop.create_server(self._new_connection, self.host, self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    async def close_port(self) -> None:
        """Stop listening; connections that stand go on. Without effect when it does not listen."""
        if self._server is not None:
            self._server.close()
            self._server = None
            await self.clock.sleep(0)  # uvloop lets go of the port in its next round

    @property
    def connections(self) -> list[Connection]:
        """The TCP connections that stand now."""
        return list(self._connections)

    def drop_all(self) -> None:
        """Cut every TCP connection; keys, sessions and unacknowledged messages stay."""
        for connection in list(self._connections):
            connection.abort()

    def issue_auth_key(self, user_id: int | None = None) -> AuthKey:
        """Make a key without an exchange, logged in as `user_id`, for a client that is to start with a session."""
        auth = AuthKey(os.urandom(256))
        self.auth_keys[auth.id] = auth
        if user_id is not None:
            self.log_in(auth, user_id)
        return auth

    def keys_of(self, user_id: int) -> list[AuthKey]:
        """The keys an account is logged in with."""
        return list(self._logins.get(user_id, ()))

    def log_in(self, auth: AuthKey, user_id: int) -> None:
        """Bind a key to an account; it leaves the account it was bound to."""
        self.log_out(auth)
        auth.user_id = user_id
        self._logins.setdefault(user_id, []).append(auth)

    def log_out(self, auth: AuthKey) -> None:
        """Unbind a key; no session of it gets updates any more. Without effect when it is not bound."""
        if auth.user_id is None:
            return
        self._logins[auth.user_id].remove(auth)
        auth.user_id = None
        for session in auth.sessions.values():
            session.updates_on = False

    def forget(self, auth: AuthKey) -> None:
        """Log a key out and know it no more; the client's next packet is answered by transport error 404."""
        self.log_out(auth)
        self.auth_keys.pop(auth.id, None)

    def push(self, user_id: int, updates: Any) -> int:
        """Send updates to every session of an account that wants them; returns how many sessions that is."""
        reached = 0
        encoded: dict[int, bytes] = {}
        for auth in self._logins.get(user_id, ()):
            for session in auth.sessions.values():
                if not session.updates_on or session.without_updates or not self._keeps_update(session):
                    continue
                if (body := encoded.get(auth.layer)) is None:
                    body = encoded[auth.layer] = self.codecs.of_layer(auth.layer).dump(updates)
                session.send(body)
                reached += 1
        self.stats.pushes += reached
        return reached

    def _keeps_update(self, session: Session) -> bool:
        """Whether an update for the session is sent or queued; notes it when one is lost."""
        if self.trouble.lose_updates:
            return False
        if session.connection is not None or self.offline == "queue":
            return True
        session.missed_updates = session.missed_updates or self.offline == "too_long"
        return False

    def _session_returned(self, session: Session) -> None:
        if self.resend_unacked:
            session.resend_unacked()
        if session.missed_updates:
            session.missed_updates = False
            session.send(raw.types.UpdatesTooLong().write())

    def _agreed(self, auth: AuthKey) -> None:
        self.auth_keys[auth.id] = auth
        self.stats.handshakes += 1

    def _new_connection(self) -> Connection:
        return Connection(
            opened=self._opened,
            received=self._received,
            outgoing=self.trouble.outgoing,
            closed=self._connections.discard,
            problems=self.problems,
        )

    def _opened(self, connection: Connection) -> bool:
        self._connections.add(connection)
        self.stats.connections += 1
        return self.trouble.admits(connection)

    def _received(self, connection: Connection, packet: bytes) -> None:
        if packet[:8] != _NO_AUTH_KEY:
            self.stats.packets += 1
            self._router.receive(connection, packet)
            return
        length = int.from_bytes(packet[16:20], "little")
        answer = self._exchange.answer(self.codecs.native.load(packet[20 : 20 + length]))
        if answer is not None:
            body = answer.write()
            connection.send(_PLAIN_HEAD.pack(0, self.message_ids.next(answer=True), len(body)) + body)
