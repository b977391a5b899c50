"""The in-memory stores."""

from __future__ import annotations

import asyncio

import bson
import pytest
from bson.raw_bson import RawBSONDocument
from pymongo import UpdateOne
from pymongo.errors import BulkWriteError
from redis.exceptions import ConnectionError as RedisConnectionError

from core.clock import Clock
from core.database.indexes import ensure_indexes
from core.database.pool import DatabaseConnectionPool
from core.errors import DatabaseUnavailableError
from sandbox.stores import InMemoryStores
from tests.fixtures.clock import TestClock


async def test_a_switched_off_database_is_unavailable_and_keeps_its_data(
    stores: InMemoryStores, memory_pool: DatabaseConnectionPool
) -> None:
    """Every kind of operation fails as with a dead server, and the data is there again afterwards."""
    await memory_pool.insert_one("things", {"_id": 1})
    stores.database_down = True
    for operation in (
        lambda: memory_pool.find("things", {}),
        lambda: memory_pool.find_one("things", {}),
        lambda: memory_pool.insert_many("things", [{"_id": 2}]),
        lambda: memory_pool.update_one("things", {"_id": 1}, {"$set": {"a": 1}}),
        memory_pool.ping,
    ):
        with pytest.raises(DatabaseUnavailableError):
            await operation()
    stores.database_down = False
    await memory_pool.ping()  # the breaker heard of every failure
    assert await memory_pool.find("things", {}) == [{"_id": 1}]


async def test_redis_can_be_switched_off_and_on(stores: InMemoryStores) -> None:
    """A switched-off Redis raises its client's connection error; its data is there again afterwards."""
    client = stores.redis_client()
    await client.set("a", b"1")
    stores.redis_down = True
    with pytest.raises(RedisConnectionError):
        await client.get("a")
    stores.redis_down = False
    assert await client.get("a") == b"1"
    await client.aclose()


async def test_slow_stores_wait_on_the_clock() -> None:
    """Slowness is told in milliseconds of the injected clock, for both stores."""
    clock = TestClock()
    stores = InMemoryStores(clock)
    stores.database_slow_ms = stores.redis_slow_ms = 250
    pool = DatabaseConnectionPool("", "memory", clock=Clock(), client_factory=stores.mongo_client)
    client = stores.redis_client()
    for operation in (pool.ping, client.ping):
        waiting = asyncio.ensure_future(operation())
        await clock.wait_sleeping()
        clock.advance(0.249)
        assert not waiting.done()
        clock.advance(0.001)
        await waiting
    await client.aclose()


async def test_duplicates_in_a_batch_name_their_key(memory_pool: DatabaseConnectionPool) -> None:
    """A refused document says whether its id or its unique field was taken, as a real server does."""
    await ensure_indexes(memory_pool)
    await memory_pool.insert_one("media_files", {"_id": 1, "u": "a"})
    with pytest.raises(BulkWriteError) as refused:
        await memory_pool.insert_many("media_files", [{"_id": 1, "u": "b"}, {"_id": 2, "u": "a"}, {"_id": 3, "u": "c"}])
    assert [error["keyPattern"] for error in refused.value.details["writeErrors"]] == [{"_id": 1}, {"u": 1}]
    assert await memory_pool.count("media_files", {}) == 2


async def test_encoded_documents_are_taken(memory_pool: DatabaseConnectionPool) -> None:
    """A document that was encoded before it was sent is read like any other."""
    await memory_pool.insert_many("things", [RawBSONDocument(bson.encode({"_id": 1, "a": [2]})), {"_id": 2, "a": []}])
    assert await memory_pool.find("things", {"a": 2}) == [{"_id": 1, "a": [2]}]


async def test_bulk_updates_work(memory_pool: DatabaseConnectionPool) -> None:
    """Bulk operations of pymongo run, though mongomock does not know all their arguments."""
    await memory_pool.bulk_write("things", [UpdateOne({"_id": 1}, {"$set": {"a": 1}}, upsert=True)])
    assert await memory_pool.find("things", {}) == [{"_id": 1, "a": 1}]


async def test_a_named_index_is_no_obstacle(memory_pool: DatabaseConnectionPool) -> None:
    """A hint, which only a real planner needs, is passed over in memory."""
    await memory_pool.insert_one("things", {"_id": 1})
    assert await memory_pool.find("things", {}, hint="h", sort=[("_id", -1)], limit=5, max_time_ms=100) == [{"_id": 1}]
