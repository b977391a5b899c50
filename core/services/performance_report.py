"""How the process is doing: lateness, memory, times by route, lanes and queues."""

from __future__ import annotations

import resource
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.concurrency.semaphore_manager import ConcurrencyDomain, SemaphoreManager

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from core.clock import Clock
    from core.observability.loop_lag import LoopLagMonitor
    from core.observability.metrics import Metrics

_QUANTILES = {"p50_ms": 0.50, "p95_ms": 0.95, "p99_ms": 0.99}
_STATUS = Path("/proc/self/status")


class PerformanceReport:
    """Builds the answer of `/performance`; the start of the process is the moment this is built.

    Args:
        sections: what other parts report, by name; every function is called for each report and gives JSON values.
        version: of the program, as in `config.release`.
    """

    def __init__(
        self,
        metrics: Metrics,
        loop_lag: LoopLagMonitor,
        lanes: SemaphoreManager,
        clock: Clock,
        sections: Mapping[str, Callable[[], Any]] | None = None,
        *,
        version: str = "source",
    ) -> None:
        self._metrics = metrics
        self._loop_lag = loop_lag
        self._lanes = lanes
        self._clock = clock
        self._sections = dict(sections or {})
        self._version = version
        self._started = clock.monotonic()
        metrics.process_start_seconds.set(clock.unix())

    def report(self) -> dict[str, Any]:
        """JSON values: times in milliseconds, memory in bytes; quantiles are interpolated between histogram bounds."""
        return {
            "version": self._version,
            "uptime_s": round(self._clock.monotonic() - self._started, 1),
            "loop_lag_p99_ms": self._loop_lag.p99_ms,
            "loop_lag_max_ms": self._loop_lag.max_ms,
            "memory_rss_bytes": resident_bytes(),
            "routes": self._routes(),
            "lanes": {domain.value: self._lane(domain) for domain in ConcurrencyDomain},
            **{name: section() for name, section in self._sections.items()},
        }

    def _lane(self, domain: ConcurrencyDomain) -> dict[str, int]:
        lanes = self._lanes
        return {"limit": lanes.limit(domain), "in_use": lanes.in_use(domain), "waiting": lanes.waiting(domain)}

    def _routes(self) -> dict[str, dict[str, float]]:
        counts: dict[str, list[tuple[float, float]]] = {}
        for family in self._metrics.update_seconds.collect():
            for sample in family.samples:
                if sample.name.endswith("_bucket"):
                    bucket = (float(sample.labels["le"]), sample.value)
                    counts.setdefault(sample.labels["route"], []).append(bucket)
        return {
            route: {
                "updates": int(buckets[-1][1]),
                **{name: round(quantile(buckets, share) * 1000, 1) for name, share in _QUANTILES.items()},
            }
            for route, buckets in sorted(counts.items())
        }


def quantile(buckets: Sequence[tuple[float, float]], share: float) -> float:
    """The value below which `share` of the observations of a histogram lie, interpolated within its bucket.

    Args:
        buckets: (upper bound, observations up to it), ascending; the last bound is infinity.
        share: from 0 to 1.

    Returns:
        0.0 without observations; the largest finite bound when it lies beyond that.
    """
    total = buckets[-1][1]
    if total == 0:
        return 0.0
    wanted = total * share
    low_bound = low_count = 0.0
    for bound, count in buckets:
        if count >= wanted and count > low_count:
            if bound == float("inf"):
                break
            within = (wanted - low_count) / (count - low_count)
            return min(bound, low_bound + (bound - low_bound) * within)  # rounding may lead out of the bucket
        low_bound, low_count = (bound if bound != float("inf") else low_bound), count
    return low_bound


def resident_bytes() -> int:
    """Resident memory of this process now; its peak where the system has no /proc."""
    if _STATUS.exists():
        for line in _STATUS.read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
