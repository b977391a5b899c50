"""Who is written to next in a broadcast, and of whom it is not yet known what became."""

from __future__ import annotations

import asyncio
import heapq
from collections import deque
from typing import TYPE_CHECKING

import structlog

from core.errors import DatabaseUnavailableError

if TYPE_CHECKING:
    from core.clock import Clock
    from core.domain.broadcast import Broadcast
    from repositories.audience import AudienceRepository

_PAGE = 500
_RETRY_S = 2.0
_MOST_PUT_OFF = 200


class Crowd:
    """Hands out everybody of a segment by ascending id, each to one caller, and again who was put off.

    Everybody up to `cursor` is either settled or in `unsettled`, at every moment.
    """

    def __init__(self, broadcast: Broadcast, audience: AudienceRepository, clock: Clock) -> None:
        self._segment = broadcast.segment
        self._audience = audience
        self._clock = clock
        self._page: deque[int] = deque()
        self._loaded_up_to = self.cursor = broadcast.cursor
        self._loading = asyncio.Lock()
        self._is_exhausted = False
        self._in_hand: set[int] = set()
        self._put_off: list[tuple[float, int]] = [(0.0, user_id) for user_id in broadcast.unsettled]
        self._rest_until = 0.0
        self._halted = asyncio.Event()
        self._log = structlog.get_logger(__name__)

    @property
    def unsettled(self) -> list[int]:
        """Ids up to `cursor` of whom it is not known what became."""
        return [*self._in_hand, *(user_id for _, user_id in self._put_off)]

    @property
    def is_done(self) -> bool:
        """Whether everybody is settled."""
        return self._is_exhausted and not self._page and not self._in_hand and not self._put_off

    async def next(self) -> int | None:
        """Somebody to write to; None when nobody is left for the caller, or after `halt`.

        Whoever got somebody must `settle` or `put_off` that person, or the person stays unsettled.
        """
        while not self._halted.is_set():
            if self._rest_until > self._clock.monotonic():
                await self._wait(self._rest_until)
                continue
            user_id = self._take_due()
            if user_id is None and len(self._put_off) < _MOST_PUT_OFF:
                user_id = await self._take_fresh()
            if user_id is not None:
                return user_id
            if not self._put_off and self._is_exhausted:
                return None
            await self._wait(self._put_off[0][0] if self._put_off else 0.0)
        return None

    def settle(self, user_id: int) -> None:
        """It is known what became of the person."""
        self._in_hand.discard(user_id)

    def put_off(self, user_id: int, seconds: float) -> None:
        """Try the person again, not before so many seconds have passed."""
        self._in_hand.discard(user_id)
        heapq.heappush(self._put_off, (self._clock.monotonic() + seconds, user_id))

    def rest(self, seconds: float) -> None:
        """Hand nobody out for so long."""
        self._rest_until = max(self._rest_until, self._clock.monotonic() + seconds)

    def halt(self) -> None:
        """Hand nobody out any more."""
        self._halted.set()

    def _take_due(self) -> int | None:
        if not self._put_off or self._put_off[0][0] > self._clock.monotonic():
            return None
        _, user_id = heapq.heappop(self._put_off)
        self._in_hand.add(user_id)
        return user_id

    async def _take_fresh(self) -> int | None:
        async with self._loading:
            if not self._page and not self._is_exhausted:
                await self._load()
        if not self._page:
            return None
        self.cursor = self._page.popleft()
        self._in_hand.add(self.cursor)
        return self.cursor

    async def _load(self) -> None:
        try:
            found = await self._audience.page(self._segment, self._loaded_up_to, _PAGE)
        except DatabaseUnavailableError:
            self._log.warning("broadcast_waits_for_database")
            await self._clock.sleep(_RETRY_S)
            return
        self._page.extend(found)
        self._is_exhausted = not found
        self._loaded_up_to = found[-1] if found else self._loaded_up_to

    async def _wait(self, until: float) -> None:
        """Until a moment of the clock, or the halt."""
        try:
            async with asyncio.timeout(max(0.0, until - self._clock.monotonic())):
                await self._halted.wait()
        except TimeoutError:
            return
