"""Work of one chat in order, chats beside each other, and a bound on what waits."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Hashable, Iterable

    from core.clock import Clock
    from core.concurrency.task_registry import TaskRegistry


class ShedReason(StrEnum):
    """Why a job was not done."""

    STALE = "stale"
    """It waited longer than its patience."""
    CHAT_FULL = "chat_full"
    """Too many newer ones of its lane wait."""
    ALL_FULL = "all_full"
    """Too many newer ones of all lanes wait."""
    STOPPING = "stopping"
    """The lanes were closed before its turn."""


@dataclass(frozen=True, slots=True)
class LaneLimits:
    """How much may run and wait.

    Attributes:
        parallel: lanes that are served at the same moment.
        waiting_per_lane: jobs that wait in one lane.
        waiting: jobs that wait in all lanes.
    """

    parallel: int = 200
    waiting_per_lane: int = 20
    waiting: int = 5_000


@dataclass(frozen=True, slots=True, eq=False)
class LaneJob:
    """One piece of work.

    Attributes:
        lane: jobs with the same value are done one after the other, in the order they came.
        work: called once, when it is the job's turn.
        shed: called once instead, at once, when its turn will not come; must not raise.
        patience_s: for how long it is worth waiting; None: it is never shed while the lanes are open.
    """

    lane: Hashable
    work: Callable[[], Coroutine[Any, Any, None]]
    shed: Callable[[ShedReason], None]
    patience_s: float | None


@dataclass(slots=True, eq=False)
class _Lane:
    key: Hashable
    waiting: deque[LaneJob] = field(default_factory=deque)


class ChatLanes:
    """Takes work without ever waiting, and does it: one job a lane at a time, lanes in turn.

    A lane that is busy or flooded costs the others nothing: it holds one place among those that are served, and
    beyond its share of waiting jobs its oldest ones are shed. When everything is full the oldest job of all goes.

    Args:
        tasks: runs each job as a task of its own; a job that fails is reported there.
        clock: measures how long jobs wait.
    """

    def __init__(self, tasks: TaskRegistry, clock: Clock, limits: LaneLimits | None = None) -> None:
        self._tasks = tasks
        self._clock = clock
        self._limits = limits or LaneLimits()
        self._lanes: dict[Hashable, _Lane] = {}
        self._ready: deque[_Lane] = deque()
        self._waiting: dict[LaneJob, float] = {}
        self._running = 0
        self._closed = False
        self._idle = asyncio.Event()

    @property
    def running(self) -> int:
        """Jobs that are being done."""
        return self._running

    @property
    def waiting(self) -> int:
        """Jobs whose turn has not come."""
        return len(self._waiting)

    def put(self, job: LaneJob) -> None:
        """Take a job; it is begun soon, or shed, now or later."""
        if self._closed:
            job.shed(ShedReason.STOPPING)
            return
        self._waiting[job] = self._clock.monotonic()
        lane = self._lanes.get(job.lane)
        if lane is None:
            lane = self._lanes[job.lane] = _Lane(job.lane)
            self._ready.append(lane)
        lane.waiting.append(job)
        self._serve_ready()
        self._keep_limits(lane)

    async def close(self, patience_s: float) -> int:
        """Shed what waits, take nothing more, and wait for what runs; returns how many jobs still run after that."""
        self._closed = True
        for job in list(self._waiting):
            self._shed(job, ShedReason.STOPPING)
        if self._running:
            self._idle.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(patience_s):
                    await self._idle.wait()
        return self._running

    def _keep_limits(self, lane: _Lane) -> None:
        if len(lane.waiting) > self._limits.waiting_per_lane:
            self._shed_oldest(lane.waiting, ShedReason.CHAT_FULL)
        if len(self._waiting) > self._limits.waiting:
            self._shed_oldest(self._waiting, ShedReason.ALL_FULL)

    def _shed_oldest(self, jobs: Iterable[LaneJob], reason: ShedReason) -> None:
        """Shed the first job that may be shed."""
        oldest = next((job for job in jobs if job.patience_s is not None), None)
        if oldest is not None:
            self._shed(oldest, ShedReason.STALE if self._is_stale(oldest) else reason)

    def _serve_ready(self) -> None:
        while self._ready and self._running < self._limits.parallel:
            lane = self._ready.popleft()
            job = self._next_job(lane)
            if job is None:
                del self._lanes[lane.key]
                continue
            self._running += 1
            self._tasks.spawn(self._serve(lane, job), name="update")

    async def _serve(self, lane: _Lane, job: LaneJob) -> None:
        try:
            await job.work()
        finally:
            self._running -= 1
            self._ready.append(lane)  # behind the others, so that all lanes get their turns
            if not self._closed:
                self._serve_ready()
            elif not self._running:
                self._idle.set()

    def _next_job(self, lane: _Lane) -> LaneJob | None:
        while lane.waiting:
            job = lane.waiting[0]
            if not self._is_stale(job):
                lane.waiting.popleft()
                del self._waiting[job]
                return job
            self._shed(job, ShedReason.STALE)
        return None

    def _is_stale(self, job: LaneJob) -> bool:
        waited_s = self._clock.monotonic() - self._waiting[job]
        return job.patience_s is not None and waited_s > job.patience_s

    def _shed(self, job: LaneJob, reason: ShedReason) -> None:
        del self._waiting[job]
        self._lanes[job.lane].waiting.remove(job)
        job.shed(reason)
