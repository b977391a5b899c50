"""Signals that end the process, the order in which it is taken down, and what calms it while it runs."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import threading
from typing import TYPE_CHECKING, Any, Self

import structlog

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine
    from types import TracebackType

    from core.clock import Clock

EXIT_STOPPED = 0
"""Somebody asked the process to stop."""
EXIT_UNAVAILABLE = 1
"""Telegram, or something else that is needed to start, is not there."""
EXIT_CONFIGURATION = 2
"""Nothing but another configuration helps."""
EXIT_DEAF = 3
"""Telegram cannot be heard by this process any more, or not by it: a new one is needed."""
EXIT_RESTART = 4
"""An admin asked for another run at once: whatever supervises the process, or the demo, starts it again."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_LEAST_S = 0.05
_EXIT_GRACE_S = 2.0
_YOUNG_OBJECTS = 10_000


class ShutdownSignal:
    """Becomes set by SIGINT or SIGTERM between `install` and `remove`, or by `request`."""

    def __init__(self) -> None:
        self._asked = asyncio.Event()
        self._reason = ""
        self._exit_code = EXIT_STOPPED
        self._log = structlog.get_logger(__name__)

    @property
    def is_set(self) -> bool:
        """Whether the process was asked to stop."""
        return self._asked.is_set()

    @property
    def reason(self) -> str:
        """The signal's name, or what `request` was given; "" while nobody asked."""
        return self._reason

    @property
    def exit_code(self) -> int:
        """What the process is to exit with."""
        return self._exit_code

    def install(self) -> Self:
        """Catch the signals on the running loop, a second one changes nothing; returns itself."""
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            loop.add_signal_handler(number, self.request, number.name)
        return self

    def remove(self) -> None:
        """Give the signals back to Python."""
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            loop.remove_signal_handler(number)

    def request(self, reason: str, exit_code: int = EXIT_STOPPED) -> None:
        """Ask the process to stop, as a signal does; whoever asks first says why, and what it exits with.

        Whoever asks for another run is overruled by whoever asks for none.
        """
        if not self._asked.is_set() or self._exit_code == EXIT_RESTART:
            self._reason = reason
            self._exit_code = exit_code
            self._log.info("shutdown_requested", reason=reason, exit_code=exit_code)
            self._asked.set()

    async def unless_asked(self, work: Coroutine[Any, Any, None]) -> bool:
        """Do `work`, and cancel it when the process is asked to stop meanwhile; whether it was done to its end."""
        asked = asyncio.gather(self.wait())
        doing = asyncio.gather(work)
        try:
            await asyncio.wait((doing, asked), return_when=asyncio.FIRST_COMPLETED)
            if not doing.done():
                return False
            await doing
        finally:
            doing.cancel()
            asked.cancel()
            await asyncio.gather(doing, asked, return_exceptions=True)
        return True

    async def wait(self) -> None:
        """Return once the process was asked to stop."""
        await self._asked.wait()


class OrderedShutdown:
    """Closes what was started, last first, all within one deadline.

    A step that fails is logged and the next one goes on. A step that is out of time is cancelled; the ones after it
    still get 50 ms each, enough to close a connection. Used with `async with`, leaving the block closes.

    Args:
        deadline_s: seconds for all steps together.
    """

    def __init__(self, clock: Clock, deadline_s: float) -> None:
        self._clock = clock
        self._deadline_s = deadline_s
        self._steps: list[tuple[str, Callable[[], Awaitable[object]]]] = []
        self._ends_at: float | None = None
        self._log = structlog.get_logger(__name__)

    @property
    def remaining_s(self) -> float:
        """Seconds left for the steps to come; the whole deadline before `close` began."""
        if self._ends_at is None:
            return self._deadline_s
        return max(0.0, self._ends_at - self._clock.monotonic())

    def push(self, name: str, step: Callable[[], Awaitable[object]]) -> None:
        """Add what undoes the start that just happened; a list of names that it returns is logged as cancelled."""
        self._steps.append((name, step))

    async def close(self) -> None:
        """Run all steps in reverse; calling it again does nothing more."""
        if not self._steps:
            return
        started = self._clock.monotonic()
        self._ends_at = started + self._deadline_s
        done: list[str] = []
        cancelled: list[str] = []
        while self._steps:
            name, step = self._steps.pop()
            done.append(name)
            cancelled += await self._run(name, step)
        took_ms = round((self._clock.monotonic() - started) * 1000, 1)
        self._log.info("shutdown_finished", steps=done, took_ms=took_ms, cancelled=cancelled)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _run(self, name: str, step: Callable[[], Awaitable[object]]) -> list[str]:
        try:
            async with asyncio.timeout(max(self.remaining_s, _LEAST_S)):
                (result,) = await asyncio.gather(step(), return_exceptions=True)
        except TimeoutError:
            return [name]
        if isinstance(result, BaseException):
            self._log.error("shutdown_step_failed", step=name, exc_info=result)
        return [str(part) for part in result] if isinstance(result, list) else []


def calm_the_garbage_collector() -> None:
    """Walk no more what exists by now; to be called when the process is built, and after much is loaded that stays.

    Most of what an update builds dies by reference count. Walking all of it again and again costs an answer some six
    percent of its time.
    """
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS, 10, 10)


def exit_at_the_latest(after_s: float, exit_code: int) -> threading.Timer:
    """End the process after the deadline of its shutdown and two seconds more, whatever hangs; can be cancelled.

    What is left by then is a task that refuses to be cancelled or a thread that never returns. Both would keep a deaf
    process alive, and its supervisor waiting.
    """
    timer = threading.Timer(after_s + _EXIT_GRACE_S, _exit_now, (exit_code,))
    timer.daemon = True
    timer.start()
    return timer


def _exit_now(exit_code: int) -> None:
    structlog.get_logger(__name__).error("shutdown_hangs", exit_code=exit_code)
    os._exit(exit_code)
