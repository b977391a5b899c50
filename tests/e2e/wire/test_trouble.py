"""Troubles of the whole data centre, as a bare MTProto client and an unmodified pyrofork meet them."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from pyrogram import Client, raw

from core.clock import Clock
from sandbox.datacenter import DataCenter
from tests.e2e.wire.tiny_world import BOT, NEAREST, Result, TinyWorld
from tests.fixtures.clock import TestClock
from tests.fixtures.wire_client import WireClient

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.wire

Ping = raw.functions.Ping
Pong = raw.types.Pong


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
async def dc(world: TinyWorld, clock: TestClock) -> AsyncIterator[DataCenter]:
    """A data centre whose pauses a test ends."""
    datacenter = DataCenter(world, clock=clock, methods=world.methods())
    await datacenter.start()
    yield datacenter
    await datacenter.stop()


@asynccontextmanager
async def client_of(dc: DataCenter, wire: WireClient) -> AsyncIterator[WireClient]:
    """Another connection under the key of `wire`, in a session of its own."""
    client = WireClient(dc, wire.auth)
    await client.connect()
    yield client
    await client.close()


async def is_silent(client: WireClient) -> bool:
    """Whether a ping gets no answer for a fifth of a second, while the connection stays open."""
    client.send(Ping(ping_id=1), content=False)
    try:
        async with asyncio.timeout(0.2):
            await client.receive_packet()
    except TimeoutError:
        return True
    return False


async def answers(client: WireClient) -> bool:
    """Whether a call is answered."""
    request_id = client.send(NEAREST())
    while (await client.receive_body(Result)).req_msg_id != request_id:
        pass
    return True


async def is_cut(client: WireClient) -> bool:
    """Whether the server closes the connection."""
    try:
        while True:
            await client.receive_packet()
    except (EOFError, ConnectionError):
        return True


async def subscribed(wire: WireClient) -> None:
    """Ask for the state, so that updates are pushed, and acknowledge everything."""
    wire.send(raw.functions.updates.GetState())
    message = await wire.receive_message(Result)
    wire.send(raw.types.MsgsAck(msg_ids=[message.msg_id]), content=False)


async def until_pong(wire: WireClient) -> list[Any]:
    """Bodies that arrive before the answer to a ping."""
    wire.send(Ping(ping_id=7), content=False)
    seen = []
    while not isinstance((message := await wire.receive()).body, Pong):
        seen.append(message.body)
    return seen


async def test_a_black_hole_swallows_old_connections_and_new_ones(
    world: TinyWorld, dc: DataCenter, wire: WireClient
) -> None:
    """In a black hole clients connect and nobody hears them; after it new connections work and the old stay silent."""
    assert await answers(wire)
    dc.trouble.black_hole()
    async with client_of(dc, wire) as inside:
        assert await is_silent(wire)
        assert await is_silent(inside)
        assert world.served == 1
        dc.trouble.end_black_hole()

        assert await is_silent(wire)
        assert await is_silent(inside)
        async with client_of(dc, wire) as after:
            assert await answers(after)


async def test_pyrofork_comes_back_from_a_black_hole(dc: DataCenter, bot: Client) -> None:
    """An unmodified client that lost its connection in a black hole is served once the hole is gone."""
    dc.trouble.black_hole()
    connections = dc.stats.connections
    dc.trouble.drop_all()
    while dc.stats.connections == connections:
        await Clock().sleep(0.01)
    dc.trouble.end_black_hole()

    assert (await bot.invoke(NEAREST())).country == "GR"


async def test_connections_flap_until_told_otherwise(dc: DataCenter, wire: WireClient, clock: TestClock) -> None:
    """Flapping cuts everybody at every interval, and leaves everybody alone when it ends."""
    with pytest.raises(ValueError, match="more than 0"):
        dc.trouble.flapping(0)
    dc.trouble.flapping(3)
    for _ in range(3):
        await clock.wait_sleeping()
        clock.advance(2)
        assert await answers(wire)
        clock.advance(1)
        assert await is_cut(wire)
        await wire.close()
        await wire.connect()
    assert await answers(wire)
    dc.trouble.end_flapping()
    dc.trouble.end_flapping()
    clock.advance(60)

    assert await answers(wire)
    assert await answers(wire)  # a cut due now may come after the first answer


async def test_a_closed_port_refuses_new_connections_only(dc: DataCenter, wire: WireClient) -> None:
    """While connections are refused connecting fails and standing ones go on; afterwards the port is the same."""
    port = dc.port
    await dc.trouble.refuse_connections()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(dc.host, dc.port)
    assert await answers(wire)

    await dc.trouble.accept_connections()
    assert dc.port == port
    async with client_of(dc, wire) as after:
        assert await answers(after)


async def test_a_forgotten_key_is_answered_with_404_and_its_owner_gets_nothing(
    world: TinyWorld, dc: DataCenter, wire: WireClient
) -> None:
    """Every key of the account is unknown, no update goes to it, and other accounts are not concerned."""
    await subscribed(wire)
    other = WireClient(dc, dc.issue_auth_key(BOT + 1))
    await other.connect()

    assert dc.trouble.forget_key(BOT) == 1
    assert world.tell(1) == 0
    wire.send(NEAREST())
    assert int.from_bytes(await wire.receive_packet(), "little", signed=True) == -404
    assert await answers(other)
    assert dc.trouble.forget_key(BOT) == 0
    await other.close()


async def test_a_revoked_login_refuses_calls_and_keeps_the_key(dc: DataCenter, wire: WireClient) -> None:
    """A client whose login was ended elsewhere is told so by 401 and may log in again under the same key."""
    assert dc.trouble.revoke_login(BOT) == 1
    wire.send(raw.functions.updates.GetState())
    refusal = (await wire.receive_body(Result)).result
    wire.send(raw.functions.auth.ImportBotAuthorization(flags=0, api_id=1, api_hash="", bot_auth_token="7001:token"))

    assert (refusal.error_code, refusal.error_message) == (401, "AUTH_KEY_UNREGISTERED")
    assert isinstance((await wire.receive_body(Result)).result, raw.types.auth.Authorization)
    assert [auth.id for auth in dc.keys_of(BOT)] == [wire.auth.id]


async def test_a_changed_salt_is_told_at_the_next_call(dc: DataCenter, wire: WireClient, bot: Client) -> None:
    """Every key of the account has a new salt: a call under the old one is refused, and pyrofork repeats it."""
    assert dc.trouble.change_salt(BOT) == 2
    refused = wire.send(NEAREST())
    complaint = await wire.receive_body(raw.types.BadServerSalt)

    assert (complaint.bad_msg_id, complaint.new_server_salt) == (refused, wire.auth.salt)
    assert (await bot.invoke(NEAREST())).country == "GR"
    assert bot.session.salt in [auth.salt for auth in dc.auth_keys.values()]


@pytest.mark.parametrize("offset_s", [40, -200])
async def test_the_servers_clock_can_be_wrong(dc: DataCenter, wire: WireClient, offset_s: float) -> None:
    """Message ids of the server tell its own time, which clients' ids are judged by too; corrected, all is well."""
    dc.trouble.clock_offset_s = offset_s
    wire.send(Ping(ping_id=1), content=False)
    complaint_or_pong = await wire.receive()
    ahead_s = complaint_or_pong.msg_id / 2**32 - time.time()

    assert abs(ahead_s - offset_s) < 5
    is_complaint = isinstance(complaint_or_pong.body, raw.types.BadMsgNotification)
    assert is_complaint == (offset_s < -30)
    dc.trouble.clock_offset_s = 0
    async with client_of(dc, wire) as after:
        after.send(Ping(ping_id=1), content=False)
        assert abs((await after.receive_message(Pong)).msg_id / 2**32 - time.time()) < 5


async def test_pyrofork_hears_nothing_from_a_server_of_the_future(dc: DataCenter, bot: Client) -> None:
    """A server 40 s ahead is turned away from by an unmodified client until its clock is right again."""
    dc.trouble.clock_offset_s = 40
    with pytest.raises(TimeoutError):
        await bot.session.send(Ping(ping_id=1), timeout=0.5)

    dc.trouble.clock_offset_s = 0
    assert (await bot.invoke(NEAREST())).country == "GR"


async def test_lost_updates_are_never_told(world: TinyWorld, dc: DataCenter, wire: WireClient) -> None:
    """Updates to a connected client vanish without a word while calls are answered, and come again afterwards."""
    await subscribed(wire)
    dc.trouble.lose_updates = True
    assert world.tell(1) == 0
    assert await answers(wire)
    dc.trouble.lose_updates = False
    assert world.tell(2) == 1

    updates = [body for body in await until_pong(wire) if isinstance(body, raw.types.Updates)]
    assert [body.updates[0].pts for body in updates] == [2]


async def test_calls_can_be_ignored_while_pings_are_answered(
    world: TinyWorld, dc: DataCenter, wire: WireClient
) -> None:
    """The server looks alive and serves nothing, until the fault is lifted."""
    fault = dc.trouble.ignore_requests()
    wire.send(NEAREST())
    wire.send(NEAREST())
    await until_pong(wire)
    assert (fault.hits, world.served) == (2, 0)

    dc.faults.lift(fault)
    assert await answers(wire)


@pytest.mark.parametrize(("trouble", "served"), [("lose_requests", 0), ("lose_answers", 2)])
async def test_every_request_or_every_answer_can_be_lost(
    world: TinyWorld, dc: DataCenter, wire: WireClient, trouble: str, served: int
) -> None:
    """Each call costs the connection, before it is served or after, until the fault is lifted."""
    fault = getattr(dc.trouble, trouble)()
    for _ in range(2):
        async with client_of(dc, wire) as client:
            client.send(NEAREST())
            assert await is_cut(client)
    assert world.served == served

    dc.faults.lift(fault)
    assert await answers(wire)


async def test_a_restart_keeps_what_it_is_told_to(world: TinyWorld, dc: DataCenter, wire: WireClient) -> None:
    """Back on the same port the server still owes updates, or knows the client only, or nobody at all."""
    port = dc.port
    await subscribed(wire)
    world.tell(1)
    await wire.receive_body(raw.types.Updates)

    async def owed() -> list[type]:
        assert await is_cut(wire)
        await wire.close()
        await wire.connect()
        return [type(body) for body in await until_pong(wire)]

    await dc.restart()
    assert raw.types.Updates in await owed()
    await dc.restart(keep="keys")
    assert await owed() == [raw.types.NewSessionCreated]
    assert world.tell(2) == 1
    await dc.restart(keep="nothing")
    assert await is_cut(wire)
    await wire.close()
    await wire.connect()
    wire.send(NEAREST())
    assert int.from_bytes(await wire.receive_packet(), "little", signed=True) == -404
    assert dc.port == port


@pytest.mark.parametrize("keep", ["sessions", "keys"])
async def test_pyrofork_survives_a_restart_of_the_server(
    dc: DataCenter, bot: Client, clock: TestClock, keep: Any
) -> None:
    """An unmodified client finds the server again that was away for a moment, and is served."""
    restart = asyncio.create_task(dc.restart(keep=keep, down_s=5))
    await clock.wait_sleeping()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(dc.host, dc.port)
    clock.advance(5)
    await restart

    assert (await bot.invoke(NEAREST(), timeout=2)).country == "GR"  # one that went into the dead connection is lost
    assert dc.stats.handshakes == 0


async def test_packets_can_be_tampered_with(dc: DataCenter, wire: WireClient) -> None:
    """A packet goes out as the tamperer gives it."""
    sent: list[bytes] = []

    def doubled(packet: bytes) -> bytes:
        sent.append(packet)
        return packet + packet

    dc.trouble.tamper = doubled
    wire.send(Ping(ping_id=1), content=False)

    assert await wire.receive_packet() == sent[0] * 2
