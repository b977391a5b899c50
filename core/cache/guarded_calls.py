"""Calls of Redis, each within half a second, behind a breaker."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

import structlog
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from core.errors import CacheUnavailableError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from core.clock import Clock
    from core.observability.metrics import Metrics

_DEADLINE_S = 0.5
_OPEN_S = 5.0
_GONE = (RedisConnectionError, RedisTimeoutError, TimeoutError, OSError)

T = TypeVar("T")


class RedisRefusedError(CacheUnavailableError):
    """Redis answered, but not with what was asked: a value of a wrong type, no memory, read-only."""


class GuardedCalls:
    """Bounds, counts and translates calls.

    The first call that Redis does not answer within half a second opens the breaker: for five seconds every call fails
    at once, then a single one tries again.

    Args:
        metrics: counts every operation in `cache_operations`.
    """

    def __init__(self, metrics: Metrics, clock: Clock) -> None:
        self._metrics = metrics
        self._clock = clock
        self._retry_at: float | None = None
        self._counters: dict[tuple[str, str], Any] = {}
        self._log = structlog.get_logger(__name__)

    @property
    def is_open(self) -> bool:
        """Whether Redis counts as gone at the moment."""
        return self._retry_at is not None

    async def run(self, op: str, call: Callable[[], Awaitable[T]]) -> T:
        """What `call` answers; not counted where it answers, since only the caller knows what that means.

        Raises:
            RedisRefusedError: Redis answered with an error.
            CacheUnavailableError: Redis did not answer, now or a moment ago.
        """
        if self._retry_at is not None:
            now = self._clock.monotonic()
            if now < self._retry_at:
                self.count(op, "skipped")
                raise CacheUnavailableError("Redis did not answer a moment ago")
            self._retry_at = now + _OPEN_S  # this call tries; the others go on skipping
        return await self.run_anyway(op, call)

    async def run_anyway(self, op: str, call: Callable[[], Awaitable[T]]) -> T:
        """As `run`, whatever the breaker says."""
        task = asyncio.current_task()
        cancelled_before = task.cancelling() if task is not None else 0
        try:
            async with asyncio.timeout(_DEADLINE_S):
                answer = await call()
        except _GONE as error:
            self._opened(op, error)
            raise CacheUnavailableError("Redis did not answer") from error
        except RedisError as error:
            self._closed()
            self.count(op, "refused")
            self._log.warning("cache_refused", op=op, error=type(error).__name__)
            raise RedisRefusedError("Redis refused the operation") from error
        self._closed()
        if task is not None and task.cancelling() > cancelled_before:
            raise asyncio.CancelledError  # the client's `wait_for` loses one that comes together with its answer
        return answer

    def _opened(self, op: str, error: BaseException) -> None:
        self.count(op, "error")
        if self._retry_at is None:
            self._log.warning("cache_unavailable", op=op, error=type(error).__name__)
            self._metrics.breaker_state.labels("redis").set(2)
        self._retry_at = self._clock.monotonic() + _OPEN_S

    def _closed(self) -> None:
        if self._retry_at is not None:
            self._retry_at = None
            self._log.info("cache_available")
            self._metrics.breaker_state.labels("redis").set(0)

    def count(self, op: str, outcome: str) -> None:
        """Count one operation."""
        counter = self._counters.get((op, outcome))
        if counter is None:
            counter = self._counters[op, outcome] = self._metrics.cache_operations.labels(op, outcome)
        counter.inc()
