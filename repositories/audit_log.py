"""Who did what with an admin's rights.

audit_log {_id, at, admin: user id, action, details: {name: value}}
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from core.domain.audit import AuditEntry

if TYPE_CHECKING:
    from core.database.pool import DatabaseConnectionPool

_AUDIT_LOG = "audit_log"
_DATED = {"at": {"$gt": datetime(1970, 1, 1, tzinfo=UTC)}}  # every entry, through the index


class AuditLogRepository:
    """Entries are added and read, never changed; DatabaseUnavailableError when the primary database is gone."""

    def __init__(self, pool: DatabaseConnectionPool) -> None:
        self._pool = pool

    async def add(self, entry: AuditEntry) -> None:
        """Add an entry."""
        document = {"at": entry.at, "admin": entry.admin_id, "action": entry.action, "details": dict(entry.details)}
        await self._pool.insert_one(_AUDIT_LOG, document)

    async def latest(self, limit: int) -> list[AuditEntry]:
        """The newest entries, newest first."""
        found = await self._pool.find(_AUDIT_LOG, _DATED, sort=[("at", -1), ("_id", -1)], limit=limit)
        return [AuditEntry(entry["at"], entry["admin"], entry["action"], entry["details"]) for entry in found]
