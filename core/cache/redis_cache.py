"""Values kept in Redis for speed: a failing cache is a miss, never an error."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import structlog
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoScriptError, RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from core.cache.command_batch import CommandBatch
from core.cache.keys import Key
from core.errors import CacheUnavailableError, FileFilterError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from redis.asyncio import Redis

    from core.clock import Clock
    from core.observability.metrics import Metrics

CacheKey = Key | str | bytes
"""A row of `core.cache.keys`, or a complete name where the caller gives the time to live."""

_DEADLINE_S = 1.0
_OPEN_S = 5.0
_GONE = (RedisConnectionError, RedisTimeoutError, TimeoutError, OSError)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class LuaScript:
    """A script that Redis runs as one atomic step.

    Attributes:
        source: the Lua text.
        sha: its name on the server.
    """

    source: str
    sha: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "sha", hashlib.sha1(self.source.encode(), usedforsecurity=False).hexdigest())


class RedisCache:
    """Reads and writes that never fail their caller, behind a breaker of their own.

    The first call that Redis does not answer within one second opens the breaker: for five seconds every call is a
    miss at once, then a single call tries again. `ping` always tries, so a health probe closes the breaker early.

    Args:
        client: made by `core.cache.redis_client.build_redis_client`; answers bytes.
        metrics: counts every operation in `cache_operations`.
    """

    def __init__(self, client: Redis, metrics: Metrics, clock: Clock) -> None:
        self._client: Any = client
        self._batch = CommandBatch(client, clock)
        self._metrics = metrics
        self._clock = clock
        self._retry_at: float | None = None
        self._counters: dict[tuple[str, str], Any] = {}
        self._flights: dict[str | bytes, asyncio.Future[bytes | None]] = {}
        self._log = structlog.get_logger(__name__)

    @property
    def is_open(self) -> bool:
        """Whether Redis counts as gone at the moment."""
        return self._retry_at is not None

    async def get(self, key: CacheKey) -> bytes | None:
        """The stored bytes; None when there are none, or Redis is gone. A value of a wrong type is removed."""
        try:
            return await self.get_strict(key)
        except CacheUnavailableError:
            return None

    async def set(self, key: CacheKey, value: bytes, ttl_s: int | None = None) -> None:
        """Store bytes for `ttl_s` seconds (the key's own time when None); nothing happens when Redis is gone.

        Raises:
            ValueError: a plain name without `ttl_s`, or a time below 1.
        """
        try:
            await self.set_strict(key, value, ttl_s)
        except CacheUnavailableError:
            return

    async def delete(self, *keys: CacheKey) -> None:
        """Forget values; when Redis is gone they live on until their time is over."""
        if not keys:
            return
        try:
            await self._run("delete", lambda: self._batch.execute("DEL", *map(_name, keys)))
        except CacheUnavailableError:
            return
        self._count("delete", "ok")

    async def get_or_load(
        self, key: CacheKey, load: Callable[[], Awaitable[bytes | None]], ttl_s: int | None = None
    ) -> bytes | None:
        """The stored bytes, or what `load` gives, stored for next time; None is never stored.

        Callers that miss the same key at once share one `load`, and its FileFilterError; when that caller is
        cancelled, another one loads.
        """
        name = _name(key)
        while (flight := self._flights.get(name)) is not None:
            await asyncio.wait((flight,))
            if not flight.cancelled():
                return flight.result()
        flight = asyncio.get_running_loop().create_future()
        self._flights[name] = flight
        try:
            flight.set_result(await self._read_or_load(key, load, ttl_s))
        except FileFilterError as error:
            flight.set_exception(error)
        finally:
            del self._flights[name]
            flight.cancel()  # does nothing to a flight that has landed
        return flight.result()

    async def get_strict(self, key: CacheKey) -> bytes | None:
        """As `get`, but a miss is a miss.

        Raises:
            CacheUnavailableError: Redis did not answer in time.
        """
        try:
            value: bytes | None = await self._run("get", lambda: self._batch.execute("GET", _name(key)))
        except _RefusedError:
            await self.delete(key)
            return None
        self._count("get", "miss" if value is None else "hit")
        return value

    async def set_strict(self, key: CacheKey, value: bytes, ttl_s: int | None = None) -> None:
        """As `set`, but the caller learns that nothing was stored.

        Raises:
            CacheUnavailableError: Redis did not answer in time, or refused.
            ValueError: a plain name without `ttl_s`, or a time below 1.
        """
        life_s = _life(key, ttl_s)
        await self._run("set", lambda: self._batch.execute("SET", _name(key), value, "EX", life_s))
        self._count("set", "ok")

    async def add_strict(self, key: Key, value: bytes = b"1", ttl_s: int | None = None) -> bool:
        """Store bytes only where there are none, in one step; True for the one caller that did.

        Raises:
            CacheUnavailableError: Redis did not answer in time, or refused.
        """
        life_s = _life(key, ttl_s)
        added = await self._run("add", lambda: self._batch.execute("SET", _name(key), value, "EX", life_s, "NX"))
        self._count("add", "ok")
        return bool(added)

    async def run_script(self, script: LuaScript, keys: Sequence[Key], args: Sequence[int]) -> Any:
        """Run a script in one round trip (two when the server does not know it yet).

        Raises:
            CacheUnavailableError: Redis did not answer in time, or the script failed.
        """
        names = [key.name for key in keys]

        async def call() -> Any:
            try:
                return await self._batch.execute("EVALSHA", script.sha, len(names), *names, *args)
            except NoScriptError:
                return await self._batch.execute("EVAL", script.source, len(names), *names, *args)

        answer = await self._run("script", call)
        self._count("script", "ok")
        return answer

    async def ping(self) -> bool:
        """Whether Redis answers within a second now, whatever the breaker says; a good answer closes it."""
        try:
            await self._call("ping", self._client.ping)
        except CacheUnavailableError:
            return False
        self._count("ping", "ok")
        return True

    async def _read_or_load(
        self, key: CacheKey, load: Callable[[], Awaitable[bytes | None]], ttl_s: int | None
    ) -> bytes | None:
        found = await self.get(key)
        if found is not None:
            return found
        value = await load()
        if value is not None:
            await self.set(key, value, ttl_s)
        return value

    async def _run(self, op: str, call: Callable[[], Awaitable[T]]) -> T:
        if self._retry_at is not None:
            now = self._clock.monotonic()
            if now < self._retry_at:
                self._count(op, "skipped")
                raise CacheUnavailableError("Redis did not answer a moment ago")
            self._retry_at = now + _OPEN_S  # this call tries; the others go on skipping
        return await self._call(op, call)

    async def _call(self, op: str, call: Callable[[], Awaitable[T]]) -> T:
        try:
            async with asyncio.timeout(_DEADLINE_S):
                answer = await call()
        except _GONE as error:
            self._opened(op, error)
            raise CacheUnavailableError("Redis did not answer") from error
        except RedisError as error:
            self._closed()
            self._count(op, "refused")
            self._log.warning("cache_refused", op=op, error=type(error).__name__)
            raise _RefusedError("Redis refused the operation") from error
        self._closed()
        return answer

    def _opened(self, op: str, error: BaseException) -> None:
        self._count(op, "error")
        if self._retry_at is None:
            self._log.warning("cache_unavailable", op=op, error=type(error).__name__)
            self._metrics.breaker_state.labels("redis").set(2)
        self._retry_at = self._clock.monotonic() + _OPEN_S

    def _closed(self) -> None:
        if self._retry_at is not None:
            self._retry_at = None
            self._log.info("cache_available")
            self._metrics.breaker_state.labels("redis").set(0)

    def _count(self, op: str, outcome: str) -> None:
        counter = self._counters.get((op, outcome))
        if counter is None:
            counter = self._counters[op, outcome] = self._metrics.cache_operations.labels(op, outcome)
        counter.inc()


class _RefusedError(CacheUnavailableError):
    """Redis answered, but not with what was asked: a value of a wrong type, no memory, read-only."""


def _name(key: CacheKey) -> str | bytes:
    return key.name if isinstance(key, Key) else key


def _life(key: CacheKey, ttl_s: int | None) -> int:
    life_s = key.ttl_s if ttl_s is None and isinstance(key, Key) else ttl_s
    if life_s is None or life_s < 1:
        raise ValueError("every cached value needs a time to live of at least one second")
    return life_s
