"""Channel events on their way to the database: two bounded queues, growing batches, no loss."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from core.errors import DatabaseUnavailableError

if TYPE_CHECKING:
    from core.clock import Clock
    from core.concurrency.task_registry import TaskRegistry
    from core.domain.indexing import QueuedEvent
    from core.observability.metrics import Metrics
    from core.services.indexing import IndexingService
    from core.services.indexing_alert import IndexingAlert
    from core.services.runtime_settings import RuntimeSettingsService

_RETRY_PAUSE_S = 1.0


class IndexingQueue:
    """Takes events without ever blocking the update loop and stores them in order, batch by batch.

    `message_queue` feeds the worker; when it is full, `overflow_queue` takes what follows, and a mover brings it
    back in order. When both are full an event is shed: `enqueue` says so, and the caller fetches it again later.
    Batches grow with what waits, the longest while the overflow is in use.
    """

    def __init__(
        self,
        indexing: IndexingService,
        runtime: RuntimeSettingsService,
        tasks: TaskRegistry,
        metrics: Metrics,
        clock: Clock,
        alert: IndexingAlert,
    ) -> None:
        self._indexing = indexing
        self._runtime = runtime
        self._tasks = tasks
        self._metrics = metrics
        self._clock = clock
        self._alert = alert
        self._make_queues()
        self._moving = 0
        self._pending: list[QueuedEvent] = []
        self._taken = 0
        self._stored = 0
        self._busy_since, self._busy_from = 0.0, 0
        self._progressed = asyncio.Event()
        self._waits_for = ""
        self._log = structlog.get_logger(__name__)

    @property
    def depth(self) -> int:
        """Events taken and not stored yet."""
        return self.message_queue.qsize() + self.overflow_queue.qsize() + self._moving + len(self._pending)

    def start(self) -> None:
        """Start the worker and the mover, with the sizes that are stored by now if nothing was taken yet."""
        if not self.depth:
            self._make_queues()
        self._tasks.supervise(self._process_message_queue, name="indexing")
        self._tasks.supervise(self._process_overflow_queue, name="indexing_overflow")

    def enqueue(self, queued: QueuedEvent) -> bool:
        """Take an event; False when both queues are full and it was shed. Never blocks."""
        if not self.depth:
            self._busy_since, self._busy_from = self._clock.monotonic(), self._taken
        overflowing = self._moving or not self.overflow_queue.empty()
        queue = self.overflow_queue if overflowing or self.message_queue.full() else self.message_queue
        try:
            queue.put_nowait(queued)
        except asyncio.QueueFull:
            self._metrics.posts_shed.inc()
            self._alert.shed(lambda: self.depth, self._rate())
            return False
        self._taken += 1
        self._metrics.indexing_queue_depth.labels("main").set(self.message_queue.qsize())
        self._metrics.indexing_queue_depth.labels("overflow").set(self.overflow_queue.qsize())
        return True

    async def drain(self) -> None:
        """Wait until everything taken before this call is stored, whatever is taken meanwhile."""
        taken = self._taken
        while self._stored < taken:
            self._progressed.clear()
            await self._progressed.wait()

    async def _process_message_queue(self) -> None:
        while True:
            if not self._pending:
                self._pending.append(await self.message_queue.get())
            size = self._batch_size()
            while len(self._pending) < size and not self.message_queue.empty():
                self._pending.append(self.message_queue.get_nowait())
            try:
                await self._indexing.process(self._pending)
            except DatabaseUnavailableError as error:
                self._tell_waiting_once(error)
                await self._clock.sleep(_RETRY_PAUSE_S)
                continue  # the same batch again: storing is idempotent
            self._waits_for = ""
            self._stored += len(self._pending)
            self._pending.clear()
            self._progressed.set()
            self._metrics.indexing_queue_depth.labels("main").set(self.message_queue.qsize())

    async def _process_overflow_queue(self) -> None:
        while True:
            queued = await self.overflow_queue.get()
            self._moving = 1
            await self.message_queue.put(queued)
            self._moving = 0
            self._metrics.indexing_queue_depth.labels("overflow").set(self.overflow_queue.qsize())

    def _make_queues(self) -> None:
        current = self._runtime.current
        self.message_queue: asyncio.Queue[QueuedEvent] = asyncio.Queue(current.message_queue_size)
        self.overflow_queue: asyncio.Queue[QueuedEvent] = asyncio.Queue(current.overflow_queue_size)

    def _rate(self) -> float:
        """Events taken a second since there last were none."""
        return (self._taken - self._busy_from) / max(1.0, self._clock.monotonic() - self._busy_since)

    def _tell_waiting_once(self, error: DatabaseUnavailableError) -> None:
        """A line for each reason to wait, not for each try."""
        reason = type(error).__name__
        if reason != self._waits_for:
            self._waits_for = reason
            self._log.warning("indexing_waits_for_database", depth=self.depth, reason=reason, detail=str(error))

    def _batch_size(self) -> int:
        current, depth = self._runtime.current, self.depth
        if not self.overflow_queue.empty():
            return max(current.batch_size_overflow, current.batch_size_large)
        if depth >= current.batch_depth_large:
            return current.batch_size_large
        return current.batch_size_medium if depth >= current.batch_depth_medium else current.batch_size_small
