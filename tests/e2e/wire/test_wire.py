"""The wire of the local data centre against an unmodified pyrofork client and against a bare MTProto client."""

from __future__ import annotations

import asyncio
import gzip
from typing import Any

import pytest
from pyrogram import Client, errors, raw
from pyrogram.connection.transport import (
    TCPAbridged,
    TCPAbridgedO,
    TCPFull,
    TCPIntermediate,
    TCPIntermediateO,
)
from pyrogram.handlers import RawUpdateHandler
from pyrogram.raw.core import GzipPacked

from sandbox.datacenter import DataCenter, Fault
from tests.e2e.wire.tiny_world import BOT, NEAREST, TOKEN, Result, TinyWorld, pyrofork
from tests.fixtures.clock import TestClock
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


async def test_unacknowledged_messages_come_again_after_a_reconnect(world: TinyWorld, wire: WireClient) -> None:
    """What the client has not acknowledged is sent again under its old id on the next connection, the rest is not."""
    wire.send(raw.functions.updates.GetState())
    await wire.receive_body(Result)
    world.tell(1)
    world.tell(2)
    first, second = [await wire.receive_message(raw.types.Updates) for _ in range(2)]
    wire.send(raw.types.MsgsAck(msg_ids=[first.msg_id]), content=False)
    wire.send(raw.functions.Ping(ping_id=1), content=False)
    await wire.receive_body(raw.types.Pong)
    await wire.close()

    await wire.connect()
    wire.send(raw.functions.Ping(ping_id=2), content=False)
    repeated = []
    while not isinstance((message := await wire.receive()).body, raw.types.Pong):
        repeated.append(message.msg_id)

    assert second.msg_id in repeated
    assert first.msg_id not in repeated


@pytest.mark.parametrize(("policy", "expected"), [("queue", [3]), ("too_long", [None]), ("drop", [])])
async def test_updates_for_a_client_that_is_away_follow_the_policy(
    world: TinyWorld, dc: DataCenter, wire: WireClient, policy: Any, expected: list[Any]
) -> None:
    """Updates for a session without a connection are kept, replaced by updatesTooLong, or lost, as chosen."""
    dc.offline = policy
    wire.send(raw.functions.updates.GetState())
    await wire.receive_body(Result)
    dc.drop_all()
    reached = world.tell(3)
    with pytest.raises(EOFError):
        await wire.receive_packet()
    await wire.close()

    await wire.connect()
    wire.send(raw.functions.Ping(ping_id=2), content=False)
    seen = []
    while not isinstance((message := await wire.receive()).body, raw.types.Pong):
        if isinstance(message.body, raw.types.Updates):
            seen.append(message.body.updates[0].pts)
        elif isinstance(message.body, raw.types.UpdatesTooLong):
            seen.append(None)

    assert seen == expected
    assert reached == (1 if policy == "queue" else 0)


async def test_pyrofork_sees_an_update_once_across_a_reconnect(world: TinyWorld, dc: DataCenter, bot: Client) -> None:
    """An unmodified client that never acknowledged an update drops its repetition and gets what it missed."""
    seen: asyncio.Queue[int] = asyncio.Queue()

    async def note(_client: Client, update: Any, _users: Any, _chats: Any) -> None:
        seen.put_nowait(update.pts)

    bot.add_handler(RawUpdateHandler(note))
    world.tell(1)
    assert await asyncio.wait_for(seen.get(), 10) == 1
    dc.drop_all()
    world.tell(2)

    assert await asyncio.wait_for(seen.get(), 10) == 2
    assert (await bot.invoke(NEAREST())).country == "GR"
    assert seen.empty()


async def test_an_update_goes_to_every_session_of_the_account(world: TinyWorld, dc: DataCenter, bot: Client) -> None:
    """Two clients of one account both get the update; a client of nobody gets none."""
    second, stranger = WireClient(dc, dc.issue_auth_key(BOT)), WireClient(dc, dc.issue_auth_key())
    for client in (second, stranger):
        await client.connect()
    second.send(raw.functions.updates.GetState())
    await second.receive_body(Result)
    stranger.send(raw.functions.Ping(ping_id=1), content=False)
    await stranger.receive_body(raw.types.Pong)

    assert world.tell(9) == 2
    assert (await second.receive_body(raw.types.Updates)).updates[0].pts == 9
    stranger.send(raw.functions.Ping(ping_id=2), content=False)
    assert isinstance((await stranger.receive()).body, raw.types.Pong)
    await second.close()
    await stranger.close()


async def test_an_unknown_method_is_loud(dc: DataCenter, bot: Client) -> None:
    """A method that nobody has written is refused by METHOD_INVALID and remembered as a problem with its name."""
    with pytest.raises(errors.BadRequest, match="METHOD_INVALID"):
        await bot.invoke(raw.functions.help.GetTimezonesList(hash=0))

    assert dc.problems == ["method_unknown: help.GetTimezonesList"]


async def test_an_error_in_a_method_is_a_problem_with_its_traceback(dc: DataCenter, wire: WireClient) -> None:
    """An exception in a handler is answered by 500 and kept with the place it came from; the server goes on."""
    wire.send(raw.functions.help.GetSupport())
    failure = (await wire.receive_body(Result)).result
    wire.send(NEAREST())

    assert (failure.error_code, failure.error_message) == (500, "INTERNAL_SERVER_ERROR")
    assert (await wire.receive_body(Result)).result.country == "GR"
    assert len(dc.problems) == 1
    assert "help.GetSupport" in dc.problems[0]
    assert "no such support" in dc.problems[0]


async def test_a_constructor_of_no_layer_is_a_problem(dc: DataCenter, wire: WireClient) -> None:
    """A request with an unknown constructor is refused and remembered with its id."""

    class Invented(raw.core.TLObject):  # type: ignore[misc]
        def write(self, *_args: Any) -> bytes:
            return bytes.fromhex("deadbeef")

    wire.send(Invented())

    assert (await wire.receive_body(Result)).result.error_message == "INPUT_METHOD_INVALID"
    assert "0xefbeadde" in dc.problems[0]


async def test_methods_other_than_login_want_a_login(dc: DataCenter) -> None:
    """Without a login only auth.* and help.* are served."""
    stranger = WireClient(dc, dc.issue_auth_key())
    await stranger.connect()
    stranger.send(raw.functions.updates.GetState())
    refused = (await stranger.receive_body(Result)).result
    stranger.send(NEAREST())

    assert (refused.error_code, refused.error_message) == (401, "AUTH_KEY_UNREGISTERED")
    assert (await stranger.receive_body(Result)).result.country == "GR"
    await stranger.close()


async def test_noise_on_the_port_closes_that_connection_only(dc: DataCenter, wire: WireClient) -> None:
    """Bytes that are no framing or no valid message cost the sender its connection and nobody else's."""
    for noise in (
        b"\xee" * 4 + b"\xff\xff\xff\x7f",
        b"\xee" * 4 + (40).to_bytes(4, "little") + wire.auth.id + bytes(32),
    ):
        reader, writer = await asyncio.open_connection(dc.host, dc.port)
        writer.write(noise)
        with pytest.raises((EOFError, ConnectionError)):
            await asyncio.wait_for(reader.readexactly(1), 10)
        writer.close()
        await asyncio.gather(writer.wait_closed(), return_exceptions=True)
    wire.send(NEAREST())

    assert (await wire.receive_body(Result)).result.country == "GR"
    assert dc.problems == []


async def test_an_error_fault_hits_as_often_as_ordered(dc: DataCenter, world: TinyWorld, bot: Client) -> None:
    """An ordered flood wait reaches the client with its seconds, once, and the method is not run for it."""
    fault = dc.faults.add(Fault("help.GetNearestDc", error=(420, "FLOOD_WAIT_30")))

    with pytest.raises(errors.FloodWait) as raised:
        await bot.invoke(NEAREST(), sleep_threshold=0)

    assert raised.value.value == 30
    assert world.served == 0
    assert (await bot.invoke(NEAREST())).country == "GR"
    assert fault.hits == 1


@pytest.mark.parametrize(("action", "served"), [("drop", 0), ("drop_after", 1)])
async def test_a_dropped_call_loses_the_request_or_the_answer(
    dc: DataCenter, world: TinyWorld, wire: WireClient, action: Any, served: int
) -> None:
    """Both kinds of drop cut the connection; only "drop_after" has run the method before."""
    dc.faults.add(Fault("help.GetNearestDc", action=action))
    wire.send(NEAREST())

    with pytest.raises(EOFError):
        await wire.receive_body(Result)
    assert world.served == served


async def test_an_ignored_call_leaves_the_connection_alone(dc: DataCenter, world: TinyWorld, wire: WireClient) -> None:
    """An ignored call is neither served nor answered, while the next one on the same connection is."""
    dc.faults.add(Fault("help.GetNearestDc", action="ignore"))
    wire.send(NEAREST())
    answered = wire.send(NEAREST())

    assert (await wire.receive_body(Result)).req_msg_id == answered
    assert world.served == 1


async def test_a_delayed_call_waits_for_the_clock(world: TinyWorld) -> None:
    """A delayed call is served when the data centre's clock has moved on, and overtaken by others until then."""
    clock = TestClock()
    dc = DataCenter(world, clock=clock, methods=world.methods())
    await dc.start()
    wire = WireClient(dc, dc.issue_auth_key(BOT))
    await wire.connect()
    dc.faults.add(Fault("help.GetNearestDc", action="delay", delay=5))

    delayed, prompt = wire.send_container(NEAREST(), NEAREST())
    first = (await wire.receive_body(Result)).req_msg_id
    await clock.wait_sleeping()
    clock.advance(5)
    second = (await wire.receive_body(Result)).req_msg_id
    await wire.close()
    await dc.stop()

    assert (first, second) == (prompt, delayed)


async def test_new_connections_can_be_turned_away(dc: DataCenter, wire: WireClient) -> None:
    """New connections can be closed at once and standing ones go on."""
    dc.trouble.turn_away = True
    late = WireClient(dc, wire.auth)
    await late.connect()
    with pytest.raises((EOFError, ConnectionError)):
        await late.receive_packet()
    wire.send(NEAREST())

    assert (await wire.receive_body(Result)).result.country == "GR"
    dc.trouble.turn_away = False
    await late.close()
    await late.connect()
    late.send(NEAREST())
    assert (await late.receive_body(Result)).result.country == "GR"
    await late.close()


async def test_long_answers_are_packed_and_unpack_to_the_same(wire: WireClient) -> None:
    """An answer over 512 bytes travels packed and arrives whole."""
    request_id = wire.send(raw.functions.help.GetInviteText())
    answer = await wire.receive_body(Result)

    assert answer.req_msg_id == request_id
    assert answer.result.message == "come " * 500
    assert len(gzip.compress(answer.result.write())) < 512


async def test_stopping_ends_calls_that_wait(world: TinyWorld) -> None:
    """A data centre that is stopped leaves no task of a waiting call behind."""
    world.gate = asyncio.get_running_loop().create_future()
    dc = DataCenter(world, methods=world.methods())
    await dc.start()
    wire = WireClient(dc, dc.issue_auth_key(BOT))
    await wire.connect()
    wire.send(raw.functions.help.GetInviteText())
    await dc.recorder.wait_call("help.GetInviteText")

    await dc.stop()

    assert len(dc.tasks) == 0
    assert dc.problems == []
    await wire.close()
