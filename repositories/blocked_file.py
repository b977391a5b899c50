"""Files that are kept out of the library.

blocked_files {_id: unique id, at, admin: user id, name, reason?, src?: [{ch, mi}]}

With a reason no post of the file is indexed; without one, only the posts in `src` are not: those it had when it was
deleted, and which stay in their channels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymongo import UpdateOne

from core.domain.blocked_file import BlockedFile
from repositories.media_document import ID, SOURCES, source_document, sources_of

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from core.database.pool import DatabaseConnectionPool, Document

_BLOCKED = "blocked_files"
_REASON = "reason"


class BlockedFileRepository:
    """Every method raises DatabaseUnavailableError when the primary database is gone, and may be repeated."""

    def __init__(self, pool: DatabaseConnectionPool) -> None:
        self._pool = pool

    async def add(self, files: Sequence[BlockedFile]) -> None:
        """Keep files out; a file that is deleted stays taken down when it was, and gains posts."""
        if files:
            await self._pool.bulk_write(_BLOCKED, [_update(file) for file in files], idempotent=True)

    async def unblock(self, unique_id: str) -> bool:
        """Let posts of a file that was taken down be indexed again; False when it was not."""
        return await self._pool.delete_one(_BLOCKED, {ID: unique_id, _REASON: {"$exists": True}}) == 1

    async def get(self, unique_id: str) -> BlockedFile | None:
        """One file; None when nothing keeps it out."""
        found = await self._pool.find_one(_BLOCKED, {ID: unique_id})
        return None if found is None else _to_blocked(found)

    async def blocked_among(self, unique_ids: Collection[str]) -> list[BlockedFile]:
        """Those that were taken down, or deleted with some of their posts."""
        return await self.find(unique_ids)

    async def find(self, unique_ids: Collection[str] | None = None, *, limit: int = 0) -> list[BlockedFile]:
        """Those of `unique_ids`, or all, by unique id; at most `limit`, unless it is 0."""
        wanted: Document = {ID: {"$gt": ""} if unique_ids is None else {"$in": list(unique_ids)}}
        found = await self._pool.find(_BLOCKED, wanted, sort=[(ID, 1)], limit=limit)
        return list(map(_to_blocked, found))


def _update(file: BlockedFile) -> UpdateOne:
    fields: Document = {"at": file.at, "admin": file.admin_id}
    if file.name:
        fields["name"] = file.name
    if file.reason is not None:
        fields[_REASON] = file.reason
    update: Document = {"$set": fields}
    if file.sources:
        update["$addToSet"] = {SOURCES: {"$each": [source_document(source) for source in file.sources]}}
    return UpdateOne({ID: file.unique_id}, update, upsert=True)


def _to_blocked(found: Document) -> BlockedFile:
    return BlockedFile(
        unique_id=found[ID],
        admin_id=found["admin"],
        at=found["at"],
        name=found.get("name", ""),
        reason=found.get(_REASON),
        sources=sources_of(found),
    )
