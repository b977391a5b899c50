"""Result pages that survive a restart: a session knows whose they are and what they turn over."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING, Any

from core.cache import codec, keys
from core.cache.kept_values import KeptValues
from core.domain.search import SearchSession
from core.errors import ExpiredError, NotYoursError
from core.services.search_windows import window_from_json, window_to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from core.cache.redis_cache import CacheEntry, RedisCache
    from core.clock import Clock
    from core.domain.search import SearchWindow
    from core.services.runtime_settings import RuntimeSettingsService

_SESSION_ID = re.compile(r"[0-9a-f]{16}\Z")
_LOCAL_SESSIONS = 500  # at most 2 kB each
_EXPIRED = "search-expired"


class SearchSessions:
    """Keeps sessions in Redis, and the newest of this process in memory as well, for when Redis is gone.

    Args:
        keep: what else is to be stored of a new session, in the same round trip.
    """

    def __init__(
        self,
        cache: RedisCache,
        runtime: RuntimeSettingsService,
        clock: Clock,
        keep: Callable[[SearchSession], CacheEntry] | None = None,
    ) -> None:
        self._runtime = runtime
        self._keep = keep
        self._kept = KeptValues(cache, clock, keys.session, capacity=_LOCAL_SESSIONS)

    async def save(
        self, owner_id: int, query: str, window: SearchWindow, *, also: Sequence[CacheEntry] = ()
    ) -> SearchSession:
        """Begin a session; it can be opened for `search_session_lifetime_s`, and never fails for want of Redis.

        Args:
            owner_id: who searched, and may turn the pages.
            query: as in `SearchSession`.
            window: as in `SearchSession`.
            also: other values to store in the same round trip.
        """
        session = SearchSession(secrets.token_hex(8), owner_id, query, window)
        kept = () if self._keep is None else (self._keep(session),)
        await self._put(session, (*kept, *also))
        return session

    async def replace(self, session: SearchSession) -> None:
        """Store a session's new state under its id, for another lifetime."""
        await self._put(session)

    async def open(self, session_id: str, viewer_id: int) -> SearchSession:
        """The viewer's own session.

        Raises:
            ExpiredError: unknown, too old, or not to be had because Redis is gone; searching again helps.
            NotYoursError: another person searched.
        """
        if _SESSION_ID.match(session_id) is None:
            raise ExpiredError(_EXPIRED)
        session = _decode(session_id, await self._kept.get(session_id))
        if session is None:
            raise ExpiredError(_EXPIRED)
        if session.owner_id != viewer_id:
            raise NotYoursError
        return session

    async def _put(self, session: SearchSession, also: Sequence[CacheEntry] = ()) -> None:
        lifetime_s = self._runtime.current.search_session_lifetime_s
        await self._kept.put({session.id: _encode(session)}, lifetime_s, also=also)


def _encode(session: SearchSession) -> bytes:
    return codec.encode([session.owner_id, session.query, window_to_json(session.window)])


def _decode(session_id: str, data: bytes | None) -> SearchSession | None:
    fields: Any = codec.decode(data)
    if not isinstance(fields, list) or len(fields) != 3:
        return None
    owner_id, query, window = fields[0], fields[1], window_from_json(fields[2])
    if type(owner_id) is not int or not isinstance(query, str) or window is None:
        return None
    return SearchSession(session_id, owner_id, query, window)
