"""The pool against a MongoDB that is dead, frozen, cut off, or back again."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

import pymongo
import pytest
from prometheus_client import CollectorRegistry, Counter, Histogram
from pymongo import errors

from core.clock import Clock
from core.database.circuit_breaker import CircuitBreaker, CircuitOpenError
from core.database.pool import DatabaseConnectionPool
from core.errors import DatabaseUnavailableError, SearchTimeoutError
from tests.fixtures.clock import TestClock
from tests.fixtures.tcp_proxy import TcpProxy
from tests.fixtures.waiting import Stopwatch, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

    from tests.fixtures.servers import MongoServer

pytestmark = pytest.mark.servers

ANSWERED_WITHIN_S = 2.5
BACK_WITHIN_S = 5.0
SOON_S = 1.5  # before the limit of the pool itself, 2 s


class CountingMetrics:
    """The two metrics of the pool in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.database_operations = Counter("operations", "-", ["op", "outcome"], registry=self.registry)
        self.database_seconds = Histogram("seconds", "-", ["op"], registry=self.registry)

    def count(self, op: str, outcome: str) -> float:
        return self.registry.get_sample_value("operations_total", {"op": op, "outcome": outcome}) or 0.0


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """The block waits no longer than `seconds` of real time."""
    with Stopwatch() as watch:
        yield
    assert watch.seconds < seconds


@asynccontextmanager
async def opened(uri: str, metrics: CountingMetrics | None = None) -> AsyncIterator[DatabaseConnectionPool]:
    pool = DatabaseConnectionPool(uri, "faults", clock=Clock(), metrics=metrics)
    try:
        yield pool
    finally:
        await pool.close()


def every_operation(pool: DatabaseConnectionPool) -> list[Callable[[], Awaitable[object]]]:
    return [
        lambda: pool.find("things", {}),
        lambda: pool.find("things", {}, limit=10, max_time_ms=500),
        lambda: pool.find_one("things", {}),
        lambda: pool.count("things", {}, limit=10, max_time_ms=150),
        lambda: pool.find_one_and_update("things", {"_id": 1}, {"$set": {"a": 1}}),
        lambda: pool.insert_one("things", {"_id": 2}),
        lambda: pool.insert_many("things", [{"_id": 3}, {"_id": 4}]),
        lambda: pool.update_one("things", {"_id": 1}, {"$inc": {"n": 1}}),
        lambda: pool.update_many("things", {}, {"$set": {"a": 2}}),
        lambda: pool.bulk_write("things", [pymongo.UpdateOne({"_id": 1}, {"$inc": {"n": 1}})]),
        lambda: pool.delete_one("things", {"_id": 1}),
        lambda: pool.delete_many("things", {"_id": 1}),
        pool.ping,
    ]


async def all_refused_in_time(pool: DatabaseConnectionPool) -> None:
    """Every kind of operation, all at once, is told within the limit that the database is unavailable."""
    with at_most(ANSWERED_WITHIN_S):
        outcomes = await asyncio.gather(*(run() for run in every_operation(pool)), return_exceptions=True)
    assert [outcome for outcome in outcomes if not isinstance(outcome, DatabaseUnavailableError)] == []


async def is_back(pool: DatabaseConnectionPool) -> None:
    """The pool answers again without being rebuilt, within a few seconds."""
    async with asyncio.timeout(BACK_WITHIN_S):
        while True:
            try:
                await pool.ping()
            except DatabaseUnavailableError:
                continue
            return


async def test_a_killed_server_is_told_in_time_and_found_again(mongo_server: MongoServer) -> None:
    """With the server gone every operation fails within 2.5 s; when it is back the same pool goes on."""
    async with opened(mongo_server.uri) as pool:
        await pool.insert_one("things", {"_id": 1})
        mongo_server.kill()
        await all_refused_in_time(pool)
        await all_refused_in_time(pool)
        await asyncio.to_thread(mongo_server.start)
        await is_back(pool)
        assert await pool.count("things", {"_id": 1}) == 1


async def test_a_frozen_server_is_told_in_time_and_found_again(mongo_server: MongoServer) -> None:
    """A server that stands still with its connections open costs a caller no more than a dead one, crowd or not."""
    async with opened(mongo_server.uri) as pool:
        await pool.insert_one("things", {"_id": 1})
        mongo_server.freeze()
        await all_refused_in_time(pool)
        pool.breaker.reset()
        with at_most(ANSWERED_WITHIN_S):
            crowd = await asyncio.gather(*(pool.find("things", {}) for _ in range(40)), return_exceptions=True)
        assert [outcome for outcome in crowd if not isinstance(outcome, DatabaseUnavailableError)] == []
        mongo_server.resume()
        await is_back(pool)


async def test_a_herd_meets_a_returning_server_through_three_probes(mongo_server: MongoServer) -> None:
    """Of a hundred callers at once three are sent to a server that may be back, the others are told at once.

    (scenario 123)
    """
    clock, metrics = TestClock(), CountingMetrics()
    breaker = CircuitBreaker("database 1", clock)
    pool = DatabaseConnectionPool(mongo_server.uri, "faults", clock=Clock(), metrics=metrics, breaker=breaker)

    async def herd() -> tuple[int, int]:
        """(how many of a hundred were let through, how many of them were answered)."""
        before = sum(metrics.count("find", outcome) for outcome in ("ok", "unavailable"))
        outcomes = await asyncio.gather(*(pool.find("things", {}) for _ in range(100)), return_exceptions=True)
        ran = sum(metrics.count("find", outcome) for outcome in ("ok", "unavailable")) - before
        assert sum(isinstance(outcome, CircuitOpenError) for outcome in outcomes) == 100 - ran
        return int(ran), sum(isinstance(outcome, list) for outcome in outcomes)

    mongo_server.freeze()
    await asyncio.gather(*(pool.find("things", {}) for _ in range(5)), return_exceptions=True)
    assert await herd() == (0, 0)
    clock.advance(300)
    assert await herd() == (3, 0)
    assert await herd() == (0, 0)
    mongo_server.resume()
    await is_back(pool)
    assert await herd() == (3, 3)
    assert await herd() == (100, 100)
    await pool.close()


async def test_a_server_that_was_never_there_is_told_in_time() -> None:
    """The first operation of a pool without a server fails in time as well; building the pool needs no server."""
    async with opened("mongodb://127.0.0.1:9/?replicaSet=rs0") as pool:
        await all_refused_in_time(pool)


async def test_cut_connections_are_not_noticed_by_readers(mongo_uri: str, mongo_database: str) -> None:
    """Reads whose pooled connection was cut meanwhile are asked again, not failed."""
    async with TcpProxy(_port(mongo_uri)) as proxy:
        pool = DatabaseConnectionPool(_direct(proxy), mongo_database, clock=Clock())
        await pool.insert_one("things", {"_id": 1})
        for _ in range(3):
            proxy.cut()
            assert await pool.find("things", {}) == [{"_id": 1}]
        await pool.close()


async def test_an_increment_whose_answer_is_lost_is_never_counted_twice(mongo_uri: str, mongo_database: str) -> None:
    """After a lost answer a non-idempotent write is either answered by its first run or reported, and ran once."""
    async with TcpProxy(_port(mongo_uri)) as proxy:
        pool = DatabaseConnectionPool(_direct(proxy), mongo_database, clock=Clock())
        await pool.insert_one("things", {"_id": 1, "n": 0})
        proxy.lose_answers = 1
        found = await pool.find_one_and_update("things", {"_id": 1}, {"$inc": {"n": 1}})
        assert proxy.lose_answers == 0
        assert found == {"_id": 1, "n": 1}
        assert await pool.find("things", {}) == [{"_id": 1, "n": 1}]
        await pool.close()


@pytest.mark.parametrize(
    ("error", "idempotent", "runs"),
    [
        (errors.AutoReconnect("lost"), True, 3),
        (errors.NetworkTimeout("lost"), True, 3),
        (errors.AutoReconnect("lost"), False, 1),
        (errors.NetworkTimeout("lost"), False, 1),
        (errors.NotPrimaryError("refused", {"code": 10107}), False, 3),
        (errors.NotPrimaryError("stepped down while it ran", {"code": 189}), False, 1),
        (errors.ServerSelectionTimeoutError("waited long enough"), True, 1),
    ],
)
async def test_only_what_cannot_count_twice_is_run_again(
    memory_pool: DatabaseConnectionPool, error: errors.PyMongoError, *, idempotent: bool, runs: int
) -> None:
    """A transient error is retried when the operation is idempotent, or known not to have begun; three runs at most."""
    seen = 0

    async def fails() -> None:
        nonlocal seen
        seen += 1
        raise error

    with pytest.raises(DatabaseUnavailableError):
        await memory_pool.execute_with_retry(fails, idempotent=idempotent, name="test")
    assert seen == runs


@pytest.mark.parametrize(
    "error",
    [errors.DuplicateKeyError("twice"), errors.BulkWriteError({}), errors.OperationFailure("bad hint", code=2)],
)
async def test_errors_with_a_meaning_of_their_own_pass_through(
    memory_pool: DatabaseConnectionPool, error: errors.PyMongoError
) -> None:
    """Duplicates and wrong commands are for the repository to understand, and are never retried."""

    async def fails() -> None:
        raise error

    with pytest.raises(type(error)):
        await memory_pool.execute_with_retry(fails, idempotent=True, name="test")


async def test_a_search_cut_by_its_own_limit_is_no_outage(pool: DatabaseConnectionPool) -> None:
    """Passing the caller's max_time_ms raises SearchTimeoutError soon after it, for finding and for counting."""
    await pool.insert_many("things", [{"_id": number} for number in range(50)])
    slow = {"$expr": {"$function": {"body": "function() { sleep(100); return true }", "args": [], "lang": "js"}}}
    with at_most(SOON_S), pytest.raises(SearchTimeoutError):
        await pool.find("things", slow, max_time_ms=100)
    with at_most(SOON_S), pytest.raises(SearchTimeoutError):
        await pool.count("things", slow, limit=1001, max_time_ms=100)


async def test_operations_end_on_the_server_too(
    pool: DatabaseConnectionPool, mongo_uri: str, mongo_database: str
) -> None:
    """An operation that outlasts the pool's limit is stopped on the server, so it does not pile up there."""
    await pool.insert_many("things", [{"_id": number} for number in range(1_000)])
    impatient = DatabaseConnectionPool(mongo_uri, mongo_database, clock=Clock(), operation_timeout_s=0.7)
    with at_most(1.0), pytest.raises(DatabaseUnavailableError):
        await impatient.update_many("things", {"$where": "sleep(20) || true"}, {"$set": {"a": 1}})
    await impatient.close()
    with pymongo.MongoClient[Any](mongo_uri) as client:
        # The server notices in its own time, and soon: left alone, the update would take twenty seconds.
        await until(lambda: not running_on(client, f"{mongo_database}.things"), within_s=5)


def running_on(client: pymongo.MongoClient[Any], namespace: str) -> list[Any]:
    """What a server is at on a collection."""
    with client.admin.aggregate([{"$currentOp": {}}, {"$match": {"ns": namespace}}]) as running:
        return list(running)


async def test_a_closed_pool_is_unavailable(mongo_uri: str) -> None:
    """Using a pool after its end is an outage to the caller, not a programming error of the driver's."""
    async with opened(mongo_uri) as pool:
        await pool.ping()
    with pytest.raises(DatabaseUnavailableError):
        await pool.ping()


async def test_every_outcome_is_counted(mongo_uri: str) -> None:
    """Successes, outages and timeouts are told apart by operation."""
    metrics = CountingMetrics()
    async with opened(mongo_uri, metrics) as pool:
        await pool.ping()
        await pool.update_one("things", {"_id": 1}, {"$set": {"a": 1}}, upsert=True)
        with pytest.raises(SearchTimeoutError):
            await pool.find("things", {"$where": "sleep(500) || true"}, max_time_ms=20)
    with pytest.raises(DatabaseUnavailableError):
        await pool.ping()
    assert metrics.count("ping", "ok") == 1
    assert metrics.count("ping", "unavailable") == 1
    assert metrics.count("find", "timeout") == 1


def _port(uri: str) -> int:
    return int(uri.split("://", 1)[1].split("/", 1)[0].rsplit(":", 1)[1])


def _direct(proxy: TcpProxy) -> str:
    return f"mongodb://127.0.0.1:{proxy.port}/?directConnection=true"
