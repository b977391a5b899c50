"""Migrations, on a real MongoDB and on the in-memory one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from core.clock import Clock
from core.concurrency.task_registry import TaskRegistry
from core.database.lease import DatabaseLease
from core.database.migrations import MIGRATIONS, Migration, migrate, start_migrations
from core.errors import ConfigurationError, DatabaseUnavailableError
from repositories.channel import ChannelRepository

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from core.database.pool import DatabaseConnectionPool, Document
    from sandbox.stores import InMemoryStores
    from tests.fixtures.clock import TestClock


class Journal:
    """What ran, in order; `failing` names what fails before it is done, `killing` what is done but not recorded."""

    def __init__(self) -> None:
        self.applied: list[str] = []
        self.failing: set[str] = set()
        self.killing: set[str] = set()
        self.pause = asyncio.Event()
        self.pause.set()

    def migration(self, number: int, name: str, *, older_code_works: bool = True) -> Migration:
        return Migration(number, name, self._applying(name), older_code_works=older_code_works)

    def _applying(self, name: str) -> Callable[[DatabaseConnectionPool], Awaitable[None]]:
        async def apply(pool: DatabaseConnectionPool) -> None:
            if name in self.failing:
                raise DatabaseUnavailableError(name)
            await self.pause.wait()
            self.applied.append(name)
            if name in self.killing:
                raise asyncio.CancelledError

        return apply


@pytest.fixture
def journal() -> Journal:
    return Journal()


@pytest.fixture
async def tasks(clock: TestClock) -> AsyncIterator[TaskRegistry]:
    registry = TaskRegistry(clock)
    yield registry
    await registry.close(5)


async def recorded(pool: DatabaseConnectionPool) -> list[tuple[int, str]]:
    return [(found["_id"], found["name"]) for found in await pool.find("schema_migrations", {}, sort=[("_id", 1)])]


async def test_everything_missing_is_applied_in_order_and_recorded(
    either_pool: DatabaseConnectionPool, clock: TestClock, tasks: TaskRegistry, journal: Journal
) -> None:
    """A new database gets every migration once, by number and not by place; a second start does nothing."""
    migrations = (journal.migration(2, "b"), journal.migration(1, "a"), journal.migration(10, "c"))
    await migrate(either_pool, clock, tasks, migrations=migrations)
    await migrate(either_pool, clock, tasks, migrations=migrations)
    assert journal.applied == ["a", "b", "c"]
    assert await recorded(either_pool) == [(1, "a"), (2, "b"), (10, "c")]
    found = await either_pool.find_one("schema_migrations", {"_id": 1})
    assert found is not None
    assert found["applied_at"] == clock.utc_now()


async def test_a_newer_version_applies_only_what_is_new(
    either_pool: DatabaseConnectionPool, clock: TestClock, tasks: TaskRegistry, journal: Journal
) -> None:
    """An update applies its own migrations, one that came late with a lower number included."""
    await migrate(either_pool, clock, tasks, migrations=(journal.migration(1, "a"), journal.migration(3, "c")))
    three = (journal.migration(1, "a"), journal.migration(2, "b"), journal.migration(3, "c"))
    await migrate(either_pool, clock, tasks, migrations=three)
    assert journal.applied == ["a", "c", "b"]


async def test_a_process_that_dies_before_recording_is_repaired_by_repeating(
    either_pool: DatabaseConnectionPool, clock: TestClock, tasks: TaskRegistry, journal: Journal
) -> None:
    """What was applied and not recorded is applied again, and what comes after it not before."""
    migrations = (journal.migration(1, "a"), journal.migration(2, "b"))
    journal.killing = {"a"}
    with pytest.raises(asyncio.CancelledError):
        await migrate(either_pool, clock, tasks, migrations=migrations)
    assert await recorded(either_pool) == []
    journal.killing = set()
    await migrate(either_pool, clock, tasks, migrations=migrations)
    assert journal.applied == ["a", "a", "b"]


async def test_what_fails_is_not_recorded_and_stops_what_follows(
    either_pool: DatabaseConnectionPool, clock: TestClock, tasks: TaskRegistry, journal: Journal
) -> None:
    """A failing migration leaves those before it recorded and those after it untouched."""
    migrations = tuple(journal.migration(number, name) for number, name in enumerate("abc", 1))
    journal.failing = {"b"}
    with pytest.raises(DatabaseUnavailableError):
        await migrate(either_pool, clock, tasks, migrations=migrations)
    assert journal.applied == ["a"]
    assert await recorded(either_pool) == [(1, "a")]


async def test_processes_that_start_at_once_apply_each_migration_once(
    either_pool: DatabaseConnectionPool, tasks: TaskRegistry, journal: Journal
) -> None:
    """One of five processes works, the others come back when all is done."""
    migrations = tuple(journal.migration(number, name) for number, name in enumerate("abc", 1))
    async with asyncio.timeout(20):
        await asyncio.gather(*(migrate(either_pool, Clock(), tasks, migrations=migrations) for _ in range(5)))
    assert journal.applied == ["a", "b", "c"]


async def test_a_process_waits_for_the_one_at_work(
    either_pool: DatabaseConnectionPool, clock: TestClock, tasks: TaskRegistry, journal: Journal
) -> None:
    """While another process migrates nothing is applied here; when it died, this one goes on in its place."""
    dead = await DatabaseLease(either_pool, clock).acquire("schema_migrations", "dead", 60)
    assert dead is not None
    working = tasks.spawn(migrate(either_pool, clock, tasks, migrations=(journal.migration(1, "a"),)), name="m")
    await clock.wait_sleeping()
    assert journal.applied == []
    clock.advance(60)
    await asyncio.wait_for(working, 10)
    assert journal.applied == ["a"]


async def test_who_lost_the_lease_leaves_the_rest_to_its_successor(
    memory_pool: DatabaseConnectionPool, clock: TestClock, tasks: TaskRegistry, journal: Journal
) -> None:
    """A process that froze within a migration does not begin the next one while another works."""
    migrations = (journal.migration(1, "a"), journal.migration(2, "b"))
    journal.pause.clear()
    frozen = tasks.spawn(migrate(memory_pool, clock, tasks, migrations=migrations), name="m")
    await clock.wait_sleeping()
    keeper = next(task for task in tasks._tasks if task.get_name() == "lease:schema_migrations")
    keeper.cancel()
    clock.advance(60)
    assert await DatabaseLease(memory_pool, clock).acquire("schema_migrations", "successor", 60) is not None
    journal.pause.set()
    await clock.wait_sleeping()
    assert journal.applied == ["a"]
    clock.advance(60)
    await asyncio.wait_for(frozen, 10)
    assert journal.applied == ["a", "b"]


async def test_a_database_of_a_newer_version_is_refused(
    either_pool: DatabaseConnectionPool, clock: TestClock, tasks: TaskRegistry, journal: Journal
) -> None:
    """Code that does not understand what is stored does not start, says why, and touches nothing."""
    newer = (journal.migration(1, "a"), journal.migration(7, "split-people", older_code_works=False))
    await migrate(either_pool, clock, tasks, migrations=newer)
    older = (journal.migration(1, "a"), journal.migration(2, "late"))
    for start in (migrate, start_migrations):
        with pytest.raises(ConfigurationError, match=r"newer version .*migration 7, split-people.* up to 2"):
            await start(either_pool, clock, tasks, migrations=older)
    assert journal.applied == ["a", "split-people"]


async def test_an_update_that_keeps_older_code_working_can_be_rolled_back(
    either_pool: DatabaseConnectionPool, clock: TestClock, tasks: TaskRegistry, journal: Journal
) -> None:
    """The version before starts on a database whose newer migrations said that it works."""
    newer = (journal.migration(1, "a"), journal.migration(2, "b"))
    await migrate(either_pool, clock, tasks, migrations=newer)
    await migrate(either_pool, clock, tasks, migrations=newer[:1])
    assert journal.applied == ["a", "b"]


async def test_the_bot_starts_without_its_database(
    memory_pool: DatabaseConnectionPool,
    stores: InMemoryStores,
    clock: TestClock,
    tasks: TaskRegistry,
    journal: Journal,
) -> None:
    """Starting does not wait for a database that is gone; it is migrated when it is back."""
    stores.database_down = True
    await start_migrations(memory_pool, clock, tasks, migrations=(journal.migration(1, "a"),))
    await clock.wait_sleeping()
    stores.database_down = False
    clock.advance(1)
    async with asyncio.timeout(10):
        await asyncio.wait(tasks._tasks)
    assert journal.applied == ["a"]


def test_numbers_and_names_are_given_once() -> None:
    """The real migrations stand in order, and no two share a number or a name."""
    numbers = [migration.number for migration in MIGRATIONS]
    assert numbers == sorted(set(numbers))
    assert numbers[0] >= 1
    assert len({migration.name for migration in MIGRATIONS}) == len(MIGRATIONS)


async def test_channels_of_the_first_version_lose_their_gap_marker_and_nothing_else(
    either_pool: DatabaseConnectionPool, clock: TestClock, tasks: TaskRegistry
) -> None:
    """Migration 1 leaves channels as the present version writes them, however often it is applied."""
    written: list[Document] = [
        {"_id": -1001, "title": "A", "username": "a", "enabled": True, "last_message_id": 5, "pts": 9, "has_gap": True},
        {"_id": -1002, "title": "B", "username": None, "enabled": False, "last_message_id": 0, "has_gap": False},
        {"_id": 0, "seeded_at": clock.utc_now()},
    ]
    await either_pool.insert_many("indexed_channels", [dict(document) for document in written])
    channels = ChannelRepository(either_pool, clock)
    before = await channels.list_all()

    await migrate(either_pool, clock, tasks)
    for migration in MIGRATIONS:
        await migration.apply(either_pool)

    for document in written:
        document.pop("has_gap", None)
    assert await either_pool.find("indexed_channels", {}, sort=[("_id", 1)]) == sorted(written, key=lambda d: d["_id"])
    assert await channels.list_all() == before
    assert await channels.is_seeded()
