"""Sessions of result pages."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from config.runtime import RuntimeSettings
from core.cache import keys
from core.domain.search import SearchWindow
from core.errors import ExpiredError, NotYoursError
from core.services.search_session import SearchSessions

WINDOW = SearchWindow((1 << 52, 7, 3), 1000, total_is_exact=False)


@pytest.fixture
def runtime():
    return SimpleNamespace(current=RuntimeSettings())


@pytest.fixture
def sessions(memory_cache, runtime, clock):
    return SearchSessions(memory_cache, runtime, clock)


async def test_a_session_opens_as_it_was_saved(sessions):
    """Owner, query, order, total and the largest ids come back unchanged."""
    saved = await sessions.save(42, "The <b>Kid", WINDOW)

    assert await sessions.open(saved.id, 42) == saved
    assert saved.window == WINDOW
    assert len(saved.id) == 16


async def test_a_session_survives_a_restart(sessions, memory_cache, runtime, clock):
    """Another process, which has only Redis, opens it just the same."""
    saved = await sessions.save(42, "kid", WINDOW)

    assert await SearchSessions(memory_cache, runtime, clock).open(saved.id, 42) == saved


async def test_a_session_belongs_to_who_searched(sessions, memory_cache, runtime, clock):
    """Another person's press is refused, from memory and from Redis."""
    saved = await sessions.save(42, "kid", WINDOW)

    for keeper in (sessions, SearchSessions(memory_cache, runtime, clock)):
        with pytest.raises(NotYoursError):
            await keeper.open(saved.id, 43)


async def test_a_session_ends_after_its_lifetime(sessions, memory_cache, clock):
    """After an hour the page says that it has expired."""
    saved = await sessions.save(42, "kid", WINDOW)
    clock.advance(hours=1)
    await memory_cache.delete(keys.session(saved.id))  # what Redis does by itself after the same hour

    with pytest.raises(ExpiredError) as expired:
        await sessions.open(saved.id, 42)
    assert expired.value.text_key == "search-expired"


async def test_pages_turn_while_redis_is_gone(sessions, stores):
    """A search made without Redis is kept in memory; the person notices nothing."""
    stores.redis_down = True
    saved = await sessions.save(42, "kid", WINDOW)

    assert await sessions.open(saved.id, 42) == saved


async def test_without_redis_an_old_page_has_expired(sessions, memory_cache, runtime, stores, clock):
    """Searching again helps, so that is what is said, not "try again in a moment"."""
    saved = await sessions.save(42, "kid", WINDOW)
    stores.redis_down = True

    with pytest.raises(ExpiredError):
        await SearchSessions(memory_cache, runtime, clock).open(saved.id, 42)


@pytest.mark.parametrize(
    "forged", ["", "0", "g" * 16, "0" * 17, "../../etc/passwd", "0" * 16, "0123456789abcde\n", "А" * 16]
)
async def test_a_forged_id_has_expired(sessions, memory_cache, forged):
    """Scenario 33: no text from a button becomes a key, even where something is stored under it."""
    saved = await sessions.save(42, "kid", WINDOW)
    stored = await memory_cache.get(keys.session(saved.id))
    if forged != "0" * 16:
        await memory_cache.set(keys.session(forged), stored)

    with pytest.raises(ExpiredError):
        await sessions.open(forged, 42)


@pytest.mark.parametrize("junk", [b"", b"\xff\xfe", b"1:{}", b"1:[1,2]", b"99:[42]"])
async def test_junk_in_redis_is_an_expired_page(sessions, memory_cache, junk):
    """A value of another version or half a value is no session, and no error."""
    await memory_cache.set(keys.session("ab" * 8), junk)

    with pytest.raises(ExpiredError):
        await sessions.open("ab" * 8, 42)


async def test_memory_keeps_a_bounded_number_of_sessions(memory_cache, runtime, stores, clock):
    """Without Redis the oldest session goes first, so that memory does not grow with every search."""
    sessions = SearchSessions(memory_cache, runtime, clock)
    stores.redis_down = True
    saved = [await sessions.save(42, "kid", WINDOW) for _ in range(501)]

    with pytest.raises(ExpiredError):
        await sessions.open(saved[0].id, 42)
    assert await sessions.open(saved[-1].id, 42) == saved[-1]


async def test_a_session_is_small(sessions, memory_cache):
    """A window of 200 files costs Redis about two kilobytes."""
    saved = await sessions.save(
        42, "kid", SearchWindow(tuple(range(1 << 50, (1 << 50) + 200)), 200, total_is_exact=True)
    )
    stored = await memory_cache.get(keys.session(saved.id))

    assert stored is not None
    assert len(stored) < 2400
