"""Counting what the bot does in a day without a write per event."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from core.domain.daily_statistics import COUNTED
from core.domain.local_day import day_at, start_of
from core.errors import DatabaseUnavailableError

if TYPE_CHECKING:
    from datetime import date
    from zoneinfo import ZoneInfo

    from core.clock import Clock
    from core.domain.daily_statistics import Counted
    from repositories.daily_statistics import DailyStatisticsRepository

_FLUSH_S = 30.0
_ONE_DAY = timedelta(days=1)


class DailyCounters:
    """Counts in memory and stores its sums every 30 seconds; a process that is killed loses at most those.

    Every event belongs to the day in the configured zone on which it happened, however late it is stored.
    """

    def __init__(self, statistics: DailyStatisticsRepository, clock: Clock, time_zone: ZoneInfo) -> None:
        self._statistics = statistics
        self._clock = clock
        self._time_zone = time_zone
        self._process = secrets.token_hex(8)
        self._counted: dict[date, dict[Counted, int]] = {}
        self._stored: dict[date, dict[Counted, int]] = {}
        self._today: dict[Counted, int] = {}
        self._today_from = self._today_to = 0.0

    def add(self, name: Counted, n: int = 1) -> None:
        """Count `n` events of now; never waits and never fails."""
        if not self._today_from <= self._clock.unix() < self._today_to:
            self._turn_to_today()
        self._today[name] += n

    async def make_up(self, day: date, name: Counted, happened: int) -> int:
        """Count what other processes did on a day and did not live to write down; returns how much that was.

        Args:
            day: in the configured zone.
            name: what was counted.
            happened: how often it happened, without what this process has counted.

        Raises:
            DatabaseUnavailableError: nothing was counted.
        """
        lost = happened - await self._statistics.counted_by_others(day, self._process, name)
        if lost > 0:
            self._counted.setdefault(day, dict.fromkeys(COUNTED, 0))[name] += lost
        return max(0, lost)

    async def flush(self) -> None:
        """Store what was counted since the last time.

        Raises:
            DatabaseUnavailableError: what could not be stored is kept for the next time; nothing is counted twice.
        """
        for day in sorted(self._counted):
            now = dict(self._counted[day])
            if now != self._stored.get(day):
                await self._statistics.put_part(day, self._process, now)
                self._stored[day] = now

    async def run(self) -> None:
        """Store every 30 seconds; ends only when cancelled."""
        log = structlog.get_logger(__name__)
        while True:
            await self._clock.sleep(_FLUSH_S)
            try:
                await self.flush()
            except DatabaseUnavailableError:
                log.debug("daily_counters_kept")

    def _turn_to_today(self) -> None:
        today = day_at(self._clock.utc_now(), self._time_zone)
        self._today = self._counted.setdefault(today, dict.fromkeys(COUNTED, 0))
        self._today_from = start_of(today, self._time_zone).timestamp()
        self._today_to = start_of(today + _ONE_DAY, self._time_zone).timestamp()
