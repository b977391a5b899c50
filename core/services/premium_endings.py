"""Telling people that their premium ends soon, and that it is over: hourly, each of them once."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from core.domain.premium import ENDED_KEPT, PremiumNotice
from core.errors import DatabaseUnavailableError

if TYPE_CHECKING:
    from datetime import datetime

    from core.clock import Clock
    from core.concurrency.task_registry import TaskRegistry
    from core.database.lease import DatabaseLease, HeldLease
    from core.domain.premium import PremiumEnd
    from core.observability.metrics import Metrics
    from core.services.person_notices import PersonNotices, Telling
    from core.services.premium import PremiumService
    from core.services.runtime_settings import RuntimeSettingsService
    from repositories.premium import PremiumRepository

_LEASE = "premium_sweep"
_LEASE_S = 120.0
_LONGEST_NAP_S = 60.0
_PATIENCE = timedelta(minutes=1)
_MOST_LEFT = 5
_SENTENCES = {PremiumNotice.SOON: "premium-ends-soon", PremiumNotice.OVER: "premium-over"}


class PremiumEndings:
    """Sweeps over those whose premium ends; the rights themselves follow from the end and wait for nothing.

    When the last complete sweep began is stored, so that restarts and other processes do not repeat it, and a lease
    keeps two from working at once. Should both fail, still nobody is told twice: who was told is marked after it, and
    a message that is sent again before that is recognised by Telegram (see `PersonNotices`).
    """

    def __init__(
        self,
        *,
        premium: PremiumRepository,
        service: PremiumService,
        notices: PersonNotices,
        leases: DatabaseLease,
        runtime: RuntimeSettingsService,
        tasks: TaskRegistry,
        metrics: Metrics,
        clock: Clock,
    ) -> None:
        self._premium = premium
        self._service = service
        self._notices = notices
        self._leases = leases
        self._runtime = runtime
        self._tasks = tasks
        self._metrics = metrics
        self._clock = clock
        self._log = structlog.get_logger(__name__)

    async def run(self) -> None:
        """Finish grants that were left behind, and sweep when it is due; ends only when cancelled."""
        patience = timedelta()  # at the start there is nobody else who works at a grant
        while True:
            try:
                await self._service.finish(self._clock.utc_now() - patience)
                patience = _PATIENCE
                await self.sweep_if_due()
            except DatabaseUnavailableError:
                self._log.warning("premium_sweep_waits_for_database")
            await self._clock.sleep(min(_LONGEST_NAP_S, self._runtime.current.premium_sweep_s))

    async def sweep_if_due(self) -> bool:
        """Tell everybody whose premium ends soon or is over; False when it is not due, or another process does it.

        A sweep that Telegram or the lease interrupts is not complete, and is due again at once.

        Raises:
            DatabaseUnavailableError: the rest is done by the next call.
        """
        if not await self._is_due():
            return False
        async with self._leases.hold(_LEASE, _LEASE_S, self._tasks) as held:
            if held is None or not await self._is_due():
                return False
            began = self._clock.utc_now()
            days = self._runtime.current.premium_reminder_days
            is_complete = await self._tell_all(held, PremiumNotice.OVER, began - ENDED_KEPT, began)
            if days:
                soon = began + timedelta(days=days)
                is_complete = await self._tell_all(held, PremiumNotice.SOON, began, soon) and is_complete
            if is_complete:
                await self._premium.swept(began)
                self._note_sweep(began)
        return is_complete

    async def _is_due(self) -> bool:
        last = await self._premium.last_sweep()
        if last is None:
            return True
        self._note_sweep(last)
        passed_s = (self._clock.utc_now() - last).total_seconds()
        return not 0 <= passed_s < self._runtime.current.premium_sweep_s  # a clock that was wrong makes it due

    def _note_sweep(self, began: datetime) -> None:
        self._metrics.job_completed_seconds.labels("premium_sweep").set(began.timestamp())

    async def _tell_all(self, held: HeldLease, notice: PremiumNotice, after: datetime, until: datetime) -> bool:
        """Tell everybody whose premium ends in this time, page by page; False when somebody is left for later.

        Who cannot be written to now holds up nobody else, until there are so many that Telegram must be away.
        """
        left: set[int] = set()
        while ends := await self._premium.ending(after, until, notice, without=left):
            for end in ends:
                if held.is_lost or len(left) >= _MOST_LEFT:
                    return False
                if (await self._tell(end, notice)).is_settled:
                    await self._premium.mark(end, notice)
                else:
                    left.add(end.user_id)
        return not left

    async def _tell(self, end: PremiumEnd, notice: PremiumNotice) -> Telling:
        once = f"premium-{notice.value}:{end.until.isoformat()}"
        telling = await self._notices.tell(end.user_id, end.language, once, _SENTENCES[notice], until=end.until)
        self._metrics.premium_notices.labels(notice.value, telling.value).inc()
        return telling
