"""How many slots the daily quota grants, to crowds, to premium readers and under changed limits, on a real MongoDB."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from core.domain.user import User
from repositories.user import UserRepository
from tests.fixtures.quota_service import HOLD_S, LIMIT, READER, build, charged, stored

if TYPE_CHECKING:
    from core.cache.redis_cache import RedisCache
    from core.database.pool import DatabaseConnectionPool
    from core.domain.quota import QuotaReservation
    from core.services.quota import QuotaService
    from tests.fixtures.clock import TestClock


@pytest.fixture
def quota(either_pool: DatabaseConnectionPool, memory_cache: RedisCache, clock: TestClock) -> QuotaService:
    return build(either_pool, memory_cache, clock)


async def test_two_presses_with_one_left_serve_one(either_pool: DatabaseConnectionPool, quota: QuotaService) -> None:
    """Scenario 1: of two simultaneous presses with one download left exactly one is served."""
    async with quota.reserve(READER, LIMIT - 1) as used:
        await used.spend(LIMIT - 1)

    async def press() -> int:
        async with quota.reserve(READER, 1) as handle:
            return handle.granted if handle.granted == 0 else int(await handle.spend())

    assert sorted(await asyncio.gather(press(), press())) == [0, 1]
    assert await stored(either_pool) == (LIMIT, [])


@pytest.mark.parametrize("first_ever", [True, False])
async def test_a_crowd_never_oversells(
    pool: DatabaseConnectionPool, memory_cache: RedisCache, clock: TestClock, *, first_ever: bool
) -> None:
    """Scenario 1: of sixty simultaneous presses exactly the limit is served, the reader stored or not before."""
    quota = build(pool, memory_cache, clock)
    if not first_ever:
        async with quota.reserve(READER, 1):
            pass

    async def press() -> int:
        async with quota.reserve(READER, 1) as handle:
            return int(handle.granted and await handle.spend())

    assert sum(await asyncio.gather(*(press() for _ in range(60)))) == LIMIT
    assert await stored(pool) == (LIMIT, [])


async def test_crowds_of_any_size_share_what_is_left(
    pool: DatabaseConnectionPool, memory_cache: RedisCache, clock: TestClock
) -> None:
    """Simultaneous jobs of several files are granted the limit together: no slot twice, none forgotten."""
    users = UserRepository(pool, memory_cache, clock)
    day = clock.utc_now().date()
    grants = await asyncio.gather(
        *(
            users.reserve_quota_atomic(7, want, limit=20, day=day, hold_s=HOLD_S, now=clock.utc_now())
            for want in (1, 2, 3, 4, 5, 6, 7, 8, 9, 50)
        )
    )
    assert sum(grant.granted for grant in grants) == 20
    assert await users.quota_status(7, day) == 20


async def test_a_page_larger_than_what_is_left_is_served_in_part(quota: QuotaService) -> None:
    """Scenario 4: with three left, a page of ten gets three."""
    async with quota.reserve(READER, 7) as first:
        await first.spend(7)
    async with quota.reserve(READER, 10) as second:
        assert second.granted == 3


async def test_a_request_larger_than_the_limit_gets_the_limit(quota: QuotaService) -> None:
    """Scenario 5: asking for more than a day's limit gets the day's limit, not a refusal."""
    async with quota.reserve(READER, 500) as handle:
        assert handle.granted == LIMIT


async def test_premium_that_ended_counts_again(quota: QuotaService, clock: TestClock) -> None:
    """Scenario 9: a reader known as premium from a minute ago is limited from the second it ended."""
    cached = User(7, "Reader", premium_until=clock.utc_now() + timedelta(seconds=60))
    async with quota.reserve(cached, 500) as handle:
        assert (handle.granted, handle.limit) == (500, 0)
        assert await handle.spend(500)
    assert (await quota.status(cached)).left is None
    clock.advance(60)
    async with quota.reserve(cached, 500) as handle:
        assert (handle.granted, handle.limit) == (LIMIT, LIMIT)


async def test_a_lowered_limit_never_goes_below_zero(
    either_pool: DatabaseConnectionPool, memory_cache: RedisCache, clock: TestClock
) -> None:
    """With more used than a lowered limit allows, nothing is granted and nothing is left."""
    async with build(either_pool, memory_cache, clock).reserve(READER, 8) as handle:
        await handle.spend(8)
    lowered = build(either_pool, memory_cache, clock, limit=5)
    async with lowered.reserve(READER, 1) as refused:
        assert refused.granted == 0
    assert (await lowered.status(READER)).left == 0


async def test_more_than_granted_can_not_be_spent(quota: QuotaService) -> None:
    """Spending beyond the reservation is a mistake of the caller, and costs nothing."""
    async with quota.reserve(READER, 2) as handle:
        with pytest.raises(ValueError, match="granted"):
            await handle.spend(3)
        assert handle.spent == 0
    assert await charged(quota) == 0


@pytest.mark.parametrize("seed", range(4))
async def test_any_interleaving_ends_exact(
    pool: DatabaseConnectionPool, memory_cache: RedisCache, clock: TestClock, seed: int
) -> None:
    """Jobs that spend, release, renew, crash and come back, over midnights: each day's spends stay within the limit.

    When every hold is over, `charged` equals what was spent on that day.
    """
    users = UserRepository(pool, memory_cache, clock)
    spent: dict[object, int] = {}

    async def job(chance: random.Random) -> None:
        now = clock.utc_now()
        held: QuotaReservation = await users.reserve_quota_atomic(
            7, chance.randint(1, 5), limit=LIMIT, day=now.date(), hold_s=HOLD_S, now=now
        )
        used = 0
        for _ in range(held.granted):
            step = chance.random()
            if step < 0.15:
                return  # crashed: nobody will release
            if step < 0.3:
                await users.renew_hold(held, clock.utc_now() + timedelta(seconds=HOLD_S))
            elif step < 0.4:
                break
            elif await users.spend_quota(held, used + 1):
                used += 1
                spent[held.day] = spent.get(held.day, 0) + 1
            else:
                return  # the hold was taken back meanwhile
        await users.release_quota(held, used)

    chance = random.Random(seed)
    for _ in range(12):
        await asyncio.gather(*(job(random.Random(chance.random())) for _ in range(8)))
        clock.advance(chance.choice([0, HOLD_S // 2, HOLD_S, 7 * 3600]))
    last_day = clock.utc_now().date()
    clock.advance(HOLD_S * 2)
    assert max(spent.values()) <= LIMIT
    assert await users.quota_status(7, last_day) == spent.get(last_day, 0)
