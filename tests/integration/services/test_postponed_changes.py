"""Edits and deletions while databases are away."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from core.clock import Clock
from core.concurrency.task_registry import TaskRegistry
from core.concurrency.worker_process import WorkerProcess
from core.database.pool import DatabaseConnectionPool
from core.domain.indexing import ChannelDelete, ChannelEdit, ChannelPost
from core.domain.media import MediaKind, MediaSource, NewMedia
from core.errors import DatabaseUnavailableError
from core.observability.metrics import Metrics
from core.services.indexing import IndexingService
from repositories.channel import ChannelRepository
from sandbox.stores import InMemoryStores
from tests.fixtures.bookkeeping import counters_on, invalidator_without_redis
from tests.fixtures.media_stores import albums_on, batches_on, blocked_on, changes_on, route_writes
from tests.fixtures.new_names import new_names_on

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

FILMS = -1001


def post(message: int, name: str, *, unique_id: str = "", edited_at: int = 0) -> NewMedia:
    """A file in a post; the number of the post names the file, unless another one is given."""
    unique_id = unique_id or f"u{message}"
    source = MediaSource(FILMS, message)
    return NewMedia(unique_id, f"f-{unique_id}", name, None, 1, MediaKind.VIDEO, source, edited_at=edited_at)


class Library:
    """Three databases in memory and the indexing before them; `away` breaks some of them."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.stores = [InMemoryStores(self.clock) for _ in range(3)]
        self.pools = [
            DatabaseConnectionPool("", "memory", clock=self.clock, number=number, client_factory=store.mongo_client)
            for number, store in enumerate(self.stores, start=1)
        ]
        self.tasks = TaskRegistry(self.clock)
        self.worker = WorkerProcess(self.tasks, Metrics(), self.clock)
        self.pins: dict[int, int] = {}
        self.start()

    def start(self) -> None:
        """Begin as a new process does: with nothing in memory."""
        self.changes = changes_on(*self.pools)
        self.indexing = IndexingService(
            changes=self.changes,
            batches=batches_on(*self.pools, routing=route_writes(*self.pools)),
            channels=ChannelRepository(self.pools[0], self.clock),
            invalidator=invalidator_without_redis(self.clock),
            names=new_names_on(*self.pools, clock=self.clock, tasks=self.tasks, worker=self.worker),
            tasks=self.tasks,
            metrics=Metrics(),
            counters=counters_on(self.pools[0], self.clock),
            blocked=blocked_on(*self.pools, clock=self.clock),
            albums=albums_on(*self.pools),
            pins=lambda: self.pins,
        )

    def away(self, *numbers: int) -> None:
        for pool, store in zip(self.pools, self.stores, strict=True):
            store.database_down = pool.number in numbers
            pool.breaker.reset()

    async def save(self, number: int, *posts: NewMedia) -> None:
        """Store posts in one database."""
        self.pins = {FILMS: number}
        await self.indexing.store([ChannelPost(FILMS, one.source.message_id, one, 1, 1) for one in posts])

    async def edit(self, *posts: NewMedia) -> None:
        await self.indexing.store([ChannelEdit(FILMS, one.source.message_id, one, 1, 1) for one in posts])

    async def delete(self, *messages: int) -> None:
        await self.indexing.store([ChannelDelete(FILMS, messages, 1, 1)])

    async def catch_up(self) -> None:
        """One round of the supervised loop over all databases."""
        for pool in self.pools:
            await self.changes._catch_up(pool.number, self.indexing._store_new, lambda: None)

    async def names(self) -> dict[str, list[int]]:
        """Names of all files with the posts they stand in, whichever database they are in."""
        for store in self.stores:
            assert not store.database_down
        found = [file for pool in self.pools for file in await pool.find("media_files", {})]
        assert len({file["u"] for file in found}) == len(found), "a file is stored twice"
        return {file["n"]: sorted(source["mi"] for source in file["src"]) for file in found}

    async def waiting(self) -> int:
        return len(await self.pools[0].find("postponed_changes", {}))


@pytest.fixture
async def library() -> AsyncIterator[Library]:
    opened = Library()
    await opened.indexing._batches._routing.measure()
    yield opened
    await opened.worker.close()
    await opened.tasks.close(1)


async def test_a_change_reaches_a_database_that_was_away(library: Library) -> None:
    """Edits and deletions of files in a missing database wait durably, and are applied when it is back."""
    await library.save(2, post(1, "Old name.mkv"), post(2, "Gone.mkv"))
    library.away(2)
    await library.edit(post(1, "New name.mkv", edited_at=50))
    await library.delete(2)
    library.start()
    library.away()
    await library.catch_up()

    assert await library.names() == {"New name.mkv": [1]}
    assert await library.waiting() == 0


async def test_the_other_databases_see_a_change_at_once(library: Library) -> None:
    """A missing database holds up no edit and no deletion of files that live elsewhere."""
    await library.save(3, post(1, "Old name.mkv"), post(2, "Gone.mkv"))
    library.away(2)
    await library.edit(post(1, "New name.mkv", edited_at=50))
    await library.delete(2)
    library.away()

    assert await library.names() == {"New name.mkv": [1]}


async def test_the_edit_of_a_file_that_is_away_stores_no_second_one(library: Library) -> None:
    """What no answering database knows may live in the missing one: it does not become a new file (scenario 124)."""
    await library.save(2, post(1, "Old name.mkv"))
    library.away(2)
    await library.edit(post(1, "New name.mkv", edited_at=50))
    library.away()
    meanwhile = await library.names()
    await library.catch_up()

    assert (meanwhile, await library.names()) == ({"Old name.mkv": [1]}, {"New name.mkv": [1]})


async def test_the_edit_of_an_unknown_file_is_stored_once_everybody_has_said_so(library: Library) -> None:
    """A file that came by its edit is stored as new by the last database that does not know it."""
    library.away(2, 3)
    await library.edit(post(1, "Came by edit.mkv", edited_at=50))
    library.away(3)
    await library.catch_up()
    library.away()
    meanwhile = await library.names()
    await library.catch_up()

    assert (meanwhile, await library.names()) == ({}, {"Came by edit.mkv": [1]})


async def test_a_file_whose_post_was_deleted_meanwhile_does_not_come_by_its_edit(library: Library) -> None:
    """A later deletion, or another file in the same post, speaks against storing the edit that waits."""
    library.away(2)
    await library.edit(post(1, "Deleted.mkv", edited_at=50), post(2, "Replaced.mkv", unique_id="a", edited_at=50))
    await library.delete(1)
    await library.edit(post(2, "Replacement.mkv", unique_id="b", edited_at=60))
    library.away()
    await library.catch_up()

    assert await library.names() == {"Replacement.mkv": [2]}


async def test_nothing_overtakes_what_waits(library: Library) -> None:
    """While changes wait for a database, later ones queue behind them, although it answers again."""
    await library.save(2, post(1, "First.mkv", unique_id="a"), post(2, "Second.mkv", unique_id="b"))
    library.away(2)
    await library.edit(post(1, "First.mkv", unique_id="a", edited_at=50))
    library.away()
    await library.edit(post(1, "Second again.mkv", unique_id="b", edited_at=60))
    before = await library.names()
    await library.catch_up()

    assert before == {"First.mkv": [1], "Second.mkv": [2]}
    assert await library.names() == {"Second again.mkv": [1, 2]}


async def test_without_the_primary_a_change_is_kept_by_the_queue(library: Library) -> None:
    """When what is missing cannot be written down either, the caller keeps the batch."""
    await library.save(2, post(1, "Old name.mkv"))
    library.away(1, 2)

    with pytest.raises(DatabaseUnavailableError):
        await library.edit(post(1, "New name.mkv", edited_at=50))
    with pytest.raises(DatabaseUnavailableError):
        await library.delete(1)


async def test_a_change_is_written_down_once(library: Library) -> None:
    """A batch that is processed again after a failure adds nothing and changes no order."""
    await library.save(2, post(1, "Old name.mkv"))
    library.away(2)
    for _ in range(3):
        await library.edit(post(1, "New name.mkv", edited_at=50))
        await library.delete(1)
    waiting = await library.waiting()
    library.away()
    await library.catch_up()

    assert (waiting, await library.names()) == (2, {})


async def test_a_return_in_the_middle_of_an_outage_loses_nothing(library: Library) -> None:
    """A database that fails again while it catches up goes on where it was."""
    await library.save(2, *(post(number, f"Old {number}.mkv") for number in range(1, 30)))
    library.away(2)
    await library.edit(*(post(number, f"New {number}.mkv", edited_at=50) for number in range(1, 30)))
    library.away(1)
    await library.catch_up()
    library.away()
    await library.catch_up()

    assert await library.names() == {f"New {number}.mkv": [number] for number in range(1, 30)}


async def test_a_post_that_its_file_could_not_take_is_kept_for_it(library: Library) -> None:
    """A source of a file whose database takes no writes is added later."""
    await library.save(2, post(1, "Film.mkv", unique_id="a"))
    pool = library.pools[1]

    async def refused(*_: object, **__: object) -> None:
        raise DatabaseUnavailableError("full")

    write, pool.bulk_write = pool.bulk_write, refused  # type: ignore[method-assign]
    await library.save(3, post(2, "Film.mkv", unique_id="a"))
    pool.bulk_write = write  # type: ignore[method-assign]
    before = await library.names()
    await library.catch_up()

    assert (before, await library.names()) == ({"Film.mkv": [1]}, {"Film.mkv": [1, 2]})


@pytest.mark.parametrize("seed", range(8))
async def test_whatever_is_away_when_the_end_is_the_same(library: Library, seed: int) -> None:
    """Random edits and deletions with random databases away end as they would have with none away."""
    chance = random.Random(seed)
    names = {number: f"Name {number}.mkv" for number in range(1, 13)}
    for number, name in names.items():
        await library.save(chance.choice((1, 2, 3)), post(number, name))
    for step in range(1, 40):
        library.away(*chance.sample((2, 3), chance.randint(0, 2)))
        number = chance.choice(list(names) or [0])
        if number and chance.random() < 0.75:
            names[number] = f"Name {number} at {step}.mkv"
            await library.edit(replace(post(number, names[number]), edited_at=step))
        elif number:
            del names[number]
            await library.delete(number)
        if chance.random() < 0.3:
            await library.catch_up()
        if chance.random() < 0.1:
            library.start()
    library.away()
    await library.catch_up()

    assert await library.names() == {name: [number] for number, name in names.items()}
    assert await library.waiting() == 0


async def test_the_loop_brings_a_returned_database_up_to_date(library: Library) -> None:
    """Nobody has to ask: what waits is applied within a moment of the return, by the supervised loop."""
    await library.save(2, post(1, "Old name.mkv"))
    library.away(2)
    await library.edit(post(1, "New name.mkv", edited_at=50))
    library.away()
    library.tasks.supervise(library.indexing.keep_up_to_date, name="postponed_changes")
    async with asyncio.timeout(5):
        while await library.waiting():
            pass

    assert await library.names() == {"New name.mkv": [1]}
