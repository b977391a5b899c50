"""Every repository method behaves alike on a real MongoDB and on the in-memory one."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pymongo
import pytest
from redis.asyncio import Redis

import repositories
from core.cache.redis_cache import RedisCache
from core.database.lease import DatabaseLease
from core.database.pool import DatabaseConnectionPool
from core.observability.metrics import Metrics
from sandbox.stores import InMemoryStores
from tests.fixtures.clock import NOON, TestClock
from tests.fixtures.contract.transcript import Transcript, public_coroutines
from tests.fixtures.contract.world import run_script

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

pytestmark = pytest.mark.servers
BY_ID = [("_id", 1)]
UNEVEN = NOON.replace(microsecond=123_456)  # finer than a store keeps


@dataclass(frozen=True, slots=True)
class Run:
    """What a run of the script did.

    Attributes:
        stored: all documents after each step, in words, by "step: database.collection".
    """

    transcript: Transcript
    stored: dict[str, list[str]]


async def run(pools: Sequence[DatabaseConnectionPool], client: Redis) -> Run:
    """The script over these stores, which are closed afterwards."""
    clock, transcript = TestClock(UNEVEN), Transcript()
    stored: dict[str, list[str]] = {}
    try:
        async for step in run_script(pools, RedisCache(client, Metrics(), clock), clock, transcript):
            for pool in pools:
                for collection in sorted(pool._collections):
                    found = await pool.find(collection, {}, sort=BY_ID)
                    stored[f"{step}: {pool.number}.{collection}"] = list(map(transcript.in_words, found))
    finally:
        await client.aclose()
        for pool in pools:
            await pool.close()
    return Run(transcript, stored)


@pytest.fixture
async def on_servers(mongo_uri: str, mongo_database: str, redis_url: str) -> AsyncIterator[Run]:
    """The script over a real MongoDB and a real Valkey."""
    names = [mongo_database, f"{mongo_database}_2"]
    pools = [
        DatabaseConnectionPool(mongo_uri, name, clock=TestClock(), number=number)
        for number, name in enumerate(names, start=1)
    ]
    yield await run(pools, Redis.from_url(redis_url))
    with pymongo.MongoClient[dict[str, Any]](mongo_uri) as client:
        client.drop_database(names[1])


@pytest.fixture
async def in_memory() -> Run:
    """The script over the in-memory stores."""
    clock = TestClock()
    stores = InMemoryStores(clock)
    pools = [
        DatabaseConnectionPool("", name, clock=clock, client_factory=stores.mongo_client, number=number)
        for number, name in enumerate(("memory", "memory_2"), start=1)
    ]
    return await run(pools, stores.redis_client())


async def test_both_stores_answer_and_store_the_same(on_servers: Run, in_memory: Run) -> None:
    """Return values, errors are the same call by call, and the documents left are the same step by step."""
    for number, (real, memory) in enumerate(
        zip(on_servers.transcript.calls, in_memory.transcript.calls, strict=False), start=1
    ):
        assert str(memory) == str(real), f"call {number}"
    assert len(on_servers.transcript.calls) == len(in_memory.transcript.calls)
    assert in_memory.stored.keys() == on_servers.stored.keys()
    for place, documents in on_servers.stored.items():
        assert in_memory.stored[place] == documents, place


def all_methods() -> set[str]:
    modules = [
        importlib.import_module(f"repositories.{found.name}") for found in pkgutil.iter_modules(repositories.__path__)
    ]
    classes = [
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and value.__module__ == module.__name__
    ]
    return public_coroutines([*classes, DatabaseLease])


async def test_no_method_is_forgotten(in_memory: Run) -> None:
    """Whoever adds a method to a repository adds a step to the script that calls it."""
    assert sorted(all_methods() - in_memory.transcript.methods) == []
