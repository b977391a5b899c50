"""Counting what is sent against a limit, by what is known of when it arrived. Pure; time is handed in.

A send arrives somewhere between its turn and its answer. Until the answer it may still arrive at any moment, so it
counts as arriving now; from then on it counts as having arrived with its answer. Both are the latest that is possible,
which makes the next send wait longest: however uneven the ways are, no arrivals bunch beyond the limit.

Source: the generic cell rate algorithm of ITU-T I.371 and a sliding window; neither grows milder when an arrival is
earlier than was reckoned.
"""

from __future__ import annotations

import math
from collections import deque


class Bucket:
    """Lets one through every `interval_s`, and `burst` at once after a pause.

    Attributes:
        under_way: how many have begun and not ended.
        full_at: when a whole burst fits again, as far as what has ended is concerned.
    """

    __slots__ = ("_burst", "_interval_s", "full_at", "under_way")

    def __init__(self, interval_s: float, burst: int) -> None:
        self._interval_s = interval_s
        self._burst = burst
        self.under_way = 0
        self.full_at = -math.inf

    def free_at(self, leaving: int = 0) -> float:
        """When one may go that leaves so many; infinity until one of those under way ends."""
        room = self._burst - 1 - leaving - self.under_way
        return math.inf if room < 0 else self.full_at - room * self._interval_s

    def free_after(self, now: float) -> float:
        """When one may go if all that are under way end now."""
        full_at = max(self.full_at, now) if self.under_way else self.full_at
        return full_at - (self._burst - 1 - self.under_way) * self._interval_s

    def begin(self) -> None:
        """One goes."""
        self.under_way += 1

    def end(self, now: float) -> None:
        """One of those that went has arrived, now at the latest."""
        self.under_way -= 1
        self.full_at = max(self.full_at, now) + self._interval_s


class Window:
    """Lets so many through in any span of `span_s`; one that begins counts until that long after its end.

    Attributes:
        under_way: how many have begun and not ended.
    """

    __slots__ = ("_ended", "_most", "_span_s", "under_way")

    def __init__(self, most: int, span_s: float) -> None:
        self._most = most
        self._span_s = span_s
        self._ended: deque[float] = deque(maxlen=most)
        self.under_way = 0

    @property
    def empty_at(self) -> float:
        """When nothing that has ended counts any more."""
        return self._ended[-1] + self._span_s if self._ended else -math.inf

    def free_at(self, leaving: int = 0) -> float:
        """When one may go that leaves so many; infinity until one of those under way ends."""
        room = self._most - leaving - self.under_way
        return math.inf if room <= 0 else self._left_at(room)

    def free_after(self, now: float) -> float:
        """When one may go if all that are under way end now."""
        room = self._most - self.under_way
        return now + self._span_s if room <= 0 else self._left_at(room)

    def begin(self) -> None:
        """One goes."""
        self.under_way += 1

    def end(self, now: float) -> None:
        """One of those that went has arrived, now at the latest."""
        self.under_way -= 1
        self._ended.append(now)

    def _left_at(self, room: int) -> float:
        """When fewer than so many of those that have ended count."""
        return self._ended[-room] + self._span_s if len(self._ended) >= room else -math.inf
