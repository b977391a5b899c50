"""Nothing in Redis lives for ever, wherever a connection was cut."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from config.runtime import RuntimeSettings
from core.cache import keys
from core.cache.invalidation import CacheInvalidator
from core.cache.redis_cache import RedisCache
from core.cache.redis_client import build_redis_client
from core.clock import Clock
from core.domain.search import SearchWindow
from core.domain.user import User
from core.errors import BusyError
from core.observability.metrics import Metrics
from core.search.query import parse_query
from core.services.rate_limiter import Action, RateLimiter
from core.services.recent_presses import RecentPresses
from core.services.search_session import SearchSessions
from core.services.search_windows import SearchWindows
from repositories.user import UserRepository

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from redis.asyncio import Redis

    from core.database.pool import DatabaseConnectionPool

pytestmark = pytest.mark.servers

PEOPLE = 40
EXPECTED = {"user", "session", "search-version", "window", "rate", "rate-all", "dedupe"}


class Bot:
    """Whatever writes to Redis, over one client."""

    def __init__(self, pool: DatabaseConnectionPool, client: Redis) -> None:
        clock, metrics = Clock(), Metrics()
        # The ceiling is filled slowly, so that its key still lives when the keys are looked at.
        runtime: Any = SimpleNamespace(current=RuntimeSettings(rate_global_period_s=3600))
        self.cache = RedisCache(client, metrics, clock)
        self.invalidator = CacheInvalidator(self.cache, clock)
        self.users = UserRepository(pool, self.cache, clock)
        self.limiter = RateLimiter(self.cache, runtime, metrics, clock)
        self.presses = RecentPresses(self.cache, clock)
        self.sessions = SearchSessions(self.cache, runtime, clock)
        self.windows = SearchWindows(self.cache, self.invalidator, runtime)

    async def serve(self, user_id: int) -> None:
        """What one person's day leaves in Redis."""
        await self.limiter.check(user_id, Action.SEARCH)
        if await self.users.get_user(user_id) is None:
            await self.users.create_user(User(user_id, "A"))
        await self.users.get_user(user_id)
        key = await self.windows.key(parse_query(f"faust {user_id}", 200))
        window = SearchWindow((1, 2, 3), 3, total_is_exact=True)
        also = () if key is None else (self.windows.entry(key, window),)
        await self.sessions.save(user_id, "faust", window, also=also)
        await self.limiter.check(user_id, Action.FILE)
        try:
            async with self.presses.claim(user_id, 1):
                pass
        except BusyError:
            return


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator[Redis]:
    made = build_redis_client(redis_url)
    yield made
    await made.aclose()


@pytest.mark.parametrize("cut", [False, True], ids=["whole", "cut"])
async def test_every_key_has_a_time_to_live(
    pool: DatabaseConnectionPool, redis_url: str, client: Redis, cut: object
) -> None:
    """Scenario 112: also where the connection of every command may have been cut at any moment."""
    killer: Any = build_redis_client(redis_url)
    bot = Bot(pool, client)
    serving = True

    async def kill_connections() -> None:
        while serving and cut:
            await killer.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
            await bot.cache.ping()
            await killer.ping()

    async def serve_all() -> None:
        nonlocal serving
        for _ in range(3):
            await bot.invalidator.invalidate_all_search_results()
            await asyncio.gather(*(bot.serve(user_id) for user_id in range(PEOPLE)))
        serving = False

    async with asyncio.timeout(30):
        await asyncio.gather(serve_all(), kill_connections())
    names = [name async for name in killer.scan_iter("*")]
    lives_s = {name: await killer.ttl(name) for name in names}
    await killer.aclose()

    assert names
    assert {name: life_s for name, life_s in lives_s.items() if life_s < 0} == {}
    longest_s = {family.prefix: family.ttl_s for family in keys.KEY_FAMILIES}
    assert all(life_s <= longest_s[family_of(name)] for name, life_s in lives_s.items())
    if not cut:
        assert set(map(family_of, names)) == EXPECTED


def family_of(name: bytes) -> str:
    return name.decode().split(":")[1]
