"""Fixtures of every test: the loop, a still clock, real servers of the run."""

from __future__ import annotations

import faulthandler
import os
import shutil
import tempfile
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pymongo
import pytest
import redis
import uvloop
from hypothesis import HealthCheck
from hypothesis import settings as examples

from core.cache.redis_cache import RedisCache
from core.clock import Clock
from core.database.pool import DatabaseConnectionPool
from core.observability.metrics import Metrics
from sandbox.stores import InMemoryStores
from tests.fixtures.clock import TestClock
from tests.fixtures.servers import MongoServer, ServerBinaryMissingError, SharedServers, ValkeyServer, shared_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Generator, Iterator, Mapping

_RUN_ADDRESS = "FILE_FILTER_TEST_SERVERS"
_TEARDOWN_S = 60
_MEMORY, _ROOM = Path("/dev/shm"), 8 << 30  # where Linux keeps files in memory

# Others work on the machine, too: how long an example took says nothing about it.
examples.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
examples.load_profile("unhurried")


def pytest_asyncio_loop_factories(config: pytest.Config, item: pytest.Item) -> Mapping[str, Callable[[], Any]]:
    return {"uvloop": uvloop.new_event_loop}


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        return
    _keep_files_in_memory()
    servers = SharedServers()
    os.environ[_RUN_ADDRESS] = servers.address
    config.add_cleanup(servers.close)


def _keep_files_in_memory() -> None:
    """Spare the disk what servers write for tests, where there is room; workers and servers inherit the choice."""
    if _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _ROOM:
        os.environ["TMPDIR"] = str(_MEMORY)
        tempfile.tempdir = None  # chosen anew


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    """End the process when tidying up hangs: pytest-timeout no longer watches a test that failed."""
    faulthandler.dump_traceback_later(_TEARDOWN_S, exit=True)
    try:
        return (yield)
    finally:
        faulthandler.cancel_dump_traceback_later()


def require(start: Callable[[], Any]) -> Any:
    """What `start` returns; without a server binary the test is skipped, but fails where CI=true."""
    try:
        return start()
    except ServerBinaryMissingError as missing:
        if os.environ.get("CI") == "true":
            pytest.fail(str(missing))
        pytest.skip(str(missing))


@pytest.fixture
def clock() -> TestClock:
    """A clock that stands still until the test moves it."""
    return TestClock()


@pytest.fixture(scope="session")
def mongo_uri() -> str:
    """A real MongoDB, one-member replica set, shared by the whole run; MONGO_TEST_URI names another."""
    if override := os.environ.get("MONGO_TEST_URI"):
        return override
    return str(require(lambda: shared_server(os.environ[_RUN_ADDRESS], "mongo")))


@pytest.fixture(scope="session")
def redis_url(worker_id: str) -> str:
    """A database of a real Valkey, this worker's own and empty at every test; REDIS_TEST_URL names another server."""
    override = os.environ.get("REDIS_TEST_URL")
    server = urlsplit(override or require(lambda: shared_server(os.environ[_RUN_ADDRESS], "valkey")))
    number = worker_id.removeprefix("gw") if worker_id.startswith("gw") else "0"
    return server._replace(path=f"/{number}").geturl()


@pytest.fixture(autouse=True)
def _empty_redis(request: pytest.FixtureRequest) -> None:
    """Whoever uses the Valkey of the run finds it empty."""
    if "redis_url" in request.fixturenames:
        with redis.Redis.from_url(request.getfixturevalue("redis_url")) as client:
            client.flushdb()


@pytest.fixture
def mongo_database(mongo_uri: str) -> Iterator[str]:
    """The name of a database that is this test's own; dropped afterwards."""
    name = f"test_{uuid.uuid4().hex[:16]}"
    yield name
    with pymongo.MongoClient(mongo_uri) as client:
        client.drop_database(name)


@pytest.fixture(scope="session")
def emptied_databases() -> list[str]:
    """Names of databases without documents but with the bot's indexes, which take longer to build than most tests."""
    return []


@pytest.fixture
async def pool(mongo_uri: str, mongo_database: str) -> AsyncIterator[DatabaseConnectionPool]:
    """The real pool on a database of this test's own."""
    opened = DatabaseConnectionPool(mongo_uri, mongo_database, clock=Clock(), metrics=None)
    yield opened
    await opened.close()


@pytest.fixture
def stores() -> InMemoryStores:
    """MongoDB and Redis in memory, empty; set `database_down` or `redis_down` to break them."""
    return InMemoryStores(Clock())


@pytest.fixture
async def memory_pool(stores: InMemoryStores) -> AsyncIterator[DatabaseConnectionPool]:
    """The real pool over the in-memory MongoDB."""
    opened = DatabaseConnectionPool("", "memory", clock=Clock(), client_factory=stores.mongo_client)
    yield opened
    await opened.close()


@pytest.fixture(params=["mongod", "memory"])
async def either_pool(request: pytest.FixtureRequest, stores: InMemoryStores) -> AsyncIterator[DatabaseConnectionPool]:
    """The real pool, once over a real MongoDB and once over the in-memory one: both must behave alike."""
    if request.param == "mongod":
        uri, name = request.getfixturevalue("mongo_uri"), request.getfixturevalue("mongo_database")
        opened = DatabaseConnectionPool(uri, name, clock=Clock())
    else:
        opened = DatabaseConnectionPool("", "memory", clock=Clock(), client_factory=stores.mongo_client)
    yield opened
    await opened.close()


@pytest.fixture
async def memory_cache(stores: InMemoryStores) -> AsyncIterator[RedisCache]:
    """The real cache over the in-memory Redis."""
    client = stores.redis_client()
    yield RedisCache(client, Metrics(), Clock())
    await client.aclose()


@pytest.fixture
def mongo_server() -> Iterator[MongoServer]:
    """A MongoDB of this test's own, to be killed, frozen and started again; about three seconds to start."""
    server = MongoServer()
    try:
        require(server.start)
        yield server
    finally:
        server.close()


@pytest.fixture
def valkey_server() -> Iterator[ValkeyServer]:
    """A Valkey of this test's own, to be killed, frozen and started again."""
    server = ValkeyServer()
    try:
        require(server.start)
        yield server
    finally:
        server.close()
