"""How long a session waits before it connects again."""

from __future__ import annotations

import asyncio

import pytest

from core.telegram.reconnect_pace import ReconnectPace
from tests.fixtures.clock import TestClock


class PausingClock(TestClock):
    """Every wait is over at once, in its own time, and remembered."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.advance(seconds)
        await asyncio.sleep(0)


@pytest.fixture
def clock():
    return PausingClock()


@pytest.fixture
def pace(clock):
    return ReconnectPace(clock)


async def test_the_first_connection_and_one_after_a_long_life_are_made_at_once(pace, clock):
    """Nobody waits for a reconnection after an ordinary loss."""
    await pace.wait()
    pace.connected()
    clock.advance(3)
    await pace.wait()

    assert clock.waits == []


async def test_failures_in_a_row_are_farther_and_farther_apart(pace, clock):
    """Trap 5: a server that refuses is not asked hundreds of times; it is asked again within five seconds."""
    for _ in range(8):
        await pace.wait()
        pace.failed()
    await pace.wait()

    assert len(clock.waits) == 8
    assert clock.waits[0] <= 0.5
    assert all(2.5 <= pause <= 5 for pause in clock.waits[4:])


async def test_connections_that_are_lost_at_once_are_failures_too(pace, clock):
    """A server that accepts and closes does not get a storm."""
    for _ in range(5):
        await pace.wait()
        pace.connected()
        clock.advance(0.1)
    await pace.wait()

    assert len(clock.waits) == 5
    assert clock.waits[-1] >= 2.5


async def test_what_telegram_asks_for_is_waited_once(pace, clock):
    """FLOOD_WAIT_60 means at least a minute before the next attempt, and nothing after it."""
    await pace.wait()
    pace.failed(asked_s=60)
    waiting = []
    clock.sleep = _watching(clock, pace, waiting)
    await pace.wait()
    pace.connected()
    clock.advance(3)
    await pace.wait()

    assert [pause >= 60 for pause in clock.waits] == [True]
    assert (waiting, pace.waits_as_asked) == ([True], False)


def _watching(clock, pace, seen):
    sleep = clock.sleep

    async def note(seconds: float) -> None:
        seen.append(pace.waits_as_asked)
        await sleep(seconds)

    return note
