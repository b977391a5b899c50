"""Showing how a broadcast goes, seldom enough for Telegram and without holding it up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import structlog

from core.domain.broadcast import BroadcastPace, BroadcastState
from core.errors import FileFilterError
from core.services.walk_pace import PaceMeter
from core.telegram.gateway import RetryLaterError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from core.clock import Clock
    from core.domain.broadcast import Broadcast


class BroadcastView(Protocol):
    """Where a broadcast is shown to its owner."""

    async def show(self, broadcast: Broadcast, pace: BroadcastPace) -> None:
        """Show it as it is now, in place of what was shown before.

        Raises:
            FileFilterError: Telegram does not take it.
        """
        ...

    async def tell(self, broadcast: Broadcast) -> None:
        """Say that it is over, or stands still by itself, in a message of its own; raises as `show`."""
        ...


class BroadcastProgress:
    """Shows the newest checkpoint of one run, at once and then at most once per interval.

    Args:
        view: where; None shows nothing.
        interval_s: seconds between two edits.
        publish: told of what is shown; never raises.
    """

    def __init__(
        self,
        view: BroadcastView | None,
        clock: Clock,
        interval_s: float,
        publish: Callable[[Broadcast, BroadcastPace], Awaitable[None]],
    ) -> None:
        self._view = view
        self._clock = clock
        self._interval_s = interval_s
        self._publish = publish
        self._meter = PaceMeter(clock)
        self._latest: Broadcast | None = None
        self._log = structlog.get_logger(__name__)

    def note(self, broadcast: Broadcast) -> None:
        """It is so far now; one that was stopped or paused is shown when nothing of it is on its way any more."""
        self._meter.note(broadcast.tally.done)
        self._latest = broadcast if broadcast.state is BroadcastState.RUNNING else None

    async def run(self) -> None:
        """Show what was noted, until cancelled."""
        while True:
            pause_s = self._interval_s
            newest, self._latest = self._latest, None  # what is noted while this one is shown is the next
            if newest is not None:
                pause_s = max(pause_s, await self._show(newest))
            await self._clock.sleep(pause_s)

    async def _show(self, broadcast: Broadcast) -> float:
        """Returns how long nothing may be shown, because Telegram says so."""
        pace = self._pace(broadcast)
        await self._publish(broadcast, pace)
        try:
            if self._view is not None:
                await self._view.show(broadcast, pace)
        except FileFilterError as error:
            self._log.warning("progress_not_shown", broadcast_id=broadcast.id, error=type(error).__name__)
            return float(error.seconds) if isinstance(error, RetryLaterError) else 0.0
        return 0.0

    def _pace(self, broadcast: Broadcast) -> BroadcastPace:
        pace = self._meter.pace(broadcast.left)
        return BroadcastPace(pace.per_second, pace.left_s)
