"""The judge of the chaos benchmark finds every broken promise in made-up histories, and nothing in good ones."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pymongo
import pytest

from benchmarks.chaos_auditor import AnswerAuditor, judge_quotas
from benchmarks.chaos_corpus import Corpus
from benchmarks.chaos_faults import MAIN_KINDS, STORES, HappenedFault, all_silent, plan_faults
from benchmarks.chaos_history import FileStory, Look, PageTurn, ReaderStory, SearchAnswer, Walk, WalkPage
from benchmarks.chaos_ledger import judge_before_repair, judge_files
from benchmarks.chaos_report import FaultLine, Report, find_misses, measure_availability
from benchmarks.chaos_truth import Copy, Library, StoredFile, StoredQuota, born_at, read_copies, replay
from core.domain.media import MediaSource
from core.search.query import parse_query
from core.search.words import file_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.fixtures.servers import MongoServer

LONG_AGO, NOW, TOOK = 1_000.0, 2_000.0, 0.1
SOURCE, OTHER_SOURCE = MediaSource(-1001, 1), MediaSource(-1001, 2)


def copy(media_id: int, *, database: int = 1, unique_id: str = "", name: str = "", since: float = LONG_AGO) -> Copy:
    """A record that has been there long enough to be in every answer."""
    return Copy(database, media_id, unique_id or f"u{media_id}", [(since, name or f"red fox {media_id}.mkv")])


def library() -> list[Copy]:
    """Six foxes on three databases and a bear."""
    return [*(copy(10 * n, database=1 + n % 3) for n in range(1, 7)), copy(65, name="red bear 65.mkv")]


def answer(*ids: int, copies: Sequence[Copy] | None = None, **changes: object) -> SearchAnswer:
    """An answer for "red fox" with these files in the window and on the page."""
    names = {each.id: each.names[-1][1] for each in copies or library()}
    shown = tuple((media_id, names.get(media_id, "?")) for media_id in ids[:10])
    return replace(SearchAnswer(NOW, NOW + TOOK, ("red", "fox"), ids, shown), **changes)


def rules(
    copies: Sequence[Copy], given: SearchAnswer | PageTurn | Walk | Look, crashes: Sequence[float] = ()
) -> list[str]:
    """The names of the rules that an answer breaks."""
    auditor = AnswerAuditor(Library.of(copies), crashes)
    match given:
        case SearchAnswer():
            found = auditor.judge_search(given)
        case PageTurn():
            found = auditor.judge_turn(given)
        case Walk():
            found = auditor.judge_walk(given)
        case Look():
            found = auditor.judge_look(given)
    return sorted({violation.rule for violation in found})


def walk(*pages: Sequence[int], missing: Sequence[Sequence[int]] = (), has_ended: bool = True) -> Walk:
    """A walk through "red fox", page by page."""
    absent = [*missing, *[()] * len(pages)]
    read = [WalkPage(NOW + n, NOW + n + TOOK, tuple(ids), tuple(absent[n])) for n, ids in enumerate(pages)]
    return Walk(("red", "fox"), read, has_ended)


def test_a_right_answer_is_accepted() -> None:
    """All matches, newest first, none flagged: nothing to say; an error is no wrong page either."""
    assert rules(library(), answer(60, 50, 40, 30, 20, 10)) == []
    assert rules(library(), answer(error="DatabaseUnavailableError")) == []


@pytest.mark.parametrize(
    ("ids", "rule"),
    [
        ((60, 50, 40, 30, 20), "file missing, not flagged"),
        ((65, 60, 50, 40, 30, 20, 10), "file does not match"),
        ((60, 50, 50, 40, 30, 20, 10), "file shown twice"),
        ((99, 60, 50, 40, 30, 20, 10), "unknown file"),
    ],
)
def test_a_wrong_window_is_found(ids: tuple[int, ...], rule: str) -> None:
    """A missing, foreign, repeated or invented file in a window is named."""
    assert rule in rules(library(), answer(*ids))


def test_a_partial_answer_may_lack_files_and_nothing_else() -> None:
    """The flag excuses what is missing, not what is wrong."""
    assert rules(library(), answer(60, 50, is_partial=True)) == []
    assert rules(library(), answer(65, is_partial=True)) == ["file does not match"]


def test_a_full_window_may_end_before_older_matches_only() -> None:
    """What a bounded window leaves out is older than everything in it."""
    assert rules(library(), answer(60, 50, 40, is_full=True)) == []
    assert rules(library(), answer(60, 40, 30, is_full=True)) == ["file missing, not flagged"]


def test_the_same_file_of_two_databases_counts_as_shown_twice() -> None:
    """Two records of one file in one window are a repetition although their ids differ (scenario 124)."""
    copies = [copy(10, unique_id="same"), copy(20, unique_id="same", database=2)]
    assert rules(copies, answer(20, 10, copies=copies)) == ["file shown twice"]
    assert rules(copies, answer(20, copies=copies)) == []


def test_a_removed_file_may_be_remembered_for_a_moment_only() -> None:
    """A window may be seconds behind a deletion, a page shows none of the deleted."""
    copies = library()
    copies[5].until = NOW - 60
    assert rules(copies, answer(60, 50, 40, 30, 20, 10)) == ["removed file in a window", "removed file on a page"]
    copies[5].until = NOW - 7
    assert rules(copies, answer(60, 50, 40, 30, 20, 10)) == ["removed file on a page"]
    hidden = answer(60, 50, 40, 30, 20, 10, shown=answer(50, 40, 30, 20, 10).shown)
    assert rules(copies, hidden) == []


def test_an_edited_file_leaves_the_matches() -> None:
    """After an edit the old name is not found any more, and the new one must be."""
    copies = library()
    copies[5].names.append((NOW - 100, "blue fox 60.mkv"))
    assert rules(copies, answer(60, 50, 40, 30, 20, 10, copies=copies)) == ["file does not match"]
    assert rules(copies, answer(50, 40, 30, 20, 10, copies=copies)) == []
    copies[5].names.append((NOW - 50, "red fox 60.mkv"))
    assert rules(copies, answer(50, 40, 30, 20, 10, copies=copies)) == ["file missing, not flagged"]


def test_a_fresh_file_may_be_lacking() -> None:
    """What was stored a moment ago need not be in a remembered window."""
    fresh = [*library(), copy(70, since=NOW - 20)]
    assert rules(fresh, answer(60, 50, 40, 30, 20, 10)) == []


def test_a_record_lost_with_a_killed_server_is_excused_by_its_age() -> None:
    """An id that no log knows is excused only when it was born around a kill."""
    media_id = 1 << 40
    seen = answer(media_id, 60, 50, 40, 30, 20, 10, shown=answer(60, 50).shown, page_size=2)
    seen = replace(seen, shown=((media_id, "?"), (60, "red fox 60.mkv")))
    assert rules(library(), seen, crashes=[born_at(media_id) + 1]) == []
    assert rules(library(), seen, crashes=[born_at(media_id) + 60]) == ["unknown file"]


def test_a_page_shows_the_wanted_files_in_order() -> None:
    """A page in another order, with a foreign file, or with an unexplained gap is found."""
    files = {each.id: (each.id, each.names[0][1]) for each in library()}

    def turned(*ids: int, is_partial: bool = False) -> PageTurn:
        return PageTurn(NOW, NOW + TOOK, (60, 50, 40), tuple(files[media_id] for media_id in ids), is_partial)

    assert rules(library(), turned(60, 50, 40)) == []
    assert rules(library(), turned(50, 60, 40)) == ["page out of order"]
    assert rules(library(), turned(60, 50, 40, 30)) == ["file not of this page"]
    assert rules(library(), turned(60, 40)) == ["file missing, not flagged"]
    assert rules(library(), turned(60, 40, is_partial=True)) == []


def test_gone_is_said_of_gone_files_only() -> None:
    """A file that was there all the time and is told as gone is an outage in disguise (scenario 56)."""
    assert rules(library(), Look(NOW, NOW + TOOK, 60, found=False)) == ["outage told as gone"]
    assert rules(library(), Look(NOW, NOW + TOOK, 60, found=True)) == []
    assert rules(library(), Look(NOW, NOW + TOOK, 61, found=False)) == []


def test_a_right_walk_is_accepted() -> None:
    """Every match once, newest first, over several pages; an unfinished walk need not be whole."""
    assert rules(library(), walk((60, 50), (40, 30), (20, 10))) == []
    assert rules(library(), walk((60, 50), has_ended=False)) == []


@pytest.mark.parametrize(
    ("pages", "rule"),
    [
        ([(60, 50), (30, 40), (20, 10)], "walk out of order"),
        ([(50, 40), (60, 30), (20, 10)], "walk goes back"),
        ([(60, 50), (50, 40), (30, 20, 10)], "walk repeats or goes back"),
        ([(60, 50), (40, 20), (10,)], "walk left a file out"),
        ([(65, 60, 50), (40, 30), (20, 10)], "file does not match"),
    ],
)
def test_a_wrong_walk_is_found(pages: list[tuple[int, ...]], rule: str) -> None:
    """Disorder within and across pages, repetitions, gaps and foreign files are named (scenario 125)."""
    assert rule in rules(library(), walk(*pages))


def test_a_walk_may_meet_a_database_that_was_away() -> None:
    """Files of a database that was missing come later than their place, or not at all when it stays away."""
    with_second_away = walk((50, 30), (60, 40, 20, 10), missing=[(1,)])
    copies = [copy(each.id, database=1 if each.id in (60, 40) else 2) for each in library()[:6]]
    assert rules(copies, with_second_away) == []
    assert rules(copies, walk((50, 30), (20, 10), missing=[(1,), (1,)])) == []
    assert rules(copies, walk((50, 30), (60, 40, 20, 10))) == ["walk goes back"]


def test_stored_files_are_held_against_what_was_acknowledged() -> None:
    """Lost, doubled, revived, mis-named and invented files are named; what was not acknowledged is not judged."""
    stories = {
        "kept": FileStory("kept.mkv", {SOURCE, OTHER_SOURCE}, {SOURCE}, NOW),
        "pending": FileStory("pending.mkv", {SOURCE}),
        "gone": FileStory("gone.mkv", {SOURCE}, {SOURCE}, NOW, removal_asked=True, removed_at=NOW),
    }
    here = frozenset({(-1001, 1)})
    kept = StoredFile(1, "kept", "kept.mkv", here)

    def judged(*files: StoredFile) -> list[str]:
        return sorted(violation.rule for violation in judge_files(stories, files))

    assert judged(kept) == []
    assert judged() == ["acknowledged insert lost"]
    assert judged(kept, replace(kept, database=2)) == ["insert stored twice"]
    assert judged(kept, StoredFile(1, "gone", "gone.mkv", here)) == ["deletion undone"]
    assert judged(replace(kept, name="old.mkv")) == ["acknowledged edit lost"]
    assert judged(replace(kept, sources=frozenset({(-1001, 2)}))) == ["acknowledged source lost"]
    assert judged(replace(kept, sources=here | {(-1001, 9)})) == ["source never offered"]
    assert judged(kept, StoredFile(1, "who", "who.mkv", here)) == ["file never offered"]


def test_twice_in_one_database_is_found_before_any_repair() -> None:
    """The unique index lets no file stand twice in one database; over two, only the repair decides (scenario 67)."""
    file = StoredFile(1, "u", "u.mkv", frozenset())
    assert [violation.rule for violation in judge_before_repair([file, file])] == ["file twice in one database"]
    assert list(judge_before_repair([file, replace(file, database=2)])) == []


@pytest.mark.parametrize(
    ("story", "quota", "expected"),
    [
        (ReaderStory(spent=7, most=10), StoredQuota(7, 0), []),
        (ReaderStory(spent=7, uncertain=2, most=9), StoredQuota(9, 0), []),
        (ReaderStory(spent=7, uncertain=2, most=9), StoredQuota(10, 0), ["quota not exact"]),
        (ReaderStory(spent=7, most=7), StoredQuota(6, 0), ["quota not exact"]),
        (ReaderStory(spent=7, most=7), StoredQuota(9, 2), ["hold never taken back"]),
        (ReaderStory(spent=11, most=11), StoredQuota(10, 0), ["quota not exact", "quota over the limit"]),
        (ReaderStory(spent=9, most=12), StoredQuota(9, 0), ["quota over the limit"]),
        (ReaderStory(), None, []),
    ],
    ids=["exact", "uncertain", "too-much", "too-little", "held", "over", "granted-over", "nothing"],
)
def test_quotas_are_held_against_what_was_spent(
    story: ReaderStory, quota: StoredQuota | None, expected: list[str]
) -> None:
    """A reader over the limit, charged too much or too little, or with a hold left over is named."""
    stored = {} if quota is None else {7: quota}
    assert sorted(violation.rule for violation in judge_quotas({7: story}, stored, limit=10)) == expected


def test_the_operation_log_gives_every_record_its_life() -> None:
    """Insertion, new name and deletion of a record are read from a log, whatever else was updated."""
    moments = [datetime.fromtimestamp(second, UTC) for second in range(5)]
    entries = [
        {"op": "i", "wall": moments[0], "o": {"_id": 1, "u": "a", "n": "old.mkv"}},
        {"op": "u", "wall": moments[1], "o": {"$v": 2, "diff": {"u": {"e": 5}}}, "o2": {"_id": 1}},
        {"op": "u", "wall": moments[2], "o": {"$v": 2, "diff": {"u": {"n": "new.mkv"}}}, "o2": {"_id": 1}},
        {"op": "d", "wall": moments[3], "o": {"_id": 1}},
        {"op": "i", "wall": moments[4], "o": {"_id": 1, "u": "a", "n": "back.mkv"}},
    ]
    first, second = replay(2, entries)
    assert (first.names, first.until, first.database) == ([(0.0, "old.mkv"), (2.0, "new.mkv")], 3.0, 2)
    assert first.names_within(0.5, 1.5) == ["old.mkv"]
    assert first.names_within(1.5, 9.0) == ["old.mkv", "new.mkv"]
    assert (first.names_within(3.5, 9.0), second.names_within(3.5, 9.0)) == ([], ["back.mkv"])


def test_a_real_server_logs_what_the_judge_reads(mongo_server: MongoServer) -> None:
    """Inserts in bulk, renames and deletions by query of a real MongoDB are all found in its operation log."""
    with pymongo.MongoClient(mongo_server.uri) as client:
        files = client["chaos"]["media_files"]
        files.insert_many([{"_id": n, "u": f"u{n}", "n": f"n{n}", "h": [1], "src": []} for n in range(1, 6)])
        files.update_one({"_id": 2}, {"$set": {"n": "renamed", "h": [2, 3], "e": 4}})
        files.delete_many({"_id": {"$gte": 4}})
    copies = {each.id: each for each in read_copies([mongo_server], "chaos")}
    assert sorted(copies) == [1, 2, 3, 4, 5]
    assert [name for _, name in copies[2].names] == ["n2", "renamed"]
    assert [each.id for each in copies.values() if each.until < float("inf")] == [4, 5]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_plan_of_two_minutes_breaks_every_store_in_every_main_way_twice(seed: int) -> None:
    """At least twenty faults, never two of one store at once, the same for the same seed."""
    plan = plan_faults(seed, 120)
    faults = [fault for slot in plan for fault in slot.faults]
    counted = Counter((fault.store, fault.kind) for fault in faults)
    assert len(faults) >= 20
    assert all(counted[store, kind] >= 2 for store in STORES for kind in MAIN_KINDS)
    assert all(len({fault.store for fault in slot.faults}) == len(slot.faults) <= 2 for slot in plan)
    assert plan == plan_faults(seed, 120) != plan_faults(seed + 1, 120)
    assert plan[-1].at_s < 120


def test_moments_without_any_database_are_known() -> None:
    """Only faults that silence count, and only while they silence every database."""
    faults = [
        HappenedFault("mongo0", "down", 0, 10),
        HappenedFault("mongo1", "stalled", 2, 8),
        HappenedFault("mongo2", "slow", 0, 10),
        HappenedFault("valkey", "down", 0, 10),
    ]
    assert all_silent(faults, 2) == [(2, 8)]
    assert all_silent(faults, 3) == []


def test_availability_counts_searches_while_a_database_lives() -> None:
    """Errors, late and wrong answers are failures; a search without any database alive is nobody's fault."""
    asked = [
        answer(60),
        answer(error="CircuitOpenError: gone"),
        answer(60, answered_at=NOW + 2.5),
        answer(65),
        answer(error="DatabaseUnavailableError: gone", asked_at=NOW + 100, answered_at=NOW + 101),
        answer(60, is_partial=True),
    ]
    found = measure_availability(asked, frozenset({3}), [(NOW + 99, NOW + 102)], NOW)
    assert found.failed == {"CircuitOpenError": 1, "late": 1, "wrong": 1}
    assert (found.judged, found.excluded, found.partial) == (5, 1, 1)
    assert found.share == pytest.approx(0.4)


def test_every_missed_target_is_named() -> None:
    """Violations, too few faults, a load not offered and work left undone each are a miss; a good run has none."""
    faults = [FaultLine(store, kind, 0, 1, 1, 0, 0.1) for store in STORES for kind in MAIN_KINDS for _ in range(2)]
    counts = {"inserts offered": 50, "inserts acknowledged": 50}
    good = Report(
        seed=1,
        broken_guard=None,
        load_s=120,
        faults=faults,
        all_silent_s=[],
        availability=measure_availability([answer(60)], frozenset(), [], NOW),
        offered_searches_s=55,
        answered_searches_s=55,
        offered_inserts_s=26,
        acknowledged_inserts_s=26,
        longest_lag_s=0,
        checked={},
        counts=counts,
        violations={},
        examples={},
    )
    assert find_misses(good, is_whole_plan=True) == []
    assert find_misses(replace(good, faults=faults[1:]), is_whole_plan=False) == []
    for changes in (
        {"faults": faults[1:]},
        {"violations": {"insert stored twice": 1}},
        {"offered_searches_s": 49},
        {"counts": {**counts, "inserts acknowledged": 49}},
        {"counts": {**counts, "changes never applied": 1}},
        {"availability": replace(good.availability, failed={"late": 1})},
    ):
        assert len(find_misses(replace(good, **changes), is_whole_plan=True)) == 1


def test_the_bot_reads_the_words_of_the_corpus_as_the_model_does() -> None:
    """A name's own words are among the words it is stored under, and a query of them asks for exactly them."""
    corpus = Corpus(7)
    for file in corpus.make(300):
        words = (*file.words, file.own_word)
        assert set(words) <= set(file_words(file.name))
        asked = random.Random(file.unique_id).sample(words, 2)
        assert sorted(parse_query(" ".join(asked), 200).words) == sorted(asked)
    assert Corpus(7).make(5) == Corpus(7).make(5)
