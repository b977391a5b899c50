"""The half of the bot that fills the library, for a program that runs beside the bot or instead of it."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pymongo.errors import OperationFailure

from config.settings import read_environment
from core.cache.redis_cache import RedisCache
from core.cache.redis_client import build_redis_client
from core.concurrency.task_registry import TaskRegistry
from core.database.indexes import ensure_indexes
from core.errors import ConfigurationError
from core.observability.metrics import Metrics
from core.services.new_names import NewNames
from core.wiring import (
    Base,
    build_bookkeeping,
    build_databases,
    build_dictionary,
    build_indexing,
    build_metadata,
    build_repositories,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from config.settings import BootstrapSettings
    from core.clock import Clock
    from core.database.pool import DatabaseConnectionPool
    from core.services.indexing import IndexingService
    from core.services.search_dictionary import SearchDictionary
    from core.wiring import Bookkeeping, NameReading

_CLOSE_S = 5.0
_NAMES_AHEAD = 5_000
_LOOK_AGAIN_S = 0.05


@dataclass(frozen=True, slots=True)
class Library:
    """What stores files, and what has to hear of them."""

    indexing: IndexingService
    clock: Clock
    books: Bookkeeping
    words: SearchDictionary
    reading: NameReading

    async def settle(self, names_left: int = _NAMES_AHEAD) -> None:
        """Write what is known of the files: their words, how many there are, and what their names say of releases.

        Args:
            names_left: returns when no more names than these wait to be read.

        Raises:
            DatabaseUnavailableError: not all is written; the nightly count makes up for it.
        """
        while self.reading.metadata.waiting > names_left:
            await self.clock.sleep(_LOOK_AGAIN_S)
        await self.words.flush()
        await self.books.counters.flush()
        await self.books.invalidator.flush()


@asynccontextmanager
async def open_library(settings: BootstrapSettings, clock: Clock) -> AsyncIterator[Library]:
    """Connect to the stores of the settings, and see to it that files can be told apart there.

    Raises:
        DatabaseUnavailableError: a database did not answer.
        ConfigurationError: files cannot be told apart there.
    """
    async with AsyncExitStack() as closing:
        metrics = Metrics()
        tasks = TaskRegistry(clock, on_failure=metrics.count_failed_task)
        redis = build_redis_client(settings.redis_uri.get_secret_value())
        closing.push_async_callback(redis.aclose)
        base = Base(settings, clock, metrics, tasks, RedisCache(redis, metrics, clock))
        databases = build_databases(base, read_environment(), None)
        for pool in databases.manager.databases:
            closing.push_async_callback(pool.close)
        closing.push_async_callback(tasks.close, _CLOSE_S)
        await asyncio.gather(*map(_prepare, databases.manager.databases))
        await databases.runtime.load()
        reading = build_metadata(base, databases)
        closing.push_async_callback(reading.worker.close)
        tasks.supervise(reading.metadata.run, name="media_metadata")
        repositories = build_repositories(base, databases)
        books = build_bookkeeping(base, databases, repositories)
        words = build_dictionary(base, databases, reading)
        names = NewNames(words, reading.metadata, reading.worker)
        indexing = build_indexing(base, databases, repositories, books, names, dict)
        yield Library(indexing, clock, books, words, reading)


async def _prepare(pool: DatabaseConnectionPool) -> None:
    """Build what is missing, which may take minutes, once the server has shown that it is there."""
    await pool.ping()
    try:
        await ensure_indexes(pool)
    except OperationFailure as error:
        raise ConfigurationError(
            f"the indexes of database {pool.number} cannot be built (code {error.code}): start the bot, which repairs "
            "what it can and logs the rest, and import then"
        ) from None
