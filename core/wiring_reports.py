"""The part of the composition root that shows admins how the bot does: numbers, people, errors, log, and a restart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from config.release import running_release
from core.observability.log_ring import LogRing
from core.services.error_log import ErrorLog
from core.services.person import PersonService
from core.services.restart import RestartService
from core.services.statistics import StatisticsService
from repositories.error_log import ErrorLogRepository
from repositories.media_count import MediaCountRepository
from repositories.people import PeopleRepository
from repositories.restart import RestartRepository

if TYPE_CHECKING:
    from core.concurrency.worker_process import WorkerProcess
    from core.lifecycle import OrderedShutdown
    from core.observability.redaction import Redactor
    from core.services.daily_statistics import DailyCounters
    from core.wiring import Base, Databases, Repositories, Telegram
    from core.wiring_admin import Administration
    from core.wiring_serving import Serving


@dataclass(frozen=True, slots=True)
class Reports:
    """What admins look at; `errors` has a loop, and `restarts.tell` runs once from the login on.

    Attributes:
        worker: draws charts; also used, and closed, by others.
    """

    statistics: StatisticsService
    people: PersonService
    errors: ErrorLog
    log: LogRing
    restarts: RestartService
    worker: WorkerProcess


def build_reports(
    base: Base,
    databases: Databases,
    repositories: Repositories,
    counters: DailyCounters,
    worker: WorkerProcess,
    telegram: Telegram,
    told: Administration,
    serving: Serving,
    shutdown: OrderedShutdown,
) -> Reports:
    """Hand everything that admins look at what it needs; from now on errors of tasks and log lines are kept."""
    primary = databases.manager.primary
    people = PeopleRepository(primary)
    errors = ErrorLog(ErrorLogRepository(primary), base.clock, base.redactor.text)
    base.tasks.tell_failures(lambda name, error: errors.note(error, name))
    statistics = StatisticsService(
        people=people,
        files=MediaCountRepository(databases.manager),
        channels=repositories.channels,
        days=repositories.daily_statistics,
        counters=counters,
        databases=databases.manager,
        routing=databases.routing,
        cache=base.cache,
        tasks=base.tasks,
        clock=base.clock,
        time_zone=base.settings.time_zone,
    )
    restarts = RestartService(
        notes=RestartRepository(primary),
        stop=base.stop,
        telegram=telegram.gateway,
        catalogue=told.catalogue,
        audit=told.audit,
        clock=base.clock,
        version=running_release(),
    )
    roles, quota = serving.people.roles, serving.searching.quota
    persons = PersonService(repositories.users, people, roles, quota, base.clock)
    return Reports(statistics, persons, errors, _listening(base.redactor, shutdown), restarts, worker)


def _listening(redactor: Redactor, shutdown: OrderedShutdown) -> LogRing:
    """A ring that hears the log until the process has closed everything else."""
    ring = LogRing(redactor)
    ring.attach()

    async def detach() -> None:
        ring.detach()

    shutdown.push("log_ring", detach)
    return ring
