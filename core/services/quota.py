"""A reader's daily quota: reserve before sending, spend per file, give back the rest on every way out."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from core.domain.quota import QuotaReservation, QuotaStatus
from core.errors import DatabaseUnavailableError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import date, datetime
    from zoneinfo import ZoneInfo

    from core.clock import Clock
    from core.domain.user import User
    from core.observability.metrics import Metrics
    from core.services.runtime_settings import RuntimeSettingsService
    from repositories.user import UserRepository

_RELEASE_TRIES = 3
_MOST_OWED = 10_000


class QuotaHandle:
    """Slots reserved for one delivery, inside `QuotaService.reserve`.

    Attributes:
        spent: slots used so far; one whose spending was not answered counts, since its file may have been sent.
    """

    def __init__(self, users: UserRepository, reservation: QuotaReservation) -> None:
        self._users = users
        self._order = asyncio.Lock()
        self.reservation = reservation
        self.spent = 0
        self.is_settled = reservation.granted == 0 or reservation.limit == 0

    @property
    def granted(self) -> int:
        """Slots that may be spent, from 0 up to what was asked."""
        return self.reservation.granted

    @property
    def limit(self) -> int:
        """The daily limit this was granted under; 0 means unlimited."""
        return self.reservation.limit

    async def spend(self, n: int = 1) -> bool:
        """Make `n` more slots durably used.

        Returns:
            False when the hold is gone, because it was neither renewed nor spent for too long: stop sending.

        Raises:
            ValueError: more than was granted.
            DatabaseUnavailableError: not known whether it is durable; the slots count as spent.
        """
        async with self._order:
            if self.spent + n > self.granted:
                raise ValueError("more slots spent than were granted")
            self.spent += n
            if not await self._users.spend_quota(self.reservation, self.spent):
                self.spent -= n
                return False
            self.is_settled = self.is_settled or self.spent == self.granted
            return True

    def count_unknown(self) -> None:
        """One more slot is used, as far as anybody can know; made durable with what is given back in the end."""
        self.spent = min(self.spent + 1, self.granted)


class QuotaService:
    """Grants files a day, exactly, across processes and crashes; fails closed when the database is gone.

    Args:
        time_zone: whose midnight begins a new day, whatever the zone of the server.
        metrics: counts what is refused because nobody knows what is left; None to count nothing.
    """

    def __init__(
        self,
        users: UserRepository,
        runtime: RuntimeSettingsService,
        clock: Clock,
        time_zone: ZoneInfo,
        metrics: Metrics | None = None,
    ) -> None:
        self._users = users
        self._runtime = runtime
        self._clock = clock
        self._time_zone = time_zone
        self._failures = None if metrics is None else metrics.quota_failures
        self._live: set[QuotaHandle] = set()
        self._owed: deque[QuotaHandle] = deque(maxlen=_MOST_OWED)
        self._log = structlog.get_logger(__name__)

    @asynccontextmanager
    async def reserve(self, user: User, want: int) -> AsyncIterator[QuotaHandle]:
        """Hold up to `want` files for the block; what is not spent is given back exactly once, however it is left.

        The hold is renewed while the block runs (see `renew_holds`), so it may run for hours; it stays on the day it
        began on. Nothing being left is not an error: `granted` is 0.

        Raises:
            DatabaseUnavailableError: the primary database did not answer; nothing may be delivered.
        """
        handle = QuotaHandle(self._users, await self._reserve(user, want))
        if not handle.is_settled:
            self._live.add(handle)
        try:
            yield handle
        finally:
            self._live.discard(handle)
            if not handle.is_settled:
                await self._release(handle)

    async def status(self, user: User) -> QuotaStatus:
        """What a reader has used of today's quota, running deliveries included; unlimited readers have used 0."""
        limit = self._limit(user)
        return QuotaStatus(limit, await self._users.quota_status(user.id, self.today()) if limit else 0)

    def is_unlimited(self, user: User) -> bool:
        """Whether this reader has no daily limit at the moment."""
        return self._limit(user) == 0

    def today(self) -> date:
        """The date in the configured zone."""
        return self._clock.utc_now().astimezone(self._time_zone).date()

    async def renew_holds(self) -> None:
        """Keep the holds of running deliveries alive, three times per hold's life; ends only when cancelled.

        Those of deliveries that ended while the database was away are settled first.
        """
        while True:
            hold_s = self._runtime.current.quota_hold_s
            await self._clock.sleep(hold_s / 3)
            await self._settle_owed()
            until = self._clock.utc_now() + timedelta(seconds=hold_s)
            for handle in list(self._live):
                await self._renew(handle, until)

    async def settle(self, reservation: QuotaReservation, spent: int) -> None:
        """Charge what was spent of a hold that nobody holds any more, and give back the rest; safe to repeat.

        Raises:
            DatabaseUnavailableError: the primary database did not answer; ask again.
        """
        spent = min(spent, reservation.granted)
        await self._users.spend_quota(reservation, spent)
        await self._users.release_quota(reservation, spent)

    async def _reserve(self, user: User, want: int) -> QuotaReservation:
        limit, hold_s = self._limit(user), self._runtime.current.quota_hold_s
        try:
            return await self._users.reserve_quota_atomic(
                user.id, want, limit=limit, day=self.today(), hold_s=hold_s, now=self._clock.utc_now()
            )
        except DatabaseUnavailableError:
            if self._failures is not None:
                self._failures.inc()
            raise

    async def _renew(self, handle: QuotaHandle, until: datetime) -> None:
        try:
            renewed = await self._users.renew_hold(handle.reservation, until)
        except DatabaseUnavailableError:
            renewed = True  # not known; the next round comes before the hold expires
        if not renewed and handle in self._live and not handle.is_settled:
            self._live.discard(handle)
            self._log.warning("quota_hold_lost", user_id=handle.reservation.user_id)

    async def _release(self, handle: QuotaHandle) -> None:
        """Give back the rest even when the task is being cancelled: releasing twice is releasing once."""
        cancelled: asyncio.CancelledError | None = None
        for _ in range(_RELEASE_TRIES):
            try:
                await self._users.release_quota(handle.reservation, handle.spent)
                break
            except asyncio.CancelledError as error:
                cancelled = error
            except DatabaseUnavailableError:
                self._owed.append(handle)
                self._log.warning("quota_release_postponed", user_id=handle.reservation.user_id)
                break
        if cancelled is not None:
            raise cancelled

    async def _settle_owed(self) -> None:
        """What an outage kept from being written down; without effect on a hold that expired meanwhile."""
        while self._owed:
            handle = self._owed[0]
            try:
                await self._users.release_quota(handle.reservation, handle.spent)
            except DatabaseUnavailableError:
                return
            self._owed.popleft()

    def _limit(self, user: User) -> int:
        current = self._runtime.current
        is_premium = user.is_premium(self._clock.utc_now())
        return current.premium_daily_limit if is_premium else current.non_premium_daily_limit
