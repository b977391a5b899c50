"""Every query that the repositories issue is answered through an index."""

from __future__ import annotations

from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

import pymongo
import pytest

from core.cache.redis_cache import RedisCache
from core.database.indexes import ensure_indexes
from core.database.multi_pool import MultiDatabaseManager
from core.database.pool import DatabaseConnectionPool
from core.observability.metrics import Metrics
from core.search.hashes import word_hash
from core.search.plan import SearchPlan
from repositories.media import MediaRepository
from sandbox.stores import InMemoryStores
from tests.fixtures.clock import TestClock
from tests.fixtures.contract.filler import MANY, WORD, fill
from tests.fixtures.contract.transcript import Transcript
from tests.fixtures.contract.world import run_script
from tests.fixtures.query_plans import QueryLog, scans_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from tests.fixtures.query_plans import Question

pytestmark = pytest.mark.servers


@contextmanager
def logged(uri: str, names: list[str]) -> Iterator[list[QueryLog]]:
    """A log of each of these databases, which are dropped afterwards."""
    with pymongo.MongoClient[dict[str, Any]](uri, datetime_conversion="DATETIME_AUTO") as client:
        logs: list[QueryLog] = []
        try:
            logs += [QueryLog(client, name) for name in names]
            yield logs
        finally:
            for log in logs:
                log.close()
            for name in names:
                client.drop_database(name)


@asynccontextmanager
async def filled_pools(uri: str, names: list[str]) -> AsyncIterator[list[DatabaseConnectionPool]]:
    """Pools of databases that have their indexes and many documents in every collection."""
    pools = [
        DatabaseConnectionPool(uri, name, clock=TestClock(), number=number)
        for number, name in enumerate(names, start=1)
    ]
    try:
        for pool in pools:
            await ensure_indexes(pool)
            await fill(pool)
        yield pools
    finally:
        for pool in pools:
            await pool.close()


async def test_no_query_scans(mongo_uri: str, mongo_database: str) -> None:
    """No command of any repository reads a whole collection or index, or sorts in memory, run after run."""
    names, clock, stores = [mongo_database, f"{mongo_database}_2"], TestClock(), InMemoryStores(TestClock())
    async with filled_pools(mongo_uri, names) as pools:
        with logged(mongo_uri, names) as logs:

            async def note(caller: str) -> None:
                for log in logs:
                    log.take(caller)

            client = stores.redis_client()
            script = run_script(pools, RedisCache(client, Metrics(), clock), clock, Transcript(note))
            assert [step async for step in script]
            await client.aclose()
            shapes = {question.shape for log in logs for question in log.questions.values()}
            assert len(shapes) > 40  # else the log has missed something
            assert [name for pool, log in zip(pools, logs, strict=True) for name in await small(pool, log)] == []
            assert [
                wrong for log in logs for question in log.questions.values() for wrong in scans(log, question)
            ] == []


async def small(pool: DatabaseConnectionPool, log: QueryLog) -> list[str]:
    """Collections with too few documents for a planner to choose: the filler lacks them."""
    collections = {question.collection for question in log.questions.values()}
    return [f"{pool.number}.{name}" for name in sorted(collections) if await pool.count(name, {}) < MANY]


def scans(log: QueryLog, question: Question) -> list[str]:
    """In words, what is wrong with how a question was answered and with how it would be answered now."""
    wrong = {problem for execution in question.executions for problem in scans_of(execution.get("execStats", {}))}
    wrong |= {execution["planSummary"] for execution in question.executions if "COLLSCAN" in execution["planSummary"]}
    wrong |= set(scans_of(log.explain(question)))
    return [f"{problem}: {question}" for problem in sorted(wrong)]


async def test_a_search_for_one_word_examines_what_it_returns(mongo_uri: str, mongo_database: str) -> None:
    """Page after page, and of each of two databases, only the files that are handed out are read."""
    names = [mongo_database, f"{mongo_database}_2"]
    async with filled_pools(mongo_uri, names) as pools:
        with logged(mongo_uri, names) as logs:
            media, cursor = MediaRepository(MultiDatabaseManager(pools, TestClock())), None
            for _ in range(3):
                page = await media.search_files(SearchPlan((word_hash(WORD),)), 20, cursor=cursor)
                cursor = page.cursor
                records = [record for log in logs for record in log.take("search_files")]
                assert [record["command"]["find"] for record in records if record["op"] == "query"]
                for record in records:
                    assert record["docsExamined"] == record["nreturned"] <= 20
                    assert record["keysExamined"] <= record["nreturned"] + 1
