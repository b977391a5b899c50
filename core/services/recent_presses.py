"""Two presses of one button within a few seconds are one wish."""

from __future__ import annotations

import secrets
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from core.cache import keys
from core.cache.recent_values import RecentValues
from core.errors import BusyError, CacheUnavailableError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from core.cache.redis_cache import RedisCache
    from core.clock import Clock

_LOCAL_PRESSES = 10_000
_LONGEST_SEND_S = 600


class RecentPresses:
    """Claims (person, file) for a few seconds: in Redis, or in this process while Redis is gone.

    This process remembers a claim for as long as its file is being sent, however slow Telegram is: presses that come
    meanwhile are served right after it. Every claim has a value of its own, so that the end of a slow send does not end
    the claim of a later press in another process.
    """

    def __init__(self, cache: RedisCache, clock: Clock) -> None:
        self._cache = cache
        self._recent: RecentValues[str, bytes] = RecentValues(clock, capacity=_LOCAL_PRESSES)

    @asynccontextmanager
    async def claim(self, user_id: int, media_id: int) -> AsyncIterator[None]:
        """Hold the claim while the file is sent and for its lifetime after; a failed send gives it back at once.

        Raises:
            BusyError: the same press is being served, or was served a moment ago.
        """
        key, claim = keys.dedupe(user_id, "file", media_id), secrets.token_bytes(8)
        if self._recent.get(key.name) is not None:
            raise BusyError("delivery-already-sent")
        self._recent.put(key.name, claim, _LONGEST_SEND_S)  # before the first await: this process's next press sees it
        try:
            await self._add(key, claim)
            yield
        except BaseException:
            if self._recent.get(key.name) == claim:
                self._recent.drop(key.name)
            await self._cache.delete_own(key, claim)
            raise
        self._recent.put(key.name, claim, key.ttl_s)
        await self._cache.set(key, claim)

    async def _add(self, key: keys.Key, claim: bytes) -> None:
        """Claim it before other processes; raises BusyError when one of them serves it, or did a moment ago."""
        try:
            added = await self._cache.add_strict(key, claim)
        except CacheUnavailableError:
            return  # the claim of this process stands alone
        if not added:
            raise BusyError("delivery-already-sent")
