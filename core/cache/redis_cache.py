"""Values kept in Redis for speed: a failing cache is a miss, never an error."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from redis.exceptions import NoScriptError

from core.cache.command_batch import CommandBatch
from core.cache.guarded_calls import GuardedCalls, RedisRefusedError
from core.cache.keys import Key
from core.cache.owed_deletes import OwedDeletes
from core.errors import CacheUnavailableError, FileFilterError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from redis.asyncio import Redis

    from core.cache.codec import ValueForm
    from core.cache.owed_deletes import Debt
    from core.clock import Clock
    from core.observability.metrics import Metrics

CacheKey = Key | str
"""A row of `core.cache.keys`, or a complete name where the caller gives the time to live."""
CacheEntry = tuple[Key, bytes, int]
"""What `set_many` stores: key, bytes, seconds to live."""

_SETTLE_EVERY_S = 1.0
_SETTLE_AT_ONCE = 500
_LONGEST_LIFE_S = 86_401
_LEASE = b"lease:"
_LEASE_S = 4  # longer than a load that may still be stored: two seconds of MongoDB and one of Redis

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


_DELETE_OWN = LuaScript("if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end return 0")
_STORE_UNDER_LEASE = LuaScript(
    """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
return 1
"""
)


class RedisCache:
    """Reads and writes that never fail their caller, behind a breaker of their own.

    The first call that Redis does not answer within half a second opens the breaker: for five seconds every call is a
    miss at once, then a single call tries again. `ping` always tries, so a health probe closes the breaker early.

    A delete that Redis does not take is owed: until it is made up for, the value counts as a miss in this process.
    `settle_deletes`, called regularly, makes up for it when Redis is back.

    Args:
        client: made by `core.cache.redis_client.build_redis_client`; answers bytes.
        metrics: counts every operation in `cache_operations`.
    """

    def __init__(self, client: Redis, metrics: Metrics, clock: Clock) -> None:
        self._client: Any = client
        self._batch = CommandBatch(client, clock)
        self._clock = clock
        self._calls = GuardedCalls(metrics, clock)
        self._flights: dict[str, asyncio.Future[Any]] = {}
        self._owed = OwedDeletes(clock)
        self._settle_at = 0.0

    @property
    def is_open(self) -> bool:
        """Whether Redis counts as gone at the moment."""
        return self._calls.is_open

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

    async def set_many(self, entries: Sequence[CacheEntry]) -> None:
        """Store several values in one round trip; what Redis does not take is not stored."""
        commands = [
            ("SET", key.name, value, "EX", _life(key, ttl_s)) for key, value, ttl_s in entries if not self.owes(key)
        ]
        try:
            await self._calls.run("set", lambda: self._batch.execute_all(commands))
        except CacheUnavailableError:
            return
        self._calls.count("set", "ok")

    async def delete(self, *keys: CacheKey) -> None:
        """Forget values, and whatever is being loaded for them; owed when Redis is gone or the caller is cancelled."""
        if not keys:
            return
        debts = self._owed.add({_name(key): key.ttl_s if isinstance(key, Key) else _LONGEST_LIFE_S for key in keys})
        for name in debts:
            self._flights.pop(name, None)  # who asks from now on does not share an answer of before
        await self._delete(debts)

    def owes(self, key: CacheKey) -> bool:
        """Whether a delete of this value was not taken yet."""
        return _name(key) in self._owed

    async def settle_deletes(self) -> None:
        """Make up for deletes that were not taken; asks a Redis that is gone at most once a second."""
        now = self._clock.monotonic()
        if not self._owed or (self.is_open and now < self._settle_at):
            return
        self._settle_at = now + _SETTLE_EVERY_S
        if self.is_open and not await self.ping():
            return
        try:
            for prefix, debt in self._owed.families.items():
                await self._delete_family(prefix)
                self._owed.settle({prefix: debt})
        except CacheUnavailableError:
            return
        debts = list(self._owed.names.items())
        for start in range(0, len(debts), _SETTLE_AT_ONCE):
            if not await self._delete(dict(debts[start : start + _SETTLE_AT_ONCE])):
                return

    async def get_or_load(
        self, key: Key, load: Callable[[], Awaitable[T | None]], form: ValueForm[T], ttl_s: int | None = None
    ) -> T | None:
        """The stored value, or what `load` gives, stored for next time; None is never stored.

        A value that was loaded before a `delete`, in whatever process, is not stored after it: who loads first puts a
        lease in the value's place, and stores only where that lease still stands. A stored value that `form` cannot
        read is removed and loaded anew.

        Callers that miss the same key at once share one `load`, and its FileFilterError; when that caller is
        cancelled, another one loads.
        """
        name = key.name
        while (flight := self._flights.get(name)) is not None:
            await asyncio.wait((flight,))
            if not flight.cancelled():
                shared: T | None = flight.result()
                return shared
        flight = asyncio.get_running_loop().create_future()
        self._flights[name] = flight
        try:
            value = await self._read_or_load(key, load, form, ttl_s)
            flight.set_result(value)
        except FileFilterError as error:
            flight.set_exception(error)
            flight.exception()  # it is raised here too; nobody else need be waiting
            raise
        finally:
            if self._flights.get(name) is flight:
                del self._flights[name]
            flight.cancel()  # does nothing to a flight that has landed
        return value

    async def get_strict(self, key: CacheKey) -> bytes | None:
        """As `get`, but a miss is a miss.

        Raises:
            CacheUnavailableError: Redis did not answer in time.
        """
        name = _name(key)
        if self._owed and name in self._owed:
            await self._clear(name)
        try:
            value: bytes | None = await self._calls.run("get", lambda: self._batch.execute("GET", name))
        except RedisRefusedError:
            await self.delete(key)
            return None
        self._calls.count("get", "miss" if value is None else "hit")
        return value

    async def set_strict(self, key: CacheKey, value: bytes, ttl_s: int | None = None) -> None:
        """As `set`, but the caller learns that nothing was stored.

        Raises:
            CacheUnavailableError: Redis did not answer in time, or refused.
            ValueError: a plain name without `ttl_s`, or a time below 1.
        """
        life_s, name = _life(key, ttl_s), _name(key)
        if self._owed and name in self._owed:
            await self._clear(name)
        await self._calls.run("set", lambda: self._batch.execute("SET", name, value, "EX", life_s))
        self._calls.count("set", "ok")

    async def add_strict(self, key: Key, value: bytes = b"1", ttl_s: int | None = None) -> bool:
        """Store bytes only where there are none, in one step; True for the one caller that did.

        Raises:
            CacheUnavailableError: Redis did not answer in time, or refused.
        """
        life_s, name = _life(key, ttl_s), _name(key)
        if self._owed and name in self._owed:
            await self._clear(name)
        added = await self._calls.run("add", lambda: self._batch.execute("SET", name, value, "EX", life_s, "NX"))
        self._calls.count("add", "ok")
        return bool(added)

    async def delete_own(self, key: Key, value: bytes) -> None:
        """Forget what `add_strict` stored, unless it ended meanwhile and another caller's value stands there."""
        with suppress(CacheUnavailableError):
            await self.run_script(_DELETE_OWN, [key], [value])

    async def run_script(self, script: LuaScript, keys: Sequence[Key], args: Sequence[int | bytes]) -> Any:
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

        answer = await self._calls.run("script", call)
        self._calls.count("script", "ok")
        return answer

    async def ask(self, op: str, call: Callable[[Any], Awaitable[T]]) -> T:
        """What the client itself answers to those who look after the server; counted as `op`.

        Raises:
            RedisRefusedError: Redis answered with an error, for example that it does not know the command.
            CacheUnavailableError: it did not answer in time.
        """
        answer = await self._calls.run(op, lambda: call(self._client))
        self._calls.count(op, "ok")
        return answer

    async def ping(self) -> bool:
        """Whether Redis answers within half a second now, whatever the breaker says; a good answer closes it."""
        try:
            await self._calls.run_anyway("ping", self._client.ping)
        except CacheUnavailableError:
            return False
        self._calls.count("ping", "ok")
        return True

    async def _read_or_load(
        self, key: Key, load: Callable[[], Awaitable[T | None]], form: ValueForm[T], ttl_s: int | None
    ) -> T | None:
        found = await self.get(key)
        if found is not None and (stored := form.decode(found)) is not None:
            return stored
        lease = await self._take_lease(key, found)
        value = await load()
        if value is not None and lease is not None:
            await self._store_under_lease(key, lease, form.encode(value), _life(key, ttl_s))
        return value

    async def _take_lease(self, key: Key, found: bytes | None) -> bytes | None:
        """The right to store a value, while nobody deletes it; None when another has it or Redis is gone."""
        if found is not None:
            if found.startswith(_LEASE):
                return None
            await self.delete(key)
        lease = _LEASE + secrets.token_hex(8).encode()
        try:
            return lease if await self.add_strict(key, lease, _LEASE_S) else None
        except CacheUnavailableError:
            return None

    async def _store_under_lease(self, key: Key, lease: bytes, value: bytes, life_s: int) -> None:
        try:
            await self.run_script(_STORE_UNDER_LEASE, [key], [lease, value, life_s])
        except CacheUnavailableError:
            return

    async def _delete(self, debts: Mapping[str, Debt]) -> bool:
        try:
            await self._calls.run("delete", lambda: self._batch.execute("DEL", *debts))
        except CacheUnavailableError:
            return False
        self._owed.settle(debts)
        self._calls.count("delete", "ok")
        return True

    async def _delete_family(self, prefix: str) -> None:
        cursor, begun = 0, False
        while cursor or not begun:
            begun = True
            cursor, names = await self._calls.run("scan", partial(self._scan, cursor, f"{prefix}*"))
            if names:
                await self._calls.run("delete", partial(self._batch.execute, "DEL", *names))

    async def _scan(self, cursor: int, pattern: str) -> tuple[int, list[bytes]]:
        following, names = await self._client.scan(cursor, match=pattern, count=_SETTLE_AT_ONCE)
        return int(following), names

    async def _clear(self, name: str) -> None:
        """Make up for a delete that is owed, before the name is used.

        Raises:
            CacheUnavailableError: it still is owed.
        """
        debts = self._owed.of(name)
        if not debts or not await self._delete(debts):
            raise CacheUnavailableError("a delete of this value is owed")


def _name(key: CacheKey) -> str:
    return key.name if isinstance(key, Key) else key


def _life(key: CacheKey, ttl_s: int | None) -> int:
    life_s = key.ttl_s if ttl_s is None and isinstance(key, Key) else ttl_s
    if life_s is None or life_s < 1:
        raise ValueError("every cached value needs a time to live of at least one second")
    return life_s
