"""The nightly check of the stores: how far it is, what it found, and the documents that it looks at.

    maintenance {_id: "check:<name>", position?, counted?, found?, at?}

`position` and `counted` belong to the walk that is under way, `found` and `at` to the last one that was complete.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from core.domain.consistency import CheckResult, WalkMark
from core.errors import DatabaseUnavailableError
from repositories.media_document import CHANNEL, COLLECTION, DEAD, ID, SOURCES

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from core.database.multi_pool import MultiDatabaseManager
    from core.database.pool import Document
    from core.domain.consistency import FileReference

_MAINTENANCE = "maintenance"
_AT_ONCE = 500
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class Referrer(NamedTuple):
    """A document that names files."""

    id: Any
    media_ids: tuple[int, ...]


class FileSources(NamedTuple):
    """Where the posts of a file are that can be fetched; no channels for one that was given up."""

    id: int
    channels: frozenset[int]
    is_dead: bool


class ConsistencyRepository:
    """Every method raises DatabaseUnavailableError when a database it needs does not answer, and may be repeated.

    It is a SecondaryUnavailableError where the primary is not among those that did not.
    """

    def __init__(self, databases: MultiDatabaseManager) -> None:
        self._databases = databases
        self._primary = databases.primary

    @property
    def numbers(self) -> tuple[int, ...]:
        """Of all databases, in order."""
        return tuple(pool.number for pool in self._databases.databases)

    async def mark(self, name: str) -> WalkMark:
        """How far a walk is."""
        stored = await self._primary.find_one(_MAINTENANCE, {"_id": _key(name)}) or {}
        return WalkMark(stored.get("position"), stored.get("counted", 0))

    async def keep_mark(self, name: str, mark: WalkMark) -> None:
        """Remember how far a walk is."""
        update = {"$set": {"position": mark.position, "counted": mark.found}}
        await self._primary.update_one(_MAINTENANCE, {"_id": _key(name)}, update, upsert=True, idempotent=True)

    async def complete(self, name: str, result: CheckResult) -> None:
        """End a walk; the next one begins anew."""
        update = {"$set": {"found": result.found, "at": result.at}, "$unset": {"position": "", "counted": ""}}
        await self._primary.update_one(_MAINTENANCE, {"_id": _key(name)}, update, upsert=True, idempotent=True)

    async def result(self, name: str) -> CheckResult | None:
        """What the last complete walk found; None when there was none."""
        stored = await self._primary.find_one(_MAINTENANCE, {"_id": _key(name), "at": {"$exists": True}})
        return None if stored is None else CheckResult(stored["found"], stored["at"])

    async def referrers(self, reference: FileReference, after: Any, limit: int) -> list[Referrer]:
        """The next documents with files in a field, in order of their ids; None is before the first."""
        start = reference.before_all if after is None else after
        query: Document = {"_id": {"$gt": start}, reference.field: {"$exists": True}}
        found = await self._primary.find(
            reference.collection, query, projection={reference.field: 1}, sort=[("_id", 1)], limit=limit
        )
        return [Referrer(document["_id"], _ids(document[reference.field])) for document in found]

    async def held(self, media_ids: Collection[int]) -> set[int]:
        """Those of the ids that a database holds a file of, given up or not; every database has to answer."""
        wanted = {ID: {"$in": list(media_ids)}}
        answers = await self._databases.ask_all(lambda pool: pool.find(COLLECTION, wanted, projection={ID: 1}))
        if answers.missing:
            raise self._databases.outage(answers.missing)
        return {int(document[ID]) for found in answers.by_number.values() for document in found}

    async def forget_files(self, reference: FileReference, referrer_id: Any, media_ids: Sequence[int]) -> None:
        """Take ids out of a document, and remove it when it says nothing without them."""
        collection, field = reference.collection, reference.field
        named: Document = {"_id": referrer_id, field: {"$in": list(media_ids)}}
        if not reference.is_list:
            await self._primary.delete_many(collection, named)
            return
        change = {"$pull": {field: {"$in": list(media_ids)}}}
        await self._primary.update_one(collection, named, change, idempotent=True)
        empty = {"_id": referrer_id, field: {"$size": 0}, **{name: {"$exists": False} for name in reference.kept_by}}
        await self._primary.delete_many(collection, empty)

    async def sources_after(self, number: int, after_id: int, limit: int) -> list[FileSources]:
        """The next files of one database, oldest first."""
        database, wanted = self._databases.database(number), {ID: {"$gt": after_id}}
        try:
            found = await database.find(
                COLLECTION, wanted, projection={SOURCES: 1, DEAD: 1}, sort=((ID, 1),), limit=limit
            )
        except DatabaseUnavailableError as error:
            raise self._databases.outage((number,)) from error
        return [_to_sources(document) for document in found]

    async def remove_overdue(self, collection: str, field: str, before: datetime) -> int:
        """Remove some hundred documents whose moment in `field` is before `before` (UTC); call again until it is 0."""
        overdue = {field: {"$gt": _LONG_AGO, "$lt": before}}
        found = await self._primary.find(collection, overdue, projection={"_id": 1}, limit=_AT_ONCE)
        if not found:
            return 0
        return await self._primary.delete_many(
            collection, {"_id": {"$in": [document["_id"] for document in found]}, **overdue}
        )


def _key(name: str) -> str:
    return f"check:{name}"


def _ids(stored: Any) -> tuple[int, ...]:
    return tuple(map(int, stored if isinstance(stored, list) else [stored]))


def _to_sources(document: Document) -> FileSources:
    channels = frozenset(int(source[CHANNEL]) for source in document.get(SOURCES, ()))
    return FileSources(document[ID], channels, DEAD in document)
