"""The cache: a failure is a miss, and one load serves everybody who waits for it."""

from __future__ import annotations

import asyncio

import fakeredis
import pytest

from core.cache import codec, keys
from core.cache.keys import Key
from core.cache.redis_cache import LuaScript, RedisCache
from core.errors import CacheUnavailableError, DatabaseUnavailableError
from core.observability.metrics import Metrics

KEY = keys.user(7)
TEXT: codec.ValueForm[str] = codec.ValueForm(
    to_json=str, from_json=lambda found: found if isinstance(found, str) else None
)


@pytest.fixture
def server():
    return fakeredis.FakeServer()


@pytest.fixture
async def client(server):
    made = fakeredis.FakeAsyncRedis(server=server)
    yield made
    await made.aclose()


@pytest.fixture
def metrics():
    return Metrics()


@pytest.fixture
def cache(client, metrics, clock):
    return RedisCache(client, metrics, clock)


def operations(metrics: Metrics, op: str, outcome: str) -> float:
    return metrics.cache_operations.labels(op, outcome)._value.get()


async def test_a_value_is_kept_for_the_time_of_its_key(cache, client):
    """A row of the table brings its own time to live; a caller may give another one."""
    await cache.set(KEY, b"a")
    await cache.set(keys.user(8), b"b", ttl_s=11)

    assert await cache.get(KEY) == b"a"
    assert await client.ttl(KEY.name) == 300
    assert await client.ttl(keys.user(8).name) == 11


@pytest.mark.parametrize(("key", "ttl_s"), [("plain", None), ("plain", 0), (KEY, 0), (KEY, -1)])
async def test_a_value_without_a_time_to_live_is_refused(cache, key, ttl_s):
    """Scenario 119: nothing can be stored for ever, not even while Redis is gone."""
    with pytest.raises(ValueError, match="time to live"):
        await cache.set(key, b"a", ttl_s)


async def test_deleted_values_are_gone(cache):
    """Several keys are forgotten at once; none is fine too."""
    await cache.set(KEY, b"a")
    await cache.set("plain", b"b", 5)
    await cache.delete(KEY, "plain")
    await cache.delete()
    assert (await cache.get(KEY), await cache.get("plain")) == (None, None)


async def test_only_one_of_many_adds(cache):
    """Of racing callers exactly one is told that it was first."""
    answers = await asyncio.gather(*(cache.add_strict(keys.dedupe(7, "file", 1)) for _ in range(20)))
    assert sum(answers) == 1


async def test_a_value_of_a_wrong_type_heals_itself(cache, client):
    """Scenario 117: a foreign list under our key is a miss, is removed, and does not count as Redis being gone."""
    await client.lpush(KEY.name, "x")

    assert await cache.get(KEY) is None
    assert await client.exists(KEY.name) == 0
    assert not cache.is_open
    await cache.set(KEY, b"a")
    assert await cache.get(KEY) == b"a"


async def test_a_dead_redis_is_a_miss_for_caches_and_an_error_where_it_matters(cache, server, metrics):
    """Scenario 111: reads miss, writes do nothing, strict callers are told."""
    server.connected = False

    assert await cache.get(KEY) is None
    await cache.set(KEY, b"a")
    await cache.delete(KEY)
    with pytest.raises(CacheUnavailableError):
        await cache.get_strict(KEY)
    with pytest.raises(CacheUnavailableError):
        await cache.set_strict(KEY, b"a")
    assert not await cache.ping()
    assert operations(metrics, "get", "error") == 1


async def test_after_a_failure_redis_is_left_alone_and_then_asked_by_one(cache, server, metrics, clock):
    """Five seconds of misses without a call, then a single call tries; success ends it."""
    server.connected = False
    for _ in range(10):
        await cache.get(KEY)
    assert (operations(metrics, "get", "error"), operations(metrics, "get", "skipped")) == (1, 9)

    clock.advance(5)
    await asyncio.gather(*(cache.get(KEY) for _ in range(10)))
    assert (operations(metrics, "get", "error"), operations(metrics, "get", "skipped")) == (2, 18)

    server.connected = True
    clock.advance(5)
    await cache.set(KEY, b"a")
    assert await cache.get(KEY) == b"a"
    assert not cache.is_open


async def test_a_ping_closes_the_breaker_early(cache, server):
    """The health probe sees Redis come back and readers profit at once."""
    server.connected = False
    await cache.get(KEY)
    server.connected = True
    assert cache.is_open

    assert await cache.ping()
    await cache.set(KEY, b"a")
    assert await cache.get(KEY) == b"a"


async def test_callers_that_miss_together_share_one_load(cache):
    """Twenty misses of one key load once, and the value is there for the next."""
    loads = 0
    entered, gate = asyncio.Event(), asyncio.Event()

    async def load() -> str:
        nonlocal loads
        loads += 1
        entered.set()
        await gate.wait()
        return "loaded"

    callers = [asyncio.create_task(cache.get_or_load(KEY, load, TEXT)) for _ in range(20)]
    await entered.wait()
    gate.set()

    assert set(await asyncio.gather(*callers)) == {"loaded"}
    assert await cache.get_or_load(KEY, load, TEXT) == "loaded"
    assert loads == 1


async def test_a_failed_load_is_told_to_all_who_waited_and_not_remembered(cache):
    """An unavailable database is one error for everybody, not a load for each in turn; the next caller tries again."""
    loads = 0
    entered, gate = asyncio.Event(), asyncio.Event()

    async def fail() -> str:
        nonlocal loads
        loads += 1
        entered.set()
        await gate.wait()
        raise DatabaseUnavailableError

    callers = [asyncio.create_task(cache.get_or_load(KEY, fail, TEXT)) for _ in range(5)]
    await entered.wait()
    gate.set()
    outcomes = await asyncio.gather(*callers, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [DatabaseUnavailableError] * 5
    assert loads == 1

    async def load() -> str:
        return "ok"

    assert await cache.get_or_load(KEY, load, TEXT) == "ok"


async def test_a_cancelled_loader_hands_over(cache):
    """When the caller who loads is cancelled, a waiting one loads instead of being cancelled too."""
    entered = asyncio.Event()

    async def load() -> str:
        if not entered.is_set():
            entered.set()
            await asyncio.Event().wait()
        return "second"

    first = asyncio.create_task(cache.get_or_load(KEY, load, TEXT))
    await entered.wait()
    second = asyncio.create_task(cache.get_or_load(KEY, load, TEXT))
    await asyncio.sleep(0)
    first.cancel()

    assert await asyncio.wait_for(second, 5) == "second"
    assert first.cancelled() or first.cancelling()


async def test_nothing_found_is_not_stored(cache, client):
    """None from a loader is handed on and asked for again next time."""

    async def load() -> None:
        return None

    assert await cache.get_or_load(KEY, load, TEXT) is None
    assert 0 < await client.ttl(KEY.name) <= 4  # the right to store, which expires
    assert await cache.get_or_load(KEY, load, TEXT) is None


async def test_a_script_runs_though_the_server_has_forgotten_it(cache, client):
    """A script that is unknown to the server is sent along, then known by name."""
    script = LuaScript("return redis.call('INCR', KEYS[1]) + tonumber(ARGV[1])")
    counter = [Key("ffb:test", 5)]

    assert await cache.run_script(script, counter, [10]) == 11
    assert await cache.run_script(script, counter, [10]) == 12
    await client.script_flush()
    assert await cache.run_script(script, counter, [10]) == 13
