"""What is done every hour, once however many processes and restarts there are."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from core.errors import DatabaseUnavailableError
from core.services.step_runner import StepRunner, results_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from datetime import datetime

    from core.clock import Clock
    from core.concurrency.task_registry import TaskRegistry
    from core.database.lease import DatabaseLease, HeldLease
    from core.domain.maintenance import StepReport
    from core.observability.metrics import Metrics
    from repositories.maintenance import MaintenanceRepository

    Job = Callable[[], Awaitable[object]]

_LEASE = "hourly_jobs"
_LEASE_S = 120.0
_NAP_S = 60.0


class HourlyJobs:
    """Jobs whose last start is stored, so that an hour counts from there, whatever process and however often it starts.

    Hours are counted in UTC: a change of summer time or of the zone moves nothing. A job whose hour passed while
    nothing ran is done once at the next start. A last start in the future, as after a clock that was set back, counts
    for an hour at most. A lease keeps two processes from working at once, and the start is stored by compare-and-set;
    were both to fail, every job is safe to repeat. Give `run` to the task registry's `supervise`.

    Args:
        jobs: by name, each idempotent; the names are labels of a metric and stored.
        every: how often.
    """

    def __init__(
        self,
        jobs: Mapping[str, Job],
        *,
        maintenance: MaintenanceRepository,
        leases: DatabaseLease,
        tasks: TaskRegistry,
        metrics: Metrics,
        clock: Clock,
        every: timedelta = timedelta(hours=1),
    ) -> None:
        self._jobs = dict(jobs)
        self._maintenance = maintenance
        self._leases = leases
        self._tasks = tasks
        self._clock = clock
        self._every = every
        self._runner = StepRunner("hourly", tasks, metrics)
        self._completed = metrics.job_completed_seconds
        self._known: dict[str, datetime] = {}
        self._log = structlog.get_logger(__name__)

    async def run(self) -> None:
        """Do what is due, now and from hour to hour; ends only when cancelled."""
        while True:
            try:
                await self.run_due()
            except DatabaseUnavailableError:
                self._log.warning("hourly_jobs_wait_for_database")
            await self._clock.sleep(min(_NAP_S, self._every.total_seconds()))

    async def run_due(self) -> list[StepReport]:
        """Do every job that is due, and say how it went; nothing when none is, or when another process is at it.

        A job that fails keeps no other from being tried, and is due again at once.

        Raises:
            DatabaseUnavailableError: it is not known what is due, or that a job was done could not be stored.
        """
        if not any(self._is_due(self._known.get(name)) for name in self._jobs):
            return []
        async with self._leases.hold(_LEASE, _LEASE_S, self._tasks) as held:
            return [] if held is None else await self._work(held)

    async def _work(self, held: HeldLease) -> list[StepReport]:
        self._know(await self._maintenance.last_starts())
        reports: list[StepReport] = []
        for name, job in self._jobs.items():
            last = self._known.get(name)
            if held.is_lost or not self._is_due(last):
                continue
            began = self._clock.utc_now()
            reports.append(await self._runner.run(name, job))
            if reports[-1].succeeded and await self._maintenance.store_start(name, last, began):
                self._know({**self._known, name: began})
        if reports:
            self._log.info("hourly_jobs", **results_of(reports))
        return reports

    def _know(self, last_starts: Mapping[str, datetime]) -> None:
        self._known = dict(last_starts)
        for name in self._known.keys() & self._jobs.keys():
            self._completed.labels(name).set(self._known[name].timestamp())

    def _is_due(self, last: datetime | None) -> bool:
        if last is None:
            return True
        return not -self._every <= self._clock.utc_now() - last < self._every
