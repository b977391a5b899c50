"""The record of what admins did."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from core.domain.audit import AuditEntry
from core.errors import DatabaseUnavailableError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.clock import Clock
    from repositories.audit_log import AuditLogRepository


_LOGGED = frozenset({"channel_id", "unique_id", "enabled", "files", "is_complete", "database", "person", "role"})


class AuditLog:
    """Keeps who did what and when, in the database, and without any names and words in the log."""

    def __init__(self, entries: AuditLogRepository, clock: Clock) -> None:
        self._entries = entries
        self._clock = clock
        self._log = structlog.get_logger(__name__)

    async def add(self, admin_id: int, action: str, **details: object) -> None:
        """Record something that was done; never raises for an outage.

        What was done stays done, so what of an entry the database does not take is in the log alone.

        Args:
            admin_id: who did it.
            action: what kind of thing, for example "channel_added".
            details: what it was done to, as BSON takes it.
        """
        logged = {name: value for name, value in details.items() if name in _LOGGED}
        self._log.info("admin_action", admin_id=admin_id, action=action, **logged)
        try:
            await self._entries.add(AuditEntry(self._clock.utc_now(), admin_id, action, details))
        except DatabaseUnavailableError:
            self._log.warning("audit_entry_not_stored", admin_id=admin_id, action=action)

    async def latest(self, limit: int) -> Sequence[AuditEntry]:
        """The newest entries, newest first.

        Raises:
            DatabaseUnavailableError: the primary database did not answer.
        """
        return await self._entries.latest(limit)
