"""Files of several databases, taken out while one of them is away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from core.clock import Clock
from core.database.multi_pool import MultiDatabaseManager
from core.database.pool import DatabaseConnectionPool
from core.domain.media import MediaKind, MediaSource, NewMedia
from core.errors import BadInputError, DatabaseUnavailableError
from core.services.audit_log import AuditLog
from core.services.library_admin import LibraryAdminService
from repositories.audit_log import AuditLogRepository
from repositories.media import MediaRepository
from repositories.media_removal import MediaRemovalRepository
from sandbox.stores import InMemoryStores
from tests.fixtures.bookkeeping import invalidator_without_redis
from tests.fixtures.media_stores import batches_on, blocked_on

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ADMIN, UNIQUE = 7, "AgADuniqueunique"


class Library:
    """Two databases in memory that hold the same file; `away` breaks the second."""

    def __init__(self) -> None:
        clock = Clock()
        self.stores = [InMemoryStores(clock) for _ in range(2)]
        self.pools = [
            DatabaseConnectionPool("", "memory", clock=clock, number=number, client_factory=store.mongo_client)
            for number, store in enumerate(self.stores, start=1)
        ]
        databases = MultiDatabaseManager(self.pools, clock)
        self.blocked = blocked_on(*self.pools)
        self.entries = AuditLogRepository(self.pools[0])
        self.admin = LibraryAdminService(
            media=MediaRepository(databases),
            removal=MediaRemovalRepository(databases),
            blocked=self.blocked,
            invalidator=invalidator_without_redis(clock),
            audit=AuditLog(self.entries, clock),
            clock=clock,
        )

    async def fill(self) -> None:
        source = MediaSource(-1001, 5)
        media = NewMedia(UNIQUE, "f-1", "Faust.mkv", None, 1, MediaKind.VIDEO, source)
        for pool in self.pools:
            await batches_on(pool).save_batch([media])

    def away(self, *, is_away: bool) -> None:
        self.stores[1].database_down = is_away
        self.pools[1].breaker.reset()

    async def counts(self) -> list[int]:
        return [await pool.count("media_files", {}) for pool in self.pools]


@pytest.fixture
async def library() -> AsyncIterator[Library]:
    library = Library()
    await library.fill()
    yield library
    for pool in library.pools:
        await pool.close()


async def test_what_a_database_that_is_away_still_has_is_told_and_swept(library: Library) -> None:
    """The admin hears that it is not gone everywhere; the daily sweep finishes it."""
    library.away(is_away=True)
    taken = await library.admin.take_down(ADMIN, UNIQUE, "why")
    library.away(is_away=False)
    assert (taken.name, taken.is_everywhere) == ("Faust.mkv", False)
    assert await library.counts() == [0, 1]

    await library.blocked.sweep()

    assert await library.counts() == [0, 0]
    [entry] = await library.entries.latest(10)
    assert (entry.admin_id, entry.action, entry.details["reason"]) == (ADMIN, "file_taken_down", "why")


async def test_a_deletion_can_be_repeated_when_the_database_is_back(library: Library) -> None:
    """The second command finds what the first could not reach."""
    library.away(is_away=True)
    assert not (await library.admin.delete(ADMIN, UNIQUE)).is_everywhere
    with pytest.raises(DatabaseUnavailableError):
        await library.admin.delete(ADMIN, UNIQUE)  # nobody knows whether it is gone
    library.away(is_away=False)

    assert (await library.admin.delete(ADMIN, UNIQUE)).is_everywhere
    with pytest.raises(BadInputError):
        await library.admin.delete(ADMIN, UNIQUE)
    assert await library.counts() == [0, 0]
