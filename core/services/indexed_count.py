"""The day's count of indexed files, made good after a process that did not live to write its own down."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from core.domain.local_day import day_at, start_of
from core.domain.media_id import first_media_id_at
from core.errors import DatabaseUnavailableError

if TYPE_CHECKING:
    from datetime import date
    from zoneinfo import ZoneInfo

    from core.clock import Clock
    from core.services.daily_statistics import DailyCounters
    from repositories.media_count import MediaCountRepository

_RETRY_S = 30.0
_ONE_DAY = timedelta(days=1)


class IndexedCount:
    """Compares what is stored with what was counted; ids of files tell when they were stored.

    A file that was deleted on the day it came can hide one that was not counted.
    """

    def __init__(self, files: MediaCountRepository, counters: DailyCounters, clock: Clock, time_zone: ZoneInfo) -> None:
        self._files = files
        self._counters = counters
        self._clock = clock
        self._time_zone = time_zone
        self._log = structlog.get_logger(__name__)

    async def make_up(self, before: float) -> None:
        """Count the files of today and yesterday that processes before this one stored and did not count.

        Waits for the databases.

        Args:
            before: unix seconds; what this process stores comes later.
        """
        today = day_at(self._clock.utc_now(), self._time_zone)
        for day in (today - _ONE_DAY, today):
            while not await self._made_up(day, before):
                await self._clock.sleep(_RETRY_S)

    async def _made_up(self, day: date, before: float) -> bool:
        begin = start_of(day, self._time_zone).timestamp()
        end = min(before, start_of(day + _ONE_DAY, self._time_zone).timestamp())
        if end <= begin:
            return True
        try:
            stored = await self._files.between(first_media_id_at(begin), first_media_id_at(end))
            made_up = await self._counters.make_up(day, "files_indexed", stored)
        except DatabaseUnavailableError:
            return False
        if made_up:
            self._log.info("files_counted_again", day=day.isoformat(), files=made_up)
        return True
