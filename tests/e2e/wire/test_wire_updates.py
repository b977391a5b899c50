"""What comes again after a reconnect, and who gets an update, on the wire of the local data centre."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from pyrogram import Client, raw
from pyrogram.handlers import RawUpdateHandler

from tests.e2e.wire.tiny_world import BOT, NEAREST, Result, TinyWorld
from tests.fixtures.wire_client import WireClient

if TYPE_CHECKING:
    from sandbox.datacenter import DataCenter

pytestmark = pytest.mark.wire


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
