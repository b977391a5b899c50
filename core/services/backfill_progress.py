"""Showing how jobs go, seldom enough for Telegram and without holding them up."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import structlog

from core.domain.index_job import JobState
from core.errors import FileFilterError
from core.services.walk_pace import PaceMeter
from core.telegram.gateway import RetryLaterError

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.clock import Clock
    from core.concurrency.task_registry import TaskRegistry
    from core.domain.index_job import IndexJob, WalkPace

_TRIES = 5


class BackfillView(Protocol):
    """Where a job is shown."""

    async def show(self, job: IndexJob, pace: WalkPace) -> None:
        """Show a job as it is now, to who started it.

        Raises:
            FileFilterError: Telegram does not take it; a RetryLaterError says when it may.
        """
        ...


@dataclass(slots=True)
class _Board:
    """What is shown of one channel's job.

    Attributes:
        latest: what is to be shown next; None when what is shown is up to date.
        may_show_at: monotonic moment of the next edit.
    """

    meter: PaceMeter
    latest: IndexJob | None = None
    is_painted: bool = False
    may_show_at: float = field(default=0.0)


class BackfillProgress:
    """Shows the newest state of every job, each at most once per interval; whatever fails here stops no job.

    Args:
        interval_s: seconds between two edits of one message; asked for every edit.
    """

    def __init__(self, tasks: TaskRegistry, clock: Clock, interval_s: Callable[[], float]) -> None:
        self._tasks = tasks
        self._clock = clock
        self._interval_s = interval_s
        self._view: BackfillView | None = None
        self._boards: dict[int, _Board] = {}
        self._log = structlog.get_logger(__name__)

    def show_in(self, view: BackfillView) -> None:
        """Show jobs there from now on; before that nothing is shown."""
        self._view = view

    def changed(self, job: IndexJob) -> None:
        """Have a job shown as it is now; returns at once."""
        board = self._boards.setdefault(job.channel_id, _Board(PaceMeter(self._clock)))
        if job.state is JobState.RUNNING:
            board.meter.note(job.checkpoint)
        else:
            board.meter.reset()
        board.latest = job
        if self._view is not None and not board.is_painted:
            board.is_painted = True
            self._tasks.spawn(self._paint(self._view, board), name="backfill_progress")

    async def _paint(self, view: BackfillView, board: _Board) -> None:
        """Show what is there to show, then end."""
        failures, channel_id = 0, 0
        try:
            while board.latest is not None and failures < _TRIES:
                await self._clock.sleep(max(0.0, board.may_show_at - self._clock.monotonic()))
                job, board.latest = board.latest, None
                channel_id = job.channel_id
                pause_s = await self._try(view, job, board)
                failures = failures + 1 if pause_s else 0
                if pause_s and board.latest is None:
                    board.latest = job
                board.may_show_at = self._clock.monotonic() + max(pause_s, self._interval_s())
                if not job.state.is_active and board.latest is None:
                    self._boards.pop(channel_id, None)
        finally:
            board.is_painted = False

    async def _try(self, view: BackfillView, job: IndexJob, board: _Board) -> float:
        """Show a job; returns 0 when it is shown, else after how many seconds to try again."""
        try:
            await view.show(job, board.meter.pace(job.top - job.checkpoint))
        except FileFilterError as error:
            self._log.warning("progress_not_shown", channel_id=job.channel_id, error=type(error).__name__)
            return float(error.seconds) if isinstance(error, RetryLaterError) else self._interval_s()
        return 0.0
