"""Premium: its end decides, renewals add up, and the sweep never takes a renewal away."""

from __future__ import annotations

import asyncio
import itertools
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from core.database.indexes import ensure_indexes
from core.domain.premium import GrantStep, PremiumGrant
from core.domain.user import User
from core.errors import DatabaseUnavailableError
from repositories.maintenance import MaintenanceRepository
from repositories.premium import PremiumRepository
from repositories.user import UserRepository
from tests.fixtures.clock import NOON

if TYPE_CHECKING:
    from core.cache.redis_cache import RedisCache
    from core.database.pool import DatabaseConnectionPool
    from sandbox.stores import InMemoryStores
    from tests.fixtures.clock import TestClock

MONTH = timedelta(days=30)
ROUNDS = 30


@pytest.fixture
def users(either_pool: DatabaseConnectionPool, memory_cache: RedisCache, clock: TestClock) -> UserRepository:
    return UserRepository(either_pool, memory_cache, clock)


@pytest.fixture
def premium(either_pool: DatabaseConnectionPool, users: UserRepository, clock: TestClock) -> PremiumRepository:
    return PremiumRepository(either_pool, users, clock)


@pytest.fixture
def maintenance(either_pool: DatabaseConnectionPool, clock: TestClock) -> MaintenanceRepository:
    return MaintenanceRepository(either_pool, clock)


_KEYS = itertools.count(1)


async def extend(
    premium: PremiumRepository, user_id: int, by: timedelta, now: datetime, key: str | None = None
) -> PremiumGrant:
    """Give premium, under a key of its own unless one is named."""
    grant = PremiumGrant(key or f"grant:{next(_KEYS)}", user_id, by.days, 1, now)
    return await premium.extend(await premium.record(grant), now, timedelta())


async def stored_end(pool: DatabaseConnectionPool, user_id: int = 7) -> datetime | None:
    found = await pool.find_one("users", {"_id": user_id})
    assert found is not None
    return found.get("premium_until")


async def test_a_renewal_extends_from_the_current_end(
    users: UserRepository, premium: PremiumRepository, clock: TestClock
) -> None:
    """Who renews early loses no day (scenario 11)."""
    await users.create_user(User(7, "A"))
    await extend(premium, 7, MONTH, clock.utc_now())
    clock.advance(days=10)
    renewed = await extend(premium, 7, MONTH, clock.utc_now())
    assert (renewed.start, renewed.until) == (NOON + MONTH, NOON + 2 * MONTH)
    assert await users.get_user(7) == User(7, "A", premium_until=NOON + 2 * MONTH)


async def test_premium_that_ended_is_extended_from_now(
    users: UserRepository, premium: PremiumRepository, clock: TestClock
) -> None:
    """Days without premium are not paid for afterwards."""
    await users.set_premium(7, NOON)
    clock.advance(days=10)
    renewed = await extend(premium, 7, MONTH, clock.utc_now())
    assert renewed.until == NOON + timedelta(days=40)


@pytest.mark.parametrize("known_as", ["ended-by-an-admin", "never-met"])
async def test_who_has_no_end_is_extended_from_now(
    users: UserRepository, premium: PremiumRepository, known_as: str
) -> None:
    """A stored empty end counts like none, and an unknown person is remembered with premium."""
    if known_as == "ended-by-an-admin":
        await users.set_premium(7, None)
    assert (await extend(premium, 7, MONTH, NOON)).until == NOON + MONTH
    assert (await users.create_user(User(7, "A"))).premium_until == NOON + MONTH


async def test_renewals_at_the_same_instant_add_up(
    premium: PremiumRepository, either_pool: DatabaseConnectionPool, memory_cache: RedisCache, clock: TestClock
) -> None:
    """Twenty renewals of a person nobody met, by two processes at once, are twenty times as long (scenario 11)."""
    elsewhere = PremiumRepository(either_pool, UserRepository(either_pool, memory_cache, clock), clock)
    both = [premium, elsewhere] * 10
    await asyncio.gather(*(extend(process, 7, MONTH, NOON) for process in both))
    assert await stored_end(either_pool) == NOON + 20 * MONTH
    assert await either_pool.count("users", {}) == 1


async def test_what_an_extension_wrote_is_seen_though_the_cache_was_warm(
    users: UserRepository, premium: PremiumRepository, clock: TestClock
) -> None:
    """A reader who was just refused as free is premium with the next look."""
    await users.create_user(User(7, "A"))
    await users.get_user(7)
    await extend(premium, 7, MONTH, NOON)
    found = await users.get_user(7)
    assert found is not None
    assert found.is_premium(clock.utc_now())


async def test_an_extension_keeps_what_else_is_stored(users: UserRepository, premium: PremiumRepository) -> None:
    """Ban, language and quota are not touched by it."""
    await users.set_ban(7, "spam")
    await users.reserve_quota_atomic(7, 2, limit=10, day=NOON.date(), hold_s=600, now=NOON)
    await extend(premium, 7, MONTH, NOON)
    assert (await users.create_user(User(7, "A"))).ban_reason == "spam"
    assert await users.quota_status(7, NOON.date()) == 2


async def test_without_the_database_nothing_is_extended(
    memory_pool: DatabaseConnectionPool, memory_cache: RedisCache, clock: TestClock, stores: InMemoryStores
) -> None:
    """A dead database is an error and never a grant."""
    premium = PremiumRepository(memory_pool, UserRepository(memory_pool, memory_cache, clock), clock)
    stores.database_down = True
    with pytest.raises(DatabaseUnavailableError):
        await extend(premium, 7, MONTH, NOON)


async def test_the_same_grant_is_given_once_however_often_and_by_whomever(
    premium: PremiumRepository, either_pool: DatabaseConnectionPool, memory_cache: RedisCache, clock: TestClock
) -> None:
    """Scenario 11: one message of an admin, taken by two processes and twenty times, is one extension and one entry."""
    elsewhere = PremiumRepository(either_pool, UserRepository(either_pool, memory_cache, clock), clock)
    both = [premium, elsewhere] * 10
    given = await asyncio.gather(*(extend(process, 7, MONTH, NOON, "addpremium:1:5") for process in both))
    clock.advance(days=1)
    given.append(await extend(premium, 7, 2 * MONTH, clock.utc_now(), "addpremium:1:5"))
    assert {(grant.start, grant.until) for grant in given} == {(NOON, NOON + MONTH)}
    assert await stored_end(either_pool) == NOON + MONTH
    [entry] = await either_pool.find("premium_grants", {})
    assert (entry["user"], entry["days"], entry["from"], entry["until"]) == (7, 30, NOON, NOON + MONTH)


async def test_an_extension_whose_answer_was_lost_is_not_made_again(
    premium: PremiumRepository, either_pool: DatabaseConnectionPool
) -> None:
    """Scenario 11: the process dies, or the answer is lost, behind the write; whoever goes on finds it done."""
    update, calls = either_pool.update_one, []

    async def losing_the_answer(collection, *args, **options):
        done = await update(collection, *args, **options)
        calls.append(collection)
        if calls == ["users"]:
            raise DatabaseUnavailableError("the answer is lost")
        return done

    either_pool.update_one = losing_the_answer  # type: ignore[method-assign]
    with pytest.raises(DatabaseUnavailableError):
        await extend(premium, 7, MONTH, NOON, "addpremium:1:5")
    [unfinished] = await premium.unfinished(NOON)
    assert unfinished.pending is GrantStep.EXTEND

    again = await premium.extend(unfinished, NOON + MONTH, timedelta())

    assert (again.start, again.until) == (NOON, NOON + MONTH)
    assert await stored_end(either_pool) == NOON + MONTH
    assert [grant.pending for grant in await premium.unfinished(NOON)] == [GrantStep.TELL]
    await premium.told("addpremium:1:5")
    assert await premium.unfinished(NOON) == []


async def test_the_sweep_clears_what_ended_and_nothing_else(
    users: UserRepository, maintenance: MaintenanceRepository, either_pool: DatabaseConnectionPool
) -> None:
    """Ends before the moment go, the moment itself and later ones stay, and people without an end are no concern."""
    ends = {1: NOON - timedelta(days=1), 2: NOON - timedelta(milliseconds=1), 3: NOON, 4: NOON + MONTH, 5: None}
    for user_id, until in ends.items():
        await users.set_premium(user_id, until)
    await users.create_user(User(6, "A"))
    await ensure_indexes(either_pool)

    assert await maintenance.count_premium_ended(NOON - timedelta(days=1), NOON) == 2
    assert await maintenance.count_premium_ended(NOON - timedelta(hours=23), NOON) == 1
    assert await maintenance.clear_ended_premium(NOON) == 2
    assert await maintenance.clear_ended_premium(NOON) == 0

    assert [await stored_end(either_pool, user_id) for user_id in range(1, 7)] == [
        None,
        None,
        NOON,
        NOON + MONTH,
        None,
        None,
    ]


async def test_a_crowd_whose_premium_ended_is_cleared_in_portions(
    maintenance: MaintenanceRepository, either_pool: DatabaseConnectionPool
) -> None:
    """However many ended on one day, no single operation touches more than some hundred of them."""
    people = [{"_id": number, "premium_until": NOON - MONTH} for number in range(1, 1_201)]
    await either_pool.insert_many("users", people)
    portions = []
    while cleared := await maintenance.clear_ended_premium(NOON):
        portions.append(cleared)
    assert sum(portions) == 1_200
    assert max(portions) <= 500
    assert await either_pool.count("users", {"premium_until": {"$exists": True}}) == 0


async def test_a_renewal_that_races_with_the_sweep_wins(
    users: UserRepository,
    premium: PremiumRepository,
    maintenance: MaintenanceRepository,
    either_pool: DatabaseConnectionPool,
) -> None:
    """Whichever comes first, a month bought while the sweep runs is a month from now (scenario 11)."""
    for user_id in range(1, ROUNDS + 1):
        await users.set_premium(user_id, NOON - timedelta(days=1))
    await asyncio.gather(
        *(extend(premium, user_id, MONTH, NOON) for user_id in range(1, ROUNDS + 1)),
        *(maintenance.clear_ended_premium(NOON) for _ in range(4)),
    )
    ends = [await stored_end(either_pool, user_id) for user_id in range(1, ROUNDS + 1)]
    assert ends == [NOON + MONTH] * ROUNDS


async def test_the_sweep_leaves_alone_who_renewed_after_it_looked(
    users: UserRepository, maintenance: MaintenanceRepository, either_pool: DatabaseConnectionPool
) -> None:
    """The end is checked again when it is cleared, not only when it is looked for."""
    await users.set_premium(7, NOON - timedelta(days=1))
    look = either_pool.find

    async def renewing_behind_the_look(*args, **options):
        found = await look(*args, **options)
        await users.set_premium(7, NOON + MONTH)
        return found

    either_pool.find = renewing_behind_the_look  # type: ignore[method-assign]
    assert await maintenance.clear_ended_premium(NOON) == 0
    assert await stored_end(either_pool) == NOON + MONTH


async def test_the_end_decides_to_the_second_while_memory_and_cache_are_warm(
    users: UserRepository,
    maintenance: MaintenanceRepository,
    either_pool: DatabaseConnectionPool,
    memory_cache: RedisCache,
    clock: TestClock,
) -> None:
    """Before and after the sweep, in this process and in another, premium ends at its second (scenario 9)."""
    elsewhere = UserRepository(either_pool, memory_cache, clock)
    await users.set_premium(7, NOON + timedelta(seconds=60))

    async def is_premium() -> set[bool]:
        seen = [await process.get_user(7) for process in (users, elsewhere)]
        return {user is not None and user.is_premium(clock.utc_now()) for user in seen}

    assert await is_premium() == {True}
    clock.advance(59)
    assert await is_premium() == {True}
    clock.advance(1)
    assert await is_premium() == {False}
    clock.advance(1)
    assert await maintenance.clear_ended_premium(clock.utc_now()) == 1
    assert await is_premium() == {False}
    clock.advance(10)
    assert await is_premium() == {False}
