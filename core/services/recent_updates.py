"""A message is handled at most once, however often it arrives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.cache import keys
from core.cache.recent_values import RecentValues
from core.errors import CacheUnavailableError

if TYPE_CHECKING:
    from core.cache.redis_cache import RedisCache
    from core.clock import Clock

_LOCAL_MESSAGES = 100_000


class RecentUpdates:
    """Claims messages for ten minutes: in this process, and in Redis for the processes after it.

    A message is known by its chat, its id and its date, since another account counts its messages from one again.
    """

    def __init__(self, cache: RedisCache, clock: Clock) -> None:
        self._cache = cache
        self._recent: RecentValues[tuple[int, int, int], bool] = RecentValues(clock, capacity=_LOCAL_MESSAGES)

    async def claim(self, chat_id: int, message_id: int, date: int, *, missed: bool) -> bool:
        """Whether the caller is the first to handle a message; durable before it returns True.

        While Redis is gone, what arrives is known by this process alone; what was `missed` may have been answered by a
        process before it, and is refused.
        """
        name = (chat_id, message_id, date)
        if self._recent.get(name):
            return False
        key = keys.update(f"{chat_id}:{message_id}:{date}")
        self._recent.put(name, True, key.ttl_s)
        try:
            return await self._cache.add_strict(key)
        except CacheUnavailableError:
            return not missed

    def claim_here(self, chat_id: int, message_id: int, date: int) -> bool:
        """The same within this process alone, for messages that no later process is told of."""
        name = (chat_id, message_id, date)
        if self._recent.get(name):
            return False
        self._recent.put(name, True, keys.UPDATE.ttl_s)
        return True
