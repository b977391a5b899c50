"""Two presses of one button, and whose claim it is."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest

from core.cache import keys
from core.cache.redis_cache import RedisCache
from core.cache.redis_client import build_redis_client
from core.errors import BusyError
from core.observability.metrics import Metrics
from core.services.recent_presses import RecentPresses

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.fixtures.clock import TestClock

READER, FILE = 42, 7


class SendFailedError(Exception):
    """What a send raises."""


@pytest.fixture
async def cache(redis_url: str, clock: TestClock) -> AsyncIterator[RedisCache]:
    """The cache over a real Valkey."""
    client = build_redis_client(redis_url)
    yield RedisCache(client, Metrics(), clock)
    await client.aclose()


@pytest.fixture
def processes(cache: RedisCache, clock: TestClock) -> list[RecentPresses]:
    """Two processes of one bot."""
    return [RecentPresses(cache, clock) for _ in range(2)]


async def test_a_press_is_served_once_whichever_process_hears_the_second(processes: list[RecentPresses]) -> None:
    """The second press within seconds is refused, here and in the other process; a failed send lets it through."""
    async with processes[0].claim(READER, FILE):
        for process in processes:
            with pytest.raises(BusyError):
                await process.claim(READER, FILE).__aenter__()

    with pytest.raises(SendFailedError):
        async with processes[0].claim(READER, FILE + 1):
            raise SendFailedError
    async with processes[1].claim(READER, FILE + 1):
        pass


async def test_a_slow_failure_leaves_the_claim_of_a_later_press_alone(
    processes: list[RecentPresses], cache: RedisCache, clock: TestClock
) -> None:
    """Scenario 116: a send that fails after its claim ended does not end the claim of the press that came after it."""
    slow = AsyncExitStack()
    async with AsyncExitStack() as later:
        await slow.enter_async_context(processes[0].claim(READER, FILE))
        await cache.delete(keys.dedupe(READER, "file", FILE))  # as its time to live does
        clock.advance(6)
        await later.enter_async_context(processes[1].claim(READER, FILE))
        await slow.__aexit__(SendFailedError, SendFailedError(), None)

        for process in processes:
            with pytest.raises(BusyError):
                await process.claim(READER, FILE).__aenter__()


async def test_a_slow_send_is_one_wish_until_some_seconds_after_its_end(clock: TestClock) -> None:
    """Scenario 1: what is pressed again while the file is sent, or a moment later, is not sent again; Redis or not."""
    client = build_redis_client("redis://127.0.0.1:1/0")
    presses = RecentPresses(RedisCache(client, Metrics(), clock), clock)
    async with presses.claim(READER, FILE):
        clock.advance(100)
        with pytest.raises(BusyError):
            await presses.claim(READER, FILE).__aenter__()
    clock.advance(4)
    with pytest.raises(BusyError):
        await presses.claim(READER, FILE).__aenter__()
    clock.advance(2)
    async with presses.claim(READER, FILE):
        pass
    await client.aclose()
