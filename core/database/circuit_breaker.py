"""Stops asking a database that does not answer, and finds out gently when it is back.

CLOSED ──(max_failures in a row)──► OPEN ──(recovery time, or a sign of life)──► HALF_OPEN
   ▲                                 ▲                                              │
   └──────────(a probe is answered)──┼──────────────────────────────────────────────┤
                                     └──────────────(a probe fails)─────────────────┘
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from core.domain.database import BreakerLimits
from core.errors import DatabaseUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.clock import Clock


class CircuitBreakerState(Enum):
    """The values are those of the metric `breaker_state`."""

    CLOSED = 0
    HALF_OPEN = 1
    OPEN = 2


class CallOutcome(Enum):
    """What a call says about the database: it answered, it failed, or nothing (given up by the caller)."""

    ANSWERED = "answered"
    FAILED = "failed"
    UNKNOWN = "unknown"


class CircuitOpenError(DatabaseUnavailableError):
    """The database is not asked at the moment."""


class CircuitBreaker:
    """A state machine without tasks and waits: every call asks `admit` and reports to `settle`.

    Half-open, at most `half_open_calls` calls are let through in all, however many come at once; one whose outcome
    stays unknown gives its place back. What is reported by calls of an earlier state changes nothing.

    Args:
        name: the database, for errors and `on_change`.
        limits: read at every decision, so that they may change while the bot runs.
        on_change: told every new state.
    """

    def __init__(
        self,
        name: str,
        clock: Clock,
        limits: Callable[[], BreakerLimits] = BreakerLimits,
        on_change: Callable[[str, CircuitBreakerState], None] | None = None,
    ) -> None:
        self._name = name
        self._clock = clock
        self._limits = limits
        self._on_change = on_change
        self._state = CircuitBreakerState.CLOSED
        self._era = 0
        self._failures = 0
        self._probes = 0
        self._retry_at = 0.0
        self._changed_at = clock.monotonic()

    @property
    def state(self) -> CircuitBreakerState:
        """The state after the last call; an open breaker whose time has come stays OPEN until somebody asks."""
        return self._state

    @property
    def steady_s(self) -> float:
        """Seconds since the state last changed."""
        return self._clock.monotonic() - self._changed_at

    def admit(self) -> int:
        """Let a call through.

        Returns:
            The permit that `settle` takes.

        Raises:
            CircuitOpenError: the database must not be asked now.
        """
        if self._state is CircuitBreakerState.CLOSED:
            return self._era
        if self._state is CircuitBreakerState.OPEN:
            if self._clock.monotonic() < self._retry_at:
                raise CircuitOpenError(f"{self._name} did not answer a moment ago")
            self._change(CircuitBreakerState.HALF_OPEN)
        if self._probes >= self._limits().half_open_calls:
            raise CircuitOpenError(f"{self._name} is being probed")
        self._probes += 1
        return self._era

    def settle(self, permit: int, outcome: CallOutcome) -> None:
        """Report what became of an admitted call; exactly once for each permit."""
        if permit != self._era:
            return
        if outcome is CallOutcome.ANSWERED:
            self._record_success()
        elif outcome is CallOutcome.FAILED:
            self._record_failure()
        elif self._state is CircuitBreakerState.HALF_OPEN:
            self._probes -= 1

    def note_ping(self, *, answered: bool) -> None:
        """Take in a ping, which is never held back: an answer lets probes through before the recovery time is over."""
        if self._state is CircuitBreakerState.CLOSED:
            self.settle(self._era, CallOutcome.ANSWERED if answered else CallOutcome.FAILED)
        elif self._state is CircuitBreakerState.OPEN and answered:
            self._change(CircuitBreakerState.HALF_OPEN)

    def reset(self) -> None:
        """Close at once, whatever was seen: what an admin asks for."""
        self._failures = 0
        if self._state is not CircuitBreakerState.CLOSED:
            self._change(CircuitBreakerState.CLOSED)

    def _record_success(self) -> None:
        self._failures = 0
        if self._state is CircuitBreakerState.HALF_OPEN:
            self._change(CircuitBreakerState.CLOSED)

    def _record_failure(self) -> None:
        self._failures += 1
        if self._state is CircuitBreakerState.HALF_OPEN or self._failures >= self._limits().max_failures:
            self._retry_at = self._clock.monotonic() + self._limits().recovery_timeout_s
            self._change(CircuitBreakerState.OPEN)

    def _change(self, state: CircuitBreakerState) -> None:
        self._state = state
        self._era += 1
        self._failures = 0
        self._probes = 0
        self._changed_at = self._clock.monotonic()
        if self._on_change is not None:
            self._on_change(self._name, state)
