"""Looking through the bot's own keys on the server, in bounded steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from core.cache.guarded_calls import RedisRefusedError
from core.domain.cache import CacheServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Sequence

    from core.cache.redis_cache import RedisCache
    from core.clock import Clock

_AT_ONCE = 1_000
_MOST_LOOKS = 500
_LONGEST_S = 5.0


class KeyLook(NamedTuple):
    """One key.

    Attributes:
        is_endless: it has no time to live.
        value_bytes: None where that was not asked, or the value is no string.
    """

    name: bytes
    is_endless: bool
    value_bytes: int | None


class KeyWalk:
    """Walks over the keys of one pattern; every step is one short command, and there are at most five hundred of them.

    Every method raises CacheUnavailableError when Redis does not answer.

    Attributes:
        is_complete: whether the last walk saw everything; it ends early after five seconds.
    """

    def __init__(self, cache: RedisCache, clock: Clock) -> None:
        self._cache = cache
        self._clock = clock
        self.is_complete = False

    async def server(self) -> CacheServer:
        """What the server tells of itself; some hosted ones tell little."""
        keys = int(await self._cache.ask("size", lambda client: client.dbsize()))
        try:
            told: dict[str, Any] = await self._cache.ask("info", lambda client: client.info())
        except RedisRefusedError:
            return CacheServer(keys)
        return CacheServer(
            keys=keys,
            used_bytes=told.get("used_memory"),
            limit_bytes=told.get("maxmemory") or None,
            policy=str(told.get("maxmemory_policy", "")),
            hits=int(told.get("keyspace_hits", 0)),
            misses=int(told.get("keyspace_misses", 0)),
            evicted=int(told.get("evicted_keys", 0)),
        )

    async def names(self, pattern: str) -> AsyncIterator[list[bytes]]:
        """Names that fit a pattern, some hundred at a time, none twice; one that is set meanwhile may be missing."""
        until, cursor, seen = self._clock.monotonic() + _LONGEST_S, 0, set[bytes]()
        self.is_complete = False
        for _ in range(_MOST_LOOKS):
            cursor, found = await self._scan(cursor, pattern)
            fresh = [name for name in dict.fromkeys(found) if name not in seen]
            seen.update(fresh)
            if fresh:
                yield fresh
            if cursor == 0:
                self.is_complete = True
                return
            if self._clock.monotonic() >= until:
                return

    async def look(self, names: Sequence[bytes], sized: Collection[bytes]) -> list[KeyLook]:
        """Lives of these keys, and the sizes of those in `sized`; what went meanwhile is left out."""

        async def ask(client: Any) -> list[Any]:
            pipe = client.pipeline(transaction=False)
            for name in names:
                pipe.ttl(name)
            for name in sized:
                pipe.strlen(name)
            answers: list[Any] = await pipe.execute(raise_on_error=False)
            return answers

        answers = await self._cache.ask("look", ask)
        sizes = dict(zip(sized, answers[len(names) :], strict=True))
        return [
            KeyLook(name, life == -1, _whole(sizes.get(name)))
            for name, life in zip(names, answers, strict=False)
            if life != -2  # gone
        ]

    async def delete(self, names: Sequence[bytes]) -> int:
        """Delete keys; how many there were."""
        return int(await self._cache.ask("delete", lambda client: client.delete(*names)))

    async def end_in(self, names: Sequence[bytes], seconds: int) -> None:
        """Give keys a time to live."""

        async def ask(client: Any) -> None:
            pipe = client.pipeline(transaction=False)
            for name in names:
                pipe.expire(name, seconds)
            await pipe.execute()

        await self._cache.ask("expire", ask)

    async def _scan(self, cursor: int, pattern: str) -> tuple[int, list[bytes]]:
        following, names = await self._cache.ask(
            "scan", lambda client: client.scan(cursor, match=pattern, count=_AT_ONCE)
        )
        return int(following), names


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) else None
