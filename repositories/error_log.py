"""The newest distinct errors of all processes.

    error_log {_id: fingerprint, kind, message, where, count, first, last}

What is counted here may be counted twice when an answer of the database is lost; nobody bills by it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pymongo import UpdateOne

from core.domain.error_log import NotedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.database.pool import DatabaseConnectionPool, Document

_ERRORS = "error_log"
_DATED = {"last": {"$gt": datetime(1970, 1, 1, tzinfo=UTC)}}  # every error, through the index


class ErrorLogRepository:
    """Every method raises DatabaseUnavailableError when the primary database is gone."""

    def __init__(self, pool: DatabaseConnectionPool) -> None:
        self._pool = pool

    async def add(self, errors: Sequence[NotedError]) -> None:
        """Add what happened since the last time to what is stored."""
        await self._pool.bulk_write(_ERRORS, [_added(error) for error in errors])

    async def latest(self, limit: int) -> list[NotedError]:
        """The errors that happened last, the latest first."""
        found = await self._pool.find(_ERRORS, _DATED, sort=[("last", -1), ("_id", -1)], limit=limit)
        return [_to_error(document) for document in found]

    async def keep(self, number: int, looked_at: int) -> None:
        """Forget all but the latest `number`; among the latest `looked_at`, which is more than ever come at once."""
        order = [("last", -1), ("_id", -1)]
        found = await self._pool.find(_ERRORS, _DATED, projection={"_id": 1}, sort=order, limit=looked_at)
        old = [document["_id"] for document in found[number:]]
        if old:
            await self._pool.delete_many(_ERRORS, {"_id": {"$in": old}})

    async def clear(self, until: datetime) -> int:
        """Forget those that happened last at `until` (UTC) or before; returns how many there were."""
        return await self._pool.delete_many(_ERRORS, {"last": {"$lte": until}})


def _added(error: NotedError) -> UpdateOne:
    told = {"kind": error.kind, "message": error.message, "where": error.where}
    change: Document = {"$inc": {"count": error.count}, "$min": {"first": error.first}, "$max": {"last": error.last}}
    return UpdateOne({"_id": error.fingerprint}, {**change, "$set": told}, upsert=True)


def _to_error(found: Document) -> NotedError:
    return NotedError(
        fingerprint=found["_id"],
        kind=found["kind"],
        message=found["message"],
        where=found["where"],
        count=found["count"],
        first=found["first"],
        last=found["last"],
    )
