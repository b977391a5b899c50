"""Values an admin changed, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pymongo import UpdateOne
from pymongo.errors import DuplicateKeyError

from core.domain.setting import StoredSetting

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

    async def find(self, name: str) -> StoredSetting:
        """What is stored of a setting."""
        found = await self._pool.find_one(_SETTINGS, {"_id": name}) or {}
        return StoredSetting(found.get("value"), found.get("by"), found.get("at"))

    async def replace(self, name: str, seen: StoredSetting, value: Any, by: int) -> bool:
        """Store a value, or with None let the default rule, where the stored value still is the one seen.

        Who let the default rule stays known, and no variable of the environment seeds the setting again.

        Returns:
            False when another value is stored: then nothing changed.
        """
        now = self._clock.utc_now()
        at = now.replace(microsecond=now.microsecond // 1000 * 1000)  # as it will be read
        query = {"_id": name, "value": seen.value}  # None stands for no value, too
        update: dict[str, Any] = {"$set": {"by": by, "at": at}}
        if value is None:
            update["$unset"] = {"value": ""}
        else:
            update["$set"]["value"] = value
        try:
            changed = await self._pool.update_one(_SETTINGS, query, update, upsert=seen.value is None, idempotent=True)
        except DuplicateKeyError:
            changed = 0
        return changed == 1 or await self.find(name) == StoredSetting(value, by, at)  # an answer that was lost

    async def seed(self, values: Mapping[str, Any]) -> None:
        """Store the values whose names are not stored yet; the others stay as they are."""
        at = self._clock.utc_now()
        seeds = [
            UpdateOne({"_id": name}, {"$setOnInsert": {"value": value, "by": "environment", "at": at}}, upsert=True)
            for name, value in values.items()
        ]
        if seeds:
            await self._pool.bulk_write(_SETTINGS, seeds, idempotent=True)
