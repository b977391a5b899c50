"""Taking back everybody's expired holds, against their own deliveries, on a real MongoDB and on the in-memory one."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from core.database.indexes import ensure_indexes
from repositories.user import UserRepository
from tests.fixtures.clock import NOON

if TYPE_CHECKING:
    from core.cache.redis_cache import RedisCache
    from core.database.pool import DatabaseConnectionPool
    from core.domain.quota import QuotaReservation
    from tests.fixtures.clock import TestClock

DAY = NOON.date()
LATER = NOON + timedelta(seconds=600)
READERS = range(1, 31)


@pytest.fixture
async def users(either_pool: DatabaseConnectionPool, memory_cache: RedisCache, clock: TestClock) -> UserRepository:
    await ensure_indexes(either_pool)
    return UserRepository(either_pool, memory_cache, clock)


async def hold(users: UserRepository, user_id: int, want: int = 3, *, day_offset: int = 0) -> QuotaReservation:
    day, moment = DAY + timedelta(days=day_offset), NOON + timedelta(days=day_offset)
    return await users.reserve_quota_atomic(user_id, want, limit=10, day=day, hold_s=600, now=moment)


async def charged(pool: DatabaseConnectionPool, user_id: int) -> tuple[int, int]:
    """(charged, slots that holds still hold) as stored."""
    found = await pool.find_one("users", {"_id": user_id})
    assert found is not None
    return found["quota"]["charged"], sum(held["n"] for held in found["quota"]["holds"])


async def test_only_what_expired_is_taken_back(users: UserRepository, either_pool: DatabaseConnectionPool) -> None:
    """A hold goes at its expiry, not before; spent slots stay charged, and the second sweep finds none (scenario 3)."""
    used = await hold(users, 1)
    await users.spend_quota(used, 1)
    renewed = await hold(users, 2)
    await users.renew_hold(renewed, LATER + timedelta(seconds=1))
    assert await users.reclaim_expired_holds(LATER - timedelta(milliseconds=1)) == 0
    assert await users.reclaim_expired_holds(LATER) == 1
    assert await users.reclaim_expired_holds(LATER) == 0
    assert await charged(either_pool, 1) == (1, 0)
    assert await charged(either_pool, 2) == (3, 3)
    assert not await users.spend_quota(used, 2)
    assert await users.spend_quota(renewed, 1)


async def test_a_hold_of_yesterday_leaves_today_alone(
    users: UserRepository, either_pool: DatabaseConnectionPool
) -> None:
    """What was held over midnight goes without giving the new day a slot (scenario 6)."""
    over_midnight = await hold(users, 1, 3)
    await users.renew_hold(over_midnight, NOON + timedelta(days=1, seconds=60))
    await hold(users, 1, 2, day_offset=1)
    assert await users.reclaim_expired_holds(NOON + timedelta(days=1, seconds=60)) == 1
    assert await charged(either_pool, 1) == (2, 2)


async def test_several_holds_of_one_person_go_at_once(
    users: UserRepository, either_pool: DatabaseConnectionPool
) -> None:
    """Each of them is taken back, and the ones that still run stay."""
    for _ in range(3):
        await hold(users, 1, 2)
    live = await hold(users, 1, 2)
    await users.renew_hold(live, LATER + timedelta(seconds=60))
    assert await users.reclaim_expired_holds(LATER) == 3
    assert await charged(either_pool, 1) == (2, 2)


async def test_sweeps_that_race_take_every_hold_back_once(
    users: UserRepository, either_pool: DatabaseConnectionPool
) -> None:
    """Five sweeps at once give back what was held and not a slot more."""
    for user_id in READERS:
        await hold(users, user_id)
    taken = await asyncio.gather(*(users.reclaim_expired_holds(LATER) for _ in range(5)))
    assert sum(taken) == len(READERS)
    assert [await charged(either_pool, user_id) for user_id in READERS] == [(0, 0)] * len(READERS)


async def test_a_sweep_that_races_with_deliveries_neither_oversells_nor_loses(
    users: UserRepository, either_pool: DatabaseConnectionPool
) -> None:
    """While holds are spent, renewed, released and reserved anew, every slot is charged or free (scenarios 1, 2, 3)."""
    held = {user_id: await hold(users, user_id) for user_id in READERS}
    spent: dict[int, int] = dict.fromkeys(READERS, 0)

    async def deliver(user_id: int) -> None:
        reservation = held[user_id]
        if user_id % 3 == 0:
            await users.renew_hold(reservation, LATER + timedelta(days=1))
        for _ in range(user_id % 4):
            spent[user_id] += await users.spend_quota(reservation, spent[user_id] + 1)
        if user_id % 2 == 0:
            await users.release_quota(reservation, spent[user_id])

    async def reserve(user_id: int) -> None:
        await users.reserve_quota_atomic(user_id, 10, limit=10, day=DAY, hold_s=600, now=LATER)

    await asyncio.gather(
        *(deliver(user_id) for user_id in READERS),
        *(reserve(user_id) for user_id in READERS),
        *(users.reclaim_expired_holds(LATER) for _ in range(5)),
    )

    for user_id in READERS:
        total, on_hold = await charged(either_pool, user_id)
        assert total == spent[user_id] + on_hold
        assert total <= 10


@pytest.mark.parametrize("meanwhile", ["renewed", "spent"])
async def test_a_hold_that_was_used_behind_the_look_is_left_alone(
    users: UserRepository, either_pool: DatabaseConnectionPool, meanwhile: str
) -> None:
    """Only a hold that is still as it was seen is taken back (scenario 2)."""
    held = await hold(users, 1)
    look = either_pool.find

    async def overtaken(*args, **options):
        found = await look(*args, **options)
        if meanwhile == "renewed":
            await users.renew_hold(held, LATER + timedelta(days=1))
        else:
            await users.spend_quota(held, 1)
        return found

    either_pool.find = overtaken  # type: ignore[method-assign]
    assert await users.reclaim_expired_holds(LATER) == 0
    assert await charged(either_pool, 1) == (3, 3 if meanwhile == "renewed" else 2)


async def test_a_crowd_is_swept_in_portions(either_pool: DatabaseConnectionPool, users: UserRepository) -> None:
    """However many holds expired, one call takes back those of some hundred people."""
    people = [
        {"_id": number, "quota": {"day": DAY.isoformat(), "charged": 1, "holds": [_stored_hold(number)]}}
        for number in range(1, 1_101)
    ]
    await either_pool.insert_many("users", people)
    portions = []
    while taken := await users.reclaim_expired_holds(LATER):
        portions.append(taken)
    assert portions == [500, 500, 100]
    assert await either_pool.count("users", {"quota.charged": 0}) == 1_100


def _stored_hold(number: int) -> dict[str, object]:
    return {"id": f"{number:016x}", "n": 1, "day": DAY.isoformat(), "expires_at": LATER}
