"""The performance report: plain JSON, quantiles that can be trusted."""

from __future__ import annotations

import math

import orjson
import pytest
from hypothesis import example, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from config.settings import ConcurrencyLimits
from core.concurrency.semaphore_manager import ConcurrencyDomain, SemaphoreManager
from core.observability.loop_lag import LoopLagMonitor
from core.observability.metrics import Metrics
from core.services.performance_report import PerformanceReport, quantile, resident_bytes

BOUNDS = (0.01, 0.1, 1.0)


@pytest.fixture
def metrics():
    return Metrics()


@pytest.fixture
def lanes():
    return SemaphoreManager(ConcurrencyLimits().model_dump())


@pytest.fixture
def report(metrics, lanes, clock):
    sections = {"queues": lambda: {"main": 7}}
    return PerformanceReport(metrics, LoopLagMonitor(clock, metrics), lanes, clock, sections)


async def test_the_report_is_json_with_every_section(report, lanes, clock):
    """Uptime, memory, lateness, lanes and the sections of other parts are there."""
    clock.advance(90)
    async with lanes.lane(ConcurrencyDomain.INDEXING):
        told = orjson.loads(orjson.dumps(report.report()))

    assert told["uptime_s"] == 90
    assert told["memory_rss_bytes"] > 1_000_000
    assert told["loop_lag_p99_ms"] == 0
    assert told["lanes"]["indexing"] == {"limit": 8, "in_use": 1, "waiting": 0}
    assert told["queues"] == {"main": 7}
    assert told["routes"] == {}


def test_routes_show_their_own_times(report, metrics):
    """A slow route does not hide behind a quick one."""
    for _ in range(100):
        metrics.update_seconds.labels("search").observe(0.02)
        metrics.update_seconds.labels("file").observe(0.7)
    routes = report.report()["routes"]
    assert routes["search"]["updates"] == routes["file"]["updates"] == 100
    assert 10 <= routes["search"]["p50_ms"] <= routes["search"]["p99_ms"] <= 25
    assert 500 <= routes["file"]["p50_ms"] <= routes["file"]["p99_ms"] <= 1000


@examples(deadline=None)
@example(values=[1.0] * 13, share=1.0)
@given(st.lists(st.floats(0, 1), min_size=1), st.floats(0, 1))
def test_a_quantile_lies_in_the_bucket_of_the_true_one(values, share):
    """The interpolated value and the exact one are never apart by more than their bucket."""
    buckets = [(bound, float(sum(value <= bound for value in values))) for bound in (*BOUNDS, math.inf)]
    exact = sorted(values)[max(0, math.ceil(len(values) * share) - 1)]
    told = quantile(buckets, share)
    low, high = next((low, high) for low, high in zip((0.0, *BOUNDS), BOUNDS, strict=False) if exact <= high)
    assert low <= told <= high


def test_without_observations_a_quantile_is_zero_and_beyond_the_last_bound_it_is_that_bound():
    """The edges of a histogram give numbers, not infinities."""
    assert quantile([(0.1, 0.0), (math.inf, 0.0)], 0.99) == 0.0
    assert quantile([(0.1, 0.0), (math.inf, 5.0)], 0.5) == 0.1


def test_memory_is_read_without_a_library():
    """Resident memory is plausible for a Python process."""
    assert 5_000_000 < resident_bytes() < 10_000_000_000
