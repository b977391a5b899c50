"""Telling the admins, once an episode, that more is posted than can be stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.clock import Clock
    from core.concurrency.task_registry import TaskRegistry
    from core.services.admin_notices import AdminNotices

_EPISODE = "indexing_queue_full"
_CALM_S = 60.0
_LOOK_S = 5.0


class IndexingAlert:
    """An episode begins with an event that no queue had room for, and ends a calm minute later with empty queues."""

    def __init__(self, notices: AdminNotices, tasks: TaskRegistry, clock: Clock) -> None:
        self._notices = notices
        self._tasks = tasks
        self._clock = clock
        self._last_shed = 0.0
        self._log = structlog.get_logger(__name__)

    def shed(self, depth: Callable[[], int], rate: float) -> None:
        """An event found both queues full; never waits.

        Args:
            depth: how many events wait; asked until the episode is over.
            rate: events a second that came since the queues were last empty.
        """
        self._last_shed = self._clock.monotonic()
        if self._notices.tell_once(_EPISODE, "notice-indexing-full", depth=depth(), rate=round(rate)):
            self._log.warning("indexing_queue_full", depth=depth(), rate=round(rate, 1))
            self._tasks.spawn(self._end_when_calm(depth), name="indexing_alert")

    async def _end_when_calm(self, depth: Callable[[], int]) -> None:
        while (left := self._last_shed + _CALM_S - self._clock.monotonic()) > 0 or depth():
            await self._clock.sleep(max(left, _LOOK_S))
        self._notices.over(_EPISODE)
        self._log.info("indexing_queue_calm")
