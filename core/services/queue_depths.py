"""How much waits in every queue of the bot, for operators."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prometheus_client import Gauge

    from core.observability.metrics import Metrics


def queue_depths(metrics: Metrics) -> dict[str, dict[str, int]]:
    """By queue, then by its part, what waits at the moment; a queue that nothing ever waited in has no parts."""
    gauges = {
        "updates": metrics.updates_waiting,
        "indexing": metrics.indexing_queue_depth,
        "send_all": metrics.send_all_jobs,
        "sends": metrics.send_budget_waiting,
        "lanes": metrics.lane_waiting,
        "names": metrics.names_waiting,
        "deletions": metrics.deletions_kept,
        "postponed_changes": metrics.postponed_changes,
    }
    return {name: _parts(gauge) for name, gauge in gauges.items()}


def _parts(gauge: Gauge) -> dict[str, int]:
    samples = [sample for family in gauge.collect() for sample in family.samples]
    return {"".join(sample.labels.values()) or "all": int(sample.value) for sample in samples}
