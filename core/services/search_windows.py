"""What searches found, remembered for the next person who asks the same: the window, never the files themselves."""

from __future__ import annotations

from array import array
from base64 import b64decode, b64encode
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from core.cache import keys
from core.cache.codec import ValueForm
from core.domain.media import MediaKind
from core.domain.search import Facets, SearchCursor, SearchWindow

if TYPE_CHECKING:
    from collections.abc import Iterable

    from core.cache.invalidation import CacheInvalidator
    from core.cache.keys import Key
    from core.cache.redis_cache import RedisCache
    from core.search.query import Query
    from core.services.runtime_settings import RuntimeSettingsService

_FIELDS = 7
_MOST_LIKELY = 2_000


class SearchWindows:
    """Windows under the search version: a deletion or an edit leaves all of them behind.

    Only what every database had its part in is worth keeping; the caller decides that.
    """

    def __init__(self, cache: RedisCache, invalidator: CacheInvalidator, runtime: RuntimeSettingsService) -> None:
        self._cache = cache
        self._invalidator = invalidator
        self._runtime = runtime
        self._likely: dict[str, None] = {}

    async def key(self, query: Query) -> Key | None:
        """Where the window of a query is kept; to be asked for before the database is, so that no change is missed.

        The same for queries that find the same files in the same order under the present settings. None when nothing
        may be taken from the cache or put there now.
        """
        version = await self._invalidator.search_version()
        if version is None:
            return None
        runtime = self._runtime.current
        asked = (*query.words, query.phrase, *query.titles, query.facts.year, query.filters)
        identity = f"{asked}{runtime.search_captions}{runtime.count_limit}"
        query_hash = blake2b(identity.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
        return keys.window(version, query_hash, runtime.search_window_size)

    def is_likely(self, key: Key) -> bool:
        """Whether this process stored or found the window under this very key; it may have expired since."""
        return key.name in self._likely

    async def get(self, key: Key) -> SearchWindow | None:
        """The window; None when it is not kept. A value that is no window is removed."""
        data = await self._cache.get(key)
        window = None if data is None else _FORM.decode(data)
        if window is not None:
            self._expect(key)
            return window
        self._likely.pop(key.name, None)
        if data is not None:
            await self._cache.delete(key)
        return None

    def entry(self, key: Key, window: SearchWindow) -> tuple[Key, bytes, int]:
        """Key, bytes and seconds to live, for whoever stores them along with something else."""
        self._expect(key)
        return key, _FORM.encode(window), self._runtime.current.search_cache_s

    def _expect(self, key: Key) -> None:
        self._likely[key.name] = None
        if len(self._likely) > _MOST_LIKELY:
            del self._likely[next(iter(self._likely))]


def window_to_json(window: SearchWindow) -> list[Any]:
    """A form of about eleven characters an id."""
    ids = b64encode(array("q", window.ids).tobytes()).decode()
    facets = [list(map(list, counted)) for counted in _counted(window.facets)]
    before = None if window.cursor is None else list(map(list, window.cursor.before.items()))
    return [window.total, window.total_is_exact, window.is_partial, ids, facets, window.corrected, before]


def window_from_json(found: Any) -> SearchWindow | None:
    """The window of `window_to_json`; None for anything else."""
    if not isinstance(found, list) or len(found) != _FIELDS:
        return None
    total, total_is_exact, is_partial, packed, facets, corrected, before = found
    if type(total) is not int or type(total_is_exact) is not bool or type(is_partial) is not bool:
        return None
    if corrected is not None and not isinstance(corrected, str):
        return None
    ids = array("q")
    try:
        ids.frombytes(b64decode(packed, validate=True))
        counted, cursor = _facets(*facets), _cursor(before)
    except (TypeError, ValueError):
        return None
    return SearchWindow(tuple(ids), total, total_is_exact, is_partial, counted, corrected, cursor)


def _counted(facets: Facets) -> tuple[Iterable[tuple[int | str, int]], ...]:
    return facets.kinds, facets.qualities, facets.languages


def _facets(kinds: Any, qualities: Any, languages: Any) -> Facets:
    return Facets(
        tuple((MediaKind(kind), int(files)) for kind, files in kinds),
        tuple((str(quality), int(files)) for quality, files in qualities),
        tuple((str(language), int(files)) for language, files in languages),
    )


def _cursor(before: Any) -> SearchCursor | None:
    return None if before is None else SearchCursor({int(number): int(media_id) for number, media_id in before})


_FORM: ValueForm[SearchWindow] = ValueForm(window_to_json, window_from_json)
