"""The nightly count of all words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from core.clock import Clock
from core.database.pool import DatabaseConnectionPool
from core.errors import DatabaseUnavailableError
from repositories.media_document import COLLECTION
from tests.fixtures.search_words import DictionaryProcess, put_files

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sandbox.stores import InMemoryStores
    from tests.fixtures.clock import TestClock

pytestmark = pytest.mark.servers
EARLIER_MS = 1_000


@pytest.fixture
async def process(either_pool: DatabaseConnectionPool, clock: TestClock) -> DictionaryProcess:
    """A process on a library without words."""
    return DictionaryProcess(either_pool, clock=clock)


@pytest.fixture
async def second_pool(stores: InMemoryStores) -> AsyncIterator[DatabaseConnectionPool]:
    """A second database, whose outage `stores.database_down` is."""
    opened = DatabaseConnectionPool("", "second", clock=Clock(), client_factory=stores.mongo_client, number=2)
    yield opened
    await opened.close()


async def test_counts_become_exact(either_pool: DatabaseConnectionPool, process: DictionaryProcess) -> None:
    """Whatever was stored before, each word then has as many files as there are, and no whole title is a word."""
    await put_files(either_pool, "The Matrix 1999.mkv", "Matrix Reloaded 2003.mkv", "Бригада s01e02.mkv")
    await process.terms.replace({"matrix": 7, "reloaded": 1, "gone": 4}, EARLIER_MS)
    changed = await process.service.recount()
    stored = await process.stored()
    assert stored["matrix"] == 2
    assert stored["reloaded"] == stored["brigada"] == stored["s01e02"] == stored["y:1999"] == 1
    assert stored["gone"] == 0
    assert not [word for word in stored if word.startswith("=")]
    assert changed == len(stored) - 1  # all but "reloaded"
    assert process.files("matrix", "gone", "бригада") == [2, 0, 1]


async def test_nothing_is_written_when_nothing_differs(
    either_pool: DatabaseConnectionPool, process: DictionaryProcess, clock: TestClock
) -> None:
    """A second count finds everything right and leaves every word untouched."""
    await put_files(either_pool, "The Matrix 1999.mkv")
    assert await process.service.recount() > 0
    before = await process.terms.page("", 100)
    clock.advance(days=1)
    assert await process.service.recount() == 0
    assert await process.terms.page("", 100) == before


async def test_words_without_files_are_forgotten_by_everybody(
    either_pool: DatabaseConnectionPool, process: DictionaryProcess, clock: TestClock
) -> None:
    """A word that no file has is kept with no files until the next count, so that other processes see it go."""
    other = DictionaryProcess(either_pool, clock=clock)
    process.service.learn({"gone": 2})
    await process.service.flush()
    other.start()
    await clock.wait_sleeping()
    assert other.files("gone") == [2]
    clock.advance(61)
    await process.service.recount()
    assert await process.stored() == {"gone": 0}
    await clock.wait_sleeping()
    clock.advance(61)
    await clock.wait_sleeping()
    assert other.files("gone") == [0]
    clock.advance(days=1)
    await process.service.recount()
    assert await process.stored() == {}
    await other.stop()


async def test_a_word_that_comes_back_is_not_removed(process: DictionaryProcess) -> None:
    """Another process may have learned it again since it was seen without files."""
    await process.terms.replace({"gone": 0, "back": 0}, EARLIER_MS)
    await process.terms.add({"back": 1}, EARLIER_MS)
    assert await process.terms.remove(["gone", "back"]) == 1
    assert await process.stored() == {"back": 1}


async def test_words_learned_while_it_walks_stay(
    either_pool: DatabaseConnectionPool, process: DictionaryProcess, clock: TestClock
) -> None:
    """A file that arrives behind the walk has words that the walk did not see."""
    await put_files(either_pool, "The Matrix 1999.mkv")
    await process.terms.replace({"gone": 4}, EARLIER_MS)

    def arrive() -> None:
        clock.advance(5)
        process.service.learn({"late": 1})

    process.worker.before_call = arrive
    await process.service.recount()
    stored = await process.stored()
    assert (stored["late"], stored["matrix"], stored["gone"]) == (1, 1, 0)


async def test_dead_files_have_no_words(either_pool: DatabaseConnectionPool, process: DictionaryProcess) -> None:
    """What no search finds is not counted."""
    await put_files(either_pool, "The Matrix 1999.mkv", "Dead Matrix.mkv")
    await either_pool.update_one(COLLECTION, {"_id": 2}, {"$set": {"x": 1, "h": []}})
    await process.service.recount()
    stored = await process.stored()
    assert stored["matrix"] == 1
    assert "dead" not in stored


async def test_many_files_of_two_databases_are_walked(
    memory_pool: DatabaseConnectionPool, second_pool: DatabaseConnectionPool, clock: TestClock
) -> None:
    """Page after page, database after database; files without metadata are told of."""
    await put_files(memory_pool, *(f"Common part{number}.mkv" for number in range(2_001)))
    await put_files(second_pool, "Common other.mkv", first_id=9_000)
    await memory_pool.update_one(COLLECTION, {"_id": 7}, {"$set": {"m": 1}})
    process = DictionaryProcess(memory_pool, second_pool, clock=clock)
    await process.service.recount()
    assert process.files("common", "part2000", "other") == [2_002, 1, 1]
    assert len(process.without_metadata) == 2_001
    assert ("u9000", "Common other.mkv") in process.without_metadata
    assert not [unique_id for unique_id, _ in process.without_metadata if unique_id == "u7"]


async def test_a_database_that_is_away_changes_nothing(
    pool: DatabaseConnectionPool, second_pool: DatabaseConnectionPool, stores: InMemoryStores, clock: TestClock
) -> None:
    """Half a library would make half of the words unknown."""
    await put_files(pool, "The Matrix 1999.mkv")
    process = DictionaryProcess(pool, second_pool, clock=clock)
    await process.terms.replace({"matrix": 7, "gone": 4}, EARLIER_MS)
    stores.database_down = True
    works: list[bool] = []
    process.worker.before_call = lambda: works.append(True)
    with pytest.raises(DatabaseUnavailableError):
        await process.recount.count()
    assert await process.service.recount() == 0
    stores.database_down = False
    assert await process.stored() == {"matrix": 7, "gone": 4}
    assert not works


async def test_a_database_that_goes_away_on_the_way_changes_nothing(
    pool: DatabaseConnectionPool, second_pool: DatabaseConnectionPool, stores: InMemoryStores, clock: TestClock
) -> None:
    """Neither when the first half was counted already; the next count is complete."""
    await put_files(pool, "The Matrix 1999.mkv")
    await put_files(second_pool, "Matrix Reloaded.mkv", first_id=9)
    process = DictionaryProcess(pool, second_pool, clock=clock)
    await process.terms.replace({"matrix": 7, "gone": 4}, EARLIER_MS)

    def break_down() -> None:
        stores.database_down = True

    process.worker.before_call = break_down
    assert await process.service.recount() == 0
    assert await process.stored() == {"matrix": 7, "gone": 4}
    stores.database_down, process.worker.before_call = False, list
    await process.service.recount()
    assert (await process.stored())["matrix"] == 2


async def test_of_too_many_words_the_rarest_are_left_out(either_pool: DatabaseConnectionPool, clock: TestClock) -> None:
    """What is stored is bounded as what is known is; the rarest words go."""
    process = DictionaryProcess(either_pool, clock=clock, capacity=4)
    await put_files(either_pool, *(f"Common film once{number}.mkv" for number in "abcdefgh"))
    await process.terms.replace({"oncea": 1}, EARLIER_MS)
    await process.service.recount()
    stored = await process.stored()
    assert {word for word, files in stored.items() if files} == {"common", "film", "mkv"}
    assert stored["oncea"] == 0
