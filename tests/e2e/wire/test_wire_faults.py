"""Calls that fail, by mistake or on order, on the wire of the local data centre."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pyrogram import Client, errors, raw

from sandbox.datacenter import DataCenter, Fault
from tests.e2e.wire.tiny_world import BOT, NEAREST, Result, TinyWorld
from tests.fixtures.clock import TestClock
from tests.fixtures.wire_client import WireClient

pytestmark = pytest.mark.wire


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
