"""How often each file is fetched, which decides between files that match a search equally well."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING

import structlog

from core.errors import DatabaseUnavailableError

if TYPE_CHECKING:
    from core.clock import Clock
    from repositories.media import MediaRepository

_FLUSH_S = 60.0
_MOST_WAITING = 10_000
_WRITTEN_AT_ONCE = 500


class Popularity:
    """Counts in memory and adds its sums to the files every minute.

    About right is good enough: a process that is killed loses a minute, and what one of several databases did not take
    is lost as well.
    """

    def __init__(self, media: MediaRepository, clock: Clock) -> None:
        self._media = media
        self._clock = clock
        self._fetched: Counter[int] = Counter()
        self._log = structlog.get_logger(__name__)

    def fetched(self, media_id: int) -> None:
        """Count a delivery; never waits and never fails."""
        if media_id in self._fetched or len(self._fetched) < _MOST_WAITING:
            self._fetched[media_id] += 1

    async def flush(self) -> None:
        """Store what was counted since the last time.

        Raises:
            DatabaseUnavailableError: no database took it; what was not tried is kept for the next time.
        """
        while self._fetched:
            some = dict(islice(self._fetched.items(), _WRITTEN_AT_ONCE))
            for media_id in some:
                del self._fetched[media_id]
            await self._media.count_fetches(some)

    async def run(self) -> None:
        """Store every minute; ends only when cancelled."""
        while True:
            await self._clock.sleep(_FLUSH_S)
            try:
                await self.flush()
            except DatabaseUnavailableError as error:
                self._log.debug("popularity_waits", files=len(self._fetched), detail=str(error))
