"""Two real MongoDBs searched as one, while one of them is gone, stands still or is slow."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from core.clock import Clock
from core.database.circuit_breaker import CircuitBreakerState
from core.database.indexes import ensure_indexes
from core.database.multi_pool import MultiDatabaseManager
from core.database.pool import DatabaseConnectionPool
from core.domain.media import MediaKind, MediaSource, NewMedia
from core.errors import DatabaseUnavailableError
from core.search.hashes import word_hash
from core.search.plan import SearchPlan
from repositories.media import MediaRepository
from repositories.media_document import COLLECTION, to_document
from tests.fixtures.waiting import Stopwatch

pytestmark = pytest.mark.servers

RIG_MONGODS = 2
CHANNEL = -1001234567890
FAUST = SearchPlan((word_hash("faust"),))


def faust(number):
    """A file whose id, post and unique id have this number."""
    source = MediaSource(CHANNEL, number)
    return to_document(NewMedia(f"u{number}", "f", "Faust.mkv", None, 1, MediaKind.VIDEO, source), number)


@pytest.fixture
async def served(rig):
    """(repository, pools) over two real MongoDBs that can be broken, three files in each."""
    pools = [DatabaseConnectionPool(rig.uri(n), "searched", clock=Clock(), number=n + 1) for n in range(2)]
    for pool in pools:
        await ensure_indexes(pool)
        await pool.delete_many(COLLECTION, {})
        numbers = range(pool.number, pool.number + 6, 2)
        await pool.insert_many(COLLECTION, [faust(n) for n in numbers])
    yield MediaRepository(MultiDatabaseManager(pools, Clock())), pools
    for pool in pools:
        await pool.close()


async def within(seconds, *work):
    with Stopwatch() as watch:
        answers = await asyncio.gather(*work)
    assert watch.seconds < seconds
    return answers


@pytest.mark.parametrize("fault", ["down", "stalled", "slow"])
async def test_a_search_is_answered_in_time_whatever_one_database_does(rig, served, fault):
    """Within two seconds, count included, with what the other has; at once when that is known; then whole again."""
    media, pools = served
    assert [file.id for file in (await media.search_files(FAUST, 9)).files] == [6, 5, 4, 3, 2, 1]
    await rig.fail("mongo1", fault)
    if fault == "slow":
        rig.proxies["mongo1"].latency_s = 2.0
    (found,) = await within(1.5, media.search_files(FAUST, 9))
    assert ([file.id for file in found.files], found.missing) == ([5, 3, 1], (2,))
    assert await within(0.6, media.count_matches(FAUST)) == [(3, (2,))]
    assert (await within(1.5, media.get(5)))[0].id == 5
    async with asyncio.timeout(30):  # a failure that was noticed late, on a busy machine, is not held against it
        while pools[1].breaker.state is not CircuitBreakerState.OPEN:
            await within(1.6, *(media.search_files(FAUST, 9) for _ in range(4)))
    assert await within(0.3, media.count_matches(FAUST)) == [(3, (2,))]
    await rig.heal("mongo1")
    await returned(pools[1])
    again = await media.search_files(FAUST, 9)
    assert ([file.id for file in again.files], again.missing) == ([6, 5, 4, 3, 2, 1], ())


async def returned(pool):
    async with asyncio.timeout(10):
        while pool.breaker.state is CircuitBreakerState.OPEN:
            with suppress(DatabaseUnavailableError):
                await pool.ping()


async def test_a_walk_over_real_databases_outlives_an_outage(rig, served):
    """Files come and go, one database is cut off and returns: every lasting file is listed once (scenario 125)."""
    media, pools = served
    for pool in pools:
        numbers = range(6 + pool.number, 200, 2)
        await pool.insert_many(COLLECTION, [faust(n) for n in numbers])
    seen, cursor, removed = [], None, set()
    for page in range(60):
        if page == 5:
            await rig.fail("mongo1", "refused")
        if page == 7:
            await rig.heal("mongo1")
            pools[1].breaker.reset()
            await returned(pools[1])
        if page < 5:
            await pools[page % 2].insert_one(COLLECTION, faust(1000 + page))
            removed.add(10 + page)
            await media.remove_source(CHANNEL, [10 + page])
        found = await media.search_files(FAUST, 10, cursor=cursor)
        ids = [file.id for file in found.files]
        assert ids == sorted(ids, reverse=True)
        assert found.missing == ((2,) if 5 <= page < 7 else ())
        seen += ids
        if (cursor := found.cursor) is None:
            break
    assert len(seen) == len(set(seen))
    assert set(seen) - {1000} == set(range(1, 200)) - removed


async def test_a_database_that_stands_still_takes_no_time_of_another(rig, served):
    """A crowd that waits for a frozen database leaves the other one all it needs to answer at once."""
    _, (healthy, frozen) = served
    await rig.fail("mongo1", "stalled")
    crowd = asyncio.gather(*(frozen.find_one(COLLECTION, {}) for _ in range(100)), return_exceptions=True)
    await asyncio.sleep(0)

    answers = await within(1, *(healthy.find_one(COLLECTION, {}) for _ in range(50)))

    assert all(answer is not None for answer in answers)
    assert all(isinstance(answer, DatabaseUnavailableError) for answer in await crowd)
    assert healthy.breaker.state is CircuitBreakerState.CLOSED
