"""People, on a real MongoDB and on the in-memory one."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from core.domain.user import User
from core.errors import DatabaseUnavailableError
from repositories.user import UserRepository

if TYPE_CHECKING:
    from core.cache.redis_cache import RedisCache
    from core.database.pool import DatabaseConnectionPool
    from sandbox.stores import InMemoryStores
    from tests.fixtures.clock import TestClock


@pytest.fixture
def users(either_pool: DatabaseConnectionPool, memory_cache: RedisCache, clock: TestClock) -> UserRepository:
    return UserRepository(either_pool, memory_cache, clock)


async def test_an_unknown_person_is_none(users: UserRepository) -> None:
    """Nobody is invented by asking."""
    assert await users.get_user(7) is None


async def test_creating_twice_changes_only_the_names(users: UserRepository, clock: TestClock) -> None:
    """Creating a known person again renames them and keeps premium, ban, language and quota."""
    until = clock.utc_now() + timedelta(days=30)
    await users.create_user(User(7, "Old", "old"))
    await users.set_premium(7, until)
    await users.set_ban(7, "spam")
    await users.set_language(7, "ru")
    today = clock.utc_now().date()
    await users.reserve_quota_atomic(7, 2, limit=10, day=today, hold_s=600, now=clock.utc_now())

    renamed = await users.create_user(User(7, "New", None))

    assert renamed == User(7, "New", None, "ru", until, "spam")
    assert await users.get_user(7) == renamed
    assert await users.quota_status(7, today) == 2


async def test_a_crowd_of_first_updates_makes_one_person(
    users: UserRepository, either_pool: DatabaseConnectionPool
) -> None:
    """Twenty first updates at once all succeed and leave one document."""
    created = await asyncio.gather(*(users.create_user(User(7, "A", "a")) for _ in range(20)))
    assert set(created) == {User(7, "A", "a")}
    assert await either_pool.count("users", {}) == 1


async def test_a_change_is_seen_at_once_by_its_own_process(users: UserRepository, clock: TestClock) -> None:
    """Every change empties the cache, so the next read has it, though the read before was cached."""
    await users.create_user(User(7, "A"))
    until = clock.utc_now() + timedelta(days=1)
    for change, seen in (
        (users.set_premium(7, until), User(7, "A", premium_until=until)),
        (users.set_ban(7, "spam"), User(7, "A", premium_until=until, ban_reason="spam")),
        (users.unban(7), User(7, "A", premium_until=until)),
        (users.set_language(7, "ar"), User(7, "A", language="ar", premium_until=until)),
        (users.set_premium(7, None), User(7, "A", language="ar")),
        (users.create_user(User(7, "B", "b")), User(7, "B", "b", "ar")),
    ):
        await users.get_user(7)
        assert await change == seen
        assert await users.get_user(7) == seen


async def test_a_cached_person_is_read_without_the_database(
    memory_pool: DatabaseConnectionPool, memory_cache: RedisCache, clock: TestClock, stores: InMemoryStores
) -> None:
    """A person seen a moment ago is known while the database is gone, expiry of premium included."""
    users = UserRepository(memory_pool, memory_cache, clock)
    until = clock.utc_now() + timedelta(days=1)
    await users.set_premium(7, until)
    await users.get_user(7)
    stores.database_down = True
    cached = await users.get_user(7)
    assert cached is not None
    assert cached.premium_until == until
    with pytest.raises(DatabaseUnavailableError):
        await users.get_user(8)


async def test_without_redis_people_are_read_from_the_database(
    memory_pool: DatabaseConnectionPool, memory_cache: RedisCache, clock: TestClock, stores: InMemoryStores
) -> None:
    """A dead cache is a miss: reading and writing people goes on."""
    users = UserRepository(memory_pool, memory_cache, clock)
    stores.redis_down = True
    await users.create_user(User(7, "A"))
    assert await users.get_user(7) == User(7, "A")


async def test_premium_that_ended_is_no_premium_though_the_cache_is_warm(
    users: UserRepository, clock: TestClock
) -> None:
    """Scenario 9: the decision is made from the time of expiry itself, to the second."""
    await users.set_premium(7, clock.utc_now() + timedelta(seconds=60))
    await users.get_user(7)
    clock.advance(59)
    user = await users.get_user(7)
    assert user is not None
    assert user.is_premium(clock.utc_now())
    clock.advance(1)
    assert not user.is_premium(clock.utc_now())


async def test_a_stranger_can_be_banned_before_the_first_word(users: UserRepository) -> None:
    """A ban of an unknown id holds when that person turns up, under any name."""
    await users.set_ban(7, "known elsewhere")
    assert (await users.create_user(User(7, "A"))).is_banned


async def test_reserving_for_a_stranger_keeps_the_later_profile(users: UserRepository, clock: TestClock) -> None:
    """A quota that was touched before the person was stored survives the storing."""
    day = clock.utc_now().date()
    await users.reserve_quota_atomic(7, 1, limit=10, day=day, hold_s=600, now=clock.utc_now())
    assert await users.create_user(User(7, "A")) == User(7, "A")
    assert await users.quota_status(7, day) == 1


async def test_what_another_process_wrote_is_seen_within_seconds(
    users: UserRepository, either_pool: DatabaseConnectionPool, memory_cache: RedisCache, clock: TestClock
) -> None:
    """A ban by another process holds here five seconds later at the most, though the person was just looked up."""
    elsewhere = UserRepository(either_pool, memory_cache, clock)
    await users.create_user(User(7, "A"))
    await users.get_user(7)

    await elsewhere.set_ban(7, "spam")
    clock.advance(5)

    banned = await users.get_user(7)
    assert banned is not None
    assert banned.is_banned
