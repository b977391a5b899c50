"""How a delivery may end, failed, cancelled, killed or without an answer, and what the quota then keeps."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from core.errors import DatabaseUnavailableError
from repositories.user import UserRepository
from tests.fixtures.quota_service import HOLD_S, LIMIT, READER, build, charged, stored

if TYPE_CHECKING:
    from core.cache.redis_cache import RedisCache
    from core.database.pool import DatabaseConnectionPool
    from core.services.quota import QuotaService
    from sandbox.stores import InMemoryStores
    from tests.fixtures.clock import TestClock


@pytest.fixture
def users(either_pool: DatabaseConnectionPool, memory_cache: RedisCache, clock: TestClock) -> UserRepository:
    return UserRepository(either_pool, memory_cache, clock)


@pytest.fixture
def quota(either_pool: DatabaseConnectionPool, memory_cache: RedisCache, clock: TestClock) -> QuotaService:
    return build(either_pool, memory_cache, clock)


async def test_a_failed_send_costs_nothing(either_pool: DatabaseConnectionPool, quota: QuotaService) -> None:
    """Scenario 2: a slot whose send failed is given back exactly once."""
    with pytest.raises(ZeroDivisionError):
        async with quota.reserve(READER, 1):
            raise ZeroDivisionError
    assert await stored(either_pool) == (0, [])


async def test_releasing_again_gives_nothing_back(users: UserRepository, clock: TestClock) -> None:
    """Scenario 2: however often and from however many places a hold is released, it counts once."""
    day = clock.utc_now().date()
    kept = await users.reserve_quota_atomic(7, 3, limit=LIMIT, day=day, hold_s=HOLD_S, now=clock.utc_now())
    gone = await users.reserve_quota_atomic(7, 4, limit=LIMIT, day=day, hold_s=HOLD_S, now=clock.utc_now())
    await asyncio.gather(*(users.release_quota(gone) for _ in range(10)))
    assert await users.quota_status(7, day) == kept.granted


async def test_a_cancelled_job_keeps_only_what_it_delivered(
    either_pool: DatabaseConnectionPool, quota: QuotaService, clock: TestClock
) -> None:
    """Scenario 3: cancelling a job midway, even twice, gives back exactly the files that were not sent."""
    delivered = asyncio.Event()

    async def job() -> None:
        async with quota.reserve(READER, 8) as handle:
            await handle.spend()
            await handle.spend()
            delivered.set()
            await clock.sleep(3600)

    running = asyncio.ensure_future(job())
    await delivered.wait()
    running.cancel()
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await stored(either_pool) == (2, [])


async def test_a_killed_job_keeps_only_what_it_delivered(
    either_pool: DatabaseConnectionPool, users: UserRepository, quota: QuotaService, clock: TestClock
) -> None:
    """Scenario 3: after a crash the unspent rest is free again when the hold expires, and only then."""
    day = clock.utc_now().date()
    killed = await users.reserve_quota_atomic(7, LIMIT, limit=LIMIT, day=day, hold_s=HOLD_S, now=clock.utc_now())
    assert await users.spend_quota(killed, 1)
    assert await users.spend_quota(killed, 2)

    clock.advance(HOLD_S - 1)
    async with quota.reserve(READER, 1) as early:
        assert early.granted == 0
    clock.advance(1)
    assert await charged(quota) == 2
    async with quota.reserve(READER, LIMIT) as late:
        assert late.granted == LIMIT - 2
        assert not await users.spend_quota(killed, 3)
    assert await stored(either_pool) == (2, [])


async def test_an_expired_hold_is_taken_back_once(
    pool: DatabaseConnectionPool, memory_cache: RedisCache, clock: TestClock
) -> None:
    """A crowd that finds the same expired hold frees its slots once and never sells more than the limit."""
    quota = build(pool, memory_cache, clock)
    users = UserRepository(pool, memory_cache, clock)
    for _ in range(5):
        day, now = clock.utc_now().date(), clock.utc_now()
        await users.reserve_quota_atomic(7, 2, limit=LIMIT, day=day, hold_s=HOLD_S, now=now)
    clock.advance(HOLD_S)

    async def press() -> int:
        async with quota.reserve(READER, 1) as handle:
            return int(handle.granted and await handle.spend())

    assert sum(await asyncio.gather(*(press() for _ in range(40)))) == LIMIT
    assert await stored(pool) == (LIMIT, [])


async def test_a_job_that_lives_longer_than_a_hold_keeps_its_slots(quota: QuotaService, clock: TestClock) -> None:
    """Holds are renewed while their block runs, so a job of hours is never sold out under its feet."""
    keeper = asyncio.ensure_future(quota.renew_holds())
    async with quota.reserve(READER, LIMIT) as handle:
        for _ in range(12):
            await clock.wait_sleeping()
            clock.advance(HOLD_S / 3)
        await clock.wait_sleeping()
        async with quota.reserve(READER, 1) as other:
            assert other.granted == 0
        assert await handle.spend()
    assert await charged(quota) == 1
    keeper.cancel()


async def test_a_spend_without_an_answer_counts(
    memory_pool: DatabaseConnectionPool, memory_cache: RedisCache, clock: TestClock, stores: InMemoryStores
) -> None:
    """A file that was sent while its slot could not be spent is charged when the job settles."""
    quota = build(memory_pool, memory_cache, clock)
    async with quota.reserve(READER, 4) as handle:
        await handle.spend()
        stores.database_down = True
        with pytest.raises(DatabaseUnavailableError):
            await handle.spend()
        stores.database_down = False
    assert await stored(memory_pool) == (2, [])


async def test_without_the_database_nothing_is_granted_and_jobs_end_quietly(
    memory_pool: DatabaseConnectionPool, memory_cache: RedisCache, clock: TestClock, stores: InMemoryStores
) -> None:
    """The quota fails closed; a job whose rest can not be given back ends all the same, and expiry frees it."""
    quota = build(memory_pool, memory_cache, clock)
    async with quota.reserve(READER, 4):
        stores.database_down = True
    with pytest.raises(DatabaseUnavailableError):
        async with quota.reserve(READER, 1):
            pytest.fail("granted without a database")
    stores.database_down = False
    assert await charged(quota) == 4
    clock.advance(HOLD_S)
    assert await charged(quota) == 0


async def test_a_file_that_was_sent_during_an_outage_is_charged_after_it(
    memory_pool: DatabaseConnectionPool, memory_cache: RedisCache, clock: TestClock, stores: InMemoryStores
) -> None:
    """Scenario 2: neither the spending nor the end of the job was stored; both are when the database is back."""
    quota = build(memory_pool, memory_cache, clock)
    keeper = asyncio.ensure_future(quota.renew_holds())
    async with quota.reserve(READER, 3) as handle:
        stores.database_down = True
        with pytest.raises(DatabaseUnavailableError):
            await handle.spend()
    stores.database_down = False

    await clock.wait_sleeping()
    clock.advance(HOLD_S / 3)
    await clock.wait_sleeping()

    assert await stored(memory_pool) == (1, [])
    keeper.cancel()
