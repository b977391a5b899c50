"""Result pages that survive a restart: a session knows whose they are and what they turn over."""

from __future__ import annotations

import re
import secrets
from array import array
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Any

from core.cache import codec, keys
from core.cache.recent_values import RecentValues
from core.domain.search import SearchSession, SearchWindow
from core.errors import ExpiredError, NotYoursError

if TYPE_CHECKING:
    from core.cache.redis_cache import RedisCache
    from core.clock import Clock
    from core.services.runtime_settings import RuntimeSettingsService

_SESSION_ID = re.compile(r"[0-9a-f]{16}\Z")
_LOCAL_SESSIONS = 500  # at most 2 kB each
_EXPIRED = "search-expired"


class SearchSessions:
    """Keeps sessions in Redis, and the newest of this process in memory as well, for when Redis is gone."""

    def __init__(self, cache: RedisCache, runtime: RuntimeSettingsService, clock: Clock) -> None:
        self._cache = cache
        self._runtime = runtime
        self._recent: RecentValues[str, bytes] = RecentValues(clock, capacity=_LOCAL_SESSIONS)

    async def save(self, owner_id: int, query: str, window: SearchWindow) -> SearchSession:
        """Begin a session; it can be opened for `search_session_lifetime_s`, and never fails for want of Redis."""
        session = SearchSession(secrets.token_hex(8), owner_id, query, window)
        data = _encode(session)
        lifetime_s = self._runtime.current.search_session_lifetime_s
        self._recent.put(session.id, data, lifetime_s)
        await self._cache.set(keys.session(session.id), data, lifetime_s)
        return session

    async def open(self, session_id: str, viewer_id: int) -> SearchSession:
        """The viewer's own session.

        Raises:
            ExpiredError: unknown, too old, or not to be had because Redis is gone; searching again helps.
            NotYoursError: another person searched.
        """
        if _SESSION_ID.match(session_id) is None:
            raise ExpiredError(_EXPIRED)
        data = self._recent.get(session_id) or await self._cache.get(keys.session(session_id))
        session = _decode(session_id, data)
        if session is None:
            raise ExpiredError(_EXPIRED)
        if session.owner_id != viewer_id:
            raise NotYoursError
        return session


def _encode(session: SearchSession) -> bytes:
    window = session.window
    ids = b64encode(array("q", window.ids).tobytes()).decode()
    return codec.encode([session.owner_id, session.query, window.total, window.total_is_exact, ids])


def _decode(session_id: str, data: bytes | None) -> SearchSession | None:
    fields: Any = codec.decode(data)
    if not isinstance(fields, list) or len(fields) != 5:
        return None
    owner_id, query, total, total_is_exact, packed = fields
    ids = array("q")
    ids.frombytes(b64decode(packed))
    return SearchSession(session_id, owner_id, query, SearchWindow(tuple(ids), total, total_is_exact))
