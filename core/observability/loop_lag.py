"""How late the event loop runs what is due: the first sign that something blocks it."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.clock import Clock
    from core.observability.metrics import Metrics

_INTERVAL_S = 0.1
_SAMPLES = 600
_PUBLISH_EVERY = 10


class LoopLagMonitor:
    """Measures by how much a tenth of a second gets longer; keeps the last minute.

    Give `run` to the task registry's `supervise`.
    """

    def __init__(self, clock: Clock, metrics: Metrics) -> None:
        self._clock = clock
        self._metrics = metrics
        self._late_s: deque[float] = deque(maxlen=_SAMPLES)

    @property
    def p99_ms(self) -> float:
        """99th percentile of the lateness over the last minute, in milliseconds; 0.0 before the first sample."""
        if not self._late_s:
            return 0.0
        ordered = sorted(self._late_s)
        return round(ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)] * 1000, 3)

    @property
    def max_ms(self) -> float:
        """The worst lateness of the last minute, in milliseconds; 0.0 before the first sample."""
        return round(max(self._late_s, default=0.0) * 1000, 3)

    async def run(self) -> None:
        """Measure until cancelled."""
        measured = 0
        while True:
            due = self._clock.monotonic() + _INTERVAL_S
            await self._clock.sleep(_INTERVAL_S)
            self._late_s.append(max(0.0, self._clock.monotonic() - due))
            measured += 1
            if measured % _PUBLISH_EVERY == 0:
                self._metrics.loop_lag_seconds.set(self.p99_ms / 1000)
