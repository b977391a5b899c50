"""Broadcasts: confirmed by who was shown them, sent one after the other, by one process at a time."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING

import orjson
import structlog

from core.cache import keys
from core.concurrency.task_registry import TaskFailedError
from core.domain.broadcast import BroadcastPace, BroadcastPause, BroadcastState
from core.errors import (
    BusyError,
    DatabaseUnavailableError,
    ExpiredError,
    FileFilterError,
    InfrastructureError,
    NotYoursError,
    RateLimitedError,
    TelegramUnavailableError,
)
from core.services.broadcast_meter import BroadcastMeter
from core.services.broadcast_progress import BroadcastProgress
from core.services.broadcast_run import BroadcastRun
from core.services.rate_limiter import Action
from core.telegram.gateway import RetryLaterError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from core.cache.redis_cache import RedisCache
    from core.database.lease import DatabaseLease, HeldLease
    from core.domain.broadcast import Broadcast
    from core.observability.metrics import Metrics
    from core.services.admin_notices import AdminNotices
    from core.services.audit_log import AuditLog
    from core.services.broadcast_progress import BroadcastView
    from core.services.broadcast_run import BroadcastLimits, BroadcastTools
    from core.services.rate_limiter import RateLimiter

_LEASE = "broadcast"
_RETRY_S = 1.0


class BroadcastService:
    """Broadcasts live in the database: they survive every process, and go on by themselves.

    Orders may be given in any process; the one that sends obeys within two seconds.

    Args:
        tools: what sends.
        leases: in the primary database; one broadcast is sent at a time.
        limiter: how often a broadcast may be confirmed.
        cache: holds the live view: how fast it goes.
        limits: asked whenever a broadcast is taken up.
        allowed: whether somebody may have broadcasts sent; asked before one begins. Raises InfrastructureError.
        notices: tell of a broadcast that is withheld.
    """

    def __init__(
        self,
        *,
        tools: BroadcastTools,
        leases: DatabaseLease,
        limiter: RateLimiter,
        cache: RedisCache,
        audit: AuditLog,
        metrics: Metrics,
        limits: Callable[[], BroadcastLimits],
        allowed: Callable[[int], Awaitable[bool]],
        notices: AdminNotices,
    ) -> None:
        self._tools = tools
        self._broadcasts = tools.broadcasts
        self._leases = leases
        self._limiter = limiter
        self._cache = cache
        self._audit = audit
        self._meter = BroadcastMeter(metrics)
        self._limits = limits
        self._allowed = allowed
        self._notices = notices
        self._view: BroadcastView | None = None
        self._run: BroadcastRun | None = None
        self._quiet_until = 0.0
        self._wake = asyncio.Event()
        self._log = structlog.get_logger(__name__)

    def show_in(self, view: BroadcastView) -> None:
        """Show broadcasts there from now on; before that nothing is shown."""
        self._view = view

    async def confirm(self, owner_id: int, broadcast_id: str, message_id: int) -> Broadcast:
        """Let it begin when it is due and those before it are over; safe to repeat.

        Args:
            owner_id: who was shown it.
            broadcast_id: what was shown.
            message_id: shows from now on how it goes.

        Raises:
            ExpiredError: it was shown too long ago, or was cancelled.
            NotYoursError: somebody else was shown it.
            BusyError: there was one a moment ago; the question stays.
            InfrastructureError: it is not known whether it will be sent; confirm once more.
        """
        found = await self._own(owner_id, broadcast_id)
        if found.state is BroadcastState.DRAFT:  # else pressed twice, or the answer to the first press was lost
            try:
                await self._limiter.check(owner_id, Action.BROADCAST)
            except RateLimitedError as error:
                raise BusyError("broadcast-too-soon", minutes=-(-error.retry_after_s // 60)) from error
            try:
                found = await self._confirm(found, message_id)
            except FileFilterError:  # what is not confirmed does not count
                await self._limiter.forget(Action.BROADCAST)
                raise
        if found.state is BroadcastState.WAITING:
            await self._show_waiting(found)
        return found

    async def discard(self, owner_id: int, broadcast_id: str) -> None:
        """Take back what was shown and not confirmed; errors as for `confirm`."""
        draft = await self._own(owner_id, broadcast_id)
        if not await self._broadcasts.discard(broadcast_id, owner_id) and draft.state is not BroadcastState.DRAFT:
            raise ExpiredError("broadcast-expired")

    async def stop(self, admin_id: int, broadcast_id: str) -> Broadcast:
        """End one, in whatever process it is sent; what was sent stays.

        Raises:
            ExpiredError: it is over.
        """
        stopped = await self._ordered(broadcast_id, await self._broadcasts.stop(broadcast_id), BroadcastState.STOPPED)
        await self._audit.add(admin_id, "broadcast_stopped", broadcast=broadcast_id)
        return stopped

    async def pause(self, admin_id: int, broadcast_id: str) -> Broadcast:
        """Let one that runs stand still; errors as for `stop`."""
        paused = await self._broadcasts.pause(broadcast_id, BroadcastPause.ASKED)
        paused = await self._ordered(broadcast_id, paused, BroadcastState.PAUSED)
        await self._audit.add(admin_id, "broadcast_paused", broadcast=broadcast_id)
        return paused

    async def resume(self, admin_id: int, broadcast_id: str) -> Broadcast:
        """Let one that is paused go on in its turn; errors as for `stop`."""
        resumed = await self._broadcasts.resume(broadcast_id, admin_id)
        resumed = await self._ordered(broadcast_id, resumed, BroadcastState.WAITING, BroadcastState.RUNNING)
        await self._audit.add(admin_id, "broadcast_resumed", broadcast=broadcast_id)
        if resumed.state is BroadcastState.WAITING:  # maybe for another one to end
            self._tools.tasks.spawn(self._show_waiting(resumed), name="broadcast_shown")
        return resumed

    async def state(self, broadcast_id: str) -> Broadcast | None:
        """A broadcast as it is, at most a second behind; None when it is not known."""
        return await self._broadcasts.get(broadcast_id)

    async def under_way(self) -> list[tuple[Broadcast, BroadcastPace]]:
        """Everything that is confirmed and not over, in the order in which it is due, and how fast it goes."""
        listed = await self._broadcasts.under_way()
        return [(broadcast, await self._get_broadcast_state(broadcast.id)) for broadcast in listed]

    async def reset_limit(self, admin_id: int) -> None:
        """Let the next broadcast be confirmed at once."""
        await self._limiter.forget(Action.BROADCAST)
        await self._audit.add(admin_id, "broadcast_limit_reset")

    async def run(self) -> None:
        """Send whatever is due, beginning with what a process that ended has left; ends only when cancelled."""
        await self._initialize_broadcast_recovery()
        while True:
            self._wake.clear()
            try:
                pause_s = await self._rest_s() if await self._serve() else _RETRY_S
            except InfrastructureError as error:
                self._log.warning("broadcast_waits", error=type(error).__name__)
                pause_s = _RETRY_S
            try:
                async with asyncio.timeout(pause_s):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def _confirm(self, draft: Broadcast, message_id: int) -> Broadcast:
        confirmed = await self._broadcasts.confirm(draft.id, draft.owner_id, message_id)
        if confirmed is None:
            found = await self._own(draft.owner_id, draft.id)
            if found.state is BroadcastState.DRAFT:
                raise ExpiredError("broadcast-expired")
            return found
        segment = confirmed.segment.pack()
        await self._audit.add(draft.owner_id, "broadcast_confirmed", broadcast=draft.id, segment=segment)
        self._wake.set()
        return confirmed

    async def _show_waiting(self, confirmed: Broadcast) -> None:
        """In place of what was shown; when that was so slow that it hides what came after it, that once more."""
        await self._show(confirmed)
        with suppress(DatabaseUnavailableError):
            found = await self._broadcasts.get(confirmed.id)
            if found is not None and found.state not in (BroadcastState.WAITING, BroadcastState.RUNNING):
                await self._show(found)

    async def _initialize_broadcast_recovery(self) -> None:
        """Say what was under way when the last process ended; sending it on needs nothing but the record."""
        try:
            for broadcast in await self._broadcasts.under_way():
                if broadcast.state is BroadcastState.RUNNING:
                    self._log.info("broadcast_goes_on", broadcast_id=broadcast.id, cursor=broadcast.cursor)
        except DatabaseUnavailableError:
            self._log.warning("broadcast_waits_for_database")

    async def _serve(self) -> bool:
        """Under the lease, send everything that is due; False while another process is at it, or may have died so."""
        if await self._broadcasts.next_due() is None and not await self._broadcasts.not_told():
            return True
        async with self._leases.hold(_LEASE, self._limits().lease_s, self._tools.tasks) as held:
            while held is not None and not held.is_lost:
                for over in await self._broadcasts.not_told():
                    await self._tell_end(over)
                due = await self._broadcasts.next_due()
                if due is None:
                    return True
                if due.state is BroadcastState.WAITING and not await self._allowed(due.ordered_by):
                    if not await self._withhold(due):
                        return False
                    continue
                taken = await self._broadcasts.take_over(due, held.lease.token)
                if taken is None:  # stopped meanwhile, or its fence is a later one's
                    return False
                await self._send(taken, held)
        return False

    async def _withhold(self, waiting: Broadcast) -> bool:
        """Who ordered it may have nothing sent any more: the others decide. False when there is another order now."""
        withheld = await self._broadcasts.withhold(waiting)
        if withheld is None:
            return False
        self._log.warning("broadcast_withheld", broadcast_id=withheld.id, ordered_by=withheld.ordered_by)
        self._notices.tell("notice-broadcast-withheld", person=str(withheld.ordered_by))
        await self._show(withheld)
        return True

    async def _send(self, broadcast: Broadcast, held: HeldLease) -> None:
        """From where it stopped; whatever nobody expected is reported, and pauses the broadcast."""
        limits = self._limits()
        progress = BroadcastProgress(self._view, self._tools.clock, limits.progress_s, self._set_broadcast_state)
        self._run = BroadcastRun(broadcast, held, self._tools, limits, self._meter.started(broadcast, progress.note))
        progress.note(broadcast)
        showing = self._tools.tasks.spawn(progress.run(), name="broadcast_progress")
        try:
            record = await self._tools.tasks.attempt(self._run.run, name="broadcast", expected=(InfrastructureError,))
        except InfrastructureError:
            return
        except TaskFailedError:
            record = await self._broadcasts.pause(broadcast.id, BroadcastPause.FAILED)
        finally:
            self._run = None
            self._meter.ended()
            showing.cancel()
            await asyncio.wait((showing,))
        if record is not None and record.state is BroadcastState.PAUSED:
            await self._show(record)
            if record.pause is not BroadcastPause.ASKED:
                await self._tell(record)

    async def _rest_s(self) -> float:
        """Until something is due, or may have been left by a process that died."""
        longest_s = self._limits().look_around_s
        moment = await self._broadcasts.next_moment()
        if moment is None:
            return longest_s
        return min(longest_s, max(0.0, (moment - self._tools.clock.utc_now()).total_seconds()))

    async def _tell_end(self, broadcast: Broadcast) -> None:
        """The report in place of the progress, again and again until it is there; a message about it at most once."""
        self._log.info("broadcast_over", broadcast_id=broadcast.id, state=broadcast.state.value, **_counts(broadcast))
        if not await self._show(broadcast):
            await self._tools.clock.sleep(_RETRY_S)
            return
        if await self._broadcasts.told(broadcast.id):
            await self._tell(broadcast)

    async def _tell(self, broadcast: Broadcast) -> None:
        """In a message that is noticed; best effort."""
        if self._view is None:
            return
        try:
            await self._view.tell(broadcast)
        except FileFilterError as error:
            self._log.warning("broadcast_not_told", broadcast_id=broadcast.id, error=type(error).__name__)

    async def _show(self, broadcast: Broadcast) -> bool:
        """Whether it is shown, or never will be; asks for nothing while Telegram wants no edits."""
        if self._view is None:
            return True
        if self._tools.clock.monotonic() < self._quiet_until:
            return False
        try:
            await self._view.show(broadcast, BroadcastPace())
        except RetryLaterError as error:
            self._quiet_until = self._tools.clock.monotonic() + error.seconds
            return False
        except TelegramUnavailableError:
            return False
        except FileFilterError as error:
            self._log.warning("broadcast_not_shown", broadcast_id=broadcast.id, error=type(error).__name__)
        return True

    async def _own(self, owner_id: int, broadcast_id: str) -> Broadcast:
        found = await self._broadcasts.get(broadcast_id)
        if found is None:
            raise ExpiredError("broadcast-expired")
        if found.owner_id != owner_id:
            raise NotYoursError("broadcast-not-yours")
        return found

    async def _ordered(self, broadcast_id: str, ordered: Broadcast | None, *wanted: BroadcastState) -> Broadcast:
        """What an order has made of a broadcast, which may have been so before."""
        ordered = ordered or await self._broadcasts.get(broadcast_id)
        if ordered is None or ordered.state not in wanted:
            raise ExpiredError("broadcast-over")
        self._wake.set()
        if self._run is not None:
            self._run.look()
        return ordered

    async def _set_broadcast_state(self, broadcast: Broadcast, pace: BroadcastPace) -> None:
        """Let every process see how fast it goes; how far it is stands in the record."""
        await self._cache.set(keys.broadcast(broadcast.id), orjson.dumps(asdict(pace)))

    async def _get_broadcast_state(self, broadcast_id: str) -> BroadcastPace:
        """How fast it goes, as whichever process sends it says; nothing of it when none does, or Redis is gone."""
        stored = await self._cache.get(keys.broadcast(broadcast_id))
        try:
            return BroadcastPace() if stored is None else BroadcastPace(**orjson.loads(stored))
        except (orjson.JSONDecodeError, TypeError):
            return BroadcastPace()


def _counts(broadcast: Broadcast) -> dict[str, int]:
    tally = broadcast.tally
    return {
        "sent": tally.sent,
        "unreachable": sum(tally.unreachable.values()),
        "failed": sum(tally.failed.values()),
        "unsettled": len(broadcast.unsettled),
    }
