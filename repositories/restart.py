"""Who waits for the bot to be back.

restarts {_id: random id of the message, admin, language, asked_at}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.domain.restart import RestartNote

if TYPE_CHECKING:
    from core.database.pool import DatabaseConnectionPool

_RESTARTS = "restarts"
_MOST = 20


class RestartRepository:
    """Every method raises DatabaseUnavailableError when the primary database is gone."""

    def __init__(self, pool: DatabaseConnectionPool) -> None:
        self._pool = pool

    async def add(self, note: RestartNote) -> None:
        """Store a note."""
        told = {"admin": note.admin_id, "language": note.language, "asked_at": note.asked_at}
        await self._pool.update_one(_RESTARTS, {"_id": note.random_id}, {"$set": told}, upsert=True, idempotent=True)

    async def all(self) -> list[RestartNote]:
        """Every note; there are few."""
        found = await self._pool.find(_RESTARTS, {"_id": {"$gt": 0}}, sort=[("_id", 1)], limit=_MOST)
        return [RestartNote(note["_id"], note["admin"], note.get("language"), note["asked_at"]) for note in found]

    async def remove(self, random_id: int) -> None:
        """Forget a note; one that is gone is no error."""
        await self._pool.delete_one(_RESTARTS, {"_id": random_id})
