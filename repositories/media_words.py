"""The texts of all files, from which their words are counted anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from repositories.media_document import CAPTION, COLLECTION, DEAD, ID, METADATA, NAME, UNIQUE_ID

if TYPE_CHECKING:
    from core.database.multi_pool import MultiDatabaseManager
    from core.database.pool import Document

_READ = {NAME: 1, CAPTION: 1, UNIQUE_ID: 1, METADATA: 1, DEAD: 1}


class FileText(NamedTuple):
    """What is written about a file.

    Attributes:
        id: as in `MediaFile`.
        has_metadata: whether release metadata is stored with it.
        is_found: False when it cannot be fetched any more, so that no search finds it.
    """

    id: int
    unique_id: str
    name: str
    caption: str | None
    has_metadata: bool
    is_found: bool


class MediaWordsRepository:
    """Every method raises DatabaseUnavailableError when a database it needs does not answer."""

    def __init__(self, databases: MultiDatabaseManager) -> None:
        self._databases = databases

    @property
    def numbers(self) -> list[int]:
        """Of all databases."""
        return [database.number for database in self._databases.databases]

    async def texts_after(self, number: int, after_id: int, limit: int) -> list[FileText]:
        """The next files of one database, oldest first."""
        found = await self._databases.database(number).find(
            COLLECTION, {ID: {"$gt": after_id}}, projection=_READ, sort=((ID, 1),), limit=limit
        )
        return list(map(_to_text, found))


def _to_text(document: Document) -> FileText:
    return FileText(
        document[ID],
        document[UNIQUE_ID],
        document[NAME],
        document.get(CAPTION),
        has_metadata=METADATA in document,
        is_found=DEAD not in document,
    )
