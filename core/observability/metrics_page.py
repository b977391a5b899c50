"""The page of documentation about metrics, written from their table: `make docs`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from core.observability.metric_labels import LABELS
from core.observability.metrics import METRICS

if TYPE_CHECKING:
    from core.observability.metrics import MetricSpec

_HEAD = """# Metrics

Everything that `GET /metrics` exposes; written by `make docs` from the tables in `core/observability/`, and a test
compares them. Counters only grow; a histogram has `_bucket`, `_sum` and `_count`. Every label has few values,
whatever people send. The alerts and the dashboard in `deploy/` use these names and no others; what to do about an alert
stands in [operations](operations.md#alerts).
"""
_COLUMNS = "| metric | kind | unit | labels | meaning |\n|---|---|---|---|---|"


def render_page() -> str:
    """The whole page, sorted by name, with a line feed at its end."""
    rows = [_row(spec) for spec in sorted(METRICS, key=lambda spec: spec.exposed)]
    return "\n".join((_HEAD, _COLUMNS, *rows, ""))


def _row(spec: MetricSpec) -> str:
    labels = "; ".join(_label(spec, label) for label in spec.labels) or "–"
    cells = (f"`{spec.exposed}`", spec.kind.name.lower(), spec.unit or "–", labels, spec.help)
    return f"| {' | '.join(cells)} |"


def _label(spec: MetricSpec, label: str) -> str:
    values = LABELS[spec.attribute][label]
    return f"`{label}`: {values if isinstance(values, str) else ', '.join(values)}"


if __name__ == "__main__":
    sys.stdout.write(render_page())
