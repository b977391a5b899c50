"""Judges a chaos run: what the bot answered and acknowledged against what the databases really held.

Pure: a history and the databases' own records in, violations out. Each rule has a name, which the report counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from benchmarks.chaos_truth import born_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from benchmarks.chaos_history import Look, PageTurn, ReaderStory, SearchAnswer, Walk
    from benchmarks.chaos_truth import Copy, Library, StoredQuota

STORING_S = 5.0
"""A write may become visible so long after its entry in the log: its server can be frozen in between."""
STALE_S = 5.0
"""How long a remembered window may still show what was deleted or edited."""
ADDITIONS_S = 31.0
"""How long a remembered window may lack what was added."""
_CRASH_BEFORE_S, _CRASH_AFTER_S = 5.0, 1.0


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken promise: the rule's name, what broke it, and the unique id of the file it is about, if it is."""

    rule: str
    detail: str
    unique_id: str = ""


class AnswerAuditor:
    """Checks answers against every record that ever was.

    Args:
        library: what the databases held.
        crashes: when a database was killed: a record that was seen a moment before may be gone from its log.
    """

    def __init__(self, library: Library, crashes: Sequence[float] = ()) -> None:
        self._library = library
        self._crashes = crashes

    def judge_search(self, answer: SearchAnswer) -> list[Violation]:
        """A window of matching files, each once, complete unless it says otherwise, and a page of existing files."""
        if answer.error:
            return []
        words = frozenset(answer.words)
        found: list[Violation] = []
        seen: set[str] = set()
        for media_id in answer.ids:
            copies = self._library.by_id.get(media_id, [])
            found.extend(self._judge_listed(media_id, copies, words, answer))
            unique_ids = {copy.unique_id for copy in copies}
            if unique_ids & seen:
                found.append(Violation("file shown twice", _about(answer, media_id)))
            seen |= unique_ids
        found.extend(self._judge_page(answer))
        if not answer.is_partial:
            found.extend(self._judge_complete(answer, words, seen))
        return found

    def judge_turn(self, turn: PageTurn) -> list[Violation]:
        """A page of existing files in the window's order, without a gap that is not accounted for."""
        return list(self._judge_page(turn))

    def judge_look(self, look: Look) -> list[Violation]:
        """A file that was there all the time is never "gone"."""
        copies = self._library.by_id.get(look.media_id, [])
        if not look.found and _any_throughout(copies, look.asked_at - STORING_S, look.answered_at):
            return [Violation("outage told as gone", f"file {look.media_id} at {look.asked_at:.2f}")]
        return []

    def judge_walk(self, walk: Walk) -> list[Violation]:
        """Pages in order, no file twice, none left out of a walk that ended."""
        found = [*self._judge_order(walk), *self._judge_matches(walk)]
        if walk.has_ended and walk.pages:
            found.extend(self._judge_whole(walk))
        return found

    def _judge_listed(
        self, media_id: int, copies: Sequence[Copy], words: frozenset[str], answer: SearchAnswer
    ) -> Iterator[Violation]:
        start, end = answer.asked_at - STORING_S - STALE_S, answer.answered_at
        if not copies:
            if not self._lost_in_crash(media_id):
                yield Violation("unknown file", _about(answer, media_id))
        elif not any(copy.names_within(start, end) for copy in copies):
            yield Violation("removed file in a window", _about(answer, media_id))
        elif not any(copy.could_match(words, start, end) for copy in copies):
            yield Violation("file does not match", _about(answer, media_id))

    def _judge_page(self, answer: SearchAnswer | PageTurn) -> Iterator[Violation]:
        """The wanted files in their order, as they are called now; whatever is left out was gone."""
        start, end = answer.asked_at - STORING_S, answer.answered_at
        places = {media_id: place for place, media_id in enumerate(answer.wanted)}
        shown = [media_id for media_id, _ in answer.shown]
        if not set(shown) <= places.keys():
            yield Violation("file not of this page", _about(answer, shown[0]))
        elif any(places[later] <= places[earlier] for earlier, later in pairwise(shown)):
            yield Violation("page out of order", _about(answer, shown[0]))
        for media_id, name in answer.shown:
            copies = self._library.by_id.get(media_id, [])
            if copies and not any(name in copy.names_within(start, end) for copy in copies):
                yield Violation("removed file on a page", _about(answer, media_id))
        for media_id in places.keys() - set(shown):
            if not answer.is_partial and _any_throughout(self._library.by_id.get(media_id, []), start, end):
                yield Violation("file missing, not flagged", _about(answer, media_id))

    def _judge_complete(self, answer: SearchAnswer, words: frozenset[str], seen: set[str]) -> Iterator[Violation]:
        oldest = min(answer.ids) if answer.is_full and answer.ids else 0
        start = answer.asked_at - STORING_S - ADDITIONS_S
        for copy in self._library.candidates(words):
            if copy.unique_id not in seen and copy.id > oldest and copy.must_match(words, start, answer.answered_at):
                yield Violation("file missing, not flagged", _about(answer, copy.id))

    def _judge_order(self, walk: Walk) -> Iterator[Violation]:
        last: dict[int, int] = {}
        lowest, away = 0, set[int]()
        for page in walk.pages:
            if any(later >= earlier for earlier, later in pairwise(page.ids)):
                yield Violation("walk out of order", _of_walk(walk, page.ids[0]))
            for media_id in page.ids:
                copies = self._library.by_id.get(media_id, [])
                databases = {copy.database for copy in copies}
                if any(last.get(number, media_id + 1) <= media_id for number in databases):
                    yield Violation("walk repeats or goes back", _of_walk(walk, media_id))
                if lowest and media_id >= lowest and databases and not databases & away:
                    yield Violation("walk goes back", _of_walk(walk, media_id))
                last.update(dict.fromkeys(databases, media_id))
            away |= set(page.missing)
            lowest = min((*page.ids, lowest or (1 << 53)))

    def _judge_matches(self, walk: Walk) -> Iterator[Violation]:
        words = frozenset(walk.words)
        for page in walk.pages:
            for media_id in page.ids:
                copies = self._library.by_id.get(media_id, [])
                if not copies and not self._lost_in_crash(media_id):
                    yield Violation("unknown file", _of_walk(walk, media_id))
                elif copies and not any(
                    copy.could_match(words, page.asked_at - STORING_S, page.answered_at) for copy in copies
                ):
                    yield Violation("file does not match", _of_walk(walk, media_id))

    def _judge_whole(self, walk: Walk) -> Iterator[Violation]:
        """Every file that matched from the first question to the last answer, unless its database was missing last."""
        words, missing = frozenset(walk.words), set(walk.pages[-1].missing)
        start, end = walk.pages[0].asked_at - STORING_S, walk.pages[-1].answered_at
        seen = {copy.unique_id for page in walk.pages for id_ in page.ids for copy in self._library.by_id.get(id_, [])}
        for copy in self._library.candidates(words):
            left_out = copy.unique_id not in seen and copy.database not in missing
            if left_out and copy.must_match(words, start, end):
                yield Violation("walk left a file out", _of_walk(walk, copy.id))

    def _lost_in_crash(self, media_id: int) -> bool:
        born = born_at(media_id)
        return any(crash - _CRASH_BEFORE_S <= born <= crash + _CRASH_AFTER_S for crash in self._crashes)


def judge_quotas(
    readers: Mapping[int, ReaderStory], stored: Mapping[int, StoredQuota], limit: int
) -> Iterator[Violation]:
    """Nobody ever got more than the limit, and what is charged in the end is what was spent.

    A slot whose use was not acknowledged may be charged or not; holds must be gone.
    """
    for reader, story in readers.items():
        charged, held = (quota.charged, quota.held) if (quota := stored.get(reader)) else (0, 0)
        if story.most > limit or story.spent > limit:
            most = max(story.most, story.spent)
            yield Violation("quota over the limit", f"reader {reader} got {most} of {limit}")
        if charged > limit:
            yield Violation("quota over the limit", f"reader {reader} is charged {charged} of {limit}")
        if held:
            yield Violation("hold never taken back", f"reader {reader}: {held} slots")
        if not story.spent <= charged - held <= story.spent + story.uncertain:
            expected = f"{story.spent} to {story.spent + story.uncertain}"
            yield Violation("quota not exact", f"reader {reader} is charged {charged - held}, spent {expected}")


def _any_throughout(copies: Iterable[Copy], start: float, end: float) -> bool:
    return any(copy.existed_throughout(start, end) for copy in copies)


def _about(answer: SearchAnswer | PageTurn, media_id: int) -> str:
    return f"file {media_id} in an answer asked at {answer.asked_at:.2f}"


def _of_walk(walk: Walk, media_id: int) -> str:
    return f"file {media_id} in a walk through {' '.join(walk.words)!r}"
