"""What may not come into the library, on a real store and on the in-memory one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from core.clock import Clock
from core.database.multi_pool import MultiDatabaseManager
from core.domain.blocked_file import BlockedFile
from core.domain.media import MediaKind, MediaSource, NewMedia
from core.errors import DatabaseUnavailableError
from core.services.blocked_files import BlockedFiles
from repositories.blocked_file import BlockedFileRepository
from repositories.media_removal import MediaRemovalRepository

if TYPE_CHECKING:
    from core.database.pool import DatabaseConnectionPool
    from sandbox.stores import InMemoryStores
    from tests.fixtures.clock import TestClock

CHANNEL, ADMIN = -1001, 7


def post(unique_id: str, message_id: int = 1) -> NewMedia:
    source = MediaSource(CHANNEL, message_id)
    return NewMedia(unique_id, f"f-{unique_id}", f"{unique_id}.mkv", None, 1, MediaKind.VIDEO, source)


def taken_down(unique_id: str) -> BlockedFile:
    return BlockedFile(unique_id, ADMIN, Clock().utc_now(), reason="why")


def deleted(unique_id: str, *message_ids: int) -> BlockedFile:
    sources = tuple(MediaSource(CHANNEL, message_id) for message_id in message_ids)
    return BlockedFile(unique_id, ADMIN, Clock().utc_now(), sources=sources)


def barrier(pool: DatabaseConnectionPool, clock: Clock, *, most: int = 100) -> BlockedFiles:
    """As of one process."""
    removal = MediaRemovalRepository(MultiDatabaseManager([pool], clock))
    return BlockedFiles(BlockedFileRepository(pool), removal, clock, most_remembered=most)


async def through(blocked: BlockedFiles, *posts: NewMedia) -> list[tuple[str, int]]:
    return [(media.unique_id, media.source.message_id) for media in await blocked.allowed(posts)]


@pytest.mark.parametrize("most", [100, 1], ids=["remembered", "looked up"])
async def test_batches_pass_without_what_is_barred(
    either_pool: DatabaseConnectionPool, clock: TestClock, most: int
) -> None:
    """A file that was taken down by all its posts, one that was deleted by those it had; also of very many."""
    blocked = barrier(either_pool, clock, most=most)
    await blocked.add([taken_down("a"), deleted("b", 1, 2)])
    await blocked.add([deleted("b", 3), deleted("a", 9)])
    asked = [post("a"), post("a", 5), post("b", 2), post("b", 3), post("b", 4), post("c")]

    assert await through(blocked, *asked) == [("b", 4), ("c", 1)]
    assert await through(barrier(either_pool, clock, most=most), *asked) == [("b", 4), ("c", 1)]

    assert await blocked.lift("a")
    assert not await blocked.lift("a")
    assert not await blocked.lift("b")
    assert await through(blocked, *asked) == [("a", 1), ("a", 5), ("b", 4), ("c", 1)]


async def test_another_process_hears_of_it_within_half_a_minute(
    memory_pool: DatabaseConnectionPool, clock: TestClock
) -> None:
    """What is remembered is read anew."""
    mine, other = barrier(memory_pool, clock), barrier(memory_pool, clock)
    assert await through(other, post("a")) == [("a", 1)]

    await mine.add([taken_down("a")])
    clock.advance(30)

    assert await through(other, post("a")) == []


async def test_an_outage_lets_nothing_through_that_was_known_to_be_barred(
    memory_pool: DatabaseConnectionPool, stores: InMemoryStores, clock: TestClock
) -> None:
    """What is known goes on to hold; a process that knows nothing stores nothing."""
    blocked, fresh = barrier(memory_pool, clock), barrier(memory_pool, clock)
    await blocked.add([taken_down("a")])
    await through(blocked, post("a"))
    stores.database_down = True
    clock.advance(60)

    assert await through(blocked, post("a"), post("b")) == [("b", 1)]
    with pytest.raises(DatabaseUnavailableError):
        await fresh.allowed([post("a")])


@pytest.mark.parametrize("most", [100, 0], ids=["remembered", "looked up"])
async def test_what_came_in_meanwhile_is_withdrawn(
    memory_pool: DatabaseConnectionPool, clock: TestClock, most: int
) -> None:
    """A file that is taken down while it is being stored is removed by who stores it; others stay."""
    blocked = barrier(memory_pool, clock, most=most)
    posts = await blocked.allowed([post("a"), post("b")])
    await blocked.add([taken_down("a"), deleted("b", 7)])
    await memory_pool.insert_many("media_files", [{"_id": number, "u": name} for number, name in enumerate("ab")])

    assert await blocked.withdraw(posts)

    assert [found["u"] for found in await memory_pool.find("media_files", {})] == ["b"]
    assert not await blocked.withdraw([post("b")])


@pytest.mark.parametrize("most", [100, 0], ids=["remembered", "looked up"])
async def test_posts_of_a_file_that_is_deleted_meanwhile_are_withdrawn(
    either_pool: DatabaseConnectionPool, clock: TestClock, most: int
) -> None:
    """Old posts that were read again before the deletion and stored after it go; a new post of the file stays."""
    blocked = barrier(either_pool, clock, most=most)
    posts = await blocked.allowed([post("a", 1), post("b", 2), post("b", 3)])
    await blocked.add([deleted("a", 1), deleted("b", 2)])
    for number, (name, messages) in enumerate({"a": [1], "b": [2, 3]}.items(), start=1):
        sources = [{"ch": CHANNEL, "mi": message} for message in messages]
        await either_pool.insert_one("media_files", {"_id": number, "u": name, "src": sources})

    assert await blocked.withdraw(posts)

    [left] = await either_pool.find("media_files", {})
    assert (left["u"], left["src"]) == ("b", [{"ch": CHANNEL, "mi": 3}])


async def test_the_sweep_removes_what_a_database_that_was_away_still_has(
    either_pool: DatabaseConnectionPool, clock: TestClock
) -> None:
    """Once a day; a file that was merely deleted may be back by a new post, and stays."""
    blocked = barrier(either_pool, clock)
    await blocked.add([taken_down("a"), deleted("b", 1)])
    await either_pool.insert_many("media_files", [{"_id": number, "u": name} for number, name in enumerate("abc")])

    await blocked.sweep()

    assert sorted(found["u"] for found in await either_pool.find("media_files", {})) == ["b", "c"]
