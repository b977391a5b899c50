"""The figures of the search benchmark, and what they are held against."""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.search_engines import OURS
from benchmarks.search_queries import ONE_WORD_CLASSES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from benchmarks.search_engines import Answer, Sizes
    from benchmarks.search_queries import MixedQuery

JUDGED_FROM = 100_000
"""Ratios grow with the library; below so many files they are shown and not judged."""

_MILLION = 1_000_000
_UNKNOWN = "0 % known"
_REFERENCE, _EVAMARIA, _LEAN = "reference", "evamaria", "lean reference"
_MEAN = {JUDGED_FROM: {_REFERENCE: 100, _EVAMARIA: 35}, _MILLION: {_REFERENCE: 250, _EVAMARIA: 80}}
_P95 = {JUDGED_FROM: {}, _MILLION: {_REFERENCE: 200, _EVAMARIA: 60}}
_RATE = {_REFERENCE: 100, _EVAMARIA: 40}
_SLOWEST_CLASS, _INSERT, _BYTES = 1.5, 1.5, 0.55
_DEEP_PAGE, _HOSTILE = 2.0, 5.0
_EXPONENTS = {"p50": 0.5, "mean": 0.6, "p95": 0.8, "one word, p50": 0.15}


class Target(NamedTuple):
    """A figure and its limit.

    Attributes:
        limit: None when the figure is only shown.
        at_least: whether the limit is the least that is good enough, else the most.
    """

    name: str
    value: float
    limit: float | None
    at_least: bool = True

    @property
    def is_met(self) -> bool:
        """Also True of what has no limit."""
        if self.limit is None:
            return True
        return self.value >= self.limit if self.at_least else self.value <= self.limit


@dataclass
class Timings:
    """What one engine took for page 1.

    Attributes:
        seconds: by query.
        found: queries with a file on page 1.
        failed: queries that were cut or refused.
    """

    seconds: dict[MixedQuery, float] = field(default_factory=dict)
    found: set[MixedQuery] = field(default_factory=set)
    failed: set[MixedQuery] = field(default_factory=set)

    def add(self, query: MixedQuery, seconds: float, answer: Answer) -> None:
        """Take in one search; of repeated ones the sum counts, see `average`."""
        self.seconds[query] = self.seconds.get(query, 0.0) + seconds
        if answer.found:
            self.found.add(query)
        if answer.failed:
            self.failed.add(query)

    def average(self, runs: int) -> None:
        """Turn sums of so many runs into means."""
        self.seconds = {query: total / runs for query, total in self.seconds.items()}

    def summary(self, among: Iterable[MixedQuery]) -> dict[str, float]:
        """Figures of the given queries, every class with the same weight; milliseconds."""
        by_class: dict[str, list[float]] = defaultdict(list)
        for query in among:
            by_class[query.kind].append(self.seconds[query] * 1000)
        every = [value for values in by_class.values() for value in values]
        return {
            "mean": statistics.mean(map(statistics.mean, by_class.values())),
            "p50": statistics.median(every),
            "p95": percentile(every, 0.95),
            "p99": percentile(every, 0.99),
            "slowest": max(map(statistics.mean, by_class.values())),
        }


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of them do not exceed."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def classes(timings: Timings) -> dict[str, dict[str, float]]:
    """Figures by class: milliseconds, and the share of queries with a result."""
    by_class: dict[str, list[MixedQuery]] = defaultdict(list)
    for query in timings.seconds:
        by_class[query.kind].append(query)
    return {
        kind: {**timings.summary(queries), "found": len(timings.found.intersection(queries)) / len(queries)}
        for kind, queries in by_class.items()
    }


def judge_failures(timings: Mapping[str, Timings]) -> list[Target]:
    """No search of ours may be cut or refused."""
    failed = sum(len(measured.failed) for measured in timings.values())
    return [Target("queries whose search failed", failed, 0, at_least=False)]


def judge_pages(files: int, timings: Mapping[str, Timings]) -> list[Target]:
    """Ratios of page 1 with total, every class with the same weight; peers may have run fewer queries of each."""
    ours = timings[OURS]
    own = ours.summary(ours.seconds)
    targets = []
    scale = _MILLION if files >= _MILLION else JUDGED_FROM
    for name, peer in timings.items():
        if name == OURS:
            continue
        theirs = peer.summary(peer.seconds)
        by_class = {kind: figures["mean"] for kind, figures in classes(peer).items()}
        own_class = {kind: figures["mean"] for kind, figures in classes(ours).items()}
        least = min(by_class, key=lambda kind: by_class[kind] / own_class[kind])
        limit = _SLOWEST_CLASS if name in _MEAN[scale] else None
        targets += [
            Target(f"page 1, mean: {name} / ours", theirs["mean"] / own["mean"], _MEAN[scale].get(name)),
            Target(f"page 1, p95: {name} / ours", theirs["p95"] / own["p95"], _P95[scale].get(name)),
            Target(f"page 1, least class ({least}): {name} / ours", by_class[least] / own_class[least], limit),
        ]
    return targets


def judge_rates(rates: Mapping[str, float]) -> list[Target]:
    """Searches a second of many clients at once."""
    return [
        Target(f"searches a second: ours / {name}", rates[OURS] / rate, _RATE.get(name))
        for name, rate in rates.items()
        if name != OURS
    ]


def judge_storage(rooms: Mapping[str, Sizes], inserts: Mapping[str, Mapping[str, float]]) -> list[Target]:
    """Room and speed against the reference bot's way."""
    own, theirs = rooms[OURS], rooms[_REFERENCE]
    packed = (own.stored - own.reusable) / (theirs.stored - theirs.reusable)
    targets = [
        Target("bytes a file: ours / reference", own.stored / theirs.stored, _BYTES, at_least=False),
        Target("bytes a file without reusable ones: ours / reference", packed, None),
    ]
    for share, rate in inserts[OURS].items():
        limit = _INSERT if share == _UNKNOWN else None
        targets.append(Target(f"insert, {share}: ours / reference", rate / inserts[_REFERENCE][share], limit))
    if _LEAN in rooms:
        targets.append(Target("bytes a file: ours / lean reference", own.stored / rooms[_LEAN].stored, None))
        inserted = inserts[OURS][_UNKNOWN] / inserts[_LEAN][_UNKNOWN]
        targets.append(Target(f"insert, {_UNKNOWN}: ours / lean reference", inserted, None))
    return targets


def judge_deep_pages(first: Sequence[float], deep: Sequence[float]) -> list[Target]:
    """Page 100 against page 1 of the same searches, in seconds."""
    ratio = statistics.mean(deep) / statistics.mean(first)
    return [Target(f"page 100 / page 1, {len(first)} searches", ratio, _DEEP_PAGE, at_least=False)]


def judge_hostile(hostile: Sequence[float], timings: Timings) -> list[Target]:
    """Texts that are meant to hurt against ordinary ones, in seconds."""
    ratio = percentile(hostile, 0.95) / percentile(list(timings.seconds.values()), 0.95)
    return [Target("p95: hostile texts / ordinary ones", ratio, _HOSTILE, at_least=False)]


def judge_growth(small: tuple[int, Timings], large: tuple[int, Timings]) -> list[Target]:
    """Exponents: a figure grows as the number of files to that power."""
    (few, before), (many, after) = small, large
    power = math.log(many / few)
    one_word = [query for query in before.seconds if query.kind in ONE_WORD_CLASSES]
    old, new = before.summary(before.seconds), after.summary(after.seconds)
    grown = {
        **{name: math.log(new[name] / old[name]) / power for name in ("p50", "mean", "p95")},
        "one word, p50": math.log(after.summary(one_word)["p50"] / before.summary(one_word)["p50"]) / power,
    }
    return [
        Target(f"growth exponent, {name}", value, _EXPONENTS[name], at_least=False) for name, value in grown.items()
    ]


def show_growth(small: tuple[int, Mapping[str, Timings]], large: tuple[int, Mapping[str, Timings]]) -> list[Target]:
    """The exponents of peers, which are not judged."""
    (few, before), (many, after) = small, large
    return [
        target._replace(name=f"{target.name}: {name}", limit=None)
        for name in before
        if name != OURS
        for target in judge_growth((few, before[name]), (many, after[name]))
    ]


def unjudged(targets: Iterable[Target]) -> list[Target]:
    """The same figures without limits."""
    return [target._replace(limit=None) for target in targets]


def print_pages(timings: Mapping[str, Timings]) -> None:
    """Every class of every engine, and all of them."""
    print(f"{'':<24}" + "".join(f"{name + ': mean':>18}{'p95':>9}{'found':>7}" for name in timings))
    rows = {name: classes(measured) for name, measured in timings.items()}
    for kind in next(iter(rows.values())):
        cells = [rows[name][kind] for name in timings]
        print(f"{kind:<24}" + "".join(f"{c['mean']:>18.2f}{c['p95']:>9.2f}{c['found']:>7.2f}" for c in cells))
    for figure in ("mean", "p50", "p95", "p99", "slowest"):
        values = [measured.summary(measured.seconds)[figure] for measured in timings.values()]
        print(f"{'all, ' + figure:<24}" + "".join(f"{value:>18.2f}{'':>16}" for value in values))


def print_targets(targets: Iterable[Target]) -> bool:
    """Every figure with its limit; whether all are met."""
    met = True
    for target in targets:
        sign = ">=" if target.at_least else "<="
        limit = "not judged" if target.limit is None else f"target {sign} {target.limit}"
        print(f"{target.name:<64}{target.value:>10.3f}   {limit}{'' if target.is_met else '   MISSED'}")
        met = met and target.is_met
    return met
