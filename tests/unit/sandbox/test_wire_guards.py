"""What the local Telegram refuses, forgets and bounds below its methods, without a socket."""

from __future__ import annotations

import os
import struct
import time
from hashlib import sha256
from types import SimpleNamespace
from typing import Any

import pytest
from pyrogram import raw
from pyrogram.crypto import aes, mtproto
from pyrogram.raw.core import Message

from core.clock import Clock
from sandbox.datacenter.codec import Codecs
from sandbox.datacenter.connection import Connection
from sandbox.datacenter.crypto import MessageIds
from sandbox.datacenter.message_router import MessageRouter
from sandbox.datacenter.problems import ProblemLog
from sandbox.datacenter.session import CONTAINER_ID, Answers, AuthKey, Session
from sandbox.datacenter.transport import ProtocolViolation

PING = raw.functions.Ping(ping_id=5).write()


class Line:
    """As much of a connection as a session needs; keeps what is sent."""

    def __init__(self) -> None:
        self.sessions: set[Session] = set()
        self.sent: list[bytes] = []

    def send(self, packet: bytes) -> None:
        self.sent.append(packet)


@pytest.fixture
def ids() -> MessageIds:
    return MessageIds(Clock())


@pytest.fixture
def auth() -> AuthKey:
    return AuthKey(os.urandom(256))


@pytest.fixture
def router(auth: AuthKey, ids: MessageIds) -> MessageRouter:
    """A router that knows one key; its calls go nowhere."""
    rpc: Any = SimpleNamespace(serve=lambda *_: None)
    return MessageRouter(
        auth_keys={auth.id: auth},
        codecs=Codecs(),
        message_ids=ids,
        rpc=rpc,
        returned=lambda _session: None,
        problems=ProblemLog(),
    )


def sealed(auth: AuthKey, body: bytes) -> bytes:
    """One message of a client, as it travels."""
    number = int(time.time() * 2**32) & ~3
    plain: Any = SimpleNamespace(write=lambda: body)
    message = Message(plain, number, 0, len(body))
    packet: bytes = mtproto.pack(message, auth.salt, b"session1", auth.key, auth.id)
    return packet


def sealed_bytes(auth: AuthKey, plain: bytes) -> bytes:
    """Bytes that decrypt, whatever they are."""
    message_key = sha256(auth.key[88:120] + plain).digest()[8:24]
    return auth.id + message_key + bytes(aes.ige256_encrypt(plain, *mtproto.kdf(auth.key, message_key, True)))


def container(count: int, *bodies: bytes) -> bytes:
    """A container that says it has `count` messages."""
    number = int(time.time() * 2**32) & ~3
    parts = [struct.pack("<qii", number + 4 * n, 0, len(body)) + body for n, body in enumerate(bodies)]
    return struct.pack("<Ii", CONTAINER_ID, count) + b"".join(parts)


def test_a_container_with_fewer_messages_than_it_says_is_refused(auth: AuthKey, router: MessageRouter) -> None:
    """Its sender is cut off for it, and the messages that are whole were served."""
    line: Any = Line()
    router.receive(line, sealed(auth, container(2, PING, PING)))
    served = len(line.sent)
    assert served >= 2

    with pytest.raises(ProtocolViolation, match="container"):
        router.receive(line, sealed(auth, container(3, PING, PING)))


def test_a_packet_without_a_message_is_refused(auth: AuthKey, router: MessageRouter) -> None:
    """Sixteen bytes that decrypt are too few for a message."""
    line: Any = Line()
    with pytest.raises(ProtocolViolation, match="without a message"):
        router.receive(line, sealed_bytes(auth, bytes(16)))


def test_a_destroyed_session_is_forgotten(auth: AuthKey, router: MessageRouter, ids: MessageIds) -> None:
    """It is gone from its key, and a session that nobody knows may be destroyed too."""
    other = auth.open_session(os.urandom(8), ids)
    line: Any = Line()
    number = int.from_bytes(other.id, "little", signed=True)
    for _ in range(2):
        router.receive(line, sealed(auth, raw.functions.DestroySession(session_id=number).write()))

    assert list(auth.sessions) == [b"session1"]


def test_nothing_is_read_behind_a_packet_that_led_to_a_cut() -> None:
    """Of two packets that arrive together, the second is not looked at once the first has cost the connection."""
    seen: list[bytes] = []

    def refuse(_connection: Connection, packet: bytes) -> None:
        seen.append(packet)
        raise ProtocolViolation("no")

    connection = Connection(
        opened=lambda _: True,
        received=refuse,
        outgoing=lambda packet: packet,
        closed=lambda _: None,
        problems=ProblemLog(),
    )
    transport: Any = SimpleNamespace(abort=lambda: None)
    connection.connection_made(transport)
    connection.data_received(b"\xee" * 4 + 2 * (struct.pack("<I", 4) + b"abcd"))

    assert seen == [b"abcd"]


def test_what_a_client_never_acknowledges_is_bounded(auth: AuthKey, ids: MessageIds) -> None:
    """Two thousand messages wait for a client that is away; then the oldest go. What it acknowledges goes."""
    session = auth.open_session(os.urandom(8), ids)
    session.send(PING)
    (first,) = session.unacked
    for _ in range(2000):
        session.send(PING)

    assert len(session.unacked) == 2000
    assert first not in session.unacked
    session.acknowledged(list(session.unacked)[:1999])
    assert len(session.unacked) == 1


def test_answers_are_remembered_by_number_and_size() -> None:
    """Five hundred answers, or sixteen megabytes; the newest stays however large it is."""
    answers = Answers()
    for number in range(501):
        answers.add(number, b"x")
    assert (answers.get(0), answers.get(1), answers.get(500)) == (None, b"x", b"x")

    large = bytes(9 * 1024 * 1024)
    answers.add(1000, large)
    assert answers.get(500) == b"x"
    answers.add(1001, large)
    assert (answers.get(500), answers.get(1000)) == (None, None)
    assert answers.get(1001) is large
    answers.add(1002, large + large)
    assert answers.get(1002) is not None


def test_message_ids_are_remembered_in_bounds(auth: AuthKey, ids: MessageIds) -> None:
    """Four thousand ids are known again; an older one is new."""
    session = auth.open_session(os.urandom(8), ids)
    assert all(session.first_sight(number) for number in range(4001))

    assert not session.first_sight(4000)
    assert not session.first_sight(1)
    assert session.first_sight(0)


def test_a_key_has_eight_sessions_and_those_that_are_connected(auth: AuthKey, ids: MessageIds) -> None:
    """Of more, the oldest one whose client is away goes."""
    line: Any = Line()
    opened = [auth.open_session(bytes([n]) * 8, ids) for n in range(8)]
    opened[0].connection = line
    auth.open_session(b"ninthone", ids)
    assert list(auth.sessions) == [opened[0].id, *(session.id for session in opened[2:]), b"ninthone"]

    for session in auth.sessions.values():
        session.connection = line
    auth.open_session(b"tenthone", ids)
    assert len(auth.sessions) == 9
