"""Who is banned: read here, past every cache; written by `UserRepository`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from core.domain.ban import BannedPerson

if TYPE_CHECKING:
    from core.database.pool import DatabaseConnectionPool, Document

_USERS = "users"
_FIELDS = {"first_name": 1, "username": 1, "ban_reason": 1, "banned_at": 1, "banned_by": 1}
# Both ends within what Python can read: an explained plan names them.
_BANNED = {"banned_at": {"$gt": datetime(1970, 1, 1, tzinfo=UTC), "$lt": datetime(9999, 1, 1, tzinfo=UTC)}}


class BanRepository:
    """Reads who is banned; DatabaseUnavailableError when the primary database is gone."""

    def __init__(self, pool: DatabaseConnectionPool) -> None:
        self._pool = pool

    async def find(self, user_id: int) -> BannedPerson | None:
        """One person; None for somebody who is not banned."""
        found = await self._pool.find_one(_USERS, {"_id": user_id, **_BANNED}, projection=_FIELDS)
        return None if found is None else _person(found)

    async def count(self) -> int:
        """How many people are banned."""
        return await self._pool.count(_USERS, _BANNED)

    async def latest(self, limit: int) -> list[BannedPerson]:
        """The people who were banned last, the latest first."""
        order = [("banned_at", -1)]
        found = await self._pool.find(_USERS, _BANNED, projection=_FIELDS, sort=order, limit=limit)
        return [_person(document) for document in found]


def _person(found: Document) -> BannedPerson:
    return BannedPerson(
        id=found["_id"],
        first_name=found.get("first_name", ""),
        username=found.get("username"),
        reason=found.get("ban_reason") or "",
        at=found["banned_at"],
        by=found.get("banned_by") or 0,
    )
