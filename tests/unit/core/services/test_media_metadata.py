"""Reading names beside the indexing."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from core.clock import Clock
from core.concurrency.task_registry import TaskRegistry
from core.concurrency.worker_process import WorkerProcess
from core.database.indexes import ensure_indexes
from core.database.multi_pool import MultiDatabaseManager
from core.database.pool import DatabaseConnectionPool
from core.domain.media import MediaKind, MediaSource, NewMedia
from core.observability.metrics import Metrics
from core.services.media_metadata import MediaMetadataService
from repositories.media_document import COLLECTION, to_document
from repositories.media_metadata import unpack
from repositories.media_metadata_batch import MediaMetadataRepository
from sandbox.stores import InMemoryStores

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from tests.fixtures.clock import TestClock


class Reading:
    """The service over in-memory databases, which break one by one, with a real worker."""

    def __init__(self, clock: TestClock, databases: int, capacity: int) -> None:
        self.clock, self.metrics, self.tasks = clock, Metrics(), TaskRegistry(clock)
        self.stores = [InMemoryStores(clock) for _ in range(databases)]
        self.pools = [
            DatabaseConnectionPool("", "memory", clock=clock, number=number, client_factory=store.mongo_client)
            for number, store in enumerate(self.stores, 1)
        ]
        self.changes: list[float] = []
        self.worker = WorkerProcess(self.tasks, self.metrics, clock)
        self.service = MediaMetadataService(
            repository=MediaMetadataRepository(MultiDatabaseManager(self.pools, clock)),
            worker=self.worker,
            tasks=self.tasks,
            metrics=self.metrics,
            clock=clock,
            changed=lambda: self.changes.append(self.counted("stored")),
            capacity=capacity,
        )

    def run(self) -> None:
        self.tasks.supervise(self.service.run, name="media_metadata")

    async def store(self, number: int, named: Sequence[tuple[str, str]], first_id: int = 1) -> None:
        """Put files into a database."""
        source = MediaSource(-100, 1)
        files = [NewMedia(unique_id, "f", name, None, 1, MediaKind.VIDEO, source) for unique_id, name in named]
        documents = [to_document(media, first_id + at) for at, media in enumerate(files)]
        await self.pools[number - 1].insert_many(COLLECTION, documents)

    async def stored(self, number: int = 1) -> dict[str, int | None]:
        """The number of every file of a database, None where its name was not read."""
        return {document["u"]: document.get("m") for document in await self.pools[number - 1].find(COLLECTION, {})}

    def counted(self, outcome: str) -> float:
        found = self.metrics.registry.get_sample_value("file_filter_names_read_total", {"outcome": outcome})
        return found or 0.0

    async def until(self, outcome: str, names: float) -> None:
        """Return once that many names came to this outcome."""
        async with asyncio.timeout(20):
            while self.counted(outcome) < names:
                await Clock().sleep(0.005)


@asynccontextmanager
async def reading_on(clock: TestClock, databases: int = 1, capacity: int = 10_000) -> AsyncIterator[Reading]:
    reading = Reading(clock, databases, capacity)
    for pool in reading.pools:
        await ensure_indexes(pool)
    yield reading
    await reading.tasks.close(5)
    await reading.worker.close()
    for pool in reading.pools:
        await pool.close()


@pytest.fixture
async def reading(clock: TestClock) -> AsyncIterator[Reading]:
    async with reading_on(clock) as opened:
        yield opened


@pytest.fixture
async def two(clock: TestClock) -> AsyncIterator[Reading]:
    async with reading_on(clock, databases=2) as opened:
        yield opened


def films(count: int, start: int = 0) -> list[tuple[str, str]]:
    return [(f"u{number}", f"Film.{number}.S01E{number:02}.1080p.mkv") for number in range(start, start + count)]


async def test_a_few_names_are_read_without_another_process(reading):
    """What trickles in from channels costs no process."""
    await reading.store(1, films(8))
    reading.run()
    reading.service.add(films(8))
    await reading.until("stored", 8)

    assert reading.worker.pid is None
    assert {unique_id: unpack(number).episode for unique_id, number in (await reading.stored()).items()} == {
        f"u{number}": number for number in range(8)
    }


async def test_many_names_are_read_by_the_worker(reading):
    """A scan of a channel does not hold up the bot: batches of names are read in a process of their own."""
    await reading.store(1, films(450))
    reading.service.add(films(450))
    reading.run()
    await reading.until("stored", 450)

    assert reading.worker.pid is not None
    assert {unpack(number).quality for number in (await reading.stored()).values()} == {"1080p"}


async def test_names_are_read_without_a_worker_when_it_cannot_run(reading):
    """A machine that refuses another process makes reading slower, nothing else."""
    await reading.store(1, films(30))
    await reading.worker.close()
    reading.run()
    reading.service.add(films(30))
    await reading.until("stored", 30)

    assert None not in (await reading.stored()).values()


async def test_others_go_on_between_two_names(reading, monkeypatch):
    """The event loop is held for one name at a time."""
    order: list[str] = []
    monkeypatch.setattr("core.services.media_metadata.parse_name", lambda name: order.append("name"))

    async def other() -> None:
        for _ in range(5):
            order.append("other")
            await reading.clock.sleep(0)

    await asyncio.gather(reading.service._read_here(["a", "b", "c", "d", "e"]), other())

    assert "name name" not in " ".join(order)


async def test_searches_are_told_once_the_metadata_is_there(reading):
    """A search that was remembered in between would go on without qualities and languages of new files."""
    await reading.store(1, films(3))
    reading.run()
    assert reading.changes == []
    reading.service.add(films(3))
    await reading.until("stored", 3)

    assert reading.changes == [0]


async def test_a_name_that_says_nothing_is_noted_as_read(reading):
    """It is not asked about again every night."""
    await reading.store(1, [("u", "holiday")])
    reading.run()
    reading.service.add([("u", "holiday")])
    await reading.until("stored", 1)

    assert await reading.stored() == {"u": 0}


async def test_adding_never_waits_and_drops_what_does_not_fit(clock):
    """Ten thousand names wait at most; the rest is counted, and a name that waits can still be replaced."""
    async with reading_on(clock, capacity=10) as reading:
        reading.service.add(films(15))
        assert reading.counted("dropped") == 5
        await reading.store(1, [("u3", "Renamed.S09E09.mkv"), ("u12", "Dropped.S01E01.mkv")])
        reading.service.add([("u3", "Renamed.S09E09.mkv"), ("u12", "Dropped.S01E01.mkv")])
        reading.run()
        await reading.until("stored", 10)

        stored = await reading.stored()
        assert unpack(stored["u3"]).season == 9
        assert stored["u12"] is None


async def test_a_file_that_was_renamed_meanwhile_keeps_its_new_name_unread(reading):
    """What an old name said is not written to a file that has another name by now."""
    await reading.store(1, [("u", "New.S02E02.mkv")])
    reading.run()
    reading.service.add([("u", "Old.S01E01.mkv")])
    await reading.until("stored", 1)

    assert await reading.stored() == {"u": None}


async def test_a_database_that_is_away_gets_its_part_when_it_is_back(two):
    """The other one has its part at once."""
    await two.store(1, films(2))
    await two.store(2, films(2, start=2), first_id=50)
    two.stores[1].database_down = True
    two.run()
    two.service.add(films(4))
    await two.until("postponed", 4)
    assert None not in (await two.stored(1)).values()

    two.stores[1].database_down = False
    assert None in (await two.stored(2)).values()
    await two.clock.wait_sleeping()
    two.clock.advance(5)
    await two.until("stored", 4)
    assert None not in (await two.stored(2)).values()


async def test_a_database_that_stays_away_is_left(two):
    """After four tries in a quarter of an hour nothing is kept in memory for it."""
    two.stores[1].database_down = True
    two.run()
    two.service.add(films(4))
    for pause_s in (5, 30, 120, 600):
        await two.clock.wait_sleeping()
        two.clock.advance(pause_s)
    await two.until("left", 4)

    assert two.counted("left") == 4
    assert two.service._owed == []


async def test_what_is_owed_is_bounded(reading):
    """An outage while a whole channel is scanned costs memory for ten thousand names at most."""
    reading.stores[0].database_down = True
    reading.run()
    for start in range(0, 60 * 8, 8):
        reading.service.add(films(8, start))
        await reading.until("postponed", start + 8)

    assert len(reading.service._owed) == 50
    assert reading.counted("dropped") == 80
