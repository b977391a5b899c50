"""The day of the daily quota: midnights, zones, clocks that are behind and days without a process."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from repositories.user import UserRepository
from tests.fixtures.quota_service import HOLD_S, LIMIT, READER, build, charged, stored

if TYPE_CHECKING:
    from core.cache.redis_cache import RedisCache
    from core.database.pool import DatabaseConnectionPool
    from core.services.quota import QuotaService
    from tests.fixtures.clock import TestClock


@pytest.fixture
def users(either_pool: DatabaseConnectionPool, memory_cache: RedisCache, clock: TestClock) -> UserRepository:
    return UserRepository(either_pool, memory_cache, clock)


@pytest.fixture
def quota(either_pool: DatabaseConnectionPool, memory_cache: RedisCache, clock: TestClock) -> QuotaService:
    return build(either_pool, memory_cache, clock)


async def test_release_after_midnight_leaves_the_new_day_alone(
    either_pool: DatabaseConnectionPool, quota: QuotaService, clock: TestClock
) -> None:
    """Scenario 6: slots reserved on one day are never given back to the next, in whatever order jobs end."""
    clock.set_utc(datetime(2026, 3, 14, 23, 59, tzinfo=UTC))
    async with quota.reserve(READER, 5) as yesterday:
        clock.advance(minutes=2)
        async with quota.reserve(READER, 4) as today:
            assert await yesterday.spend(2)
            assert await today.spend(4)
            assert await charged(quota) == 4
    assert await stored(either_pool) == (4, [])


async def test_a_hold_that_outlived_midnight_frees_nothing_of_the_new_day(
    either_pool: DatabaseConnectionPool, users: UserRepository, quota: QuotaService, clock: TestClock
) -> None:
    """Scenario 6: when yesterday's hold expires today, today's full count stays full."""
    clock.set_utc(datetime(2026, 3, 14, 23, 59, tzinfo=UTC))
    day, now = clock.utc_now().date(), clock.utc_now()
    await users.reserve_quota_atomic(7, 5, limit=LIMIT, day=day, hold_s=HOLD_S, now=now)
    clock.advance(minutes=2)
    async with quota.reserve(READER, LIMIT) as today:
        await today.spend(LIMIT)
    clock.advance(HOLD_S)
    assert await charged(quota) == LIMIT
    async with quota.reserve(READER, 1) as refused:
        assert refused.granted == 0
    assert await stored(either_pool) == (LIMIT, [])


async def test_midnight_opens_once_for_a_crowd(
    pool: DatabaseConnectionPool, memory_cache: RedisCache, clock: TestClock
) -> None:
    """Scenario 6: of many first presses of a new day none resets what another has just been charged."""
    quota = build(pool, memory_cache, clock)
    async with quota.reserve(READER, LIMIT) as handle:
        await handle.spend(LIMIT)
    clock.advance(days=1)

    async def press() -> int:
        async with quota.reserve(READER, 1) as handle:
            return int(handle.granted and await handle.spend())

    assert sum(await asyncio.gather(*(press() for _ in range(40)))) == LIMIT
    assert await stored(pool) == (LIMIT, [])


async def test_a_process_whose_clock_is_behind_does_not_reopen_yesterday(
    either_pool: DatabaseConnectionPool, users: UserRepository, clock: TestClock
) -> None:
    """Scenario 6: a reservation that still says yesterday counts on the day that has begun."""
    today, now = clock.utc_now().date(), clock.utc_now()
    await users.reserve_quota_atomic(7, 9, limit=LIMIT, day=today, hold_s=HOLD_S, now=now)
    late = await users.reserve_quota_atomic(
        7, 5, limit=LIMIT, day=today - timedelta(days=1), hold_s=HOLD_S, now=now - timedelta(seconds=2)
    )
    assert (late.granted, late.day) == (1, today)
    await users.release_quota(late)
    assert (await stored(either_pool))[0] == 9


async def test_the_day_changes_at_midnight_of_the_configured_zone(
    either_pool: DatabaseConnectionPool, memory_cache: RedisCache, clock: TestClock
) -> None:
    """Scenario 7: in Tashkent the new day begins at 19:00 UTC, wherever the server stands."""
    quota = build(either_pool, memory_cache, clock, zone="Asia/Tashkent")
    clock.set_utc(datetime(2026, 3, 14, 18, 59, 59, tzinfo=UTC))
    async with quota.reserve(READER, LIMIT) as handle:
        await handle.spend(LIMIT)
    assert (await quota.status(READER)).left == 0
    clock.advance(1)
    assert (await quota.status(READER)).left == LIMIT


async def test_days_without_a_process_reset_the_count_once(
    either_pool: DatabaseConnectionPool, memory_cache: RedisCache, clock: TestClock
) -> None:
    """Scenario 8: after being down over midnight the next use finds a fresh day, and the one after finds it used."""
    async with build(either_pool, memory_cache, clock).reserve(READER, LIMIT) as handle:
        await handle.spend(LIMIT)
    clock.advance(days=3)
    for left in (LIMIT, LIMIT - 1, LIMIT - 2):
        restarted = build(either_pool, memory_cache, clock)
        assert (await restarted.status(READER)).left == left
        async with restarted.reserve(READER, 1) as handle:
            assert await handle.spend()
