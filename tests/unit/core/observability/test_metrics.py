"""The table of metrics, the attributes and what is exposed agree."""

from __future__ import annotations

import pytest
from prometheus_client.parser import text_string_to_metric_families

from core.observability.loop_lag import LoopLagMonitor
from core.observability.metric_labels import LABELS
from core.observability.metrics import METRICS, Metrics
from tests.fixtures.clock import TestClock


def test_every_row_has_its_typed_attribute_and_no_attribute_is_without_a_row():
    """A metric exists in one place: the annotation's class is the row's kind."""
    declared = dict(Metrics.__annotations__)
    assert declared == {spec.attribute: spec.kind.value.__name__ for spec in METRICS}
    assert len(declared) == len(METRICS)
    assert len({spec.name for spec in METRICS}) == len(METRICS)


def test_everything_is_exposed_as_valid_text_with_help_and_unit():
    """A scraper can read all of it, each under its prefix, unit in the name."""
    text = Metrics().render()[0].decode()
    families = {family.name: family for family in text_string_to_metric_families(text)}
    for spec in METRICS:
        name = f"file_filter_{spec.name}" + (f"_{spec.unit}" if spec.unit else "")
        assert families[name].documentation == spec.help, name


def test_two_sets_of_metrics_do_not_know_each_other():
    """Each process or test has its own registry."""
    one, two = Metrics(), Metrics()
    one.searches.labels("found").inc()
    assert two.searches.labels("found")._value.get() == 0


def test_failed_tasks_are_counted_by_kind():
    """A task per delivery does not make a time series per delivery."""
    metrics = Metrics()
    for name in ("delivery:1", "delivery:2", "probe"):
        metrics.count_failed_task(name, ValueError())
    assert metrics.tasks_failed.labels("delivery")._value.get() == 2


@pytest.mark.parametrize("spec", [spec for spec in METRICS if spec.labels], ids=lambda spec: spec.attribute)
def test_labels_with_listed_values_show_them_before_anything_happened(spec):
    """Prometheus sees the first increase of a sum, since the sum was there as 0."""
    family = next(iter(getattr(Metrics(), spec.attribute).collect()))
    all_listed = all(isinstance(LABELS[spec.attribute][label], tuple) for label in spec.labels)

    assert bool(family.samples) == all_listed


class LateClock(TestClock):
    """A loop that runs everything later than asked; ends the measurement when it is out of latenesses."""

    def __init__(self, late_s: list[float]) -> None:
        super().__init__()
        self._late_s = late_s

    async def sleep(self, seconds: float) -> None:
        if not self._late_s:
            raise EOFError
        self.advance(seconds + self._late_s.pop(0))


async def _measured(late_s: list[float]) -> tuple[LoopLagMonitor, Metrics]:
    metrics = Metrics()
    monitor = LoopLagMonitor(LateClock(late_s), metrics)
    try:
        await monitor.run()
    except EOFError:
        return monitor, metrics
    raise AssertionError


async def test_the_lateness_of_the_loop_is_its_99th_percentile():
    """One block of half a second among ninety-nine good turns shows, in milliseconds and in the metric."""
    monitor, metrics = await _measured([0.001] * 99 + [0.5])
    assert abs(monitor.p99_ms - 500) < 0.01
    assert abs(metrics.loop_lag_seconds._value.get() - 0.5) < 0.001


async def test_only_the_last_minute_counts():
    """A block at start is forgotten after six hundred good turns."""
    monitor, _ = await _measured([5.0] * 10 + [0.001] * 600)
    assert abs(monitor.p99_ms - 1) < 0.01


def test_before_the_first_sample_there_is_no_lateness():
    """The report is available from the start."""
    assert LoopLagMonitor(TestClock(), Metrics()).p99_ms == 0.0
