"""Writing down what the names of stored files say of their releases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymongo import UpdateOne

from core.database.indexes import has_index
from core.errors import DatabaseUnavailableError
from repositories.media_document import COLLECTION, METADATA, NAME, UNIQUE_ID, UNIQUE_INDEX
from repositories.media_metadata import pack

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from core.database.multi_pool import MultiDatabaseManager
    from core.database.pool import DatabaseConnectionPool
    from core.domain.media import ReleaseMetadata


class MediaMetadataRepository:
    """Stores release metadata; storing it again changes nothing."""

    def __init__(self, databases: MultiDatabaseManager) -> None:
        self._databases = databases
        self._indexed: set[int] = set()

    async def store(
        self, items: Sequence[tuple[str, str, ReleaseMetadata]], *, databases: Collection[int] | None = None
    ) -> frozenset[int]:
        """Give files what their names say, wherever they are stored.

        A file that has another name by now is left alone: its new name is read as well, perhaps was before.

        Args:
            items: (unique id, the name that was read, what it says).
            databases: numbers of those to ask, at least one; None for all.

        Returns:
            Numbers of the databases that did not take it, all or parts of it.
        """
        if not items:
            return frozenset()
        updates = [
            UpdateOne({UNIQUE_ID: unique_id, NAME: name}, {"$set": {METADATA: pack(metadata)}})
            for unique_id, name, metadata in items
        ]
        try:
            answers = await self._databases.ask_all(lambda database: self._update(database, updates), only=databases)
        except DatabaseUnavailableError:
            asked = (database.number for database in self._databases.databases)
            return frozenset(asked if databases is None else databases)
        return frozenset(answers.missing)

    async def _update(self, database: DatabaseConnectionPool, updates: Sequence[UpdateOne]) -> None:
        """Without the unique index every update would read all files."""
        if database.number not in self._indexed:
            if not await has_index(database, COLLECTION, UNIQUE_INDEX):
                raise DatabaseUnavailableError(f"database {database.number} has no unique index yet")
            self._indexed.add(database.number)
        await database.bulk_write(COLLECTION, updates, idempotent=True)
