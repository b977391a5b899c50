"""The words of the library and how many files have each, for every process to learn from.

    search_terms {_id: word, n: files, t: milliseconds since 1970 of the last change}

A word without files stays for a while with n = 0, so that other processes see it go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pymongo import UpdateOne

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from core.database.pool import DatabaseConnectionPool, Document

COLLECTION = "search_terms"

_ID, _FILES, _CHANGED = "_id", "n", "t"


class SearchTerm(NamedTuple):
    """A word as stored.

    Attributes:
        files: about how many have it; 0 for a word that is on its way out.
        changed_at: milliseconds since 1970, by the clock of the process that wrote.
    """

    word: str
    files: int
    changed_at: int


class SearchTermRepository:
    """Every method raises DatabaseUnavailableError when the primary database does not answer.

    Writers give some thousand words at once at most, and the present time in milliseconds since 1970.
    """

    def __init__(self, primary: DatabaseConnectionPool) -> None:
        self._primary = primary

    async def add(self, words: Mapping[str, int], now_ms: int) -> None:
        """Change how many files have words; not to be repeated after an error, see `ensure`."""
        await self._write(
            {word: {"$inc": {_FILES: files}, "$set": {_CHANGED: now_ms}} for word, files in words.items()}
        )

    async def ensure(self, words: Mapping[str, int], now_ms: int) -> None:
        """Store the words that are not there; may be repeated.

        After an `add` of the same words whose answer was lost, new ones are counted exactly, and no other twice.
        """
        fresh = {word: {"$setOnInsert": {_FILES: files, _CHANGED: now_ms}} for word, files in words.items()}
        await self._write(fresh, idempotent=True)

    async def replace(self, words: Mapping[str, int], now_ms: int) -> None:
        """Say how many files have words, 0 for none; may be repeated."""
        exact = {word: {"$set": {_FILES: files, _CHANGED: now_ms}} for word, files in words.items()}
        await self._write(exact, idempotent=True)

    async def remove(self, words: Sequence[str]) -> int:
        """Forget those of the words that have no files; returns how many."""
        return await self._primary.delete_many(COLLECTION, {_ID: {"$in": list(words)}, _FILES: {"$lte": 0}})

    async def page(self, after_word: str, limit: int) -> list[SearchTerm]:
        """The next words in order of their bytes; "" is before the first."""
        found = await self._primary.find(COLLECTION, {_ID: {"$gt": after_word}}, sort=((_ID, 1),), limit=limit)
        return list(map(_to_term, found))

    async def changed_since(self, changed_at: int, after_word: str, limit: int) -> list[SearchTerm]:
        """The next words that were changed at this moment, behind the word, or later; in order of moment and word."""
        later = [{_CHANGED: changed_at, _ID: {"$gt": after_word}}, {_CHANGED: {"$gt": changed_at}}]
        order = ((_CHANGED, 1), (_ID, 1))
        return list(map(_to_term, await self._primary.find(COLLECTION, {"$or": later}, sort=order, limit=limit)))

    async def _write(self, updates: Mapping[str, Document], *, idempotent: bool = False) -> None:
        operations = [UpdateOne({_ID: word}, update, upsert=True) for word, update in updates.items()]
        if operations:
            await self._primary.bulk_write(COLLECTION, operations, idempotent=idempotent)


def _to_term(document: Document) -> SearchTerm:
    return SearchTerm(document[_ID], document[_FILES], document[_CHANGED])
