"""Auth keys and the sessions under them: what is remembered while connections come and go."""

from __future__ import annotations

import os
import struct
from collections import OrderedDict
from hashlib import sha1
from typing import TYPE_CHECKING

from sandbox.datacenter import crypto
from sandbox.datacenter.codec import NATIVE_LAYER

if TYPE_CHECKING:
    from sandbox.datacenter.connection import Connection

CONTAINER_ID = 0x73F1F8DC
_CONTAINER_HEAD = struct.Struct("<Ii")
_MESSAGE_HEAD = struct.Struct("<qii")
_ACK_HEAD = struct.Struct("<IIi")
_MSGS_ACK_ID, _VECTOR_ID = 0x62D6B459, 0x1CB5C415
_MAX_UNACKED = 2_000  # messages
_MAX_SEEN = 4_000  # message ids
_MAX_ANSWERS = 500
_MAX_ANSWER_BYTES = 16 * 1024 * 1024
_MAX_SESSIONS = 8  # of one key; a client that starts anew leaves its old one behind


def random_long() -> int:
    """A random signed 64-bit number."""
    return int.from_bytes(os.urandom(8), "little", signed=True)


class AuthKey:
    """A client's long-term key; logins and the TL layer belong to it.

    Attributes:
        key: the 256 shared bytes.
        id: the 8 bytes that name the key in a packet.
        salt: the one server salt that is valid now, a signed 64-bit number.
        user_id: the account logged in; None while nobody is. Set it through `DataCenter.log_in` only.
        layer: the TL layer the client speaks.
        sessions: by session id, oldest first.
    """

    __slots__ = ("id", "key", "layer", "salt", "sessions", "user_id")

    def __init__(self, key: bytes, salt: int | None = None) -> None:
        self.key = key
        self.id = sha1(key).digest()[-8:]
        self.salt = random_long() if salt is None else salt
        self.user_id: int | None = None
        self.layer = NATIVE_LAYER
        self.sessions: OrderedDict[bytes, Session] = OrderedDict()

    def open_session(self, session_id: bytes, message_ids: crypto.MessageIds) -> Session:
        """Begin a session; the oldest one without a connection goes when the key has too many."""
        session = self.sessions[session_id] = Session(self, session_id, message_ids)
        away = [old.id for old in self.sessions.values() if old.connection is None and old is not session]
        if len(self.sessions) > _MAX_SESSIONS and away:
            del self.sessions[away[0]]
        return session

    def lose_sessions(self) -> None:
        """Forget what was owed to every session and what it has asked; it goes on getting updates under its old id."""
        for session in list(self.sessions.values()):
            self.sessions[session.id] = session.renewed()


class Answers:
    """Recent answers by request id, so that a repeated request is answered again and not served twice."""

    def __init__(self) -> None:
        self._bodies: OrderedDict[int, bytes] = OrderedDict()
        self._bytes = 0

    def add(self, request_id: int, body: bytes) -> None:
        """Remember an answer; the oldest go when there are too many or they are too large together."""
        self._bodies[request_id] = body
        self._bytes += len(body)
        while len(self._bodies) > 1 and (len(self._bodies) > _MAX_ANSWERS or self._bytes > _MAX_ANSWER_BYTES):
            self._bytes -= len(self._bodies.popitem(last=False)[1])

    def get(self, request_id: int) -> bytes | None:
        """The answer given before; None when it is unknown or still in the making."""
        return self._bodies.get(request_id)


class Session:
    """One client process under an auth key; outlives its TCP connections.

    Attributes:
        auth: the key the session belongs to.
        id: the 8 bytes the client chose.
        unique_id: what new_session_created tells, a signed 64-bit number.
        connection: where the client is now; None while it is away.
        updates_on: the client has asked for its state or logged in, so updates are pushed to it.
        without_updates: the client uses invokeWithoutUpdates: nothing is pushed, whatever `updates_on` says.
        announced: new_session_created was sent.
        missed_updates: updates were thrown away while the client was away and it must be told.
        unacked: content messages that the client has not acknowledged, by message id, oldest first.
        answers: recent answers by request id.
    """

    def __init__(self, auth: AuthKey, session_id: bytes, message_ids: crypto.MessageIds) -> None:
        self.auth = auth
        self.id = session_id
        self.unique_id = random_long()
        self.connection: Connection | None = None
        self.updates_on = False
        self.without_updates = False
        self.announced = False
        self.missed_updates = False
        self.unacked: OrderedDict[int, bytes] = OrderedDict()
        self.answers = Answers()
        self._message_ids = message_ids
        self._content_sent = 0
        self._acks_due: list[int] = []
        self._seen: OrderedDict[int, None] = OrderedDict()

    def renewed(self) -> Session:
        """The session as a server knows it that has lost everything but who gets updates."""
        fresh = Session(self.auth, self.id, self._message_ids)
        fresh.updates_on, fresh.without_updates = self.updates_on, self.without_updates
        return fresh

    def first_sight(self, message_id: int) -> bool:
        """Note a message of the client; False when it was noted before."""
        if message_id in self._seen:
            return False
        self._seen[message_id] = None
        if len(self._seen) > _MAX_SEEN:
            self._seen.popitem(last=False)
        return True

    def owe_ack(self, message_id: int) -> None:
        """Acknowledge a message of the client along with the next packet sent."""
        self._acks_due.append(message_id)

    def acknowledged(self, message_ids: list[int]) -> None:
        """The client has these messages of ours."""
        for message_id in message_ids:
            self.unacked.pop(message_id, None)

    def send(self, body: bytes, *, content: bool = True, answer: bool = False) -> None:
        """Send one serialized object, now or, when `content`, at the latest after the client is back.

        Args:
            body: what to send.
            content: the client has to acknowledge it; service messages go without.
            answer: it answers a message of the client.
        """
        self.send_many([body], content=content, answer=answer)

    def send_many(self, bodies: list[bytes], *, content: bool = True, answer: bool = False) -> None:
        """Send several objects in one container; see `send`."""
        messages = [self._message(body, content=content, answer=answer) for body in bodies]
        if self.connection is None:
            return
        if self._acks_due:
            acks = _ACK_HEAD.pack(_MSGS_ACK_ID, _VECTOR_ID, len(self._acks_due))
            acks += struct.pack(f"<{len(self._acks_due)}q", *self._acks_due)
            self._acks_due.clear()
            messages.append(self._message(acks, content=False, answer=False))
        self._write(messages)

    def cut(self) -> None:
        """Break the client's TCP connection, if it has one; the session stays."""
        if self.connection is not None:
            self.connection.abort()

    def resend_unacked(self) -> None:
        """Send again, under their old ids, the messages the client has not acknowledged."""
        for message in self.unacked.values():
            self._write([message])

    def _message(self, body: bytes, *, content: bool, answer: bool) -> bytes:
        """Give a body its id and sequence number; content is kept until acknowledged."""
        message_id = self._message_ids.next(answer=answer)
        message = _MESSAGE_HEAD.pack(message_id, self._content_sent * 2 + content, len(body)) + body
        if content:
            self._content_sent += 1
            self.unacked[message_id] = message
            if len(self.unacked) > _MAX_UNACKED:
                self.unacked.popitem(last=False)
        return message

    def _write(self, messages: list[bytes]) -> None:
        if self.connection is None:
            return
        message = messages[0]
        if len(messages) > 1:
            body = _CONTAINER_HEAD.pack(CONTAINER_ID, len(messages)) + b"".join(messages)
            message = self._message(body, content=False, answer=False)
        plain = self.auth.salt.to_bytes(8, "little", signed=True) + self.id + message
        self.connection.send(crypto.encrypt(self.auth.key, self.auth.id, plain))
