"""What is measured: the bot's own storing and searching, behind the interface that its peers have as well."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol, Self

import pymongo
from pydantic import SecretStr

from config.settings import BootstrapSettings
from core.cache.redis_cache import RedisCache
from core.cache.redis_client import build_redis_client
from core.clock import Clock
from core.concurrency.task_registry import TaskRegistry
from core.database.indexes import ensure_indexes
from core.errors import FileFilterError
from core.observability.metrics import Metrics
from core.search.dictionary import Dictionary
from core.search.word_counts import read_words
from core.services.search_query import KnownWords
from core.wiring import Base, build_bookkeeping, build_databases, build_repositories, build_search

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from core.domain.media import NewMedia
    from core.domain.search import ResultPage

OURS = "ours"
PATIENCE_S = 120.0

_READER = 1
_CLOSE_S = 5.0
_SEEDS = {"DATABASE_SIZE_LIMIT_GB": "0"}


class Answer(NamedTuple):
    """What a search for page 1 gave.

    Attributes:
        found: whether there is a file on it.
        failed: it was cut or refused.
    """

    found: bool
    failed: bool = False


class Engine(Protocol):
    """A way to store and to search, in a database of its own.

    Attributes:
        is_slow: fewer queries say enough.
    """

    name: str
    database: str
    is_slow: bool

    def prepare(self, batch: Sequence[NewMedia]) -> Any:
        """What is made of names before a database is asked."""

    async def save(self, prepared: Any) -> None:
        """Write what `prepare` made of a batch; files that are known are not written again."""

    async def first_page(self, text: str) -> Answer:
        """The first page and how many there are in all."""

    async def close(self) -> None:
        """End connections."""


class OwnSearch:
    """The search service and all that is below it, wired as the container wires it.

    Nothing is remembered of searches: as long as the search version is never moved, no cached search may be used.
    """

    is_slow = False

    def __init__(self, mongo_uri: str, redis_uri: str, database: str, name: str) -> None:
        self.name = name
        self.database = database
        self._closing = AsyncExitStack()
        self._settings = BootstrapSettings(
            api_id=1,
            api_hash=SecretStr("0" * 32),
            bot_token=SecretStr("1:no-telegram-here"),
            session_file=Path("unused.session"),
            database_uri=SecretStr(mongo_uri),
            database_name=database,
            redis_uri=SecretStr(redis_uri),
            admins=(1,),
            channels=(),
        )

    async def open(self) -> Self:
        """Build everything, indexes included."""
        clock, metrics = Clock(), Metrics()
        tasks = TaskRegistry(clock, on_failure=metrics.count_failed_task)
        redis = build_redis_client(self._settings.redis_uri.get_secret_value())
        self._closing.push_async_callback(redis.aclose)
        base = Base(self._settings, clock, metrics, tasks, RedisCache(redis, metrics, clock))
        databases = build_databases(base, _SEEDS, None)
        self._closing.push_async_callback(databases.manager.primary.close)
        self._closing.push_async_callback(tasks.close, _CLOSE_S)
        await ensure_indexes(databases.manager.primary)
        await databases.runtime.load()
        repositories = build_repositories(base, databases)
        self._batches = repositories.media_batch
        books = build_bookkeeping(base, databases, repositories)
        self._words = KnownWords(Dictionary())
        self._search = build_search(base, databases, repositories, books, self._words)
        return self

    async def store(self, batch: Sequence[NewMedia]) -> None:
        """Write a batch."""
        await self.save(self.prepare(batch))

    def prepare(self, batch: Sequence[NewMedia]) -> tuple[Sequence[NewMedia], list[list[str]]]:
        """See `Engine`; the bot has the names of a long batch read by another process."""
        return batch, read_words([(media.name, media.caption) for media in batch])

    async def save(self, prepared: tuple[Sequence[NewMedia], list[list[str]]]) -> None:
        """See `Engine`."""
        batch, words = prepared
        outcome = await self._batches.save_batch(batch, words=words)
        self._words.dictionary.add(outcome.words)

    async def search(self, text: str) -> ResultPage:
        """The first page of a new session; see `SearchService.search`."""
        return await self._search.search(_READER, text)

    async def turn(self, page: ResultPage, number: int) -> ResultPage:
        """Another page of a session."""
        return await self._search.page(_READER, page.session.id, number)

    async def first_page(self, text: str) -> Answer:
        """See `Engine`; a session begins as well, as with every search of the bot."""
        try:
            page = await self.search(text)
        except FileFilterError:
            return Answer(found=False, failed=True)
        return Answer(bool(page.files))

    async def close(self) -> None:
        """See `Engine`."""
        await self._closing.aclose()


class Sizes(NamedTuple):
    """What one file takes of a database, in bytes.

    Attributes:
        stored: data and indexes, as they count against a free cluster.
        reusable: the part of it that checkpoints left free within index files.
    """

    stored: float
    reusable: float


def measure_sizes(mongo_uri: str, engine: Engine) -> Sizes:
    """Measured after everything is on disk; the largest collection is that of the files."""
    with pymongo.MongoClient[dict[str, "Any"]](mongo_uri, timeoutMS=PATIENCE_S * 1000) as client:
        client.admin.command("fsync")
        database = client[engine.database]
        told = database.command("dbStats", freeStorage=1)
        files = max(database[name].estimated_document_count() for name in database.list_collection_names())
    return Sizes((told["dataSize"] + told["indexSize"]) / files, told["indexFreeStorageSize"] / files)
