"""Sums of every day, counted by many processes.

    daily_statistics {_id: "2026-11-22", searches, searches_without_result, files_delivered, files_indexed,
                      quota_refusals, new_users, premium_ended, closed_at,
                      parts: {process: {searches, ...}}, is_open}

Every process writes its own part and never a difference, only how much it has counted so far; so a write that is
repeated, late, or out of order counts nothing twice. The sums are made of the parts when the day is closed. A part that
comes later opens the day again, hence the parts stay.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from pymongo.errors import DuplicateKeyError

from core.domain.daily_statistics import COUNTED, DayStatistics
from core.errors import DatabaseUnavailableError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.database.pool import DatabaseConnectionPool, Document
    from core.domain.daily_statistics import Counted

_DAYS = "daily_statistics"
_CLOSE_TRIES = 5


class DailyStatisticsRepository:
    """Every method raises DatabaseUnavailableError when the primary database is gone, and is safe to repeat."""

    def __init__(self, pool: DatabaseConnectionPool) -> None:
        self._pool = pool

    async def put_part(self, day: date, process: str, counted: Mapping[Counted, int]) -> None:
        """Store how much a process has counted on a day until now; a lower number than before changes nothing.

        Args:
            day: in the configured zone.
            process: unique among all processes that ever ran; no dots and no dollar sign.
            counted: sums since the process began to count that day.
        """
        highest = {f"parts.{process}.{name}": n for name, n in counted.items() if n > 0}
        if highest:
            await self._put(day, {"$max": highest, "$set": {"is_open": True}})

    async def counted_by_others(self, day: date, process: str, name: Counted) -> int:
        """How much all processes but one have stored of a day."""
        found = await self._pool.find_one(_DAYS, {"_id": day.isoformat()}) or {}
        return sum(part.get(name, 0) for other, part in found.get("parts", {}).items() if other != process)

    async def put_premium_ended(self, day: date, people: int) -> None:
        """Store how many people's premium ended on a day; a lower number than before changes nothing."""
        await self._put(day, {"$max": {"premium_ended": people}})

    async def close(self, day: date, at: datetime) -> DayStatistics:
        """Store the sums of a day that is over; one that nothing was counted on gets zeros.

        A part that comes between is in the sums, one that comes later opens the day again.

        Raises:
            DatabaseUnavailableError: the day is as it was; close it again.
        """
        for _ in range(_CLOSE_TRIES):
            found = await self._pool.find_one(_DAYS, {"_id": day.isoformat()}) or {}
            sums = _sums(found)
            unchanged = {"_id": day.isoformat(), "parts": found.get("parts", {"$exists": False})}
            closed = {"$set": {**sums, "closed_at": at}, "$unset": {"is_open": ""}}
            if await self._try_close(unchanged, closed, is_new=not found):
                return DayStatistics(day, **sums, premium_ended=found.get("premium_ended", 0), closed_at=at)
        raise DatabaseUnavailableError(f"the parts of {day} kept changing")

    async def open_days(self, before: date) -> list[date]:
        """Days before `before` with parts that are not in the sums, oldest first."""
        query = {"_id": {"$lt": before.isoformat()}, "is_open": True}
        found = await self._pool.find(_DAYS, query, projection={"_id": 1}, sort=[("_id", 1)])
        return [date.fromisoformat(document["_id"]) for document in found]

    async def get(self, day: date) -> DayStatistics | None:
        """What all processes have stored of a day, closed or not; None when nothing."""
        found = await self._pool.find_one(_DAYS, {"_id": day.isoformat()})
        return None if found is None else _to_day(found)

    async def since(self, day: date, limit: int) -> list[DayStatistics]:
        """What is stored of a day and of at most `limit` - 1 others after it, oldest first; no empty days."""
        query = {"_id": {"$gte": day.isoformat()}}
        found = await self._pool.find(_DAYS, query, sort=[("_id", 1)], limit=limit)
        return [_to_day(document) for document in found]

    async def _put(self, day: date, update: Document) -> None:
        # Two first writes of a day cannot collide: the server repeats an upsert whose query is the id alone.
        await self._pool.update_one(_DAYS, {"_id": day.isoformat()}, update, upsert=True, idempotent=True)

    async def _try_close(self, unchanged: Document, closed: Document, *, is_new: bool) -> bool:
        try:
            return await self._pool.update_one(_DAYS, unchanged, closed, upsert=is_new, idempotent=True) == 1
        except DuplicateKeyError:  # a part came between
            return False


def _to_day(found: Mapping[str, Any]) -> DayStatistics:
    closed_at = None if found.get("is_open") else found.get("closed_at")
    sums = _sums(found)
    return DayStatistics(
        date.fromisoformat(found["_id"]), **sums, premium_ended=found.get("premium_ended", 0), closed_at=closed_at
    )


def _sums(found: Mapping[str, Any]) -> dict[str, int]:
    parts = found.get("parts", {}).values()
    return {name: sum(part.get(name, 0) for part in parts) for name in COUNTED}
