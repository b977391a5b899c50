"""/stats: the bot in numbers, and a picture of the last 30 days."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from core.concurrency.worker_process import WorkerLostError
from core.domain.media import MediaKind
from core.domain.permission import Permission
from core.errors import InfrastructureError
from core.services.rate_limiter import Action
from core.telegram.gateway import TelegramRefusedError
from core.text.day_chart import DayChart, draw_days
from core.text.formatting import moment
from handlers.admin.check_lines import check_lines
from handlers.base import BaseHandler, Command, Reader, Route

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo

    from core.concurrency.worker_process import WorkerProcess
    from core.domain.daily_statistics import DayStatistics
    from core.domain.statistics import BotStatistics, DatabaseFiles, KindCounts, PeopleCounts, SourceCounts
    from core.services.consistency import ConsistencyService
    from core.services.statistics import StatisticsService
    from core.telegram.gateway import TelegramGateway
    from core.telegram.uploads import TelegramUploads
    from core.text.catalog import Texts
    from handlers.incoming import IncomingMessage

_KIND_NAMES = {
    MediaKind.VIDEO: "stats-kind-video",
    MediaKind.AUDIO: "stats-kind-audio",
    MediaKind.DOCUMENT: "stats-kind-document",
    MediaKind.PHOTO: "stats-kind-photo",
    MediaKind.ANIMATION: "stats-kind-animation",
}


class StatisticsHandler(BaseHandler):
    """Numbers first, at once; the picture follows, and is left out when it cannot be drawn or sent.

    Args:
        worker: draws beside the event loop.
        zone: in which times are told.
        checks: what the last nights found.
    """

    def __init__(
        self,
        telegram: TelegramGateway,
        uploads: TelegramUploads,
        statistics: StatisticsService,
        worker: WorkerProcess,
        zone: tzinfo,
        checks: ConsistencyService,
    ) -> None:
        self._telegram = telegram
        self._uploads = uploads
        self._statistics = statistics
        self._worker = worker
        self._zone = zone
        self._checks = checks
        self._log = structlog.get_logger(__name__)

    def routes(self) -> Sequence[Route]:
        """The command."""
        command = Command("stats", "command-stats")
        return (Route("stats", command, self.handle_stats, Action.CALLBACK, permission=Permission.STATISTICS),)

    async def handle_stats(self, message: IncomingMessage, reader: Reader) -> None:
        """Show everything that is known."""
        found = await self._statistics.collect()
        checks = await check_lines(self._checks, self._zone, reader.texts)
        await self._telegram.send_text(message.chat_id, f"{self._html(found, reader.texts)}\n\n{checks}")
        if found.days and any(day.searches or day.files_delivered for day in found.days):
            await self._send_chart(message.chat_id, found.days, reader.texts)

    async def _send_chart(self, chat_id: int, days: Sequence[DayStatistics], texts: Texts) -> None:
        chart = DayChart(
            days=[day.day.strftime("%d.%m") for day in days],
            series=[[day.searches for day in days], [day.files_delivered for day in days]],
        )
        try:
            picture = await self._worker.call(draw_days, chart)
            await self._uploads.send_photo(chat_id, picture, texts.html("stats-chart"))
        except (ImportError, WorkerLostError, InfrastructureError, TelegramRefusedError) as error:
            self._log.warning("chart_not_sent", error=type(error).__name__)

    def _html(self, found: BotStatistics, texts: Texts) -> str:
        parts = (
            texts.html("stats-title"),
            self._people(found.people, texts),
            _files(found.databases, texts),
            self._kinds(found.kinds, texts),
            _sources(found.sources, texts),
            _days(found.days, texts),
        )
        return "\n\n".join(parts)

    def _people(self, people: PeopleCounts | None, texts: Texts) -> str:
        if people is None:
            return texts.html("stats-people-missing")
        at = moment(people.counted_at, self._zone, texts.language)
        return texts.html(
            "stats-people",
            at=at,
            everybody=people.everybody,
            today=people.today,
            week=people.in_7_days,
            month=people.in_30_days,
            premium=people.premium,
            banned=people.banned,
            unreachable=people.unreachable,
        )

    def _kinds(self, kinds: KindCounts | None, texts: Texts) -> str:
        if kinds is None:
            return texts.html("stats-kinds-missing")
        at = moment(kinds.counted_at, self._zone, texts.language)
        rows = [
            texts.html("stats-row", name=texts.plain(name), number=kinds.files.get(kind, 0))
            for kind, name in _KIND_NAMES.items()
        ]
        return "\n".join([texts.html("stats-kinds", at=at), *rows])


def _files(databases: Sequence[DatabaseFiles], texts: Texts) -> str:
    known = [database.files for database in databases if database.files is not None]
    is_complete = len(known) == len(databases)
    rows = [texts.html("stats-files" if is_complete else "stats-files-incomplete", number=sum(known))]
    if len(databases) > 1 or not is_complete:
        rows += [_database(database, texts) for database in databases]
    return "\n".join(rows)


def _database(database: DatabaseFiles, texts: Texts) -> str:
    if database.files is None:
        return texts.html("stats-database-missing", database=str(database.number))
    return texts.html("stats-database", database=str(database.number), number=database.files)


def _sources(sources: SourceCounts | None, texts: Texts) -> str:
    if sources is None:
        return texts.html("stats-sources-missing")
    return texts.html("stats-sources", read=sources.read, paused=sources.paused, off=sources.off)


def _days(days: Sequence[DayStatistics] | None, texts: Texts) -> str:
    """Today, and the sums of all days."""
    if days is None:
        return texts.html("stats-days-missing")
    today = days[-1]
    rows = [
        _counted("stats-searches", today.searches, [day.searches for day in days], texts),
        _counted("stats-empty", today.searches_without_result, [day.searches_without_result for day in days], texts),
        _counted("stats-fetched", today.files_delivered, [day.files_delivered for day in days], texts),
        _counted("stats-refused", today.quota_refusals, [day.quota_refusals for day in days], texts),
        _counted("stats-indexed", today.files_indexed, [day.files_indexed for day in days], texts),
        _counted("stats-new", today.new_users, [day.new_users for day in days], texts),
    ]
    return "\n".join([texts.html("stats-days", count=len(days)), *rows])


def _counted(name: str, today: int, numbers: Sequence[int], texts: Texts) -> str:
    return texts.html("stats-counted", name=texts.plain(name), today=today, sum=sum(numbers))
