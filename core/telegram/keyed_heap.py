"""A heap whose members can be moved and taken out; pure."""

from __future__ import annotations

import heapq
import itertools
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

_Member = TypeVar("_Member", bound="Hashable")
_SLACK = 16


class KeyedHeap(Generic[_Member]):
    """Members by ascending key, equal keys in the order they were put; every operation is amortised O(log n).

    A member that was moved or taken out leaves an entry behind, which is skipped later; there are never more than
    twice as many entries as members, and a few.
    """

    __slots__ = ("_entries", "_heap", "_numbers")

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, _Member]] = []
        self._entries: dict[_Member, tuple[float, int, _Member]] = {}
        self._numbers = itertools.count()

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, member: object) -> bool:
        return member in self._entries

    def __iter__(self) -> Iterator[_Member]:
        return iter(self._entries)

    def put(self, member: _Member, key: float) -> None:
        """Add a member, or move it to another key."""
        entry = self._entries[member] = (key, next(self._numbers), member)
        if len(self._heap) > 2 * len(self._entries) + _SLACK:
            self._heap = list(self._entries.values())
            heapq.heapify(self._heap)
        else:
            heapq.heappush(self._heap, entry)

    def drop(self, member: _Member) -> None:
        """Take a member out; without effect when it is not in."""
        self._entries.pop(member, None)

    def first(self) -> tuple[float, _Member] | None:
        """The lowest key and its member, which stays in; None when there is none."""
        while self._heap:
            entry = self._heap[0]
            if self._entries.get(entry[2]) is entry:
                return entry[0], entry[2]
            heapq.heappop(self._heap)
        return None

    def lowest(self) -> _Member:
        """The member with the lowest key, which stays in.

        Raises:
            LookupError: there is none.
        """
        first = self.first()
        if first is None:
            raise LookupError("the heap is empty")
        return first[1]
