"""The limiter on a real Valkey: exact under concurrency, one round trip, local when it is gone."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from config.runtime import RuntimeSettings
from core.cache import keys
from core.cache.redis_cache import RedisCache
from core.cache.redis_client import build_redis_client
from core.clock import Clock
from core.errors import LinkFailuresError, RateLimitedError
from core.observability.metrics import Metrics
from core.services.link_failures import LinkFailures
from core.services.rate_limiter import Action, RateLimiter

pytestmark = pytest.mark.servers

SETTINGS = RuntimeSettings(rate_file_burst=10, rate_file_period_s=3600)


def limiter(client, metrics: Metrics, settings: RuntimeSettings = SETTINGS) -> RateLimiter:
    """One process' limiter: its own cache and breaker over a client of its own."""
    return RateLimiter(RedisCache(client, metrics, Clock()), SimpleNamespace(current=settings), metrics, Clock())


async def attempt(of: RateLimiter, user_id: int, action: Action = Action.FILE) -> RateLimitedError | None:
    try:
        await of.check(user_id, action)
    except RateLimitedError as refusal:
        return refusal
    return None


@pytest.fixture
async def clients(redis_url):
    """Four connections pools, as four processes have them."""
    made = [build_redis_client(redis_url) for _ in range(4)]
    yield made
    for client in made:
        await client.aclose()


async def test_many_at_once_from_several_processes_pass_exactly_the_burst(clients):
    """Two hundred concurrent presses of one person through four limiters: ten pass, one of the others is told."""
    metrics = Metrics()
    processes = [limiter(client, metrics) for client in clients]

    outcomes = await asyncio.gather(*(attempt(processes[n % 4], 7) for n in range(200)))

    refusals = [outcome for outcome in outcomes if outcome is not None]
    assert len(refusals) == 190
    assert [refusal.first_in_window for refusal in refusals].count(True) == 1
    assert metrics.rate_limit_fallbacks._value.get() == 0


async def test_the_ceiling_holds_over_all_people_and_processes(clients):
    """Two hundred different people at once: exactly the ceiling passes, and the refused are charged nothing."""
    settings = RuntimeSettings(rate_global_burst=25, rate_global_period_s=3600)
    processes = [limiter(client, Metrics(), settings) for client in clients]

    outcomes = await asyncio.gather(*(attempt(processes[n % 4], n) for n in range(200)))

    assert outcomes.count(None) == 25
    charged = [key async for key in clients[0].scan_iter(match=keys.rate("file", 0).name[:-1] + "*")]
    assert len(charged) == 25


async def test_every_key_of_the_limiter_expires(clients):
    """Scenario 112: state and expiry are written in one step, so nobody is limited for ever."""
    process = limiter(clients[0], Metrics())
    for _ in range(12):
        await attempt(process, 7)

    lives = {key: await clients[0].pttl(key) for key in await clients[0].keys("*")}
    assert set(lives) == {
        keys.rate("file", 7).name.encode(),
        keys.rate_global().name.encode(),
        keys.rate_told("file", 7).name.encode(),
    }
    assert all(0 < life <= 3_600_000 for life in lives.values())
    assert lives[keys.rate_told("file", 7).name.encode()] <= 60_000


async def test_a_check_is_one_round_trip(valkey_server):
    """After the first one, which brings the script, each check is a single EVALSHA and no EVAL."""
    client = build_redis_client(valkey_server.uri)  # a server's statistics count everybody's commands
    process = limiter(client, Metrics())
    await attempt(process, 1)
    await client.config_resetstat()
    for person in range(20):
        await attempt(process, person)

    called = await client.info("commandstats")
    await client.aclose()
    assert called["cmdstat_evalsha"]["calls"] == 20
    assert "cmdstat_eval" not in called


async def test_exactly_ten_wrong_links_of_two_hundred_at_once_are_answered(clients):
    """Scenario 20: guesses that come at once to several processes are charged one by one; a right link pays nothing."""
    runtime = SimpleNamespace(current=RuntimeSettings())
    processes = [LinkFailures(RedisCache(of, Metrics(), Clock()), runtime, Metrics(), Clock()) for of in clients]
    await asyncio.gather(*(processes[n % 4].settle(7, wrong=False) for n in range(40)))

    tries = (processes[n % 4].settle(7, wrong=True) for n in range(200))
    outcomes = await asyncio.gather(*tries, return_exceptions=True)

    refusals = [outcome for outcome in outcomes if isinstance(outcome, LinkFailuresError)]
    assert outcomes.count(None) == 10
    assert len(refusals) == 190
    assert [refusal.first_in_window for refusal in refusals].count(True) == 1
    for key in await clients[0].keys("*"):
        assert 0 < await clients[0].pttl(key) <= 600_000


async def test_a_killed_valkey_leaves_a_local_limit_and_returns(valkey_server):
    """Scenario 111: while it is gone the process limits by itself, at once; back, the shared limit rules again."""
    metrics = Metrics()
    client = build_redis_client(valkey_server.uri)
    cache = RedisCache(client, metrics, Clock())
    process = RateLimiter(cache, SimpleNamespace(current=SETTINGS), metrics, Clock())
    assert await attempt(process, 7) is None

    valkey_server.kill()
    outcomes = [await attempt(process, 7) for _ in range(30)]
    assert outcomes.count(None) == 10
    assert metrics.rate_limit_fallbacks._value.get() == 30

    valkey_server.start()
    assert await cache.ping()
    assert await attempt(process, 7) is None
    assert metrics.rate_limit_fallbacks._value.get() == 30
    await client.aclose()


async def test_what_is_given_back_may_be_done_once_more(clients):
    """An action that could not be tried is free again: exactly one, for that person, and never more than the burst."""
    process = limiter(clients[0], Metrics())
    for _ in range(10):
        assert await attempt(process, 7) is None
    assert await attempt(process, 7) is not None

    await process.give_back(7, Action.FILE)
    await process.give_back(8, Action.FILE)

    assert await attempt(process, 7) is None
    assert await attempt(process, 7) is not None
    assert [await attempt(process, 8) for _ in range(10)] == [None] * 10
    assert await attempt(process, 8) is not None
