"""How often and how long databases are asked, kept cheap: this runs around every operation."""

from __future__ import annotations

from typing import Any, Protocol


class DatabaseMetrics(Protocol):
    """What the pool counts with: `database_operations` labelled (op, outcome), `database_seconds` labelled (op)."""

    @property
    def database_operations(self) -> Any:
        """Counter with labels op and outcome: ok, error, unavailable, full, timeout or cancelled."""

    @property
    def database_seconds(self) -> Any:
        """Histogram with label op; seconds as the caller waited, retries included."""


class OperationTimings:
    """Counts operations and their times; without metrics it does nothing."""

    def __init__(self, metrics: DatabaseMetrics | None) -> None:
        self._metrics = metrics
        self._counters: dict[tuple[str, str], Any] = {}
        self._histograms: dict[str, Any] = {}

    def note(self, name: str, outcome: str, seconds: float) -> None:
        """Count one operation; looking up a metric by its labels costs more than counting, so it is done once."""
        if self._metrics is None:
            return
        counter = self._counters.get((name, outcome))
        if counter is None:
            counter = self._counters[name, outcome] = self._metrics.database_operations.labels(name, outcome)
        histogram = self._histograms.get(name)
        if histogram is None:
            histogram = self._histograms[name] = self._metrics.database_seconds.labels(name)
        counter.inc()
        histogram.observe(seconds)
