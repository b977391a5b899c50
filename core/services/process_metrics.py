"""What the process itself is made of, measured when somebody scrapes."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from core.concurrency.semaphore_manager import ConcurrencyDomain
from core.services.performance_report import resident_bytes

if TYPE_CHECKING:
    from core.concurrency.semaphore_manager import SemaphoreManager
    from core.concurrency.task_registry import TaskRegistry
    from core.observability.metrics import Metrics


def expose_process(metrics: Metrics, lanes: SemaphoreManager, tasks: TaskRegistry, *, version: str) -> None:
    """Have every scrape measure memory, tasks and lanes; `version` is that of the program, as in `config.release`."""
    metrics.build_info.labels(version).set(1)
    metrics.memory_bytes.set_function(resident_bytes)
    metrics.tasks_running.set_function(partial(len, tasks))
    for domain in ConcurrencyDomain:
        metrics.lane_in_use.labels(domain.value).set_function(partial(lanes.in_use, domain))
        metrics.lane_waiting.labels(domain.value).set_function(partial(lanes.waiting, domain))
