"""One page out of the ordered answers of several databases: a merge, and the place where the next page begins.

Pure: who is asked, and how long one waits, is decided by `core.database.multi_pool`.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

from core.domain.search import SearchCursor

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from core.database.pool import Document

ID = "_id"
UNIQUE_ID = "u"


def merge_page(
    answers: Mapping[int, Sequence[Document]], limit: int, before: Mapping[int, int]
) -> tuple[list[Document], SearchCursor | None]:
    """The newest `limit` documents of all answers, newest first, and where the next page begins.

    A file that two databases hold stands there once, as its newest copy. Since a database holds a file once, the page
    is full whenever there is enough; where the unique index is still missing it may be shorter although it goes on.

    Args:
        answers: by number of the database, its newest documents below its place, newest first: `limit` of them, or all
            there are.
        limit: at least 1.
        before: the places these answers begin below; a database that is not named was read from its newest document.

    Returns:
        The documents, and the places below them; None for these when no answer leaves more to come.
    """
    floor = max((found[-1][ID] for found in answers.values() if len(found) >= limit), default=0)
    taken = dict.fromkeys(answers, 0)
    page: dict[object, Document] = {}
    lowest = 0
    for number, document in _newest_first(answers):
        if len(page) >= limit or document[ID] < floor:  # below the floor, a full answer may have newer ones to come
            break
        page.setdefault(document[UNIQUE_ID], document)
        taken[number] += 1
        lowest = document[ID]
    if not any(len(found) >= limit or len(found) > taken[number] for number, found in answers.items()):
        return list(page.values()), None
    places = dict(before)
    for number, found in answers.items():
        rest = found[taken[number] :]
        # Another file with the very id that the page ends at is still to come; everything newer was taken.
        place = lowest + 1 if rest and rest[0][ID] == lowest else lowest
        places[number] = min(place, before.get(number, place))
    return list(page.values()), SearchCursor(places)


def _newest_first(answers: Mapping[int, Sequence[Document]]) -> Iterator[tuple[int, Document]]:
    streams = [[(number, document) for document in found] for number, found in answers.items()]
    return heapq.merge(*streams, key=lambda one: one[1][ID], reverse=True)
