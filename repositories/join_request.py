"""Who asked to be let into a chat and waits.

    join_requests {_id: "chat:person", at: when they asked}

Telegram does not tell of a request that is declined or taken back, so an entry only counts for a while, and goes by
itself after thirty days.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from core.database.pool import DatabaseConnectionPool

_REQUESTS = "join_requests"


class JoinRequestRepository:
    """Every method raises DatabaseUnavailableError when the primary database is gone, and may be repeated."""

    def __init__(self, pool: DatabaseConnectionPool) -> None:
        self._pool = pool

    async def put(self, chat_id: int, user_id: int, at: datetime) -> None:
        """Somebody asks, at `at` (UTC); an earlier request told late does not make a newer one older."""
        query, change = {"_id": _id(chat_id, user_id)}, {"$max": {"at": at}}
        await self._pool.update_one(_REQUESTS, query, change, upsert=True, idempotent=True)

    async def asked_at(self, chat_id: int, user_id: int) -> datetime | None:
        """When somebody asked last (UTC); None when they do not wait, as far as anybody knows."""
        found = await self._pool.find_one(_REQUESTS, {"_id": _id(chat_id, user_id)})
        return None if found is None else found["at"]

    async def remove(self, chat_id: int, user_id: int) -> None:
        """Somebody came in, or was thrown out: they do not wait any more."""
        await self._pool.delete_one(_REQUESTS, {"_id": _id(chat_id, user_id)})


def _id(chat_id: int, user_id: int) -> str:
    return f"{chat_id}:{user_id}"
