"""What is wrong with a query of Prometheus over the bot's own metrics: names, labels and values that do not exist."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import promql_parser as promql

from core.observability.metric_labels import LABELS
from core.observability.metrics import METRICS, MetricKind, MetricSpec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SUFFIXES = ("_bucket", "_sum", "_count")
OF_PROMETHEUS = {"up"}
OF_TARGETS = {"job", "instance"}
"""Labels that Prometheus puts to everything that it scrapes."""
GROWS = {"rate", "irate", "increase"}


@dataclass(slots=True)
class _Look:
    """What was found on the way through a query."""

    problems: list[str] = field(default_factory=list)

    def at(self, expression: promql.Expr, *, aggregated: str = "") -> set[str]:
        """Labels that the result of the expression may have."""
        match expression:
            case promql.VectorSelector():
                found = self.selector(expression, aggregated)
            case promql.MatrixSelector():
                found = self.selector(expression.vector_selector, aggregated)
            case promql.Call():
                found = set().union(*(self.at(part, aggregated=expression.func.name) for part in expression.args))
            case promql.AggregateExpr():
                found = self.aggregate(expression)
            case promql.BinaryExpr():
                found = self.at(expression.lhs) | self.at(expression.rhs)
            case promql.ParenExpr() | promql.UnaryExpr():
                found = self.at(expression.expr)
            case promql.NumberLiteral() | promql.StringLiteral():
                found = set()
            case _:
                raise TypeError(type(expression))
        return found

    def aggregate(self, expression: promql.AggregateExpr) -> set[str]:
        inside = self.at(expression.expr)
        kept = set(expression.modifier.labels) if expression.modifier is not None else set()
        self.problems += [f"no label {label} in {expression.expr}" for label in sorted(kept - inside)]
        return kept

    def selector(self, selector: promql.VectorSelector, function: str) -> set[str]:
        name = selector.name
        if name in OF_PROMETHEUS:
            return OF_TARGETS
        spec = spec_of(name)
        if spec is None:
            self.problems.append(f"no metric {name}")
            return set()
        if is_sum(spec) != (function in GROWS):
            self.problems.append(f"{name} is {'only' if is_sum(spec) else 'never'} used with {sorted(GROWS)}")
        for matcher in selector.matchers.matchers:
            self.problems += problems_of(spec, matcher.name, matcher.value)
        return OF_TARGETS | set(spec.labels) | ({"le"} if name.endswith("_bucket") else set())


def spec_of(name: str | None) -> MetricSpec | None:
    """The row of the table that a sample's name belongs to."""
    for spec in METRICS:
        names = [spec.exposed + suffix for suffix in SUFFIXES] if spec.kind is MetricKind.HISTOGRAM else [spec.exposed]
        if name in names:
            return spec
    return None


def is_sum(spec: MetricSpec) -> bool:
    return spec.kind is not MetricKind.GAUGE


def problems_of(spec: MetricSpec, label: str, wanted: str) -> Iterator[str]:
    """What is wrong with a matcher; of values that are not listed only the label is checked."""
    if label in OF_TARGETS:
        return
    if label not in spec.labels:
        yield f"{spec.exposed} has no label {label}"
        return
    known = LABELS[spec.attribute][label]
    if isinstance(known, tuple):
        yield from (f"{spec.exposed}: {label} is never {value}" for value in wanted.split("|") if value not in known)


def problems(query: str, legends: Iterable[str] = ()) -> list[str]:
    """Everything wrong with a query, and with labels that texts beside it name as {{label}} or $labels.label."""
    look = _Look()
    labels = look.at(promql.parse(query.replace("$__rate_interval", "5m")))
    named = {name for text in legends for name in re.findall(r"\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}", text)}
    return look.problems + [f"{query} gives no label {name}" for name in sorted(named - labels)]
