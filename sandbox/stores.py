"""MongoDB and Redis in memory, made fit for this project and breakable on purpose.

Good for the demo and for tests of policy. Races between processes, plans and durability show on real servers only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bson
from bson.raw_bson import RawBSONDocument
from fakeredis import FakeAsyncRedis, FakeServer
from mongomock.collection import BulkOperationBuilder, Collection
from mongomock.filtering import filter_applies
from mongomock_motor import AsyncMongoMockClient
from pymongo.errors import BulkWriteError, ServerSelectionTimeoutError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from redis.asyncio import Redis

    from core.clock import Clock

_DUPLICATE_KEY = 11000


class InMemoryStores:
    """One in-memory MongoDB and one Redis; what they hold outlives their clients, as with servers.

    Attributes:
        database_down: every operation raises what the driver raises for a dead server, at once.
        database_slow_ms: milliseconds every database operation waits first.
        redis_slow_ms: milliseconds every Redis command waits first.
    """

    def __init__(self, clock: Clock) -> None:
        _accept_sort_in_bulk_writes()
        _look_up_ids()
        self._clock = clock
        self._mongo: Any = AsyncMongoMockClient(tz_aware=True)
        self._redis = FakeServer()
        self.database_down = False
        self.database_slow_ms = 0.0
        self.redis_slow_ms = 0.0

    @property
    def redis_down(self) -> bool:
        """Whether every Redis command raises a connection error."""
        return not self._redis.connected

    @redis_down.setter
    def redis_down(self, value: bool) -> None:
        self._redis.connected = not value

    def mongo_client(self) -> Any:
        """A client for `DatabaseConnectionPool(client_factory=stores.mongo_client)`."""
        return _Client(self._mongo, self._before_operation)

    def redis_client(self) -> Redis:
        """A client that answers bytes, scripts included."""
        client: Redis = _SlowRedis(self, self._clock, server=self._redis)
        return client

    async def _before_operation(self) -> None:
        # Yields even when not slow: the store itself never does, and no two coroutines would ever interleave.
        await self._clock.sleep(self.database_slow_ms / 1000)
        if self.database_down:
            raise ServerSelectionTimeoutError("the in-memory database is switched off")


class _SlowRedis(FakeAsyncRedis):
    def __init__(self, stores: InMemoryStores, clock: Clock, **options: Any) -> None:
        super().__init__(**options)
        self._stores = stores
        self._clock = clock

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        if self._stores.redis_slow_ms:
            await self._clock.sleep(self._stores.redis_slow_ms / 1000)
        return await super().execute_command(*args, **options)


class _Client:
    """The part of a motor client that the pool uses."""

    def __init__(self, client: Any, before: Callable[[], Awaitable[None]]) -> None:
        self._client = client
        self._before = before

    def __getitem__(self, name: str) -> _Database:
        return _Database(self._client[name], self._before)

    def close(self) -> None:
        """Nothing to close: the data belongs to the stores."""


class _Database:
    def __init__(self, database: Any, before: Callable[[], Awaitable[None]]) -> None:
        self._database = database
        self._before = before

    def __getitem__(self, name: str) -> _Collection:
        return _Collection(self._database[name], self._before)

    async def command(self, name: str, **options: Any) -> Any:
        await self._before()
        if name == "dbStats":
            return {"dataSize": await self._data_bytes(), "indexSize": 0}
        return await self._database.command(name, **options)

    async def _data_bytes(self) -> int:
        return sum(
            [
                len(bson.encode(document))
                for name in await self._database.list_collection_names()
                async for document in self._database[name].find({})
            ]
        )


class _Collection:
    def __init__(self, collection: Any, before: Callable[[], Awaitable[None]]) -> None:
        self._collection = collection
        self._before = before

    def find(self, *args: Any, **options: Any) -> _Cursor:
        options.pop("hint", None)  # there is no plan to choose
        return _Cursor(lambda: self._collection.find(*args, **options), self._before)

    async def insert_many(self, documents: Any, **options: Any) -> Any:
        await self._before()
        plain = [bson.decode(one.raw) if isinstance(one, RawBSONDocument) else one for one in documents]
        try:
            return await self._collection.insert_many(plain, **options)
        except BulkWriteError as error:
            for refused in error.details["writeErrors"]:
                await self._name_key_pattern(refused)
            raise

    def __getattr__(self, operation: str) -> Callable[..., Awaitable[Any]]:
        run = getattr(self._collection, operation)

        async def after_check(*args: Any, **options: Any) -> Any:
            await self._before()
            return await run(*args, **options)

        return after_check

    async def _name_key_pattern(self, refused: dict[str, Any]) -> None:
        """Say which unique key a duplicate met, as a server does."""
        if refused["code"] != _DUPLICATE_KEY or "keyPattern" in refused:
            return
        if await self._collection.find_one({"_id": refused["op"]["_id"]}, {"_id": 1}) is not None:
            refused["keyPattern"] = {"_id": 1}
            return
        indexes = await self._collection.index_information()
        unique = [dict(index["key"]) for index in indexes.values() if index.get("unique")]
        refused["keyPattern"] = unique[0] if unique else {}


class _Cursor:
    def __init__(self, open_cursor: Callable[[], Any], before: Callable[[], Awaitable[None]]) -> None:
        self._open_cursor = open_cursor
        self._before = before

    async def to_list(self, length: int | None) -> Any:
        await self._before()
        return await self._open_cursor().to_list(length)


def _accept_sort_in_bulk_writes() -> None:
    """Let mongomock take the `sort` argument that pymongo has passed with bulk operations since 4.11."""
    for name in ("add_update", "add_replace"):
        method = getattr(BulkOperationBuilder, name)
        if not hasattr(method, "accepts_sort"):
            setattr(BulkOperationBuilder, name, _without_sort(method))


def _without_sort(method: Callable[..., Any]) -> Callable[..., Any]:
    def accepting(*args: Any, sort: Any = None, **options: Any) -> Any:
        if sort is not None:
            raise NotImplementedError("the in-memory store does not sort within bulk writes")
        return method(*args, **options)

    accepting.accepts_sort = True  # type: ignore[attr-defined]
    return accepting


def _look_up_ids() -> None:
    """Let mongomock find a document of a given `_id` without comparing all of them, as the words of a library need."""
    walk = Collection._iter_documents  # noqa: SLF001
    if hasattr(walk, "looks_up_ids"):
        return

    def look_up(collection: Any, query: Any) -> Any:
        wanted, store = query.get("_id") if isinstance(query, dict) else None, collection._store  # noqa: SLF001
        if not isinstance(wanted, (str, int)) or store.is_empty:
            return walk(collection, query)
        found = [store[wanted]] if wanted in store else []
        return (document for document in found if filter_applies(query, document))

    look_up.looks_up_ids = True  # type: ignore[attr-defined]
    Collection._iter_documents = look_up  # noqa: SLF001
