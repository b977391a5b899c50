"""From the evidence of a run to its report: reads the servers' logs, judges every answer and every promise."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from benchmarks.chaos_auditor import AnswerAuditor, judge_quotas
from benchmarks.chaos_bot import DATABASE, DATABASES
from benchmarks.chaos_faults import all_silent
from benchmarks.chaos_ledger import judge_before_repair, judge_files
from benchmarks.chaos_quota import LIMIT
from benchmarks.chaos_report import Report, count_violations, fault_lines, find_misses, measure_availability
from benchmarks.chaos_truth import Library, read_copies, read_files, read_quotas

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.chaos_auditor import Violation
    from benchmarks.chaos_faults import HappenedFault
    from benchmarks.chaos_history import History
    from benchmarks.chaos_truth import StoredFile
    from tests.fixtures.servers import MongoServer


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a run leaves behind.

    Attributes:
        mongods: running and at rest, the primary first.
        before_repair: every record when the load had come to rest.
        started_at, ended_at: the load, in unix seconds.
    """

    mongods: Sequence[MongoServer]
    history: History
    faults: Sequence[HappenedFault]
    before_repair: Sequence[StoredFile]
    started_at: float
    ended_at: float


def judge(evidence: Evidence, *, seed: int, guard: str | None, is_whole_plan: bool) -> Report:
    """Hold everything against the servers' own records."""
    history, load_s = evidence.history, evidence.ended_at - evidence.started_at
    library = Library.of(read_copies(evidence.mongods, DATABASE))
    violations, wrong = _judge_answers(evidence, library)
    violations.extend(judge_before_repair(evidence.before_repair))
    violations.extend(judge_files(history.files, read_files(evidence.mongods, DATABASE)))
    violations.extend(judge_quotas(history.readers, read_quotas(evidence.mongods[0], DATABASE), LIMIT))
    violations = [_explained(violation, library, evidence) for violation in violations]
    silent = all_silent(evidence.faults, DATABASES)
    rules, examples = count_violations(violations)
    report = Report(
        seed=seed,
        broken_guard=guard,
        load_s=load_s,
        faults=fault_lines(evidence.faults, history.searches, evidence.started_at),
        all_silent_s=[(begin - evidence.started_at, end - evidence.started_at) for begin, end in silent],
        availability=measure_availability(history.searches, wrong, silent, evidence.started_at),
        offered_searches_s=history.counts.get("searches offered", 0) / load_s,
        answered_searches_s=sum(not answer.error for answer in history.searches) / load_s,
        offered_inserts_s=history.counts.get("inserts offered", 0) / load_s,
        acknowledged_inserts_s=history.counts.get("inserts acknowledged", 0) / load_s,
        longest_lag_s=history.longest_lag_s,
        checked=_checked(evidence),
        counts=history.counts,
        violations=rules,
        examples=examples,
    )
    report.misses.extend(find_misses(report, is_whole_plan=is_whole_plan))
    return report


def _judge_answers(evidence: Evidence, library: Library) -> tuple[list[Violation], frozenset[int]]:
    """Every violation, and the places of the searches that were wrong."""
    crashes = [fault.began for fault in evidence.faults if fault.kind == "down"]
    auditor = AnswerAuditor(library, crashes)
    history = evidence.history
    by_search = [auditor.judge_search(answer) for answer in history.searches]
    violations = [violation for found in by_search for violation in found]
    for turn in history.turns:
        violations.extend(auditor.judge_turn(turn))
    for look in history.looks:
        violations.extend(auditor.judge_look(look))
    for walk in history.walks:
        violations.extend(auditor.judge_walk(walk))
    return violations, frozenset(place for place, found in enumerate(by_search) if found)


def _explained(violation: Violation, library: Library, evidence: Evidence) -> Violation:
    """With the life of the file it is about: what was asked for, and what the databases did."""
    story = evidence.history.files.get(violation.unique_id)
    if story is None:
        return violation
    events = list(story.events)
    for copy in library.copies:
        if copy.unique_id == violation.unique_id:
            events.append((copy.since, f"inserted in {copy.database} as {copy.id}"))
            events.extend((moment, f"renamed in {copy.database}") for moment, _ in copy.names[1:])
            events.append((copy.until, f"deleted in {copy.database}"))
    told = [f"{moment - evidence.started_at:.2f} s {event}" for moment, event in sorted(events)]
    return replace(violation, detail=f"{violation.detail} ({'; '.join(told)})")


def _checked(evidence: Evidence) -> dict[str, int]:
    history = evidence.history
    copies = len(evidence.before_repair)
    return {
        "searches": len(history.searches),
        "page turns": len(history.turns),
        "looks at one file": len(history.looks),
        "walks": len(history.walks),
        "walks that ended": sum(walk.has_ended for walk in history.walks),
        "pages of walks": sum(len(walk.pages) for walk in history.walks),
        "files": len(history.files),
        "readers": len(history.readers),
        "uncertain slots": sum(reader.uncertain for reader in history.readers.values()),
        "records before the repair": copies,
        "of these in two databases": copies - len({file.unique_id for file in evidence.before_repair}),
    }
