"""When what is remembered of searches is out of date: a version in its keys, moved on with the library."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING

from core.cache import keys
from core.errors import CacheUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.cache.redis_cache import RedisCache
    from core.clock import Clock

_TICK_S = 0.25
_CHANGE_GAP_S = 1.0
_ADDITION_GAP_S = 30.0
_REMEMBERED_S = 1.0
_VERSION = re.compile(rb"[0-9a-f]{16}\Z")


class CacheInvalidator:
    """Moves the search version, and tells it to those who read and write what is cached of searches.

    What was cached under another version is never found again, so moving it forgets every search at once. A version is
    random: one that is lost is replaced by one that was never used. Moving it is one delete, which also works where
    Redis is full; while Redis is gone the cache owes that delete, and this process uses no cached search.

    A deletion or an edit is seen by searches of this process at once, and by those of other processes within three
    seconds plus the time Redis takes to answer. A process that died between a change and its announcement makes up
    for it when it starts again: no cached search is used before the first `flush`, which moves the version.
    """

    def __init__(
        self, cache: RedisCache, clock: Clock, addition_gap_s: Callable[[], float] = lambda: _ADDITION_GAP_S
    ) -> None:
        self._cache = cache
        self._clock = clock
        self._addition_gap_s = addition_gap_s
        self._moved_at = float("-inf")
        self._moves = 0
        self._change_is_due = True
        self._addition_is_due = False
        self._version: str | None = None
        self._known_until = float("-inf")

    def deleted(self) -> None:
        """Files are gone, durably or perhaps: call it after every write that may have removed some, failed ones too."""
        self._change_is_due = True

    def edited(self) -> None:
        """Names or captions changed, or files came back; as `deleted`."""
        self._change_is_due = True

    def added(self) -> None:
        """New files are stored. Searches may go on without them for a while, so that indexing spares the cache."""
        self._addition_is_due = True

    async def search_version(self) -> str | None:
        """What keys of cached searches are made with; to be read before the database is asked.

        Returns:
            16 hex characters, at most a second old; None when no cached search may be used or stored now.
        """
        if self._change_is_due:
            return None
        now = self._clock.monotonic()
        if self._version is not None and now < self._known_until:
            return self._version
        moves = self._moves
        try:
            version = await self._read_version()
        except CacheUnavailableError:
            return None
        if self._change_is_due or moves != self._moves:  # what was read may be older than the change
            return None
        self._version, self._known_until = version, now + _REMEMBERED_S
        return version

    async def invalidate_all_search_results(self) -> None:
        """Forget every cached search now, whatever was forgotten a moment ago; made up for later if Redis is gone."""
        self._change_is_due = True
        await self.increment_search_cache_version()

    async def increment_search_cache_version(self) -> bool:
        """Move the version on, so that nothing that is cached of searches is found again.

        Returns:
            False when Redis is gone: this process uses no cached search until it is done, which is tried again.
        """
        self._version = None
        self._moves += 1
        self._moved_at = self._clock.monotonic()
        self._change_is_due = self._addition_is_due = False
        await self._cache.delete(keys.search_version())  # owed from here on, should it fail or be given up
        self._moves += 1
        return not self._cache.owes(keys.search_version())

    async def flush(self) -> None:
        """Move the version if that is due, and make up for deletes that Redis did not take."""
        if self._is_due():
            await self.increment_search_cache_version()
        await self._cache.settle_deletes()

    async def run(self) -> None:
        """Flush several times a second, for ever; supervised once for each invalidator."""
        while True:
            await self.flush()
            await self._clock.sleep(_TICK_S)

    def _is_due(self) -> bool:
        since_s = self._clock.monotonic() - self._moved_at
        return (self._change_is_due and since_s >= _CHANGE_GAP_S) or (
            self._addition_is_due and since_s >= self._addition_gap_s()
        )

    async def _read_version(self) -> str | None:
        key = keys.search_version()
        found = await self._cache.get_strict(key)
        if found is not None and _VERSION.match(found) is None:
            await self._cache.delete(key)
            found = None
        if found is None:
            made = secrets.token_hex(8).encode()
            found = made if await self._cache.add_strict(key, made) else await self._cache.get_strict(key)
        return found.decode("ascii") if found is not None and _VERSION.match(found) else None
