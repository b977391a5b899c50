"""Admitting people: what is stored of them, and how seldom."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from core.domain.audience import Unreachable
from core.observability.metrics import Metrics
from core.services.access import AccessService
from core.services.reachability import Reachability
from repositories.audience import AudienceRepository
from repositories.user import UserRepository
from tests.fixtures.bookkeeping import counters_on
from tests.fixtures.clock import NOON

if TYPE_CHECKING:
    from core.cache.redis_cache import RedisCache
    from core.database.pool import DatabaseConnectionPool
    from core.domain.user import User
    from sandbox.stores import InMemoryStores
    from tests.fixtures.clock import TestClock

TOKYO = ZoneInfo("Asia/Tokyo")


@pytest.fixture
def users(memory_pool: DatabaseConnectionPool, memory_cache: RedisCache, clock: TestClock) -> UserRepository:
    return UserRepository(memory_pool, memory_cache, clock)


@pytest.fixture
def access(memory_pool: DatabaseConnectionPool, users: UserRepository, clock: TestClock) -> AccessService:
    return AccessService(users, counters_on(memory_pool, clock), clock, TOKYO)


@pytest.fixture
def reachability(memory_pool: DatabaseConnectionPool, users: UserRepository, clock: TestClock) -> Reachability:
    return Reachability(AudienceRepository(memory_pool, users, clock, TOKYO), Metrics(), clock)


async def admit(access: AccessService, *, language: str | None = "de-AT", is_private: bool = True) -> User:
    return await access.admit(7, "Ann", "ann", language_code=language, is_private=is_private)


async def test_whoever_was_here_today_costs_no_question(
    access: AccessService, users: UserRepository, stores: InMemoryStores
) -> None:
    """The second update of a day is served from memory, with the database gone, whatever language the app is in."""
    first = await admit(access)
    assert (first.seen_on, first.app_language) == ("2026-03-14", "de")
    assert await users.get_user(7) == first
    stores.database_down = True
    assert await admit(access, language="hi") == first


async def test_a_day_is_noted_once_and_begins_at_midnight_of_the_zone(
    access: AccessService, memory_pool: DatabaseConnectionPool, clock: TestClock
) -> None:
    """The first update of the next day in the configured zone is the one that writes, the language with it."""
    await admit(access)
    writes = []
    update = memory_pool.find_one_and_update

    async def noting(*args, **options):
        writes.append(clock.utc_now())
        return await update(*args, **options)

    memory_pool.find_one_and_update = noting  # type: ignore[method-assign]
    midnight = NOON + timedelta(hours=3)
    for moment in (NOON, midnight - timedelta(seconds=1), midnight, midnight, midnight + timedelta(hours=9)):
        clock.set_utc(moment)
        person = await admit(access, language="hi", is_private=False)
    assert writes == [midnight]
    assert (person.seen_on, person.app_language) == ("2026-03-15", "hi")


async def test_a_person_of_today_is_admitted_though_the_new_day_cannot_be_written(
    access: AccessService, users: UserRepository, clock: TestClock, stores: InMemoryStores
) -> None:
    """Noting the day is no reason to turn a remembered person away."""
    await admit(access)
    await users.get_user(7)
    clock.set_utc(NOON + timedelta(days=1))
    stores.database_down = True
    assert (await admit(access)).seen_on == "2026-03-14"


async def test_any_word_in_private_brings_the_lost_back(
    access: AccessService, users: UserRepository, reachability: Reachability
) -> None:
    """Scenario 106: who blocked the bot is flagged until they write in private; a group proves nothing."""
    await admit(access)
    assert await reachability.lost(7, Unreachable.BLOCKED)
    assert (await admit(access, is_private=False)).unreachable is Unreachable.BLOCKED
    assert (await admit(access)).unreachable is None
    person = await users.get_user(7)
    assert person is not None
    assert person.unreachable is None


async def test_only_people_are_lost_and_an_outage_is_no_error(
    access: AccessService, reachability: Reachability, memory_pool: DatabaseConnectionPool, stores: InMemoryStores
) -> None:
    """A group that the bot may not write to is no person; who cannot be flagged now is met again."""
    await admit(access)
    assert await reachability.lost(-100_123, Unreachable.BLOCKED)
    assert await reachability.lost(7, None)
    [person] = await memory_pool.find("users", {})
    assert "unreachable_since" not in person
    stores.database_down = True
    assert not await reachability.lost(7, Unreachable.BLOCKED)
    assert not await reachability.back(7)
