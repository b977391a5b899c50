"""How fast a long walk goes, from what it did within the last minute."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from core.domain.index_job import WalkPace

if TYPE_CHECKING:
    from core.clock import Clock

_WINDOW_S = 60.0


class PaceMeter:
    """Rate over a sliding minute, so that waits which are over are soon forgotten."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen: deque[tuple[float, int]] = deque()

    def note(self, position: int) -> None:
        """The walk is at `position` now; one that goes back is another walk and starts afresh."""
        if self._seen and position < self._seen[-1][1]:
            self._seen.clear()
        now = self._clock.monotonic()
        self._seen.append((now, position))
        while len(self._seen) > 2 and self._seen[1][0] <= now - _WINDOW_S:
            self._seen.popleft()

    def reset(self) -> None:
        """Forget what was noted: the walk stands still."""
        self._seen.clear()

    def pace(self, remaining: int) -> WalkPace:
        """The pace until now with `remaining` left; nothing of it is known before the position was noted twice."""
        if len(self._seen) < 2:
            return WalkPace()
        since, start = self._seen[0]
        took_s, done = self._clock.monotonic() - since, self._seen[-1][1] - start
        if took_s <= 0 or done <= 0:
            return WalkPace()
        per_second = done / took_s
        return WalkPace(per_second, round(remaining / per_second))
