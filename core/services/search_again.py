"""What was searched for, kept longer than the pages: to search again, or for oneself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from core.cache import codec, keys
from core.cache.kept_values import KeptValues
from core.errors import ExpiredError, NotYoursError

if TYPE_CHECKING:
    from core.cache.redis_cache import CacheEntry, RedisCache
    from core.clock import Clock
    from core.domain.search import SearchSession

_SESSION_ID = re.compile(r"[0-9a-f]{16}\Z")
_LOCAL_SEARCHES = 1000  # at most 1 kB each
_EXPIRED = "search-expired"


class _Search(NamedTuple):
    owner_id: int
    text: str


class RepeatableSearches:
    """Keeps who searched for what for a day, in Redis and the newest of this process in memory as well."""

    def __init__(self, cache: RedisCache, clock: Clock) -> None:
        self._kept = KeptValues(cache, clock, keys.repeatable_search, capacity=_LOCAL_SEARCHES)

    def entry(self, session: SearchSession) -> CacheEntry:
        """Keep the text of a session here; returns what is to be stored for other processes."""
        return self._kept.entry(session.id, codec.encode([session.owner_id, session.query]))

    async def text(self, session_id: str) -> str:
        """What was searched for in anybody's session.

        Raises:
            ExpiredError: not kept any more, or never.
        """
        return (await self._find(session_id)).text

    async def own_text(self, session_id: str, viewer_id: int) -> str:
        """What the viewer searched for.

        Raises:
            ExpiredError: as of `text`.
            NotYoursError: another person searched.
        """
        search = await self._find(session_id)
        if search.owner_id != viewer_id:
            raise NotYoursError
        return search.text

    async def _find(self, session_id: str) -> _Search:
        if _SESSION_ID.match(session_id) is None:
            raise ExpiredError(_EXPIRED)
        fields: Any = codec.decode(await self._kept.get(session_id))
        if not isinstance(fields, list) or len(fields) != 2:
            raise ExpiredError(_EXPIRED)
        owner_id, text = fields
        if type(owner_id) is not int or not isinstance(text, str):
            raise ExpiredError(_EXPIRED)
        return _Search(owner_id, text)
