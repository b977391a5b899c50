"""The daily quota under concurrency, crashes, midnights and lost answers, on a real MongoDB."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from core.concurrency.task_registry import TaskRegistry
from core.domain.user import User
from core.errors import DatabaseUnavailableError
from core.services.quota import QuotaService
from core.services.runtime_settings import RuntimeSettingsService
from repositories.runtime_settings import RuntimeSettingsRepository
from repositories.user import UserRepository

if TYPE_CHECKING:
    from core.cache.redis_cache import RedisCache
    from core.database.pool import DatabaseConnectionPool
    from core.domain.quota import QuotaReservation
    from sandbox.stores import InMemoryStores
    from tests.fixtures.clock import TestClock

READER = User(7, "Reader")
LIMIT = 10
HOLD_S = 600


def build(
    pool: DatabaseConnectionPool, cache: RedisCache, clock: TestClock, limit: int = LIMIT, zone: str = "UTC"
) -> QuotaService:
    runtime = RuntimeSettingsService(
        RuntimeSettingsRepository(pool, clock), {"NON_PREMIUM_DAILY_LIMIT": str(limit)}, clock, TaskRegistry(clock)
    )
    return QuotaService(UserRepository(pool, cache, clock), runtime, clock, ZoneInfo(zone))


@pytest.fixture
def users(either_pool: DatabaseConnectionPool, memory_cache: RedisCache, clock: TestClock) -> UserRepository:
    return UserRepository(either_pool, memory_cache, clock)


@pytest.fixture
def quota(either_pool: DatabaseConnectionPool, memory_cache: RedisCache, clock: TestClock) -> QuotaService:
    return build(either_pool, memory_cache, clock)


async def charged(quota: QuotaService) -> int:
    return (await quota.status(READER)).charged


async def stored(pool: DatabaseConnectionPool) -> tuple[int, list[object]]:
    """What the document itself says: charged and the holds."""
    found = await pool.find_one("users", {"_id": READER.id})
    assert found is not None
    return found["quota"]["charged"], found["quota"]["holds"]


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
