"""Everybody whom the bot has met: how many there are, and who was here last. See `repositories/user.py`."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from core.domain.statistics import PeopleCounts
from repositories.user_document import PROFILE, to_user

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from core.database.pool import DatabaseConnectionPool
    from core.domain.user import User

_USERS = "users"
_EVER = {"$gt": datetime(1970, 1, 1, tzinfo=UTC)}  # through an index that holds those alone who have the field
_SPANS = (0, 6, 29)
_COUNT_TIMEOUT_S = 10.0


class PeopleRepository:
    """Every method raises DatabaseUnavailableError when the primary database is gone."""

    def __init__(self, pool: DatabaseConnectionPool) -> None:
        self._pool = pool

    async def counts(self, now: datetime, today: date) -> PeopleCounts:
        """All numbers, each counted in an index of its own; some hundred milliseconds for a million people.

        Args:
            now: UTC; who has premium at that moment.
            today: in the configured zone.
        """
        size, numbers = await asyncio.gather(
            self._pool.measure(_USERS),
            asyncio.gather(
                *(self._count({"seen_on": {"$gte": (today - timedelta(days=days)).isoformat()}}) for days in _SPANS),
                self._count({"premium_until": {"$gt": now}}),
                self._count({"banned_at": _EVER}),
                self._count({"unreachable_since": _EVER}),
            ),
        )
        return PeopleCounts(now, size.files, *numbers)

    async def latest(self, limit: int) -> list[User]:
        """Those who did something last, by day, the newest first; without people who never did anything."""
        found = await self._pool.find(
            _USERS, {"seen_on": {"$gt": ""}}, projection=PROFILE, sort=[("seen_on", -1), ("_id", -1)], limit=limit
        )
        return [to_user(document) for document in found]

    async def _count(self, query: Mapping[str, Any]) -> int:
        return await self._pool.count(_USERS, query, timeout_s=_COUNT_TIMEOUT_S)
