"""Values an admin changed, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pymongo import UpdateOne

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.clock import Clock
    from core.database.pool import DatabaseConnectionPool

_SETTINGS = "bot_settings"
_EVERY_NAME = {"$gte": ""}


class RuntimeSettingsRepository:
    """Stored runtime settings, unvalidated; every method raises DatabaseUnavailableError when the database is gone."""

    def __init__(self, pool: DatabaseConnectionPool, clock: Clock) -> None:
        self._pool = pool
        self._clock = clock

    async def get_all(self) -> dict[str, Any]:
        """Every stored value by name."""
        stored = await self._pool.find(_SETTINGS, {"_id": _EVERY_NAME, "value": {"$exists": True}})
        return {found["_id"]: found["value"] for found in stored}

    async def put(self, name: str, value: Any, by: int | str) -> None:
        """Store a value (anything BSON holds) and who set it, durably; the last of two racing writers wins."""
        fields = {"value": value, "by": by, "at": self._clock.utc_now()}
        await self._pool.update_one(_SETTINGS, {"_id": name}, {"$set": fields}, upsert=True, idempotent=True)

    async def seed(self, values: Mapping[str, Any]) -> None:
        """Store the values whose names are not stored yet; the others stay as they are."""
        at = self._clock.utc_now()
        seeds = [
            UpdateOne({"_id": name}, {"$setOnInsert": {"value": value, "by": "environment", "at": at}}, upsert=True)
            for name, value in values.items()
        ]
        if seeds:
            await self._pool.bulk_write(_SETTINGS, seeds, idempotent=True)
