"""Telegram's clock against ours."""

from __future__ import annotations

import asyncio

import pytest

from core.observability.metrics import Metrics
from core.telegram.clock_watch import OFF_S, ClockWatch
from core.telegram.server_clock import ServerClock
from tests.fixtures.clock import TestClock


class Wire:
    """A server whose clock differs from ours, and who is told about it."""

    def __init__(self, clock: TestClock) -> None:
        self.clock = clock
        self.server_clock = ServerClock(clock, OFF_S)
        self.drifts: list[float] = []
        self.reasons: list[str] = []
        self.metrics = Metrics()
        self.watch = ClockWatch(self.server_clock, clock, self.metrics, self.drifts.append, self.reasons.append)

    async def packets(self, offset_s: float, seconds: int) -> None:
        """One packet a second, each made by a clock that is so far off."""
        for _ in range(seconds):
            self.server_clock.packet_made(int((self.clock.unix() + offset_s) * 2**32))
            await self.clock.wait_sleeping()
            self.clock.advance(1)
            await asyncio.sleep(0)
            if self.reasons:
                return


@pytest.fixture
async def wire():
    made = Wire(TestClock())
    watching = asyncio.create_task(made.watch.run())
    yield made
    watching.cancel()
    await asyncio.wait([watching])


@pytest.mark.parametrize("offset_s", [31, -31])
async def test_a_clock_that_is_off_is_an_alarm_within_seconds(wire, offset_s):
    """Trap 4: more than 30 s in either direction ends the process, with the difference in the reason."""
    began = wire.clock.monotonic()
    await wire.packets(offset_s, 60)

    assert wire.clock.monotonic() - began <= 15
    assert wire.reasons == [f"clock_skew: Telegram's clock is {offset_s:+d} s off ours"]
    assert wire.metrics.clock_offset_seconds._value.get() == pytest.approx(offset_s, abs=0.1)


async def test_single_late_packets_are_no_alarm(wire):
    """What was made before a black hole and arrives after it says nothing about clocks."""
    for _ in range(10):
        await wire.packets(-50, 5)
        await wire.packets(0.2, 1)

    assert (wire.reasons, wire.drifts) == ([], [])


async def test_a_drift_is_told_once_while_everything_works(wire):
    """Admins hear of it before the bot goes deaf, and again only after it was well in between."""
    await wire.packets(15, 40)
    assert wire.drifts == [pytest.approx(15, abs=0.1)]

    await wire.packets(0, 2)
    await wire.packets(-20, 20)
    assert len(wire.drifts) == 2
    assert wire.reasons == []
