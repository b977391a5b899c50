"""What the daily maintenance and the hourly jobs keep, and the sweep over premium.

    maintenance {_id: "daily", day, stored_at} | {_id: "hourly", at: {job: when it was started last}}

`day` is the last day that is complete, ISO 8601 in the configured zone; it only moves forward.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from pymongo.errors import DuplicateKeyError

if TYPE_CHECKING:
    from core.clock import Clock
    from core.database.pool import DatabaseConnectionPool, Document

_MAINTENANCE = "maintenance"
_DAILY = "daily"
_HOURLY = "hourly"
_USERS = "users"
_SWEEP = 500


class MaintenanceRepository:
    """Every method raises DatabaseUnavailableError when the primary database is gone."""

    def __init__(self, pool: DatabaseConnectionPool, clock: Clock) -> None:
        self._pool = pool
        self._clock = clock

    async def last_day(self) -> date | None:
        """The day whose maintenance was completed last; None when none ever was."""
        found = await self._pool.find_one(_MAINTENANCE, {"_id": _DAILY})
        return date.fromisoformat(found["day"]) if found is not None else None

    async def store_day(self, previous: date | None, day: date) -> bool:
        """Move the last day from `previous` (None: there is none) to `day`, for one of any number of callers.

        Returns:
            False when it is not `previous`, or `day` is not later: then nothing changed.
        """
        if previous is not None and day <= previous:
            return False
        query: Document = {"_id": _DAILY, "day": previous.isoformat() if previous is not None else {"$exists": False}}
        update = {"$set": {"day": day.isoformat(), "stored_at": self._clock.utc_now()}}
        try:
            return await self._pool.update_one(_MAINTENANCE, query, update, upsert=previous is None) == 1
        except DuplicateKeyError:
            return False

    async def last_starts(self) -> dict[str, datetime]:
        """When the hourly jobs that succeeded were started last (UTC), by name."""
        found = await self._pool.find_one(_MAINTENANCE, {"_id": _HOURLY})
        return dict(found["at"]) if found is not None else {}

    async def store_start(self, job: str, previous: datetime | None, at: datetime) -> bool:
        """Move the last start of a job from `previous` (None: there is none) to `at`, for one of any number of callers.

        Args:
            job: without dots and dollar signs.
            previous: as `last_starts` gave it.
            at: UTC.

        Returns:
            False when it is not `previous` any more: then nothing changed.
        """
        field = f"at.{job}"
        query: Document = {"_id": _HOURLY, field: previous if previous is not None else {"$exists": False}}
        try:
            return await self._pool.update_one(_MAINTENANCE, query, {"$set": {field: at}}, upsert=previous is None) == 1
        except DuplicateKeyError:
            return False

    async def count_premium_ended(self, since: datetime, before: datetime) -> int:
        """People whose premium ended at `since` or later and before `before` (UTC), and who were not cleared yet."""
        return await self._pool.count(_USERS, {"premium_until": {"$gte": since, "$lt": before}})

    async def clear_ended_premium(self, before: datetime) -> int:
        """Forget the end of premium that ended before `before` (UTC, not in the future), for some hundred people.

        A renewal that comes between stays: only an end that is still over is forgotten. Nobody's rights change, since
        they follow from the end itself.

        Returns:
            How many were cleared; call again until it is 0.
        """
        ended = {"premium_until": {"$lt": before}}
        found = await self._pool.find(_USERS, ended, projection={"_id": 1}, limit=_SWEEP)
        if not found:
            return 0
        query = {"_id": {"$in": [user["_id"] for user in found]}, **ended}
        return await self._pool.update_many(_USERS, query, {"$unset": {"premium_until": ""}}, idempotent=True)
