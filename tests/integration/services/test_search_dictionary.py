"""The dictionary of the library's words over a real database: learning, sharing, outages."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pymongo.uri_parser
import pytest

from core.clock import Clock
from core.database.pool import DatabaseConnectionPool
from core.errors import DatabaseUnavailableError
from tests.fixtures.search_words import DictionaryProcess
from tests.fixtures.tcp_proxy import TcpProxy

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sandbox.stores import InMemoryStores
    from tests.fixtures.clock import TestClock

pytestmark = pytest.mark.servers


@pytest.fixture
async def process(either_pool: DatabaseConnectionPool, clock: TestClock) -> AsyncIterator[DictionaryProcess]:
    """A process with an empty dictionary that has not begun to load."""
    made = DictionaryProcess(either_pool, clock=clock)
    yield made
    await made.stop()


@pytest.fixture
async def other(either_pool: DatabaseConnectionPool, clock: TestClock) -> AsyncIterator[DictionaryProcess]:
    """Another one on the same database."""
    made = DictionaryProcess(either_pool, clock=clock)
    yield made
    await made.stop()


async def pass_time(clock: TestClock, seconds: int, *processes: DictionaryProcess) -> None:
    """Second by second, each process doing what is due."""
    for _ in range(seconds):
        await clock.wait_sleeping(len(processes))
        clock.advance(1)
    await clock.wait_sleeping(len(processes))


async def test_what_is_learned_is_known_at_once(process: DictionaryProcess) -> None:
    """Before anything was loaded or stored, and taken away again."""
    process.service.learn({"matrix": 2, "1999": 1})
    assert process.files("matrix", "1999", "other") == [2, 1, 0]
    process.service.learn({"matrix": -1, "1999": -1})
    assert process.files("matrix", "1999") == [1, 0]
    assert not process.service.is_loaded


async def test_new_words_are_stored_within_a_second_and_counts_within_a_minute(
    process: DictionaryProcess, clock: TestClock
) -> None:
    """A flush for each batch would cost more than storing its files."""
    process.start()
    await pass_time(clock, 1, process)
    assert process.service.is_loaded
    process.service.learn({"matrix": 2})
    await pass_time(clock, 1, process)
    assert await process.stored() == {"matrix": 2}
    process.service.learn({"matrix": 5, "neo": 1})
    await pass_time(clock, 1, process)
    assert await process.stored() == {"matrix": 2, "neo": 1}
    await pass_time(clock, 60, process)
    assert await process.stored() == {"matrix": 7, "neo": 1}


async def test_many_counts_are_stored_before_the_minute_is_over(process: DictionaryProcess, clock: TestClock) -> None:
    """Some five thousand files make a write worth it."""
    process.start()
    process.service.learn({"matrix": 1})
    await pass_time(clock, 2, process)
    process.service.learn({"matrix": 50_000})
    await pass_time(clock, 1, process)
    assert await process.stored() == {"matrix": 50_001}


async def test_a_restart_knows_what_was_stored(
    process: DictionaryProcess, other: DictionaryProcess, clock: TestClock
) -> None:
    """What another process flushed is loaded at the start, and what was learned meanwhile is added to it."""
    process.service.learn({"matrix": 3, "neo": 1})
    await process.service.flush()
    other.service.learn({"matrix": 2, "trinity": 4})
    other.start()
    await pass_time(clock, 1, other)
    assert other.service.is_loaded
    assert other.files("matrix", "neo", "trinity") == [5, 1, 4]
    await other.service.flush()
    assert await process.stored() == {"matrix": 5, "neo": 1, "trinity": 4}


async def test_processes_learn_from_each_other(
    process: DictionaryProcess, other: DictionaryProcess, clock: TestClock
) -> None:
    """What one stores, the other knows a minute later, its own unstored counts on top, and nothing twice."""
    process.start()
    other.start()
    process.service.learn({"matrix": 3})
    await pass_time(clock, 5, process, other)
    assert other.files("matrix") == [0]
    await pass_time(clock, 60, process, other)
    assert other.files("matrix") == [3]
    other.service.learn({"matrix": 4, "neo": 1})
    process.service.learn({"matrix": 10})
    await pass_time(clock, 130, process, other)
    assert process.files("matrix", "neo") == other.files("matrix", "neo") == [17, 1]
    assert await process.stored() == {"matrix": 17, "neo": 1}


async def test_a_clock_that_lags_hides_nothing(
    either_pool: DatabaseConnectionPool, process: DictionaryProcess, clock: TestClock
) -> None:
    """What a process stores whose clock is fifty seconds behind is learned all the same."""
    lagging = DictionaryProcess(either_pool, clock=type(clock)())
    process.start()
    await pass_time(clock, 61, process)
    lagging.clock.advance(11)
    lagging.service.learn({"matrix": 3})
    await lagging.service.flush()
    await pass_time(clock, 60, process)
    assert process.files("matrix") == [3]


async def test_many_changes_of_one_moment_are_read_in_parts(
    process: DictionaryProcess, other: DictionaryProcess, clock: TestClock
) -> None:
    """More words than fit into one answer, all stored in the same millisecond, arrive each once."""
    other.start()
    await pass_time(clock, 1, other)
    words = {f"w{number:05}": 1 + number % 3 for number in range(6_000)}
    process.service.learn(words)
    await process.service.flush()
    await pass_time(clock, 61, other)
    assert len(other.service.dictionary) == 6_000
    assert other.files("w00000", "w05999") == [1, 1 + 5999 % 3]


async def test_only_words_that_can_be_stored_are_learned(process: DictionaryProcess) -> None:
    """Overlong words, half letters and nothing are left out; the rest of their batch is not."""
    process.service.learn({"x" * 33: 1, "": 1, "a\ud800": 2, "matrix": 1, "ж" * 32: 1, "nothing": 0})
    await process.service.flush()
    assert await process.stored() == {"matrix": 1, "ж" * 32: 1}


async def test_an_outage_of_the_primary_loses_nothing(stores: InMemoryStores, clock: TestClock) -> None:
    """Away at the start for a day, words are learned all the same, and stored and loaded when it is back."""
    stores.database_down = True
    pool = DatabaseConnectionPool("", "memory", clock=clock, client_factory=stores.mongo_client)
    process = DictionaryProcess(pool, clock=clock)
    process.start()
    await pass_time(clock, 30, process)
    process.service.learn({"matrix": 2})
    assert not process.service.is_loaded
    assert process.files("matrix") == [2]
    with pytest.raises(DatabaseUnavailableError):
        await process.service.flush()
    process.service.learn({"matrix": 1})
    stores.database_down = False
    await pass_time(clock, 600, process)
    assert process.service.is_loaded
    assert await process.stored() == {"matrix": 3}
    assert process.files("matrix") == [3]
    assert process.tasks.failures == 0
    await process.stop()
    await pool.close()


async def test_a_lost_answer_counts_nothing_twice(mongo_uri: str, mongo_database: str, clock: TestClock) -> None:
    """New words are exact after an answer that never came, and known ones have no count too many."""
    async with AsyncExitStack() as stack:
        proxy = await stack.enter_async_context(TcpProxy(pymongo.uri_parser.parse_uri(mongo_uri)["nodelist"][0][1]))
        alone = f"mongodb://127.0.0.1:{proxy.port}/?directConnection=true"
        pool = DatabaseConnectionPool(alone, mongo_database, clock=Clock())
        stack.push_async_callback(pool.close)
        process = DictionaryProcess(pool, clock=clock)
        process.service.learn({"matrix": 5})
        await process.service.flush()
        for attempt in range(3):
            process.service.learn({"matrix": 1, f"new{attempt}": 2})
            proxy.lose_answers = 4  # more than the driver tries again
            with pytest.raises(DatabaseUnavailableError):
                await process.service.flush()
            proxy.lose_answers = 0
        await process.service.flush()
        stored = await process.stored()
        assert {stored[f"new{attempt}"] for attempt in range(3)} == {2}
        assert 5 <= stored["matrix"] <= 8
        await process.service.flush()
        assert await process.stored() == stored


async def test_a_write_that_was_cancelled_is_made_up_for(
    either_pool: DatabaseConnectionPool, process: DictionaryProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shutdown in the middle of a write leaves its new words to the last flush."""
    process.service.learn({"matrix": 2})
    real = either_pool.bulk_write

    async def never(*args: object, **options: object) -> None:
        await asyncio.get_running_loop().create_future()

    monkeypatch.setattr(either_pool, "bulk_write", never)
    writing = process.tasks.spawn(process.service.flush(), name="flush")
    await asyncio.wait({writing}, timeout=0)
    for _ in range(5):
        await Clock().sleep(0)
    writing.cancel()
    await asyncio.wait({writing})
    monkeypatch.setattr(either_pool, "bulk_write", real)
    await process.service.flush()
    assert await process.stored() == {"matrix": 2}


async def test_loading_many_words_lets_others_run(process: DictionaryProcess, other: DictionaryProcess) -> None:
    """Between any five hundred words the event loop goes round."""
    await process.terms.replace({f"w{number:05}": 1 for number in range(6_000)}, 1)
    rounds = 0
    other.start()
    while not other.service.is_loaded:
        await Clock().sleep(0)
        rounds += 1
    assert rounds >= 12
    assert len(other.service.dictionary) == 6_000


async def test_the_words_waiting_are_bounded(process: DictionaryProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long the primary is away, no more words than a limit wait; those that do are still counted."""
    monkeypatch.setattr("core.services.search_dictionary._MAX_UNSAVED", 100)
    process.service.learn({f"w{number:03}": 1 for number in range(150)})
    process.service.learn({"w000": 1, "w149": 1})
    await process.service.flush()
    stored = await process.stored()
    assert len(stored) == 100
    assert stored["w000"] == 2
    assert process.files("w149") == [2]
