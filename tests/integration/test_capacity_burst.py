"""A burst of files against size limits, on a real MongoDB whose indexes are measured late."""

from __future__ import annotations

import asyncio
import itertools
import random
import string
from typing import TYPE_CHECKING, Any

import pymongo
import pytest

from core.clock import Clock
from core.database.pool import DatabaseConnectionPool
from core.database.write_routing import LibraryFullError
from core.domain.database import WriteLimits
from core.domain.media import MediaKind, MediaSource, NewMedia
from core.domain.media_id import MediaIdSource
from tests.fixtures.media_stores import batches_on, route_writes

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from core.database.write_routing import WriteRouting
    from repositories.media_batch import MediaBatchRepository
    from tests.fixtures.clock import TestClock
    from tests.fixtures.servers import MongoServer

FILES = 50_000
BATCH = 200
WRITERS = 4
LIMIT = 18_000_000


def posts() -> Iterator[NewMedia]:
    """Files with names whose words are as unevenly common as real ones."""
    chance = random.Random(67)
    vocabulary = ["".join(chance.choices(string.ascii_lowercase, k=chance.randint(3, 9))) for _ in range(40_000)]
    weights = list(itertools.accumulate(1 / rank for rank in range(1, len(vocabulary) + 1)))
    letters = string.ascii_letters + string.digits
    for number in range(FILES):
        words = chance.choices(vocabulary, cum_weights=weights, k=chance.randint(3, 7))
        name = f"{' '.join(words)} {chance.randint(1950, 2026)} 1080p x264.mkv"
        unique_id = "".join(chance.choices(letters, k=15))
        source = MediaSource(-1001, number + 1)
        yield NewMedia(unique_id, unique_id * 5, name, None, number, MediaKind.VIDEO, source)


def _in_batches(items: Iterator[NewMedia]) -> Iterator[tuple[NewMedia, ...]]:
    while batch := tuple(itertools.islice(items, BATCH)):
        yield batch


class Burst:
    """Writers that store the files batch by batch until the library is full, measured as they go or not at all."""

    def __init__(self, batches: MediaBatchRepository, routing: WriteRouting, *, is_measured: bool) -> None:
        self._batches = batches
        self._routing = routing
        self._is_measured = is_measured
        self._left = _in_batches(posts())
        self._refused: list[tuple[NewMedia, ...]] = []
        self.stored: list[str] = []

    @property
    def confirmed(self) -> set[str]:
        return set(self.stored)

    @property
    def left_over(self) -> set[str]:
        """Of batches that did not fit; a part of each may be stored."""
        return {item.unique_id for batch in self._refused for item in batch}

    async def run(self) -> None:
        """Store until every writer was refused."""
        await asyncio.gather(*(self._write() for _ in range(WRITERS)))

    async def _write(self) -> None:
        while batch := self._refused.pop() if self._refused else next(self._left, None):
            try:
                outcome = await self._batches.save_batch(batch)
            except LibraryFullError:
                self._refused.append(batch)
                return
            assert (outcome.new + outcome.known, outcome.rejected) == (len(batch), ())
            self.stored += [item.unique_id for item in batch]
            if self._is_measured and len(self.stored) % (20 * BATCH) == 0:
                await self._routing.measure()


@pytest.fixture
async def pools(mongo_server: MongoServer) -> AsyncIterator[list[DatabaseConnectionPool]]:
    opened = [DatabaseConnectionPool(mongo_server.uri, f"media{n}", clock=Clock(), number=n) for n in (1, 2)]
    yield opened
    for pool in opened:
        await pool.close()


def truth(client: pymongo.MongoClient[Any], name: str) -> tuple[int, list[str]]:
    """(bytes once the server has written everything, unique ids) of a database."""
    client.admin.command("fsync")
    size = client[name].command("dbStats")
    stored = [found["u"] for found in client[name].media_files.find({}, {"u": 1, "_id": 0})]
    return int(size["dataSize"] + size["indexSize"]), stored


@pytest.mark.parametrize("is_measured", [True, False], ids=["measured", "unmeasured"])
async def test_a_burst_never_passes_a_limit_and_loses_nothing(
    clock: TestClock, mongo_server: MongoServer, pools: list[DatabaseConnectionPool], *, is_measured: bool
) -> None:
    """Fifty thousand files by several writers fill two databases to their limits, never beyond, each stored once.

    (scenarios 122 and 126)
    """
    routing = route_writes(*pools, clock=clock, limits=lambda: WriteLimits(LIMIT))
    burst = Burst(batches_on(*pools, ids=MediaIdSource(clock), routing=routing), routing, is_measured=is_measured)
    used: list[float] = []

    with pymongo.MongoClient[dict[str, Any]](mongo_server.uri) as client:
        for _ in range(4):
            await burst.run()
            found = [truth(client, pool.name) for pool in pools]
            assert max(size for size, _ in found) <= LIMIT
            stored = found[0][1] + found[1][1]
            assert len(stored) == len(set(stored))
            assert burst.confirmed <= set(stored) <= burst.confirmed | burst.left_over
            assert routing.is_full
            used.append(min(size for size, _ in found) / LIMIT)
            clock.advance(70)
            await routing.measure()

    assert used[0] > 0.25, "not even a quarter of it is usable while nothing is known of the indexes"
    assert used[-1] > 0.6, "most of it is once the server has measured its indexes"
    assert len(burst.stored) < FILES
