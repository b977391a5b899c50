"""One process beside the bot for work that would hold up the event loop."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

import structlog

from core.concurrency.worker_child import LENGTH, pack_message, unpack_body
from core.errors import InfrastructureError

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from asyncio.subprocess import Process
    from collections.abc import Callable

    from core.clock import Clock
    from core.concurrency.task_registry import TaskRegistry
    from core.observability.metrics import Metrics

A = TypeVar("A")
R = TypeVar("R")

_ROOT = Path(__file__).parents[2]
_CHILD = ("-m", "core.concurrency.worker_child")
_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "PYTHONPATH", "PYTHONHOME")
_IDLE_S = 60.0
_LONGEST_S = 60.0
_TRIES = 2


class WorkerLostError(InfrastructureError):
    """The worker process ended, could not be started or took too long; what it was asked is not done."""


class _Outcome(NamedTuple):
    """What came of a call: `value` was returned, or raised."""

    is_returned: bool
    value: Any


class WorkerProcess:
    """Runs importable functions one at a time in a process of its own, which exists only while there is work.

    It is a fresh interpreter: it imports what the functions need and nothing of the bot, and gets none of the
    environment's secrets. It ends when it has had nothing to do for a while, and when this process ends, however that
    happens; when it is busy then, after its call or the time that a call may take.

    Args:
        idle_s: how long it stays without work.
        longest_s: how long one call may take.
    """

    def __init__(
        self,
        tasks: TaskRegistry,
        metrics: Metrics,
        clock: Clock,
        *,
        idle_s: float = _IDLE_S,
        longest_s: float = _LONGEST_S,
    ) -> None:
        self._tasks = tasks
        self._metrics = metrics
        self._clock = clock
        self._idle_s = idle_s
        self._longest_s = longest_s
        self._process: Process | None = None
        self._turn = asyncio.Lock()
        self._used_at = clock.monotonic()
        self._is_closed = False
        self._log = structlog.get_logger(__name__)

    @property
    def pid(self) -> int | None:
        """Of the process; None while there is none."""
        return self._process.pid if self._process is not None else None

    async def call(self, function: Callable[[A], R], argument: A) -> R:
        """What `function(argument)` returns there; callers are served one after another, in order.

        A call whose process dies is made once more, so the function may run twice. Cancelling ends the process.

        Args:
            function: found in the worker by its name and that of its module.
            argument: picklable, as the result is.

        Raises:
            WorkerLostError: the process died twice, could not be started, took too long, or `close` was called.
            Exception: whatever the function raises.
        """
        message = pack_message((function, argument))
        async with self._turn:
            for _ in range(_TRIES):
                outcome = await self._attempt(message)
                if outcome is not None and outcome.is_returned:
                    return cast("R", outcome.value)
                if outcome is not None:
                    raise outcome.value
                self._metrics.worker_processes.labels("lost").inc()
                self._log.warning("worker_lost", function=function.__qualname__)
        raise WorkerLostError("the worker process died twice")

    async def close(self) -> None:
        """End the process at once, whatever it does; calls fail from now on."""
        self._is_closed = True
        await self._end()

    async def _attempt(self, message: bytes) -> _Outcome | None:
        """One call; None when the process died. It goes on only after a call that returned."""
        outcome = None
        try:
            async with asyncio.timeout(self._longest_s):
                outcome = await _ask(await self._running(), message)
        except TimeoutError:
            raise WorkerLostError("the worker process took too long") from None
        except (EOFError, OSError):
            return None
        finally:
            self._used_at = self._clock.monotonic()
            if outcome is None or not outcome.is_returned:
                await self._end()
        return outcome

    async def _running(self) -> Process:
        if self._is_closed:
            raise WorkerLostError("there is no worker process any more")
        if self._process is None:
            environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
            command = (
                sys.executable,
                *_CHILD,
                str(int(self._longest_s) + 1),
            )  # its alarm: should nobody be left to wait
            self._process = await asyncio.create_subprocess_exec(
                *command, stdin=PIPE, stdout=PIPE, cwd=_ROOT, env=environment
            )
            self._metrics.worker_processes.labels("started").inc()
            self._tasks.spawn(self._end_when_idle(self._process), name="worker_process")
        return self._process

    async def _end_when_idle(self, process: Process) -> None:
        while process is self._process:
            left_s = self._used_at + self._idle_s - self._clock.monotonic()
            if left_s > 0 or self._turn.locked():
                await self._clock.sleep(left_s if left_s > 0 else self._idle_s)
            else:
                await self._end()

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def _ask(process: Process, message: bytes) -> _Outcome:
    """Send a call and wait for its outcome."""
    calls: StreamWriter = cast("Any", process.stdin)
    outcomes: StreamReader = cast("Any", process.stdout)
    if calls.is_closing():
        raise BrokenPipeError("the process ended since the last call")  # uvloop raises a RuntimeError
    calls.write(message)
    await calls.drain()
    (length,) = LENGTH.unpack(await outcomes.readexactly(LENGTH.size))
    return _Outcome(*unpack_body(await outcomes.readexactly(length)))
