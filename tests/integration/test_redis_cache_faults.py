"""The cache on a real Valkey that is killed, frozen and spoilt: slow once, a miss otherwise, never an error."""

from __future__ import annotations

import asyncio

import pytest

from core.cache import keys
from core.cache.redis_cache import RedisCache
from core.cache.redis_client import build_redis_client
from core.clock import Clock
from core.errors import CacheUnavailableError
from core.observability.metrics import Metrics
from tests.fixtures.waiting import Stopwatch

pytestmark = pytest.mark.servers

KEY = keys.user(7)


@pytest.fixture
async def cache(valkey_server):
    client = build_redis_client(valkey_server.uri)
    yield RedisCache(client, Metrics(), Clock())
    await client.aclose()


async def timed(work) -> tuple[object, float]:
    with Stopwatch() as watch:
        result = await work
    return result, watch.seconds


async def test_values_are_kept_and_expire(cache):
    """The ordinary day: what was set is read, with the life of its key."""
    await cache.set(KEY, b"\x00value")
    assert await cache.get(KEY) == b"\x00value"
    assert 290 < await cache._client.ttl(KEY.name) <= 300


async def test_a_frozen_server_costs_one_second_once(cache, valkey_server):
    """Scenario 111: the first call waits a second, the next hundred do not wait at all."""
    await cache.set(KEY, b"a")
    valkey_server.freeze()
    try:
        value, first_s = await timed(cache.get(KEY))
        assert value is None
        assert first_s < 1.5
        answers, rest_s = await timed(asyncio.gather(*(cache.get(KEY) for _ in range(100))))
        assert set(answers) == {None}
        assert rest_s < 0.2
    finally:
        valkey_server.resume()

    assert await cache.ping()
    assert await cache.get(KEY) == b"a"


async def test_only_one_call_tries_while_the_others_go_on_missing(valkey_server, clock):
    """After the open period a single call asks the frozen server and waits; nine more miss without asking."""
    metrics = Metrics()
    client = build_redis_client(valkey_server.uri)
    cache = RedisCache(client, metrics, clock)
    await cache.set(KEY, b"a")
    valkey_server.freeze()
    try:
        await cache.get(KEY)
        clock.advance(5)
        await asyncio.gather(*(cache.get(KEY) for _ in range(10)))
    finally:
        valkey_server.resume()
        await client.aclose()

    outcomes = {name: metrics.cache_operations.labels("get", name)._value.get() for name in ("error", "skipped")}
    assert outcomes == {"error": 2, "skipped": 9}


async def test_everybody_who_waits_when_it_freezes_waits_one_second_together(cache, valkey_server):
    """A hundred readers at the moment of the freeze are all served within about a second."""
    await cache.set(KEY, b"a")
    valkey_server.freeze()
    try:
        answers, took_s = await timed(asyncio.gather(*(cache.get(KEY) for _ in range(100))))
    finally:
        valkey_server.resume()
    assert set(answers) == {None}
    assert took_s < 1.6


async def test_a_killed_server_is_a_miss_and_returns(cache, valkey_server):
    """Gone: misses at once and strict callers told. Back: the cache works without a restart of the bot."""
    await cache.set(KEY, b"a")
    valkey_server.kill()
    value, took_s = await timed(cache.get(KEY))
    assert value is None
    assert took_s < 1.5
    with pytest.raises(CacheUnavailableError):
        await cache.set_strict(KEY, b"b")
    assert not await cache.ping()

    valkey_server.start()
    assert await cache.ping()
    await cache.set(KEY, b"c")
    assert await cache.get(KEY) == b"c"


async def test_a_restart_between_two_calls_goes_unnoticed(cache, valkey_server):
    """A connection that died meanwhile is replaced within the call; the breaker stays closed."""
    await cache.set(KEY, b"a")
    valkey_server.kill()
    valkey_server.start()
    await cache.set_strict(KEY, b"b")
    assert await cache.get_strict(KEY) == b"b"
    assert not cache.is_open


async def test_a_full_server_refuses_and_the_bot_goes_on(cache):
    """Out of memory without anything to evict: writing fails quietly, reading works, Redis does not count as gone."""
    await cache.set(KEY, b"a")
    await cache._client.config_set("maxmemory-policy", "noeviction")
    await cache._client.config_set("maxmemory", "1")

    await cache.set(keys.user(8), b"b")
    with pytest.raises(CacheUnavailableError):
        await cache.set_strict(keys.user(8), b"b")
    assert await cache.get(KEY) == b"a"
    assert not cache.is_open


async def test_a_value_of_a_wrong_type_heals(cache):
    """Scenario 117: a foreign hash under our key is a miss once and then a normal key."""
    await cache._client.hset(KEY.name, "f", "v")
    assert await cache.get(KEY) is None
    await cache.set(KEY, b"a")
    assert await cache.get(KEY) == b"a"
    assert not cache.is_open
