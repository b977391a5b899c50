"""The bot in numbers, for admins: what is kept anyway, and counts that are made anew every few minutes at most."""

from __future__ import annotations

import asyncio
from dataclasses import astuple
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog

from core.cache import keys
from core.cache.codec import ValueForm
from core.database.circuit_breaker import CircuitBreakerState
from core.domain.daily_statistics import DayStatistics
from core.domain.local_day import day_at
from core.domain.media import MediaKind
from core.domain.statistics import SHOWN_DAYS, BotStatistics, DatabaseFiles, KindCounts, PeopleCounts, SourceCounts
from core.errors import DatabaseUnavailableError, SecondaryUnavailableError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from core.cache.redis_cache import RedisCache
    from core.clock import Clock
    from core.concurrency.task_registry import TaskRegistry
    from core.database.multi_pool import MultiDatabaseManager
    from core.database.write_routing import WriteRouting
    from core.services.daily_statistics import DailyCounters
    from repositories.channel import ChannelRepository
    from repositories.daily_statistics import DailyStatisticsRepository
    from repositories.media_count import MediaCountRepository
    from repositories.people import PeopleRepository

_KINDS_KEPT_S = 3 * 86_400  # the daily count may fail on one day
_KINDS_FRESH = timedelta(hours=1)
_KINDS_LOST_FOR_S = 300.0
_NUMBERS = 7


class StatisticsService:
    """Every part is asked by itself, so that one that does not answer costs no other.

    People are counted once in five minutes, by whichever process is asked, and files by kind once a day, or beside an
    answer when the last count is an hour old: both read much. How many files a database holds is known from its last
    measurement.
    """

    def __init__(
        self,
        *,
        people: PeopleRepository,
        files: MediaCountRepository,
        channels: ChannelRepository,
        days: DailyStatisticsRepository,
        counters: DailyCounters,
        databases: MultiDatabaseManager,
        routing: WriteRouting,
        cache: RedisCache,
        tasks: TaskRegistry,
        clock: Clock,
        time_zone: ZoneInfo,
    ) -> None:
        self._people = people
        self._files = files
        self._channels = channels
        self._days = days
        self._counters = counters
        self._databases = databases
        self._routing = routing
        self._cache = cache
        self._tasks = tasks
        self._clock = clock
        self._time_zone = time_zone
        self._kinds_asked_at: float | None = None
        self._log = structlog.get_logger(__name__)

    async def collect(self) -> BotStatistics:
        """All of it; never raises for an outage."""
        people, kinds, sources, days = await asyncio.gather(
            self._known_people(), self._known_kinds(), self._known_sources(), self._known_days()
        )
        return BotStatistics(people, self._database_files(), kinds, sources, days)

    async def count_kinds(self) -> int:
        """Count the files of each kind, for the next days; returns how many there are.

        Raises:
            DatabaseUnavailableError: a database did not answer; the last numbers stay.
        """
        counted = KindCounts({kind: await self._files.of_kind(kind) for kind in MediaKind}, self._clock.utc_now())
        await self._cache.set(keys.statistics("kinds"), _KINDS.encode(counted), _KINDS_KEPT_S)
        return sum(counted.files.values())

    async def count_kinds_of_the_day(self) -> int:
        """As `count_kinds`, as a step of the daily maintenance; 0 without a secondary database: the next night will do.

        Raises:
            DatabaseUnavailableError: the primary database did not answer.
        """
        try:
            return await self.count_kinds()
        except SecondaryUnavailableError as error:
            self._log.warning("file_kinds_not_counted", detail=str(error))
            return 0

    async def _known_people(self) -> PeopleCounts | None:
        now = self._clock.utc_now()
        today = day_at(now, self._time_zone)
        key = keys.statistics(f"people-{today.isoformat()}")
        try:
            return await self._cache.get_or_load(key, lambda: self._people.counts(now, today), _PEOPLE)
        except DatabaseUnavailableError:
            return None

    async def _known_kinds(self) -> KindCounts | None:
        """As counted last; where that is not known, or an hour ago, it is counted anew in the background."""
        stored = await self._cache.get(keys.statistics("kinds"))
        known = _KINDS.decode(stored) if stored is not None else None
        now = self._clock.monotonic()
        is_old = known is None or self._clock.utc_now() - known.counted_at >= _KINDS_FRESH
        if is_old and (self._kinds_asked_at is None or now - self._kinds_asked_at >= _KINDS_LOST_FOR_S):
            self._kinds_asked_at = now
            self._tasks.spawn(self._count_kinds_quietly(), name="file_kinds")
        return known

    async def _count_kinds_quietly(self) -> None:
        try:
            await self.count_kinds()
        except DatabaseUnavailableError:
            self._log.warning("file_kinds_not_counted")

    async def _known_sources(self) -> SourceCounts | None:
        try:
            channels = await self._channels.list_all()
        except DatabaseUnavailableError:
            return None
        wanted = [channel for channel in channels if channel.enabled]
        paused = sum(channel.paused is not None for channel in wanted)
        return SourceCounts(len(wanted) - paused, paused, len(channels) - len(wanted))

    async def _known_days(self) -> Sequence[DayStatistics] | None:
        """Every day with what all processes have stored, and this one has counted."""
        today = day_at(self._clock.utc_now(), self._time_zone)
        shown = [today - timedelta(days=back) for back in range(SHOWN_DAYS - 1, -1, -1)]
        try:
            await self._counters.flush()
            stored = {day.day: day for day in await self._days.since(shown[0], SHOWN_DAYS)}
        except DatabaseUnavailableError:
            return None
        return [stored.get(day) or DayStatistics(day) for day in shown]

    def _database_files(self) -> list[DatabaseFiles]:
        measured = {status.number: status for status in self._routing.status}
        return [
            DatabaseFiles(status.number, files.files if _is_known(status.state, files.measured_s_ago) else None)
            for status in self._databases.status()
            for files in (measured[status.number],)
        ]


def _is_known(state: CircuitBreakerState, measured_s_ago: float | None) -> bool:
    return state is CircuitBreakerState.CLOSED and measured_s_ago is not None


def _people_from(found: Any) -> PeopleCounts | None:
    if not isinstance(found, list) or len(found) != _NUMBERS + 1:
        return None
    at, *numbers = found
    counted_at = _moment(at)
    if counted_at is None or not all(type(number) is int for number in numbers):
        return None
    return PeopleCounts(counted_at, *numbers)


def _kinds_from(found: Any) -> KindCounts | None:
    if not isinstance(found, list) or len(found) != 2 or not isinstance(found[0], list):
        return None
    numbers, counted_at = found[0], _moment(found[1])
    if counted_at is None or len(numbers) != len(MediaKind) or not all(type(number) is int for number in numbers):
        return None
    return KindCounts(dict(zip(MediaKind, numbers, strict=True)), counted_at)


def _moment(value: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None


_PEOPLE: ValueForm[PeopleCounts] = ValueForm(lambda counts: list(astuple(counts)), _people_from)
_KINDS: ValueForm[KindCounts] = ValueForm(
    lambda counts: [[counts.files.get(kind, 0) for kind in MediaKind], counts.counted_at], _kinds_from
)
