"""What counts as a search in a group while stores are down, and how often a group hears of it."""

from __future__ import annotations

import pytest

from config.runtime import RuntimeSettings
from core.cache.redis_cache import RedisCache
from core.database.pool import DatabaseConnectionPool
from core.domain.group import SearchMode
from core.errors import NotPermittedError
from core.observability.metrics import Metrics
from core.services.group_search import GroupSearchService
from core.services.rate_limiter import RateLimiter
from core.telegram.gateway import SourceGoneError
from repositories.group import GroupRepository
from sandbox.stores import InMemoryStores
from tests.fixtures.clock import TestClock

GROUP = -1001


class Telegram:
    """The wire: who is an admin, or nobody may know."""

    username = "filter_bot"

    def __init__(self, admins=()):
        self.admins = admins

    async def is_group_admin(self, chat_id, user_id):
        if self.admins is None:
            raise SourceGoneError("CHAT_ADMIN_REQUIRED")
        return user_id in self.admins


class Settings:
    def __init__(self, **values):
        self.current = RuntimeSettings(**values)


class Desk:
    """One process of the bot over stores that several may share."""

    def __init__(self, stores, clock, telegram=None, **settings):
        cache = RedisCache(stores.redis_client(), Metrics(), clock)
        self.pool = DatabaseConnectionPool("", "memory", clock=clock, client_factory=stores.mongo_client)
        self.groups = GroupSearchService(
            groups=GroupRepository(self.pool, cache, clock),
            limiter=RateLimiter(cache, Settings(), Metrics(), clock),
            runtime=Settings(**settings),
            telegram=telegram or Telegram(),
            cache=cache,
            clock=clock,
        )


@pytest.fixture
def clock():
    return TestClock()


@pytest.fixture
def stores(clock):
    return InMemoryStores(clock)


async def test_a_group_has_the_mode_of_the_bot_until_it_has_its_own(stores, clock):
    """The bot's setting counts, live, until an admin of the group chooses."""
    desk = Desk(stores, clock, Telegram({5}), group_search_mode="all")
    assert await desk.groups.mode(GROUP) is SearchMode.ALL

    await desk.groups.set_mode(GROUP, 5, SearchMode.COMMAND)

    assert await desk.groups.mode(GROUP) is SearchMode.COMMAND
    assert await Desk(stores, clock).groups.mode(GROUP) is SearchMode.COMMAND
    assert await desk.groups.mode(GROUP - 1) is SearchMode.ALL


async def test_a_lost_database_makes_nobody_chatty(stores, clock):
    """While no store says what a group wants, the bot's own setting counts, so that a quiet bot stays quiet."""
    stores.database_down = stores.redis_down = True
    desk = Desk(stores, clock)

    assert await desk.groups.mode(GROUP) is SearchMode.MENTION
    assert not await desk.groups.listens(GROUP, "moon", addressed=False)
    assert await desk.groups.listens(GROUP, "moon", addressed=True)


@pytest.mark.parametrize("sender", [6, -1002, 0])
async def test_others_than_admins_change_nothing(stores, clock, sender):
    """A member, another chat and nobody at all are refused."""
    desk = Desk(stores, clock, Telegram({5}))

    with pytest.raises(NotPermittedError):
        await desk.groups.set_mode(GROUP, sender, SearchMode.ALL)

    assert await desk.groups.mode(GROUP) is SearchMode.MENTION


async def test_rights_that_nobody_tells_are_none_but_the_groups_own(stores, clock):
    """Where Telegram hides the members, only who writes as the group itself is known to rule it."""
    desk = Desk(stores, clock, Telegram(None))
    with pytest.raises(NotPermittedError) as refusal:
        await desk.groups.set_mode(GROUP, 5, SearchMode.ALL)
    assert refusal.value.text_key == "group-rights-unknown"

    await desk.groups.set_mode(GROUP, GROUP, SearchMode.ALL)

    assert await desk.groups.mode(GROUP) is SearchMode.ALL


@pytest.mark.parametrize("redis_down", [False, True])
async def test_an_outage_is_told_once_a_minute(stores, clock, redis_down):
    """Each group hears of it once a minute, from this process at least when Redis is gone."""
    stores.redis_down = redis_down
    desk = Desk(stores, clock)
    told = [await desk.groups.tells_outage(GROUP) for _ in range(3)]
    assert told == [True, False, False]
    assert await desk.groups.tells_outage(GROUP - 1)
    assert await Desk(stores, clock).groups.tells_outage(GROUP) is redis_down

    clock.advance(61)
    stores.redis_down = True
    assert await desk.groups.tells_outage(GROUP)
