"""Texts that a person is offered to search for; they are kept on the server because they do not fit into buttons."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING, Any, NamedTuple

from core.cache import codec, keys
from core.cache.kept_values import KeptValues
from core.errors import BadInputError, ExpiredError, NotYoursError
from core.search.completion import complete
from core.search.filters import split_filters
from core.search.query import parse_query

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.cache.redis_cache import RedisCache
    from core.clock import Clock
    from core.services.runtime_settings import RuntimeSettingsService
    from core.services.search_query import Words

_LIST_ID = re.compile(r"[0-9a-f]{16}\Z")
_LOCAL_LISTS = 500  # at most some kilobytes each
_SUGGESTIONS = 8


class Suggestions(NamedTuple):
    """Texts that were offered, best first, and the list that keeps them."""

    list_id: str
    texts: tuple[str, ...]


class SuggestionLists:
    """Keeps lists of texts in Redis, and the newest of this process in memory as well, for when Redis is gone."""

    def __init__(self, cache: RedisCache, runtime: RuntimeSettingsService, clock: Clock) -> None:
        self._runtime = runtime
        self._kept = KeptValues(cache, clock, keys.suggestions, capacity=_LOCAL_LISTS)

    async def save(self, owner_id: int, texts: Sequence[str]) -> str:
        """Keep texts as long as a result page; never fails for want of Redis.

        Returns:
            The list's id, 16 hex characters: what a button carries.
        """
        list_id = secrets.token_hex(8)
        data = codec.encode([owner_id, list(texts)])
        lifetime_s = self._runtime.current.search_session_lifetime_s
        await self._kept.put({list_id: data}, lifetime_s)
        return list_id

    async def open(self, list_id: str, viewer_id: int, number: int) -> str:
        """Text `number` (from 1) of the viewer's own list.

        Raises:
            ExpiredError: unknown, too old, or not to be had because Redis is gone; searching again helps.
            NotYoursError: another person was offered it.
            BadInputError: the list has no such text, so the button was forged.
        """
        if _LIST_ID.match(list_id) is None:
            raise ExpiredError
        owner_id, texts = _decode(await self._kept.get(list_id))
        if owner_id != viewer_id:
            raise NotYoursError
        if not 1 <= number <= len(texts):
            raise BadInputError("error-bad-button")
        return texts[number - 1]


class SuggestionService:
    """Offers how a text goes on, by the library's words; `words` is where those come from."""

    def __init__(self, words: Words, lists: SuggestionLists, runtime: RuntimeSettingsService) -> None:
        self._words = words
        self._lists = lists
        self._runtime = runtime

    async def suggest(self, owner_id: int, begun: str) -> Suggestions:
        """Up to eight texts that begin as `begun` does, kept for `owner_id`; its filters stay behind each of them.

        Raises:
            BadInputError: `suggest-not-ready` while the words are not known yet, `suggest-nothing` where none fits, or
                what `parse_query` refuses.
        """
        query = parse_query(begun, self._runtime.current.max_query_length)
        if not self._words.is_loaded:
            raise BadInputError("suggest-not-ready")
        rest, filters = split_filters(query.text)
        endings = complete(rest, self._words.dictionary, _SUGGESTIONS)
        if not endings:
            raise BadInputError("suggest-nothing")
        texts = tuple(f"{text} {filters.text}".rstrip() for text in endings)
        return Suggestions(await self._lists.save(owner_id, texts), texts)


def _decode(data: bytes | None) -> tuple[int, list[str]]:
    fields: Any = codec.decode(data)
    if not isinstance(fields, list) or len(fields) != 2:
        raise ExpiredError
    owner_id, texts = fields
    if type(owner_id) is not int or not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise ExpiredError
    return owner_id, texts
