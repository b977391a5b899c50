"""Values under ids that this bot made: in Redis, and the newest of this process in memory as well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.cache.recent_values import RecentValues

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from core.cache.keys import Key
    from core.cache.redis_cache import CacheEntry, RedisCache
    from core.clock import Clock


class KeptValues:
    """Survives a restart where Redis is there, and goes on without Redis where it is not.

    Args:
        key: the row of `core.cache.keys` for an id.
        capacity: how many values this process remembers by itself.
    """

    def __init__(self, cache: RedisCache, clock: Clock, key: Callable[[str], Key], *, capacity: int) -> None:
        self._cache = cache
        self._key = key
        self._recent: RecentValues[str, bytes] = RecentValues(clock, capacity=capacity)

    def entry(self, value_id: str, data: bytes, ttl_s: int | None = None) -> CacheEntry:
        """Remember a value here; returns what is to be stored in Redis, for `ttl_s` seconds or the key's own time."""
        key = self._key(value_id)
        life_s = key.ttl_s if ttl_s is None else ttl_s
        self._recent.put(value_id, data, life_s)
        return key, data, life_s

    async def put(self, values: Mapping[str, bytes], ttl_s: int, *, also: Iterable[CacheEntry] = ()) -> None:
        """Keep values for `ttl_s` seconds, in one round trip with whatever else is to be stored; never fails."""
        entries = [*(self.entry(value_id, data, ttl_s) for value_id, data in values.items()), *also]
        if entries:
            await self._cache.set_many(entries)

    async def get(self, value_id: str) -> bytes | None:
        """A value; None when it is unknown, too old, or not to be had because Redis is gone."""
        return self._recent.get(value_id) or await self._cache.get(self._key(value_id))

    async def get_strict(self, value_id: str) -> bytes | None:
        """As `get`, but None says that there is none.

        Raises:
            CacheUnavailableError: this process does not remember it, and Redis cannot be asked.
        """
        return self._recent.get(value_id) or await self._cache.get_strict(self._key(value_id))
