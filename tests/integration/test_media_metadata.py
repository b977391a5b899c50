"""Release metadata in real databases."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from core.clock import Clock
from core.database.indexes import ensure_indexes
from core.database.multi_pool import MultiDatabaseManager
from core.database.pool import DatabaseConnectionPool
from core.domain.media import MediaKind, MediaSource, NewMedia, ReleaseMetadata
from repositories.media_document import COLLECTION, to_document
from repositories.media_metadata import pack, unpack
from repositories.media_metadata_batch import MediaMetadataRepository

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.fixtures.database_rig import DatabaseRig

pytestmark = pytest.mark.servers
PILOT = ReleaseMetadata(1999, 1, 1, "1080p", ("en", "ru"))
LARGEST = ReleaseMetadata(2300, 1000, 9999, "240p", ("zh", "ar", "uz", "vi"))


async def store(pool: DatabaseConnectionPool, *named: tuple[str, str], first_id: int = 1) -> None:
    source = MediaSource(-100, 1)
    files = [NewMedia(unique_id, "f", name, None, 1, MediaKind.VIDEO, source) for unique_id, name in named]
    await pool.insert_many(COLLECTION, [to_document(media, first_id + at) for at, media in enumerate(files)])


async def stored(pool: DatabaseConnectionPool) -> dict[str, int | None]:
    return {document["u"]: document.get("m") for document in await pool.find(COLLECTION, {})}


@pytest.fixture
async def rigged(rig: DatabaseRig, mongo_database: str) -> AsyncIterator[list[DatabaseConnectionPool]]:
    """Two databases that can be broken."""
    pools = [
        DatabaseConnectionPool(rig.uri(number), mongo_database, clock=Clock(), number=number + 1) for number in range(2)
    ]
    for pool in pools:
        await pool.delete_many(COLLECTION, {})
        await ensure_indexes(pool)
    yield pools
    for pool in pools:
        await pool.close()


async def test_what_a_name_says_is_stored_with_the_file(either_pool: DatabaseConnectionPool) -> None:
    """Both kinds of stores keep the number, the largest one too, and storing again changes nothing."""
    await ensure_indexes(either_pool)
    await store(either_pool, ("a", "Pilot"), ("b", "Last"), ("c", "Other"))
    repository = MediaMetadataRepository(MultiDatabaseManager([either_pool], Clock()))
    for _ in range(2):
        assert await repository.store([("a", "Pilot", PILOT), ("b", "Last", LARGEST), ("gone", "Gone", PILOT)]) == set()

    assert await stored(either_pool) == {"a": pack(PILOT), "b": pack(LARGEST), "c": None}
    assert unpack(pack(LARGEST)) == LARGEST


async def test_only_the_name_that_was_read_is_answered(either_pool: DatabaseConnectionPool) -> None:
    """An edit between reading and storing wins: the file has no metadata until its new name is read."""
    await ensure_indexes(either_pool)
    await store(either_pool, ("a", "New.S02E02.mkv"))
    repository = MediaMetadataRepository(MultiDatabaseManager([either_pool], Clock()))
    await repository.store([("a", "Old.S01E01.mkv", PILOT)])

    assert await stored(either_pool) == {"a": None}


async def test_a_file_is_found_in_whatever_database_it_is(rigged: list[DatabaseConnectionPool]) -> None:
    """Every database gets the whole batch and takes what is its own."""
    first, second = rigged
    await store(first, ("a", "A"), ("both", "Both"))
    await store(second, ("b", "B"), ("both", "Both"), first_id=9)
    repository = MediaMetadataRepository(MultiDatabaseManager(rigged, Clock()))
    assert await repository.store([(name.lower(), name, PILOT) for name in ("A", "B", "Both")]) == set()

    assert await stored(first) == {"a": pack(PILOT), "both": pack(PILOT)}
    assert await stored(second) == {"b": pack(PILOT), "both": pack(PILOT)}


async def test_a_database_that_is_away_is_named(rig: DatabaseRig, rigged: list[DatabaseConnectionPool]) -> None:
    """The others have their part; asked again alone, it takes its own."""
    first, second = rigged
    await store(first, ("a", "A"))
    await store(second, ("b", "B"), first_id=9)
    repository = MediaMetadataRepository(MultiDatabaseManager(rigged, Clock()))
    items = [("a", "A", PILOT), ("b", "B", PILOT)]
    await rig.fail("mongo1", "refused")
    assert await repository.store(items) == {2}
    assert await repository.store(items, databases={2}) == {2}
    assert await stored(first) == {"a": pack(PILOT)}

    await rig.heal("mongo1")
    async with asyncio.timeout(20):
        while await repository.store(items, databases={2}):
            await Clock().sleep(0.1)
    assert await stored(second) == {"b": pack(PILOT)}


async def test_nothing_is_stored_before_the_unique_index_is_there(pool: DatabaseConnectionPool) -> None:
    """Two hundred updates that read a million files each would hold up everybody; they wait."""
    await store(pool, ("a", "A"))
    repository = MediaMetadataRepository(MultiDatabaseManager([pool], Clock()))
    assert await repository.store([("a", "A", PILOT)]) == {1}
    assert await stored(pool) == {"a": None}

    await ensure_indexes(pool)
    assert await repository.store([("a", "A", PILOT)]) == set()
    assert await stored(pool) == {"a": pack(PILOT)}
