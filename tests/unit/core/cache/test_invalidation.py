"""When the search version moves: at once, not too often, and never not at all."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from core.cache import keys
from core.cache.invalidation import CacheInvalidator
from core.cache.redis_cache import RedisCache
from core.observability.metrics import Metrics

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sandbox.stores import InMemoryStores
    from tests.fixtures.clock import TestClock

TICK_S = 0.25


class Counted(CacheInvalidator):
    """Counts its moves."""

    moves = 0

    async def increment_search_cache_version(self) -> bool:
        self.moves += 1
        return await super().increment_search_cache_version()


@pytest.fixture
async def cache(stores: InMemoryStores, clock: TestClock) -> AsyncIterator[RedisCache]:
    client = stores.redis_client()
    yield RedisCache(client, Metrics(), clock)
    await client.aclose()


@pytest.fixture
async def invalidator(cache: RedisCache, clock: TestClock) -> Counted:
    made = Counted(cache, clock)
    await made.flush()
    clock.advance(30)
    made.moves = 0
    return made


async def ticks(invalidator: Counted, clock: TestClock, count: int, note: Any = None) -> None:
    for _ in range(count):
        if note is not None:
            note()
        await invalidator.flush()
        clock.advance(TICK_S)


async def test_no_cached_search_is_used_before_the_first_flush(cache: RedisCache, clock: TestClock) -> None:
    """A process that starts forgets what one that died may not have forgotten."""
    died = Counted(cache, clock)
    await died.flush()
    before = await died.search_version()
    started = Counted(cache, clock)
    assert await started.search_version() is None
    await started.flush()
    assert await started.search_version() not in {None, before}


async def test_a_deletion_moves_the_version_at_once(invalidator: Counted) -> None:
    """From the moment of the deletion the old version is not handed out; after a flush there is a new one."""
    before = await invalidator.search_version()
    invalidator.deleted()
    assert await invalidator.search_version() is None
    await invalidator.flush()
    assert await invalidator.search_version() not in {None, before}


async def test_a_storm_of_deletions_moves_it_once_a_second_and_once_at_the_end(
    invalidator: Counted, clock: TestClock
) -> None:
    """Ten seconds of deletions are eleven moves at most, and the last deletion has one after it."""
    await ticks(invalidator, clock, 40, invalidator.deleted)
    assert invalidator.moves == 10
    assert await invalidator.search_version() is None
    await ticks(invalidator, clock, 4)
    assert invalidator.moves == 11
    assert await invalidator.search_version() is not None


async def test_additions_move_it_every_half_minute(invalidator: Counted, clock: TestClock) -> None:
    """Scenario 115: indexing without a pause empties the cache twice a minute, and the last addition shows too."""
    await ticks(invalidator, clock, 4 * 90, invalidator.added)
    assert invalidator.moves == 3
    await ticks(invalidator, clock, 4 * 60)
    assert invalidator.moves == 4


async def test_additions_leave_the_cache_in_use(invalidator: Counted) -> None:
    """An addition that waits for its half minute does not keep this process from its cached searches."""
    invalidator.added()
    await invalidator.flush()
    version = await invalidator.search_version()
    invalidator.added()
    await invalidator.flush()
    assert version is not None
    assert await invalidator.search_version() == version


async def test_a_deletion_during_a_move_is_followed_by_another(
    invalidator: Counted, clock: TestClock, stores: InMemoryStores
) -> None:
    """What happens while Redis is being told is told again."""
    stores.redis_slow_ms = 20
    invalidator.deleted()
    moving = asyncio.ensure_future(invalidator.flush())
    await asyncio.sleep(0)
    invalidator.deleted()
    await moving
    stores.redis_slow_ms = 0
    assert await invalidator.search_version() is None
    await ticks(invalidator, clock, 5)
    assert invalidator.moves == 2


async def test_a_move_that_was_cancelled_is_owed(invalidator: Counted, stores: InMemoryStores) -> None:
    """A shutdown or a restart of the loop in the middle of telling Redis loses nothing."""
    before = await invalidator.search_version()
    stores.redis_down = True
    moving = asyncio.ensure_future(invalidator.invalidate_all_search_results())
    await asyncio.sleep(0)
    moving.cancel()
    await asyncio.wait((moving,))
    assert moving.cancelled()
    stores.redis_down = False
    assert await invalidator.search_version() not in {None, before}


async def test_everything_can_be_forgotten_at_any_time(invalidator: Counted) -> None:
    """On demand, however short ago the version moved."""
    seen = set()
    for _ in range(5):
        await invalidator.invalidate_all_search_results()
        seen.add(await invalidator.search_version())
    assert len(seen - {None}) == 5


async def test_without_redis_there_is_no_version_until_the_move_is_made(
    invalidator: Counted, cache: RedisCache, stores: InMemoryStores, clock: TestClock
) -> None:
    """Scenario 114: an edit while Redis is gone keeps this process from its cache until Redis has been told."""
    before = await invalidator.search_version()
    stores.redis_down = True
    invalidator.edited()
    await invalidator.flush()
    assert cache.owes(keys.search_version())
    assert not await invalidator.increment_search_cache_version()
    assert await invalidator.search_version() is None
    stores.redis_down = False
    clock.advance(1)
    await invalidator.flush()
    assert not cache.owes(keys.search_version())
    assert await invalidator.search_version() not in {None, before}


async def test_a_redis_that_is_gone_is_asked_once_a_second(
    invalidator: Counted, cache: RedisCache, stores: InMemoryStores, clock: TestClock
) -> None:
    """What is owed is not pressed for at every tick."""
    stores.redis_down = True
    invalidator.edited()
    asked = cache._calls._metrics.cache_operations.labels("ping", "error")._value
    await ticks(invalidator, clock, 40)
    assert 9 <= asked.get() <= 11


async def test_many_askers_read_the_version_once_a_second(invalidator: Counted, cache: RedisCache) -> None:
    """A search pays no round trip for the version but once a second."""
    await invalidator.search_version()
    gets = cache._calls._metrics.cache_operations.labels("get", "hit")._value
    before = gets.get()
    assert len({await invalidator.search_version() for _ in range(100)}) == 1
    assert gets.get() == before


async def test_the_loop_flushes_several_times_a_second(invalidator: Counted, clock: TestClock) -> None:
    """A deletion reaches Redis within a quarter of a second."""
    loop = asyncio.ensure_future(invalidator.run())
    await clock.wait_sleeping()
    invalidator.deleted()
    clock.advance(TICK_S)
    await asyncio.sleep(0)
    await clock.wait_sleeping()
    loop.cancel()
    assert invalidator.moves == 1
