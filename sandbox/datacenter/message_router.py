"""Opens packets: finds key and session, keeps MTProto's rules on messages, hands the calls on."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, Protocol

from pyrogram import raw
from pyrogram.raw.core import FutureSalt, FutureSalts

from sandbox.datacenter import crypto
from sandbox.datacenter.codec import UnknownConstructor, rpc_result, unpack_gzip
from sandbox.datacenter.session import CONTAINER_ID, AuthKey, Session
from sandbox.datacenter.transport import ProtocolViolation

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.datacenter.codec import Codecs
    from sandbox.datacenter.connection import Connection
    from sandbox.datacenter.problems import ProblemLog

_ENVELOPE_HEAD = struct.Struct("<q8sqii")  # salt, session id, message id, sequence number, length
_MESSAGE_HEAD = struct.Struct("<qii")
_UNKNOWN_AUTH_KEY = 404
_WRONG_SALT, _TOO_OLD, _TOO_NEW, _NOT_A_CLIENT_ID = 48, 16, 17, 18
_MAX_AGE_S, _MAX_AHEAD_S = 300, 30
_RECEIVED = 4  # msgs_state_info: the message is here
_SALT_LIFE_S = 86_400


class Rpc(Protocol):
    """Serves the calls that are no service messages."""

    def serve(self, session: Session, request_id: int, request: Any) -> None:
        """Take one call; the answer goes to the session, now or later."""


class MessageRouter:
    """From an encrypted packet to the calls in it.

    Args:
        auth_keys: every key the server knows, by its 8-byte id.
        codecs: readers of the layers.
        message_ids: the server's time and ids.
        rpc: gets each call once, in order of arrival.
        returned: called with a known session that comes with a new connection.
        problems: gets the requests that cannot be read.
    """

    def __init__(
        self,
        *,
        auth_keys: dict[bytes, AuthKey],
        codecs: Codecs,
        message_ids: crypto.MessageIds,
        rpc: Rpc,
        returned: Callable[[Session], None],
        problems: ProblemLog,
    ) -> None:
        self._auth_keys = auth_keys
        self._codecs = codecs
        self._message_ids = message_ids
        self._rpc = rpc
        self._returned = returned
        self._problems = problems
        self._services: dict[type, Callable[[Session, int, Any], None]] = {
            raw.types.MsgsAck: lambda session, _id, message: session.acknowledged(message.msg_ids),
            raw.functions.Ping: self._pong,
            raw.functions.PingDelayDisconnect: self._pong,
            raw.functions.GetFutureSalts: self._future_salts,
            raw.types.MsgsStateReq: self._message_states,
            raw.functions.RpcDropAnswer: self._nothing_to_drop,
            raw.functions.DestroySession: self._session_destroyed,
            raw.types.MsgResendReq: lambda session, _id, _message: session.resend_unacked(),
            raw.types.MsgsAllInfo: lambda _session, _id, _message: None,
            raw.types.MsgsStateInfo: lambda _session, _id, _message: None,
        }

    def receive(self, connection: Connection, packet: bytes) -> None:
        """Take one encrypted packet.

        Raises:
            crypto.SecurityError: it does not decrypt.
            ProtocolViolation: it is too short or its lengths do not fit.
        """
        auth = self._auth_keys.get(packet[:8])
        if auth is None:
            connection.send_error(_UNKNOWN_AUTH_KEY)
            return
        plain = crypto.decrypt(auth.key, packet)
        if len(plain) < _ENVELOPE_HEAD.size:
            raise ProtocolViolation("an encrypted packet without a message")
        salt, session_id, message_id, sequence, length = _ENVELOPE_HEAD.unpack_from(plain)
        session = auth.sessions.get(session_id) or auth.open_session(session_id, self._message_ids)
        came_back = session.connection is not connection
        session.connection = connection
        connection.sessions.add(session)
        if not self._acceptable(session, salt, message_id, sequence):
            return
        if not session.announced:
            self._announce(session, message_id)
        elif came_back:
            self._returned(session)
        start = _ENVELOPE_HEAD.size
        self._message(session, message_id, sequence, plain[start : start + length])

    def _acceptable(self, session: Session, salt: int, message_id: int, sequence: int) -> bool:
        """Whether salt and message id are right; tells the client what is not."""
        if salt != session.auth.salt:
            complaint = raw.types.BadServerSalt(
                bad_msg_id=message_id,
                bad_msg_seqno=sequence,
                error_code=_WRONG_SALT,
                new_server_salt=session.auth.salt,
            )
        elif (code := self._fault_of_id(message_id)) is not None:
            complaint = raw.types.BadMsgNotification(bad_msg_id=message_id, bad_msg_seqno=sequence, error_code=code)
        else:
            return True
        session.send(complaint.write(), content=False, answer=True)
        return False

    def _fault_of_id(self, message_id: int) -> int | None:
        if message_id % 4:
            return _NOT_A_CLIENT_ID
        ahead = message_id / 2**32 - self._message_ids.now()
        if ahead > _MAX_AHEAD_S:
            return _TOO_NEW
        return _TOO_OLD if ahead < -_MAX_AGE_S else None

    @staticmethod
    def _announce(session: Session, message_id: int) -> None:
        session.announced = True
        created = raw.types.NewSessionCreated(
            first_msg_id=message_id, unique_id=session.unique_id, server_salt=session.auth.salt
        )
        session.send(created.write())

    def _message(self, session: Session, message_id: int, sequence: int, body: bytes) -> None:
        if int.from_bytes(body[:4], "little") == CONTAINER_ID:
            self._container(session, body)
            return
        if sequence & 1:
            session.owe_ack(message_id)
        if not session.first_sight(message_id):
            answer = session.answers.get(message_id)
            if answer is not None:
                session.send(answer, answer=True)
            return
        message = self._read(session, message_id, body)
        if message is None:
            return
        service = self._services.get(type(message))
        if service is not None:
            service(session, message_id, message)
        else:
            self._rpc.serve(session, message_id, message)

    def _container(self, session: Session, body: bytes) -> None:
        position = 8
        for _ in range(int.from_bytes(body[4:8], "little")):
            if position + _MESSAGE_HEAD.size > len(body):
                raise ProtocolViolation("a container shorter than its messages")
            message_id, sequence, length = _MESSAGE_HEAD.unpack_from(body, position)
            position += _MESSAGE_HEAD.size
            self._message(session, message_id, sequence, body[position : position + length])
            position += length

    def _read(self, session: Session, message_id: int, body: bytes) -> Any | None:
        """The object in a message; None when it cannot be read, which the client has then been told."""
        try:
            body = unpack_gzip(body)
            return self._codecs.of_request(body, session.auth.layer).load(body)
        except UnknownConstructor as error:
            self._problems.note("request_unreadable", str(error))
            refusal = raw.types.RpcError(error_code=400, error_message="INPUT_METHOD_INVALID")
            session.send(rpc_result(message_id, refusal.write()), answer=True)
            return None

    @staticmethod
    def _pong(session: Session, message_id: int, message: Any) -> None:
        pong = raw.types.Pong(msg_id=message_id, ping_id=message.ping_id)
        session.send(pong.write(), content=False, answer=True)

    def _future_salts(self, session: Session, message_id: int, _message: Any) -> None:
        now = int(self._message_ids.now())
        salts = FutureSalts(message_id, now, [FutureSalt(now, now + _SALT_LIFE_S, session.auth.salt)])
        session.send(salts.write(), content=False, answer=True)

    @staticmethod
    def _message_states(session: Session, message_id: int, message: Any) -> None:
        states = raw.types.MsgsStateInfo(req_msg_id=message_id, info=bytes([_RECEIVED]) * len(message.msg_ids))
        session.send(states.write(), content=False, answer=True)

    @staticmethod
    def _nothing_to_drop(session: Session, message_id: int, _message: Any) -> None:
        session.send(rpc_result(message_id, raw.types.RpcAnswerUnknown().write()), answer=True)

    @staticmethod
    def _session_destroyed(session: Session, _message_id: int, message: Any) -> None:
        session.auth.sessions.pop(message.session_id.to_bytes(8, "little", signed=True), None)
        destroyed = raw.types.DestroySessionOk(session_id=message.session_id)
        session.send(destroyed.write(), content=False, answer=True)
