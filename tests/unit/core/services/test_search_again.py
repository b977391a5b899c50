"""What was searched for outlives the pages, for a day, whatever Redis does."""

from __future__ import annotations

import pytest

from core.cache import codec, keys
from core.cache.redis_cache import RedisCache
from core.domain.search import SearchSession, SearchWindow
from core.errors import ExpiredError, NotYoursError
from core.observability.metrics import Metrics
from core.services.search_again import RepeatableSearches
from sandbox.stores import InMemoryStores

SESSION = SearchSession("0123456789abcdef", 7, "moon <b>", SearchWindow((1,), 1, total_is_exact=True))


@pytest.fixture
def stores(clock):
    return InMemoryStores(clock)


def searches(stores, clock):
    """As another process, or after a restart, has them."""
    return RepeatableSearches(RedisCache(stores.redis_client(), Metrics(), clock), clock)


async def keep(own, stores, clock):
    """Store the session's words, as beginning a session does."""
    await RedisCache(stores.redis_client(), Metrics(), clock).set_many([own.entry(SESSION)])


async def test_the_words_survive_a_restart(stores, clock):
    """Another process knows what was searched for, and by whom."""
    await keep(searches(stores, clock), stores, clock)

    other = searches(stores, clock)
    assert await other.text(SESSION.id) == await other.own_text(SESSION.id, 7) == "moon <b>"
    with pytest.raises(NotYoursError):
        await other.own_text(SESSION.id, 8)


async def test_without_redis_the_process_remembers(stores, clock):
    """While Redis is gone what this process showed can be repeated, and nothing fails."""
    stores.redis_down = True
    own = searches(stores, clock)
    await keep(own, stores, clock)

    assert await own.text(SESSION.id) == "moon <b>"
    with pytest.raises(ExpiredError):
        await searches(stores, clock).text(SESSION.id)


async def test_a_day_later_they_are_forgotten(stores, clock):
    """After a day the memory of the process ends, as its key in Redis does."""
    own = searches(stores, clock)
    await keep(own, stores, clock)
    stores.redis_down = True
    clock.advance(days=1, seconds=1)

    with pytest.raises(ExpiredError):
        await own.text(SESSION.id)


@pytest.mark.parametrize("session_id", ["", "*", "0123456789ABCDEF", "0123456789abcde", "x" * 64, "user:7"])
async def test_no_other_key_is_read(stores, clock, session_id):
    """Scenario 21: an id that no button of ours carries is refused before anything is read."""
    with pytest.raises(ExpiredError):
        await searches(stores, clock).text(session_id)


@pytest.mark.parametrize("value", [[7], [True, "x"], ["7", "x"], [7, 8], {"a": 1}, "moon"])
async def test_a_value_of_another_shape_is_a_miss(stores, clock, value):
    """Scenario 117: what cannot be read is not there."""
    cache = RedisCache(stores.redis_client(), Metrics(), clock)
    await cache.set(keys.repeatable_search(SESSION.id), codec.encode(value))

    with pytest.raises(ExpiredError):
        await searches(stores, clock).text(SESSION.id)
