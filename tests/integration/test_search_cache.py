"""What is remembered of searches, on a real Valkey shared by two processes: fast, and never old for long."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from config.runtime import RuntimeSettings
from core.database.indexes import ensure_indexes
from core.errors import DatabaseUnavailableError, SearchTimeoutError
from tests.fixtures.search_process import CHANNEL, FILMS, READER, SearchProcess, new_media
from tests.fixtures.waiting import Stopwatch

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from core.database.pool import DatabaseConnectionPool
    from core.domain.search import MatchCount
    from tests.fixtures.clock import TestClock
    from tests.fixtures.servers import ValkeyServer

pytestmark = pytest.mark.servers


async def rename_first(process: SearchProcess) -> None:
    await process.media.apply_edit(new_media(1, "Hamlet.mkv", edited_at=5))


@pytest.fixture
async def here(pool: DatabaseConnectionPool, redis_url: str, clock: TestClock) -> AsyncIterator[SearchProcess]:
    await ensure_indexes(pool)
    process = SearchProcess(pool, redis_url, clock)
    await process.invalidator.flush()
    clock.advance(30)
    yield process
    await process.client.aclose()


@pytest.fixture
async def elsewhere(
    here: SearchProcess, pool: DatabaseConnectionPool, redis_url: str, clock: TestClock
) -> AsyncIterator[SearchProcess]:
    process = SearchProcess(pool, redis_url, clock)
    await process.invalidator.flush()
    clock.advance(30)
    yield process
    await process.client.aclose()


async def test_a_search_that_comes_again_is_not_searched_again(here: SearchProcess, elsewhere: SearchProcess) -> None:
    """Found, looked for by title and counted once, the window serves every process for five minutes.

    A process that does not know yet that it is there finds out after its own first look.
    """
    await here.add(FILMS)
    first = await here.window("faust")
    assert (first.total, first.total_is_exact, len(first.ids), here.media.searches) == (30, True, 20, 2)

    assert await here.window("  FAUST ") == first
    assert await elsewhere.window("faust") == await elsewhere.window("faust") == first
    assert (here.media.searches, elsewhere.media.searches) == (2, 1)
    (name,) = await here.client.keys("ffb:window:*")
    assert 290 < await here.client.ttl(name) <= 300


async def test_a_search_that_costs_less_than_the_cache_leaves_it_alone(here: SearchProcess) -> None:
    """A few matches are found as fast as they are read: neither asked for nor stored."""
    await here.add(["Faust.mkv", "Faust two.mkv"])
    gets = here.cache._calls._metrics.cache_operations.labels("get", "miss")._value
    await here.names("faust")
    before = gets.get()
    await here.names("faust")
    assert gets.get() == before
    assert await here.client.keys("ffb:window:*") == []


async def test_another_reading_is_remembered(here: SearchProcess) -> None:
    """What only the second question found is kept, however little it is."""
    await here.add(["Spiderman.mkv"])
    here.dictionary.add({"spider": 50, "man": 50})  # frequent apart, never together
    for _ in range(2):
        assert await here.names("spider man") == ["Spiderman.mkv"]
    assert here.media.searches == 2


async def test_words_in_another_order_are_another_search(here: SearchProcess) -> None:
    """The same files rank otherwise for other phrases, so windows are not shared between them."""
    await here.add([*FILMS, "Faust Red.mkv", "Red Faust.mkv", *(f"Red and Faust {n}.mkv" for n in range(30))])
    for _ in range(2):
        assert (await here.names("red faust"))[0] == "Red Faust.mkv"
        assert (await here.names("faust red"))[0] == "Faust Red.mkv"
    assert here.media.searches == 4


async def test_a_setting_that_changes_results_is_obeyed_at_once(here: SearchProcess) -> None:
    """A smaller window, or captions switched off, is not answered from what was remembered under the old setting."""
    await here.add(FILMS)
    await here.window("faust")
    here.runtime.current = RuntimeSettings(search_window_size=25)
    assert len((await here.window("faust")).ids) == 25
    here.runtime.current = RuntimeSettings(search_window_size=25, search_captions=False)
    searches = here.media.searches
    await here.window("faust")
    assert here.media.searches == searches + 2


async def test_a_deleted_file_is_never_shown_from_the_cache(here: SearchProcess, elsewhere: SearchProcess) -> None:
    """Scenario 114: gone from the database is gone from the page, before any version has moved."""
    await here.add(FILMS)
    assert (await elsewhere.names("faust"))[0] == FILMS[-1]
    await here.media.remove_source(CHANNEL, [30])

    assert (await elsewhere.names("faust"))[0] == FILMS[-2]
    assert await elsewhere.total("faust") == 29


async def test_an_edit_is_seen_here_at_once_and_elsewhere_within_seconds(
    here: SearchProcess, elsewhere: SearchProcess, clock: TestClock
) -> None:
    """Scenario 114: a renamed file leaves the searches it no longer matches, in other processes after two seconds."""
    await here.add(FILMS)
    for process in (here, elsewhere, elsewhere):
        assert await process.total("faust") == 30
    await rename_first(here)
    here.invalidator.edited()

    assert await here.total("faust") == 29
    await here.invalidator.flush()
    clock.advance(1)
    assert await elsewhere.total("faust") == 29
    assert await here.total("faust") == 29


async def test_a_search_that_began_before_an_edit_is_kept_for_nobody(
    here: SearchProcess, elsewhere: SearchProcess, clock: TestClock
) -> None:
    """What was found before the edit and stored after it stands under the version of before, where nobody looks."""
    await here.add(FILMS)
    count = here.media.count_matches

    async def count_then_edit(*args: Any, **options: Any) -> MatchCount:
        counted: MatchCount = await count(*args, **options)
        await rename_first(elsewhere)
        elsewhere.invalidator.edited()
        await elsewhere.invalidator.flush()
        clock.advance(1)  # past what this process remembers of the version
        return counted

    here.media.count_matches = count_then_edit  # type: ignore[attr-defined]
    assert await here.total("faust") == 30
    here.media.count_matches = count  # type: ignore[attr-defined]

    assert await elsewhere.total("faust") == 29
    assert await here.total("faust") == 29


async def test_new_files_are_found_within_half_a_minute(
    here: SearchProcess, elsewhere: SearchProcess, clock: TestClock
) -> None:
    """Scenario 115: the first new files are found at once, further ones together when thirty seconds are over."""
    await here.add(FILMS)
    await here.total("faust")
    await here.add(["Faust new.mkv"], 31)
    here.invalidator.added()
    await here.invalidator.flush()
    clock.advance(1)
    assert await elsewhere.total("faust") == 31

    await here.add(["Faust newer.mkv"], 32)
    here.invalidator.added()
    for _ in range(28):
        await here.invalidator.flush()
        clock.advance(1)
        assert await elsewhere.total("faust") == 31
    clock.advance(1)
    await here.invalidator.flush()
    clock.advance(1)
    assert await elsewhere.total("faust") == 32
    assert elsewhere.media.searches == 4


async def test_a_lost_version_brings_no_old_window_back(here: SearchProcess, clock: TestClock) -> None:
    """A version that Redis lost is replaced by one that never was: windows of before are not found under it."""
    await here.add(FILMS)
    await here.total("faust")
    clock.advance(1)
    before = await here.invalidator.search_version()
    await here.client.delete("ffb:search-version:all")
    clock.advance(1)

    assert await here.invalidator.search_version() != before
    await here.total("faust")
    assert here.media.searches == 4


@pytest.mark.parametrize("junk", [b"", b"7", b"../../x", b"0" * 17], ids=["empty", "short", "path", "long"])
async def test_a_spoilt_version_heals(here: SearchProcess, junk: bytes) -> None:
    """Scenario 117: foreign bytes never become a part of a key."""
    await here.client.set("ffb:search-version:all", junk, ex=100)
    version = await here.invalidator.search_version()
    assert version is not None
    assert (len(version), int(version, 16) >= 0) == (16, True)


@pytest.mark.parametrize(
    "junk",
    [b"", b"1:[]", b'1:[1,true,false,"x"]', b'1:[1,true,false,"AAAA"]', b"\xff", b"1:{}"],
    ids=["empty", "fewer", "code", "length", "foreign", "object"],
)
async def test_a_spoilt_window_heals(here: SearchProcess, junk: bytes) -> None:
    """Scenario 117: it is searched anew, and the next search finds a good window."""
    await here.add(FILMS)
    await here.total("faust")
    (name,) = await here.client.keys("ffb:window:*")
    await here.client.set(name, junk, ex=100)

    assert await here.total("faust") == await here.total("faust") == 30
    assert here.media.searches == 4


async def test_a_bump_that_redis_did_not_hear_of_is_made_up_for(
    pool: DatabaseConnectionPool, redis_url: str, valkey_server: ValkeyServer, clock: TestClock
) -> None:
    """Redis was frozen at the edit: until it is back this process searches, then everybody sees the edit."""
    await ensure_indexes(pool)
    here, elsewhere = (SearchProcess(pool, valkey_server.uri, clock) for _ in range(2))
    for process in (here, elsewhere):
        await process.invalidator.flush()
        clock.advance(30)
    await here.add(FILMS)
    assert await here.total("faust") == await elsewhere.total("faust") == 30
    valkey_server.freeze()
    try:
        await rename_first(here)
        here.invalidator.edited()
        await here.invalidator.flush()
        assert await here.total("faust") == 29
    finally:
        valkey_server.resume()
    assert await here.total("faust") == 29
    clock.advance(1)
    await here.invalidator.flush()
    clock.advance(1)
    assert await elsewhere.total("faust") == 29
    for process in (here, elsewhere):
        await process.client.aclose()


async def test_a_search_without_a_database_is_flagged_and_kept_for_nobody(here: SearchProcess) -> None:
    """Scenario 56: what is missing makes the page partial and its total a lower bound; whole again, it is searched."""
    await here.add(FILMS)
    here.media.missing = (2,)
    page = await here.search.search(READER, "faust")
    turned = await here.search.page(READER, page.session.id, 1)
    here.media.missing = ()
    whole = await here.search.search(READER, "faust")

    assert (page.is_partial, page.session.window.is_partial, page.session.window.total_is_exact) == (True, True, False)
    assert turned.is_partial
    assert (whole.is_partial, whole.session.window.total_is_exact, here.media.searches) == (False, True, 4)


async def test_nothing_found_without_a_database_is_no_search_without_result(here: SearchProcess) -> None:
    """Scenario 56: told as partial, counted as failed."""
    here.media.missing = (2,)
    page = await here.search.search(READER, "faust")

    assert (page.is_partial, list(page.files)) == (True, [])
    assert here.metrics.searches.labels("nothing")._value.get() == 0
    assert here.metrics.searches.labels("failed")._value.get() == 1


async def test_an_empty_answer_is_searched_again(here: SearchProcess) -> None:
    """What was not there a moment ago may be there now."""
    await here.names("faust")
    await here.add(["Faust.mkv"])
    assert await here.names("faust") == ["Faust.mkv"]


@pytest.mark.parametrize("failing", ["count_matches", "title"])
async def test_an_answer_that_was_cut_short_is_kept_for_nobody(here: SearchProcess, failing: str) -> None:
    """A count or a look for titles that took too long leaves the results, and the next search tries again."""
    await here.add(FILMS)

    async def too_slow(*_: Any, **__: Any) -> MatchCount:
        raise SearchTimeoutError("too slow")

    async def second_is_too_slow() -> None:
        if here.media.searches == 2:
            raise SearchTimeoutError("too slow")

    if failing == "title":
        here.media.before_answer = second_is_too_slow
    else:
        here.media.count_matches = too_slow  # type: ignore[attr-defined]
    await here.window("faust")
    assert await here.client.keys("ffb:window:*") == []


async def test_an_outage_between_two_readings_is_an_error(here: SearchProcess) -> None:
    """Scenario 56: nothing found by one reading and no answer to the next is not "nothing found"."""
    await here.add(["Moonlight.mkv"])
    here.dictionary.put("moon", 50)  # of files that were deleted meanwhile

    async def gone_at_second() -> None:
        if here.media.searches == 2:
            raise DatabaseUnavailableError("gone")

    here.media.before_answer = gone_at_second
    with pytest.raises(DatabaseUnavailableError):
        await here.names("moon")
    assert here.metrics.searches.labels("nothing")._value.get() == 0


async def test_fifty_searches_at_a_stalled_redis_lose_a_second_once(
    pool: DatabaseConnectionPool, redis_url: str, valkey_server: ValkeyServer, clock: TestClock
) -> None:
    """Scenario 111: all that wait when Redis freezes wait about a second, together; the next fifty do not wait."""
    await ensure_indexes(pool)
    here = SearchProcess(pool, valkey_server.uri, clock)
    await here.invalidator.flush()
    await here.add([f"Title{n} film.mkv" for n in range(50)])
    valkey_server.freeze()
    took_s = []
    try:
        for _ in range(2):
            with Stopwatch() as watch:
                found = await asyncio.gather(*(here.names(f"title{n} film") for n in range(50)))
            took_s.append(watch.seconds)
            assert [names[0] for names in found] == [f"Title{n} film.mkv" for n in range(50)]
    finally:
        valkey_server.resume()
        await here.client.aclose()
    assert took_s[0] < 2.5
    assert took_s[1] < 1.0
