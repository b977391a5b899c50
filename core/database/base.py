"""Documents that are read through the cache, and forgotten there after every write."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Generic, TypeVar

from core.cache.recent_values import RecentValues

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from contextlib import AbstractAsyncContextManager

    from core.cache.codec import ValueForm
    from core.cache.keys import Key
    from core.cache.redis_cache import RedisCache
    from core.clock import Clock

_RECENT_S = 4.0  # and a second for the writer's delete: what another process changed is seen within five
_RECENT_VALUES = 5_000

K = TypeVar("K")
T = TypeVar("T")


class BaseRepository(Generic[K, T]):
    """Cache-aside in one place: this process's memory of some seconds, then Redis, then the database.

    A write is followed by forgetting, never by storing, and a read that began before a write leaves nothing behind
    that the write made old: not here, and not in Redis (see `RedisCache.get_or_load`). Without Redis every read that
    this process does not remember goes to the database.

    Args:
        cache: shared with other processes.
        clock: for the memory of this process.
        key: the row of one entity.
        form: how an entity is cached; an unreadable one is loaded anew.
    """

    def __init__(self, cache: RedisCache, clock: Clock, *, key: Callable[[K], Key], form: ValueForm[T]) -> None:
        self._cache = cache
        self._clock = clock
        self._key = key
        self._form = form
        self._recent: RecentValues[K, T] = RecentValues(clock, capacity=_RECENT_VALUES)
        self._writes = 0

    async def _read_cached(self, identity: K, load: Callable[[], Awaitable[T | None]]) -> T | None:
        """An entity: what this process wrote is seen at once, what another one wrote within five seconds.

        None, for an entity that does not exist, is never remembered.
        """
        recent = self._recent.get(identity)
        if recent is not None:
            return recent
        began, writes = self._clock.monotonic(), self._writes
        value = await self._cache.get_or_load(self._key(identity), load, self._form)
        if value is not None and writes == self._writes:  # else it may be older than the write
            self._recent.put(identity, value, began + _RECENT_S - self._clock.monotonic())
        return value

    def changing(self, identity: K) -> AbstractAsyncContextManager[None]:
        """For another repository around a write to the same document, so that what is remembered here is forgotten."""
        return self._writing(identity)

    @asynccontextmanager
    async def _writing(self, identity: K) -> AsyncIterator[None]:
        """Around a write: forget the entity once it is done, or may be done though its answer was lost."""
        try:
            yield
        finally:
            self._writes += 1
            self._recent.drop(identity)
            await self._cache.delete(self._key(identity))
