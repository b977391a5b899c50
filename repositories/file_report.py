"""What is wrong with files.

    file_reports {_id: "<media id>:<reason>", media, reason, name, reporters: [user id], first_at, last_at, told}

A file has one document for each reason, so there is never more than one open report of it. `told` is true once the
admins were told of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymongo.errors import DuplicateKeyError

if TYPE_CHECKING:
    from datetime import datetime

    from core.database.pool import DatabaseConnectionPool, Document
    from core.domain.file_report import ReportReason
    from core.domain.media import MediaFile

_REPORTS = "file_reports"


class FileReportRepository:
    """Every method raises DatabaseUnavailableError when the primary database is gone, and may be repeated."""

    def __init__(self, pool: DatabaseConnectionPool) -> None:
        self._pool = pool

    async def file(self, media: MediaFile, reason: ReportReason, reporter_id: int | None, at: datetime) -> None:
        """Open a report, or join the one that is open; a person counts once."""
        update: Document = {
            "$set": {"last_at": at},
            "$setOnInsert": {
                "media": media.id,
                "reason": reason.value,
                "name": media.name,
                "first_at": at,
                "told": False,
            },
            "$addToSet": {"reporters": {"$each": [] if reporter_id is None else [reporter_id]}},
        }
        query = {"_id": f"{media.id}:{reason.value}"}
        try:
            await self._pool.update_one(_REPORTS, query, update, upsert=True, idempotent=True)
        except DuplicateKeyError:  # the loser of two first reports joins the winner's
            await self._pool.update_one(_REPORTS, query, update, upsert=True, idempotent=True)

    async def mark_told(self) -> int:
        """Note that the admins know of every open report; returns how many they did not know of."""
        return await self._pool.update_many(_REPORTS, {"told": False}, {"$set": {"told": True}})
