"""The verdict on a chaos run, as a table and as JSON."""

from __future__ import annotations

import statistics
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from benchmarks.chaos_faults import MAIN_KINDS, STORES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.chaos_auditor import Violation
    from benchmarks.chaos_faults import HappenedFault
    from benchmarks.chaos_history import SearchAnswer

ANSWER_S = 2.0
MIN_AVAILABILITY = 0.99
MIN_SEARCHES_S, MIN_INSERTS_S = 50.0, 20.0
MIN_FAULTS, MIN_OF_A_KIND = 20, 2
_SAMPLES, _FAILED_SAMPLES = 5, 200


@dataclass(frozen=True, slots=True)
class FaultLine:
    """One fault with seconds from the start of the load; `longest_s` is the slowest search that met it."""

    store: str
    kind: str
    began_s: float
    ended_s: float
    searches: int
    unavailable: int
    longest_s: float


@dataclass(frozen=True, slots=True)
class FailedSearch:
    """A search that was not available; `reason` is the error with its text, "late" or "wrong"."""

    asked_s: float
    took_s: float
    words: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Availability:
    """How searches fared while at least one database was alive.

    Attributes:
        judged: searches that count.
        excluded: searches that met a moment without any database.
        failed: by reason: the error's class, "late", or "wrong".
    """

    judged: int
    excluded: int
    partial: int
    failed: dict[str, int]
    examples: list[FailedSearch]
    p50_ms: float
    p99_ms: float
    longest_s: float

    @property
    def share(self) -> float:
        """Searches answered within two seconds, rightly or marked partial."""
        return 1.0 if not self.judged else 1 - sum(self.failed.values()) / self.judged


@dataclass(slots=True)
class Report:
    """Everything that is shown; times in seconds from the start of the load."""

    seed: int
    broken_guard: str | None
    load_s: float
    faults: list[FaultLine]
    all_silent_s: list[tuple[float, float]]
    availability: Availability
    offered_searches_s: float
    answered_searches_s: float
    offered_inserts_s: float
    acknowledged_inserts_s: float
    longest_lag_s: float
    checked: dict[str, int]
    counts: dict[str, int]
    violations: dict[str, int]
    examples: dict[str, list[str]]
    misses: list[str] = field(default_factory=list)


def measure_availability(
    searches: Sequence[SearchAnswer],
    wrong: frozenset[int],
    silent: Sequence[tuple[float, float]],
    started_at: float,
) -> Availability:
    """Judge every search by its place in `searches`; `wrong` are the places of wrong answers."""
    failures: list[FailedSearch] = []
    judged = partial = 0
    for place, answer in enumerate(searches):
        if any(answer.asked_at < end and answer.answered_at > begin for begin, end in silent):
            continue
        judged += 1
        partial += answer.is_partial
        if reason := answer.error or ("late" if answer.took_s > ANSWER_S else "wrong" if place in wrong else ""):
            failures.append(FailedSearch(answer.asked_at - started_at, answer.took_s, answer.words, reason))
    took = sorted(answer.took_s for answer in searches) or [0.0]
    p99 = took[min(len(took) - 1, int(len(took) * 0.99))]
    return Availability(
        judged=judged,
        excluded=len(searches) - judged,
        partial=partial,
        failed=dict(Counter(failure.reason.partition(":")[0] for failure in failures)),
        examples=failures[:_FAILED_SAMPLES],
        p50_ms=statistics.median(took) * 1000,
        p99_ms=p99 * 1000,
        longest_s=took[-1],
    )


def fault_lines(
    faults: Sequence[HappenedFault], searches: Sequence[SearchAnswer], started_at: float
) -> list[FaultLine]:
    """Every fault with what searches felt of it, in the order they began."""
    lines = []
    for fault in sorted(faults, key=lambda each: each.began):
        met = [each for each in searches if each.asked_at < fault.ended and each.answered_at > fault.began]
        longest = max((each.took_s for each in met), default=0.0)
        unavailable = sum(bool(each.error) or each.took_s > ANSWER_S for each in met)
        began, ended = fault.began - started_at, fault.ended - started_at
        lines.append(FaultLine(fault.store, fault.kind, began, ended, len(met), unavailable, longest))
    return lines


def count_violations(violations: Sequence[Violation]) -> tuple[dict[str, int], dict[str, list[str]]]:
    """How often each rule was broken, and a few examples of each."""
    examples: dict[str, list[str]] = {}
    for violation in violations:
        some = examples.setdefault(violation.rule, [])
        if len(some) < _SAMPLES:
            some.append(violation.detail)
    return dict(Counter(violation.rule for violation in violations)), examples


def find_misses(report: Report, *, is_whole_plan: bool) -> list[str]:
    """The targets that were missed, in words; a run shorter than two minutes has no target for its faults."""
    misses = [f"{rule}: {times} times" for rule, times in report.violations.items()]
    if report.availability.share < MIN_AVAILABILITY:
        misses.append(f"search availability {report.availability.share:.2%}, target {MIN_AVAILABILITY:.0%}")
    if report.offered_searches_s < MIN_SEARCHES_S or report.offered_inserts_s < MIN_INSERTS_S:
        misses.append("the load was not offered as fast as asked")
    misses.extend(
        f"{name}: {report.counts[name]}"
        for name in (
            "work never finished",
            "changes never applied",
            "duplicates it had to leave",
            "failed tasks",
            "posts rejected",
        )
        if report.counts.get(name)
    )
    if report.counts.get("inserts acknowledged", 0) < report.counts.get("inserts offered", 0):
        misses.append("inserts that were never acknowledged")
    if is_whole_plan:
        kinds = Counter((line.store, line.kind) for line in report.faults)
        lacking = [f"{s} {k}" for s in STORES for k in MAIN_KINDS if kinds[s, k] < MIN_OF_A_KIND]
        if lacking or len(report.faults) < MIN_FAULTS:
            misses.append(f"too few faults: {len(report.faults)}, lacking {', '.join(lacking) or 'none'}")
    return misses


def show(report: Report) -> None:
    """Print the tables."""
    print(f"\n{'store':<8}{'fault':<10}{'begin s':>9}{'end s':>9}{'searches':>10}{'failed':>8}{'longest s':>11}")
    for line in report.faults:
        lasted = f"{line.began_s:>9.1f}{line.ended_s:>9.1f}"
        print(f"{line.store:<8}{line.kind:<10}{lasted}{line.searches:>10}{line.unavailable:>8}{line.longest_s:>11.2f}")
    for begin, end in report.all_silent_s:
        print(f"no database alive from {begin:.1f} to {end:.1f} s")
    found = report.availability
    print(f"\nsearches/s   offered {report.offered_searches_s:8.1f}   answered {report.answered_searches_s:8.1f}")
    print(f"inserts/s    offered {report.offered_inserts_s:8.1f}   acknowledged {report.acknowledged_inserts_s:4.1f}")
    print(f"searches     p50 {found.p50_ms:.1f} ms, p99 {found.p99_ms:.1f} ms, longest {found.longest_s:.2f} s")
    print(f"event loop   late by {report.longest_lag_s:.2f} s at worst")
    print(f"available    {found.share:.3%} of {found.judged}, target {MIN_AVAILABILITY:.0%}; {found.partial} partial")
    print(f"             failed {found.failed or 'none'}; {found.excluded} without any database alive")
    for title, figures in (("checked", report.checked), ("counted", report.counts)):
        print(f"\n{title}")
        for figure, count in sorted(figures.items()):
            print(f"  {figure:<44}{count:>9}")
    print("\nviolations" if report.violations else "\nno violation")
    for rule, times in sorted(report.violations.items()):
        print(f"  {rule:<44}{times:>9}   e.g. {'; '.join(report.examples[rule][:2])}")
    for miss in report.misses:
        print(f"MISSED: {miss}")


def as_json(report: Report) -> dict[str, object]:
    """The report as plain values."""
    return {**asdict(report), "availability_share": report.availability.share, "met": not report.misses}
