"""Who can be written to: the same documents as `repositories/user.py`, seen as a crowd.

    users {…, unreachable_since, unreachable_why, seen_on, app_language}

`seen_on` is a day of the configured zone, ISO 8601. Whoever lacks these fields was never unreachable, or not seen since
they are kept.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from core.domain.audience import Segment, SegmentKind
from core.domain.local_day import day_at
from repositories.user_document import REVIVED

if TYPE_CHECKING:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from core.clock import Clock
    from core.database.pool import DatabaseConnectionPool, Document
    from core.domain.audience import Unreachable
    from repositories.user import UserRepository

_USERS = "users"
_BY_ID = "_id_"
_SCAN_TIMEOUT_S = 60.0  # a million people are read in about three seconds, which a segment of a few of them may need


class AudienceRepository:
    """Every method raises DatabaseUnavailableError when the primary database is gone.

    Args:
        users: remembers people, and forgets those who are changed here.
        time_zone: whose days `seen_on` names.
    """

    def __init__(self, pool: DatabaseConnectionPool, users: UserRepository, clock: Clock, time_zone: ZoneInfo) -> None:
        self._pool = pool
        self._users = users
        self._clock = clock
        self._time_zone = time_zone

    async def count(self, segment: Segment) -> int:
        """How many people `page` would give, one after the other, now."""
        return await self._pool.count(_USERS, self._query(segment, 0), timeout_s=_SCAN_TIMEOUT_S)

    async def page(self, segment: Segment, after_id: int, limit: int) -> list[int]:
        """Ids of a segment's people above `after_id` (0: from the beginning), ascending, at most `limit`.

        A page that is empty is the last. What a segment means is judged at each page: who left it meanwhile is not
        given any more.
        """
        query = self._query(segment, after_id)
        found = await self._pool.find(
            *(_USERS, query),
            projection={"_id": 1},
            sort=[("_id", 1)],
            limit=limit,
            hint=_BY_ID,
            timeout_s=_SCAN_TIMEOUT_S,
        )
        return [person["_id"] for person in found]

    async def mark_unreachable(self, user_id: int, why: Unreachable, at: datetime) -> bool:
        """Remember that a person cannot be written to since `at` (UTC); the first moment and the newest reason stay.

        Everything else about the person is kept. Somebody who is not stored is not stored for this.

        Returns:
            False when that was known already, or nobody is stored.
        """
        lost = {"$set": {"unreachable_since": at, "unreachable_why": why.value}}
        async with self._users.changing(user_id):
            query: Document = {"_id": user_id, "unreachable_since": None}
            if await self._pool.update_one(_USERS, query, lost, idempotent=True):
                return True
            query = {"_id": user_id, "unreachable_since": {"$ne": None}}
            await self._pool.update_one(_USERS, query, {"$set": {"unreachable_why": why.value}}, idempotent=True)
        return False

    async def revive(self, user_id: int) -> bool:
        """Forget that a person could not be written to; whether that was remembered."""
        known = {"_id": user_id, "unreachable_since": {"$ne": None}}
        back = {"$unset": REVIVED}
        async with self._users.changing(user_id):
            return await self._pool.update_one(_USERS, known, back, idempotent=True) == 1

    def _query(self, segment: Segment, after_id: int) -> Document:
        return {"_id": {"$gt": after_id}, "unreachable_since": None, "ban_reason": None, **self._condition(segment)}

    def _condition(self, segment: Segment) -> Document:
        now = self._clock.utc_now()
        match segment.kind:
            case SegmentKind.ALL:
                return {}
            case SegmentKind.PREMIUM:
                return {"premium_until": {"$gt": now}}
            case SegmentKind.FREE:
                return {"premium_until": {"$not": {"$gt": now}}}
            case SegmentKind.ACTIVE:
                first = day_at(now, self._time_zone) - timedelta(days=segment.days - 1)
                return {"seen_on": {"$gte": first.isoformat()}}
            case SegmentKind.LANGUAGE:
                own = {"language": segment.language}
                return {"$or": [own, {"language": None, "app_language": segment.language}]}
