"""Daily maintenance: once a day in the configured zone, however many processes and restarts there are."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import structlog

from core.cache import codec, keys
from core.domain.local_day import day_at, start_of
from core.domain.maintenance import MaintenanceReport
from core.domain.premium import ENDED_KEPT
from core.errors import DatabaseUnavailableError
from core.services.step_runner import StepRunner, results_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from zoneinfo import ZoneInfo

    from core.cache.redis_cache import RedisCache
    from core.clock import Clock
    from core.concurrency.task_registry import TaskRegistry
    from core.database.lease import DatabaseLease, HeldLease
    from core.domain.maintenance import StepReport
    from core.observability.metrics import Metrics
    from core.services.daily_statistics import DailyCounters
    from repositories.daily_statistics import DailyStatisticsRepository
    from repositories.maintenance import MaintenanceRepository
    from repositories.user import UserRepository

    Step = Callable[[], Awaitable[object]]

_LEASE = "daily_maintenance"
_LEASE_S = 120.0
_RETRY_S = 60.0
_LONGEST_SLEEP_S = 300.0
_CAUGHT_UP_DAYS = 31
_ONE_DAY = timedelta(days=1)


class MaintenanceService:
    """Closes the statistics of the days that are over, takes back expired holds, forgets ended premium.

    Counters need no reset: everything that is counted carries its day. What is stored is the last complete day; it
    moves by compare-and-set when every step of a day succeeded, and only forward, so that a clock that jumps back does
    nothing. A lease keeps two processes from working at once; were it to fail, every step is safe to repeat.

    Args:
        steps: further work of a day by name, each idempotent; the names are labels of a metric.
    """

    def __init__(
        self,
        *,
        maintenance: MaintenanceRepository,
        users: UserRepository,
        statistics: DailyStatisticsRepository,
        counters: DailyCounters,
        leases: DatabaseLease,
        cache: RedisCache,
        tasks: TaskRegistry,
        metrics: Metrics,
        clock: Clock,
        time_zone: ZoneInfo,
        steps: Mapping[str, Step] | None = None,
    ) -> None:
        self._maintenance = maintenance
        self._users = users
        self._statistics = statistics
        self._counters = counters
        self._leases = leases
        self._cache = cache
        self._tasks = tasks
        self._metrics = metrics
        self._runner = StepRunner("maintenance", tasks, metrics)
        self._clock = clock
        self._time_zone = time_zone
        self._further_steps = dict(steps or {})
        self._complete: date | None = None
        self._succeeded: dict[date, set[str]] = {}
        self._log = structlog.get_logger(__name__)

    async def run(self) -> None:
        """Do what is due, now and at every midnight of the configured zone; ends only when cancelled."""
        while True:
            try:
                await self.run_daily_maintenance()
            except DatabaseUnavailableError:
                self._log.warning("maintenance_waits_for_database")
            await self._clock.sleep(self._pause_s())

    async def run_daily_maintenance(self) -> MaintenanceReport | None:
        """Do what is left of today's work; None when nothing is, or when another process is at it.

        A step that fails keeps no other from being tried, and is tried again by the next call; those that succeeded
        are not repeated by this process.

        Raises:
            DatabaseUnavailableError: it is not known what is due, or the end of the day's work could not be stored.
        """
        today = day_at(self._clock.utc_now(), self._time_zone)
        if _is_done(await self._get_last_counter_reset_date(), today):
            return None
        async with self._leases.hold(_LEASE, _LEASE_S, self._tasks) as held:
            if held is None:
                return None
            previous = await self._get_last_counter_reset_date()
            return None if _is_done(previous, today) else await self._work(held, previous, today)

    async def _get_last_counter_reset_date(self) -> date | None:
        """The last complete day; None when there never was one.

        Memory and Redis answer when they know that today is done; in every other case the database decides.
        """
        today = day_at(self._clock.utc_now(), self._time_zone)
        if _is_done(self._complete, today):
            return self._complete
        remembered = _decoded(await self._cache.get(keys.maintenance()))
        last = remembered if _is_done(remembered, today) else await self._maintenance.last_day()
        if last is not None:
            await self._remember(last)
            if last > today + _ONE_DAY:  # no change of the zone leads that far: a clock is or was wrong
                self._log.error("maintenance_date_in_future", last=last.isoformat(), today=today.isoformat())
        return last

    async def _store_counter_reset_date(self, previous: date | None, today: date) -> bool:
        """Move the last complete day from `previous` to `today`; False when another process did so first."""
        stored = await self._maintenance.store_day(previous, today)
        if stored:
            await self._remember(today)
        return stored

    async def _remember(self, last: date) -> None:
        if last != self._complete:
            self._complete = last
            self._metrics.maintenance_day_seconds.set(start_of(last, self._time_zone).timestamp())
            await self._cache.set(keys.maintenance(), codec.encode(last.isoformat()))

    async def _work(self, held: HeldLease, previous: date | None, today: date) -> MaintenanceReport:
        steps = self._steps(previous, today)
        succeeded = self._succeeded.get(today, set())
        self._succeeded = {today: succeeded}
        reports: list[StepReport] = []
        for name, step in steps.items():
            if name in succeeded or held.is_lost:  # a successor does the rest of what this one lost
                continue
            reports.append(await self._runner.run(name, step))
            if reports[-1].succeeded:
                succeeded.add(name)
        is_complete = succeeded >= steps.keys()
        if is_complete:
            await self._store_counter_reset_date(previous, today)
        self._log.info("maintenance", day=today.isoformat(), complete=is_complete, **results_of(reports))
        return MaintenanceReport(today, tuple(reports), is_complete)

    def _steps(self, previous: date | None, today: date) -> dict[str, Step]:
        return {
            "expired_holds": self.take_back_holds,
            "ended_premium": lambda: self._end_premium(previous, today),
            "daily_statistics": lambda: self._close_statistics(previous, today),
            **self._further_steps,
        }

    async def take_back_holds(self) -> int:
        """Give slots back that jobs held and never spent; how many people had some. Safe to repeat and to race.

        Raises:
            DatabaseUnavailableError: the others wait for the next call.
        """
        now = self._clock.utc_now()
        return await _until_zero(lambda: self._users.reclaim_expired_holds(now))

    async def _end_premium(self, previous: date | None, today: date) -> int:
        """Count before clearing: a repetition then counts fewer at most, and the statistics keep the highest number.

        What has ended is kept for some days, until the person was told.
        """
        for day in _days_over(previous, today):
            since, before = start_of(day, self._time_zone), start_of(day + _ONE_DAY, self._time_zone)
            ended = await self._maintenance.count_premium_ended(since, before)
            await self._statistics.put_premium_ended(day, ended)
        start = start_of(today, self._time_zone)
        return await _until_zero(lambda: self._maintenance.clear_ended_premium(start - ENDED_KEPT))

    async def _close_statistics(self, previous: date | None, today: date) -> int:
        await self._counters.flush()
        late = await self._statistics.open_days(today)
        return await self._close({*late, *_days_over(previous, today)})

    async def close_late_days(self) -> int:
        """Sum up days anew that a process wrote its part of afterwards; how many. Safe to repeat and to race.

        Raises:
            DatabaseUnavailableError: the rest waits for the next call.
        """
        last = await self._maintenance.last_day()
        return 0 if last is None else await self._close(set(await self._statistics.open_days(last)))

    async def _close(self, days: set[date]) -> int:
        for day in sorted(days):
            await self._statistics.close(day, self._clock.utc_now())
        return len(days)

    def _pause_s(self) -> float:
        """Until the next midnight, in naps: the wall clock may be set, and a sleeping machine wakes late."""
        now = self._clock.utc_now()
        today = day_at(now, self._time_zone)
        if not _is_done(self._complete, today):
            return _RETRY_S
        until_midnight = (start_of(today + _ONE_DAY, self._time_zone) - now).total_seconds()
        return max(0.001, min(until_midnight, _LONGEST_SLEEP_S))


def _is_done(last: date | None, today: date) -> bool:
    return last is not None and last >= today


def _days_over(previous: date | None, today: date) -> list[date]:
    """The days from the last run until yesterday; after a long absence only the newest, and yesterday without a run."""
    first = max(previous or today - _ONE_DAY, today - _CAUGHT_UP_DAYS * _ONE_DAY)
    return [first + number * _ONE_DAY for number in range((today - first).days)]


async def _until_zero(sweep: Callable[[], Awaitable[int]]) -> int:
    total = 0
    while done := await sweep():
        total += done
    return total


def _decoded(data: bytes | None) -> date | None:
    """A day from the cache; None for anything else."""
    value = codec.decode(data)
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
