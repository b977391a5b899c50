"""One page out of the ordered answers of several databases: a merge, and the place where the next page begins.

Pure: who asks, and how long, is decided by `core.database.multi_pool`.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from heapq import heapify, heappop, heapreplace
from typing import TYPE_CHECKING

from core.domain.search import SearchCursor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from core.database.pool import Document

ID = "_id"
UNIQUE_ID = "u"


@dataclass(slots=True)
class _Answer:
    """What one database gave and the page has not used.

    Attributes:
        has_more: it gave as much as it was asked for, so that more may follow.
        is_lost: it stopped answering within the page.
    """

    pending: deque[Document] = field(default_factory=deque)
    last_taken: int | None = None
    has_more: bool = True
    is_lost: bool = False


class PageMerge:
    """Collects the newest `limit` documents, newest first, without a file twice.

    Feed it what the databases answer; as long as `unread` names databases, the page needs more of them. Memory and work
    follow the page, not its depth.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._answers: dict[int, _Answer] = {}
        self._seen: set[object] = set()
        self.documents: list[Document] = []

    def add(self, number: int, documents: Sequence[Document], asked: int) -> None:
        """Take in what a database answered when it was asked for `asked` documents, newest first."""
        answer = self._answers.setdefault(number, _Answer())
        answer.pending.extend(documents)
        answer.has_more = len(documents) >= asked

    def lose(self, number: int) -> None:
        """Go on without a database that answered before; what it gave is used, and its place is kept."""
        if number in self._answers:
            self._answers[number].is_lost = True

    @property
    def lacking(self) -> int:
        """How many documents the page lacks."""
        return self._limit - len(self.documents)

    def unread(self) -> dict[int, int | None]:
        """Merge as far as it is certain; the databases to ask again, each with the id its next documents lie below.

        Empty once the page is full or nothing is left.
        """
        heap = [(-answer.pending[0][ID], number) for number, answer in self._answers.items() if answer.pending]
        heapify(heap)
        while heap and self.lacking:
            number = heap[0][1]
            answer = self._answers[number]
            self._take(answer)
            if answer.pending:
                heapreplace(heap, (-answer.pending[0][ID], number))
            else:
                heappop(heap)
                if answer.has_more and not answer.is_lost:  # its next document may be newer than all others'
                    break
        if not self.lacking:
            return {}
        return {
            number: answer.last_taken
            for number, answer in self._answers.items()
            if answer.has_more and not answer.pending and not answer.is_lost
        }

    def cursor(self, previous: Mapping[int, int]) -> SearchCursor | None:
        """Where the next page begins; None when no database that answered to the end has more.

        Everything newer than the last document taken was taken, in every database that answered: so they all go on
        below it, and what is stored meanwhile above it does not push the walk about.
        """
        if not any(answer.pending or answer.has_more for answer in self._answers.values() if not answer.is_lost):
            return None
        before = dict(previous)
        lowest = min(
            (answer.last_taken for answer in self._answers.values() if answer.last_taken is not None), default=0
        )
        for number, answer in self._answers.items():
            place = answer.last_taken if answer.is_lost else lowest + _waits_at(lowest, answer.pending)
            if place:
                before[number] = min(place, before.get(number, place))
        return SearchCursor(before)

    def _take(self, answer: _Answer) -> None:
        document = answer.pending.popleft()
        answer.last_taken = document[ID]
        if document[UNIQUE_ID] not in self._seen:
            self._seen.add(document[UNIQUE_ID])
            self.documents.append(document)


def _waits_at(media_id: int, pending: deque[Document]) -> bool:
    """Whether the next document has this very id, which two databases may have given to different files."""
    return bool(pending) and pending[0][ID] == media_id
