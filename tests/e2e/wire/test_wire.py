"""The wire of the local data centre against an unmodified pyrofork client and against a bare MTProto client."""

from __future__ import annotations

import asyncio
import gzip
from typing import Any

import pytest
from pyrogram import Client, raw
from pyrogram.connection.transport import (
    TCPAbridged,
    TCPAbridgedO,
    TCPFull,
    TCPIntermediate,
    TCPIntermediateO,
)
from pyrogram.raw.core import GzipPacked

from sandbox.datacenter import DataCenter
from tests.e2e.wire.tiny_world import BOT, NEAREST, TOKEN, Result, TinyWorld, pyrofork
from tests.fixtures.wire_client import WireClient

pytestmark = pytest.mark.wire


@pytest.mark.parametrize("fast_pq", [True, False])
async def test_a_bot_logs_in_through_the_whole_handshake(world: TinyWorld, fast_pq: Any) -> None:
    """An unmodified client agrees on a key and logs in by token, also with factors of Telegram's size."""
    dc = DataCenter(world, methods=world.methods(), fast_pq=fast_pq)
    await dc.start()
    client = pyrofork(dc, bot_token=TOKEN)

    await client.start()
    me = client.me
    await client.stop()
    await dc.stop()

    assert me.id == BOT
    assert dc.stats.handshakes == 1
    assert dc.problems == []


async def test_a_session_string_saves_handshake_and_login(dc: DataCenter, bot: Client) -> None:
    """A client with an issued session starts without a key exchange and without a login call."""
    assert bot.me.id == BOT
    assert dc.stats.handshakes == 0
    assert "auth.ImportBotAuthorization" not in [call.name for call in dc.recorder.calls]


@pytest.mark.parametrize(
    ("protocol", "framing"),
    [
        (TCPAbridged, "abridged"),
        (TCPAbridgedO, "obfuscated abridged"),
        (TCPIntermediate, "intermediate"),
        (TCPIntermediateO, "obfuscated intermediate"),
        (TCPFull, "full"),
    ],
)
async def test_every_framing_of_pyrofork_works(dc: DataCenter, protocol: type, framing: str) -> None:
    """A client may frame its packets in any way it knows; key exchange and calls work in each."""
    client = pyrofork(dc, bot_token=TOKEN)
    client.protocol_factory = protocol

    await client.start()
    used = {connection.framing for connection in dc.connections}
    nearest = await client.invoke(NEAREST())
    await client.stop()

    assert nearest.country == "GR"
    assert framing in used


async def test_the_padded_framing_works(dc: DataCenter) -> None:
    """No client at hand pads its packets; a bare one that does is served, and finds what it asked for in the noise."""
    padded = WireClient(dc, dc.issue_auth_key(BOT), padded=True)
    await padded.connect()
    for _ in range(20):
        padded.send(NEAREST())
        assert (await padded.receive_body(Result)).result.country == "GR"

    assert [connection.framing for connection in dc.connections] == ["padded"]
    await padded.close()


async def test_a_wrong_salt_is_corrected_once(dc: DataCenter, wire: WireClient) -> None:
    """A message under a wrong salt is refused with the right one and not served."""
    wire.salt += 1
    refused = wire.send(NEAREST())

    complaint = await wire.receive_body(raw.types.BadServerSalt)

    assert (complaint.bad_msg_id, complaint.error_code) == (refused, 48)
    assert complaint.new_server_salt == wire.auth.salt
    assert dc.stats.calls == 0


async def test_a_client_recovers_from_a_salt_change(dc: DataCenter, bot: Client) -> None:
    """When the salt changes in mid-session an unmodified client's call still gets through."""
    for auth in dc.auth_keys.values():
        auth.salt = 12_345

    assert (await bot.invoke(NEAREST())).country == "GR"
    assert bot.session.salt == 12_345


@pytest.mark.parametrize(("shift_s", "code"), [(-400, 16), (60, 17)])
async def test_a_message_id_of_another_time_is_refused(wire: WireClient, shift_s: int, code: int) -> None:
    """Message ids more than 300 s old or 30 s ahead are answered with the notification that says so."""
    wire.send(NEAREST(), message_id=wire.next_id() + (shift_s << 32))

    assert (await wire.receive_body(raw.types.BadMsgNotification)).error_code == code


async def test_a_message_id_no_client_may_use_is_refused(wire: WireClient) -> None:
    """A message id that is not a multiple of four is answered with notification 18."""
    wire.send(NEAREST(), message_id=wire.next_id() + 1)

    assert (await wire.receive_body(raw.types.BadMsgNotification)).error_code == 18


async def test_a_repeated_request_is_answered_again_and_not_served_twice(world: TinyWorld, wire: WireClient) -> None:
    """A request id seen before gets the answer it got before, without another run of the method."""
    request_id = wire.send(NEAREST())
    first = await wire.receive_body(Result)
    wire.send(NEAREST(), message_id=request_id)
    second = await wire.receive_body(Result)

    assert (first.req_msg_id, second.req_msg_id) == (request_id, request_id)
    assert first.result == second.result
    assert world.served == 1


async def test_a_repeated_request_in_the_making_is_not_served_twice(world: TinyWorld, wire: WireClient) -> None:
    """A request repeated before its answer is ready is served once and answered once."""
    world.gate = asyncio.get_running_loop().create_future()
    request_id = wire.send(raw.functions.help.GetInviteText())
    wire.send(raw.functions.help.GetInviteText(), message_id=request_id)
    wire.send(raw.functions.Ping(ping_id=5), content=False)
    assert (await wire.receive_body(raw.types.Pong)).ping_id == 5
    world.gate.set_result(None)

    assert (await wire.receive_body(Result)).req_msg_id == request_id
    assert world.served == 1


async def test_an_unknown_auth_key_is_answered_with_404(dc: DataCenter, wire: WireClient) -> None:
    """A packet under a key the server does not know gets the bare transport error -404."""
    dc.auth_keys.clear()
    wire.send(NEAREST())

    assert int.from_bytes(await wire.receive_packet(), "little", signed=True) == -404


async def test_a_container_is_served_message_by_message(wire: WireClient) -> None:
    """Every request in a container gets its own answer, and all are acknowledged."""
    sent = wire.send_container(NEAREST(), raw.functions.help.GetInviteText(), NEAREST())
    answered: set[int] = set()
    acknowledged: set[int] = set()
    while len(answered) < 3:
        message = await wire.receive()
        if isinstance(message.body, Result):
            answered.add(message.body.req_msg_id)
        elif isinstance(message.body, raw.types.MsgsAck):
            acknowledged.update(message.body.msg_ids)

    assert answered == set(sent)
    assert acknowledged == set(sent)


async def test_a_packed_request_is_read(wire: WireClient) -> None:
    """A request inside gzip_packed is served like any other."""
    request_id = wire.send(GzipPacked(NEAREST()))

    assert (await wire.receive_body(Result)).req_msg_id == request_id


async def test_long_answers_are_packed_and_unpack_to_the_same(wire: WireClient) -> None:
    """An answer over 512 bytes travels packed and arrives whole."""
    request_id = wire.send(raw.functions.help.GetInviteText())
    answer = await wire.receive_body(Result)

    assert answer.req_msg_id == request_id
    assert answer.result.message == "come " * 500
    assert len(gzip.compress(answer.result.write())) < 512
