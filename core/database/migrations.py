"""Numbered changes of what is stored, each applied once per database by one process at a time.

    schema_migrations {_id: number, name, older_code_works, applied_at}

A migration is recorded after it was applied; when the process dies in between it is applied again, so every one is
idempotent. It runs while this and other processes serve: it works in updates that each touch few documents or guard
themselves, and never relies on being alone.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog
from pymongo.errors import DuplicateKeyError

from core.database.lease import DatabaseLease
from core.errors import ConfigurationError, DatabaseUnavailableError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from core.clock import Clock
    from core.concurrency.task_registry import TaskRegistry
    from core.database.pool import DatabaseConnectionPool, Document

_RECORDS = "schema_migrations"
_LEASE = "schema_migrations"
_LEASE_S = 60.0
_LOOK_AGAIN_S = 1.0


@dataclass(frozen=True, slots=True)
class Migration:
    """One change of what is stored.

    Attributes:
        number: from 1; never given twice.
        apply: makes the change; applying it again, or in two processes at once, changes nothing more.
        older_code_works: whether code that does not know this migration may run on its result. It decides whether an
            update can be rolled back, and whether processes can be updated one after the other.
    """

    number: int
    name: str
    apply: Callable[[DatabaseConnectionPool], Awaitable[object]]
    older_code_works: bool


async def _drop_gap_markers(primary: DatabaseConnectionPool) -> None:
    """Channels carried a marker of shed posts before their durable pts alone said what is missing."""
    await primary.update_many(
        "indexed_channels", {"has_gap": {"$exists": True}}, {"$unset": {"has_gap": ""}}, idempotent=True
    )


MIGRATIONS: tuple[Migration, ...] = (Migration(1, "drop-gap-markers", _drop_gap_markers, older_code_works=True),)


async def start_migrations(
    primary: DatabaseConnectionPool,
    clock: Clock,
    tasks: TaskRegistry,
    *,
    migrations: Sequence[Migration] = MIGRATIONS,
) -> None:
    """Check that this code may use the database, and apply what is missing in the background.

    A database that is gone does not keep the bot from starting: it is migrated when it is back.

    Raises:
        ConfigurationError: see `migrate`.
    """
    with suppress(DatabaseUnavailableError):
        _refuse_newer(await _recorded(primary), migrations)
    tasks.supervise(lambda: _migrate_patiently(primary, clock, tasks, migrations), name="migrations")


async def _migrate_patiently(
    primary: DatabaseConnectionPool, clock: Clock, tasks: TaskRegistry, migrations: Sequence[Migration]
) -> None:
    while True:
        try:
            await migrate(primary, clock, tasks, migrations=migrations)
        except DatabaseUnavailableError as error:
            structlog.get_logger(__name__).warning("migrations_wait_for_database", detail=str(error))
            await clock.sleep(_LOOK_AGAIN_S)
        else:
            return


async def migrate(
    primary: DatabaseConnectionPool,
    clock: Clock,
    tasks: TaskRegistry,
    *,
    migrations: Sequence[Migration] = MIGRATIONS,
) -> None:
    """Apply the missing migrations in the order of their numbers; returns when all are applied, by whomever.

    Raises:
        ConfigurationError: the database was changed by a newer version in a way that this one does not understand;
            nothing was touched.
        DatabaseUnavailableError: not all are applied; call again.
    """
    leases = DatabaseLease(primary, clock)
    while await _missing(primary, migrations):
        async with leases.hold(_LEASE, _LEASE_S, tasks) as held:
            if held is not None:
                for migration in await _missing(primary, migrations):
                    if held.is_lost:  # the successor does the rest
                        break
                    await _apply(primary, clock, migration)
                continue
        await clock.sleep(_LOOK_AGAIN_S)


def _refuse_newer(recorded: Mapping[int, Document], migrations: Sequence[Migration]) -> None:
    """Refuse what a newer version left behind, unless that version said that older code works on it.

    Raises:
        ConfigurationError: names the newest migration that stands in the way.
    """
    known = {migration.number for migration in migrations}
    unknown = sorted(recorded.keys() - known)
    if not unknown:
        return
    strange = [number for number in unknown if recorded[number].get("older_code_works") is not True]
    if strange:
        name = recorded[strange[-1]].get("name", "")
        raise ConfigurationError(
            f"DATABASE_URI: the database was migrated by a newer version of the bot (migration {strange[-1]}, {name}), "
            f"and this version knows migrations up to {max(known, default=0)}: start the newer version, or restore the "
            "backup made before the update"
        )
    structlog.get_logger(__name__).warning("database_is_newer", migrations=unknown)


async def _missing(primary: DatabaseConnectionPool, migrations: Sequence[Migration]) -> list[Migration]:
    recorded = await _recorded(primary)
    _refuse_newer(recorded, migrations)
    missing = [migration for migration in migrations if migration.number not in recorded]
    return sorted(missing, key=lambda migration: migration.number)


async def _recorded(primary: DatabaseConnectionPool) -> dict[int, Document]:
    return {found["_id"]: found for found in await primary.find(_RECORDS, {"_id": {"$gte": 1}})}


async def _apply(primary: DatabaseConnectionPool, clock: Clock, migration: Migration) -> None:
    await migration.apply(primary)
    record = {
        "_id": migration.number,
        "name": migration.name,
        "older_code_works": migration.older_code_works,
        "applied_at": clock.utc_now(),
    }
    try:
        await primary.insert_one(_RECORDS, record)
    except DuplicateKeyError:  # a process whose lease this one had taken over came to its end
        return
    structlog.get_logger(__name__).info("migration_applied", number=migration.number, name=migration.name)
