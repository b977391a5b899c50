"""The only caller of asyncio.create_task: names tasks, reports their errors, ends them at shutdown."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

import structlog

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from core.clock import Clock

_RESTART_PAUSE_S = (0.1, 0.5, 2.0, 10.0)

T = TypeVar("T")


class TaskFailedError(Exception):
    """A task that was waited for ended in an error that nobody expected; the registry has reported it."""


class TaskRegistry:
    """Keeps every background task alive to the garbage collector, visible, and stoppable.

    A task that fails is logged with its name and counted in `failures`; nothing dies silently.

    Args:
        on_failure: called with (name, exception) for every failed task, e.g. to count a metric.
    """

    def __init__(self, clock: Clock, on_failure: Callable[[str, BaseException], None] | None = None) -> None:
        self._clock = clock
        self._watchers = [on_failure] if on_failure is not None else []
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closed = False
        self._log = structlog.get_logger(__name__)
        self.failures = 0

    def __len__(self) -> int:
        return len(self._tasks)

    @property
    def names(self) -> list[str]:
        """Names of the running tasks, sorted."""
        return sorted(task.get_name() for task in self._tasks)

    def tell_failures(self, watcher: Callable[[str, BaseException], None]) -> None:
        """Have `watcher` called as `on_failure` is; it must neither wait nor raise."""
        self._watchers.append(watcher)

    def spawn(self, work: Coroutine[Any, Any, Any], *, name: str) -> asyncio.Task[Any]:
        """Run `work` in the background once.

        Raises:
            RuntimeError: the registry is closed; `work` is closed unrun.
        """
        if self._closed:
            work.close()
            raise RuntimeError(f"the task registry is closed; {name!r} was not started")
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    def supervise(self, work: Callable[[], Coroutine[Any, Any, None]], *, name: str) -> asyncio.Task[Any]:
        """Run `work()` and run it again whenever it fails, with growing pauses; a normal return ends it."""
        return self.spawn(self._supervised(work, name), name=name)

    async def attempt(
        self, work: Callable[[], Awaitable[T]], *, name: str, expected: tuple[type[Exception], ...] = ()
    ) -> T:
        """Wait for `work()` in a task of its own, so that whatever goes wrong is reported and goes no further.

        The task is cancelled with whoever waits for it. Errors that are `expected` are raised as they are, and not
        reported.

        Raises:
            TaskFailedError: it ended in another error, or was cancelled by somebody else.
            RuntimeError: the registry is closed; nothing was run.
        """
        task = self.spawn(_expecting(work, expected), name=name)
        try:
            await asyncio.wait((task,))
        finally:
            task.cancel()
        if task.cancelled() or task.exception() is not None:
            raise TaskFailedError(name)
        result: T
        result, error = task.result()
        if error is not None:
            raise error
        return result

    async def close(self, deadline_s: float) -> list[str]:
        """Cancel what still runs and wait for it, at most `deadline_s`; returns the names cancelled."""
        self._closed = True
        running = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running, timeout=deadline_s)
        return sorted(task.get_name() for task in running)

    async def _supervised(self, work: Callable[[], Coroutine[Any, Any, None]], name: str) -> None:
        attempt = 0
        while True:
            started = self._clock.monotonic()
            try:
                await work()
            except asyncio.CancelledError as error:
                if _is_cancelled():
                    raise
                self._report(name, error)  # something that it waited for was cancelled, not the work
            except Exception as error:
                self._report(name, error)
            else:
                return
            attempt = 0 if self._clock.monotonic() - started > 60 else attempt + 1  # it ran well: forget old failures
            await self._clock.sleep(_RESTART_PAUSE_S[min(attempt, len(_RESTART_PAUSE_S) - 1)])

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._report(task.get_name(), error)

    def _report(self, name: str, error: BaseException) -> None:
        self.failures += 1
        self._log.error("task_failed", task=name, exc_info=error)
        for watcher in self._watchers:
            watcher(name, error)


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def _expecting(
    work: Callable[[], Awaitable[T]], expected: tuple[type[Exception], ...]
) -> tuple[Any, Exception | None]:
    """(result, None), or (None, an error that was expected)."""
    try:
        return await work(), None
    except expected as error:
        return None, error
