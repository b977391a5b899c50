"""Questions that somebody's next message answers: kept in Redis, so that they survive a restart, for a while."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.cache import codec, keys
from core.domain.conversation import Conversation

if TYPE_CHECKING:
    from core.cache.redis_cache import RedisCache


class Conversations:
    """At most one open question a person; a new one takes the place of the last."""

    def __init__(self, cache: RedisCache) -> None:
        self._cache = cache

    async def begin(self, user_id: int, topic: str, *details: str) -> None:
        """Take the person's next message for an answer.

        Raises:
            CacheUnavailableError: it cannot be kept, so nothing must be asked.
        """
        await self._cache.set_strict(keys.conversation(user_id), codec.encode([topic, *details]))

    async def current(self, user_id: int) -> Conversation | None:
        """What the person was asked; None for nothing, for a question too old, and while Redis is gone."""
        match codec.decode(await self._cache.get(keys.conversation(user_id))):
            case [str(topic), *details]:
                return Conversation(topic, tuple(map(str, details)))
        return None

    async def end(self, user_id: int) -> bool:
        """Wait for no answer any more; whether one was waited for."""
        is_open = await self.current(user_id) is not None
        if is_open:
            await self._cache.delete(keys.conversation(user_id))
        return is_open
