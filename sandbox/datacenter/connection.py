"""One TCP connection of a client."""

from __future__ import annotations

import asyncio
import struct
from typing import TYPE_CHECKING, cast

import structlog

from sandbox.datacenter.crypto import SecurityError
from sandbox.datacenter.transport import PacketStream, ProtocolViolation

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.datacenter.problems import ProblemLog
    from sandbox.datacenter.session import Session


class Connection(asyncio.Protocol):
    """Cuts what arrives into packets and writes what is sent; no task of its own.

    Args:
        opened: called when the client has connected; False turns it away.
        received: called with each packet; may raise ProtocolViolation or SecurityError.
        outgoing: called with each packet to send; gives the one that is sent instead.
        closed: called once when the connection is gone.
        problems: where unexpected errors of `received` go.

    Attributes:
        sessions: those the client has used here.
        muted: nothing is read or written any more, though the connection stands.
    """

    def __init__(
        self,
        *,
        opened: Callable[[Connection], bool],
        received: Callable[[Connection, bytes], None],
        outgoing: Callable[[bytes], bytes],
        closed: Callable[[Connection], None],
        problems: ProblemLog,
    ) -> None:
        self._opened = opened
        self._received = received
        self._outgoing = outgoing
        self._closed = closed
        self._problems = problems
        self._stream = PacketStream()
        self._transport: asyncio.Transport | None = None
        self.sessions: set[Session] = set()
        self.muted = False

    @property
    def framing(self) -> str | None:
        """Name of the framing in use; None until the client has chosen."""
        return self._stream.framing

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio.Protocol."""
        self._transport = cast("asyncio.Transport", transport)
        if not self._opened(self):
            self.abort()

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        if self._transport is None or self.muted:
            return
        with self._problems.guard("read_failed", f"{len(data)} bytes"):
            for packet in self._cut(data):
                with self._problems.guard("packet_failed", f"{len(packet)} bytes"):
                    self._receive(packet)

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.Protocol."""
        del exc
        self._leave()
        self._closed(self)

    def pause_writing(self) -> None:
        """See asyncio.Protocol: a client that does not read its answers may not ask more."""
        if self._transport is not None:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        """See asyncio.Protocol."""
        if self._transport is not None:
            self._transport.resume_reading()

    def send(self, packet: bytes) -> None:
        """Write one packet; without effect once the connection is gone."""
        if self._transport is not None and not self.muted:
            self._transport.write(self._stream.frame(self._outgoing(packet)))

    def send_error(self, code: int) -> None:
        """Send a transport error: 404 unknown auth key, 429 flood, 444 wrong data centre."""
        self.send(struct.pack("<i", -code))

    def abort(self) -> None:
        """Cut the connection at once; its sessions are without one from now on."""
        transport = self._transport
        self._leave()
        if transport is not None:
            transport.abort()

    def _cut(self, data: bytes) -> list[bytes]:
        try:
            return self._stream.feed(data)
        except ProtocolViolation as error:
            self._refuse(error)
            return []

    def _receive(self, packet: bytes) -> None:
        if self._transport is None:
            return  # an earlier packet of the same read has led to a cut
        try:
            self._received(self, packet)
        except (ProtocolViolation, SecurityError) as error:
            self._refuse(error)

    def _refuse(self, error: Exception) -> None:
        structlog.get_logger(__name__).warning("protocol_violation", reason=str(error))
        self.abort()

    def _leave(self) -> None:
        self._transport = None
        for session in self.sessions:
            if session.connection is self:
                session.connection = None
        self.sessions.clear()
