"""Files that are stored more than once, and making one record of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pymongo import UpdateOne
from pymongo.errors import OperationFailure

from core.errors import DatabaseUnavailableError
from repositories.media_document import (
    CAPTION,
    COLLECTION,
    DEAD,
    EDITED_AT,
    ID,
    LAST_SOURCE_SLOT,
    METADATA,
    NAME,
    SOURCES,
    UNIQUE_ID,
    UNIQUE_INDEX,
    WORDS,
    older_than,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.database.multi_pool import MultiDatabaseManager
    from core.database.pool import Document

_BAD_HINT = 2
_CONTENT = (NAME, CAPTION, WORDS, EDITED_AT, METADATA)
_COPY = {SOURCES: 1, DEAD: 1, **dict.fromkeys(_CONTENT, 1)}


class UniqueIndexMissingError(DatabaseUnavailableError):
    """The unique index is not built, so that nobody can walk it."""


@dataclass(frozen=True, slots=True)
class MediaCopy:
    """One of several records of a file.

    Attributes:
        id: as in `MediaFile`.
        number: of the database.
        fields: sources and content as stored.
    """

    id: int
    number: int
    fields: Document

    @property
    def is_dead(self) -> bool:
        """It was given up."""
        return DEAD in self.fields

    @property
    def edited_at(self) -> int:
        """Unix seconds of the newest edit applied, 0 for none."""
        return int(self.fields.get(EDITED_AT, 0))


class MediaDuplicateRepository:
    """Every method raises DatabaseUnavailableError when a database it needs does not answer, and may be repeated."""

    def __init__(self, databases: MultiDatabaseManager) -> None:
        self._databases = databases

    @property
    def numbers(self) -> list[int]:
        """Of all databases."""
        return [database.number for database in self._databases.databases]

    async def unique_ids_after(self, number: int, after: str, limit: int) -> list[str]:
        """The next unique ids of one database in their order; read from the index alone.

        Raises:
            UniqueIndexMissingError: see there.
        """
        try:
            found = await self._databases.database(number).find(
                COLLECTION,
                {UNIQUE_ID: {"$gt": after}},
                projection={UNIQUE_ID: 1, ID: 0},
                sort=((UNIQUE_ID, 1),),
                limit=limit,
                hint=UNIQUE_INDEX,
            )
        except OperationFailure as error:
            if error.code == _BAD_HINT:
                raise UniqueIndexMissingError(f"database {number} has no unique index") from error
            raise
        return [document[UNIQUE_ID] for document in found]

    async def files_after(self, number: int, after_id: int, limit: int) -> list[tuple[int, str]]:
        """The next (id, unique id) of one database, oldest first; needs no index of ours."""
        found = await self._databases.database(number).find(
            COLLECTION, {ID: {"$gt": after_id}}, projection={UNIQUE_ID: 1}, sort=((ID, 1),), limit=limit
        )
        return [(document[ID], document[UNIQUE_ID]) for document in found]

    async def copies(self, unique_id: str, numbers: Sequence[int]) -> list[MediaCopy]:
        """Every record of a file in databases that have the unique index, oldest first."""
        answers = await self._databases.ask_all(
            lambda database: database.find_one(COLLECTION, {UNIQUE_ID: unique_id}, projection=_COPY), only=numbers
        )
        if answers.missing:
            raise DatabaseUnavailableError(f"database {answers.missing[0]} did not say what it holds")
        found = [MediaCopy(fields[ID], number, fields) for number, fields in answers.by_number.items() if fields]
        return sorted(found, key=lambda copy: copy.id)

    async def copies_with_ids(self, number: int, ids: Sequence[int]) -> list[MediaCopy]:
        """These records of one database, oldest first."""
        found = await self._databases.database(number).find(
            COLLECTION, {ID: {"$in": list(ids)}}, projection=_COPY, sort=((ID, 1),)
        )
        return [MediaCopy(fields[ID], number, fields) for fields in found]

    async def absorb(self, kept: MediaCopy, copy: MediaCopy) -> bool:
        """Give `kept` the sources of `copy`, and its name and caption when they are newer, and delete `copy`.

        Nothing is lost to a writer that changes one of them meanwhile, nor to an end in the middle: the copy is only
        deleted as it was read, once what it had is stored.

        Returns:
            False when one of them is no longer as it was read: read them again.
        """
        database = self._databases.database(kept.number)
        moved = (
            [] if copy.is_dead else [source for source in copy.fields[SOURCES] if source not in kept.fields[SOURCES]]
        )
        operations = [
            UpdateOne({ID: kept.id, LAST_SOURCE_SLOT: {"$exists": False}}, {"$addToSet": {SOURCES: source}})
            for source in moved
        ]
        if copy.edited_at > kept.edited_at and not copy.is_dead:
            operations.append(UpdateOne({ID: kept.id, **older_than(copy.edited_at)}, _content_update(copy.fields)))
        if operations:
            await database.bulk_write(COLLECTION, operations, ordered=True, idempotent=True)
        still = {} if kept.is_dead else {DEAD: {"$exists": False}}
        if await database.find_one(COLLECTION, {ID: kept.id, **still}, projection={ID: 1}) is None:
            return False
        if await self._delete_as_read(copy):
            return True
        await self._take_back(kept, copy, moved)
        return False

    async def _delete_as_read(self, copy: MediaCopy) -> bool:
        as_read = {name: copy.fields.get(name, {"$exists": False}) for name in (SOURCES, EDITED_AT, DEAD)}
        return await self._databases.database(copy.number).delete_one(COLLECTION, {ID: copy.id, **as_read}) == 1

    async def _take_back(self, kept: MediaCopy, copy: MediaCopy, moved: Sequence[Any]) -> None:
        """A post that was deleted from the copy in between must not live on in the kept record."""
        now = await self._databases.database(copy.number).find_one(COLLECTION, {ID: copy.id}, projection={SOURCES: 1})
        if now is None:
            return
        gone = [source for source in moved if source not in now[SOURCES]]
        if gone:
            await self._databases.database(kept.number).update_one(
                COLLECTION, {ID: kept.id}, {"$pull": {SOURCES: {"$in": gone}}}, idempotent=True
            )


def _content_update(fields: Document) -> Document:
    """The update that makes a record say what another one says."""
    changes = {name: fields[name] for name in _CONTENT if name in fields}
    gone = {name: "" for name in (CAPTION, METADATA) if name not in fields}
    return {"$set": changes, "$unset": gone} if gone else {"$set": changes}
