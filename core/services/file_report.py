"""Reports of files that something is wrong with, and telling the admins of them once a day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from core.errors import DatabaseUnavailableError

if TYPE_CHECKING:
    from core.clock import Clock
    from core.domain.file_report import ReportReason
    from core.domain.media import MediaFile
    from core.services.admin_notices import AdminNotices
    from repositories.file_report import FileReportRepository


class FileReports:
    """One open report for each file and reason; whoever else reports the same joins it."""

    def __init__(self, reports: FileReportRepository, notices: AdminNotices, clock: Clock) -> None:
        self._reports = reports
        self._notices = notices
        self._clock = clock
        self._log = structlog.get_logger(__name__)

    async def file(self, media: MediaFile, reason: ReportReason, reporter_id: int | None = None) -> None:
        """Report a file; best effort: a report that cannot be stored is logged, so that it fails nobody's delivery.

        Args:
            media: the file.
            reason: what is wrong with it.
            reporter_id: who met it; None for the bot by itself.
        """
        try:
            await self._reports.file(media, reason, reporter_id, self._clock.utc_now())
        except DatabaseUnavailableError:
            self._log.warning("file_report_lost", media_id=media.id, reason=reason.value)

    async def tell_admins(self) -> None:
        """Tell the admins how many reports are new since they were last told; silent when none is.

        At most once for each report, whatever happens between.

        Raises:
            DatabaseUnavailableError: nobody was told.
        """
        new = await self._reports.mark_told()
        if new:
            self._notices.tell("file-reports-new", count=new)
