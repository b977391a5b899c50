"""The table of metrics follows Prometheus' conventions, says what every label may be, and is the documentation."""

from __future__ import annotations

import re

import pytest

from core.observability.metric_labels import LABELS
from core.observability.metrics import METRICS, MetricKind, MetricSpec
from core.observability.metrics_page import render_page
from tests.architecture.sources import ROOT

BASE_UNITS = {"", "seconds", "bytes"}


def test_the_page_is_the_table() -> None:
    """Whoever reads docs/metrics.md reads what is exposed; otherwise the page says how to write it anew."""
    assert (ROOT / "docs" / "metrics.md").read_text("utf-8") == render_page()


def test_every_label_is_explained() -> None:
    """Which values a label may have stands in `metric_labels.py`; nothing there belongs to no metric."""
    assert {spec.attribute: set(spec.labels) for spec in METRICS if spec.labels} == {
        attribute: set(labels) for attribute, labels in LABELS.items()
    }


@pytest.mark.parametrize("spec", METRICS, ids=lambda spec: spec.attribute)
def test_names_follow_the_conventions(spec: MetricSpec) -> None:
    """Base units, the unit in the name, `_total` for sums and for nothing else, no label that repeats the name."""
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", spec.name)
    assert spec.unit in BASE_UNITS
    assert not spec.name.endswith(("_total", "_count", "_sum", "_bucket", "_seconds", "_bytes", "_ms"))
    assert spec.exposed.endswith("_total") == (spec.kind is MetricKind.COUNTER)
    assert all(re.fullmatch(r"[a-z]+", label) for label in spec.labels)
    assert not {"le", "quantile", "user", "chat", "id"} & set(spec.labels)
    assert spec.help
    assert not spec.help.endswith(".")
    assert bool(spec.buckets) == (spec.kind is MetricKind.HISTOGRAM)
