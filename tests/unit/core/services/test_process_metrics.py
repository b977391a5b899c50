"""What a scrape says of the process and of its work is true at that moment."""

from __future__ import annotations

from dataclasses import dataclass, field

from prometheus_client.parser import text_string_to_metric_families

from core.concurrency.semaphore_manager import ConcurrencyDomain, SemaphoreManager
from core.concurrency.task_registry import TaskRegistry
from core.domain.broadcast import Tally
from core.observability.metrics import Metrics
from core.services.broadcast_meter import BroadcastMeter
from core.services.process_metrics import expose_process
from tests.fixtures.clock import TestClock


def scraped(metrics: Metrics) -> dict[tuple[str, ...], float]:
    """Values by name and label values."""
    text = metrics.render()[0].decode()
    return {
        (sample.name.removeprefix("file_filter_"), *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_a_scrape_measures_memory_tasks_and_lanes():
    """Scenario 127: what operators look at is measured when they look, and not when something last changed."""
    metrics, tasks = Metrics(), TaskRegistry(TestClock())
    lanes = SemaphoreManager({domain.value: 2 for domain in ConcurrencyDomain})
    expose_process(metrics, lanes, tasks, version="v1.2.3")

    async with lanes.lane(ConcurrencyDomain.BROADCAST):
        busy = scraped(metrics)

    assert busy["memory_resident_bytes",] > 1_000_000
    assert busy["tasks_running",] == 0
    assert busy["lane_in_use", "broadcast"] == 1
    assert busy["build_info", "v1.2.3"] == 1
    assert scraped(metrics)["lane_in_use", "broadcast"] == 0


@dataclass
class Checkpoint:
    """As much of a broadcast as is counted."""

    tally: Tally = field(default_factory=Tally)


def test_a_broadcast_counts_what_its_checkpoints_add():
    """Scenario 103: whom an earlier process reached is not counted again by the one that goes on."""
    metrics, told = Metrics(), []
    meter = BroadcastMeter(metrics)
    note = meter.started(Checkpoint(Tally(100, {"blocked": 7}, {})), told.append)  # type: ignore[arg-type]
    running = scraped(metrics)["broadcasts_running",]
    for checkpoint in (
        Checkpoint(Tally(104, {"blocked": 7, "deactivated": 1}, {})),
        Checkpoint(Tally(109, {}, {"X": 2})),
    ):
        note(checkpoint)  # type: ignore[arg-type]
    meter.ended()

    assert running == 1
    assert len(told) == 2
    values = scraped(metrics)
    assert values["broadcasts_running",] == 0
    assert values["broadcast_people_total", "sent"] == 9
    assert values["broadcast_people_total", "unreachable"] == 1
    assert values["broadcast_people_total", "failed"] == 2
