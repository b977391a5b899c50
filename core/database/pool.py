"""One MongoDB database behind one bounded, retrying, translating pool: the only file that imports motor.

Repositories see plain documents and never a cursor, so that a change of driver is a change of this file.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import motor.frameworks.asyncio
import pymongo
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import ReturnDocument, errors

from core.database.circuit_breaker import CallOutcome, CircuitBreaker
from core.database.database_statistics import statistics_of
from core.database.driver_errors import ErrorMeaning, may_repeat, meaning_of
from core.database.driver_threads import DatabaseThreads, DriverThreads
from core.database.operation_timings import OperationTimings
from core.domain.database import DatabaseSize
from core.errors import DatabaseFullError, DatabaseUnavailableError, SearchTimeoutError

if TYPE_CHECKING:
    from core.clock import Clock
    from core.database.operation_timings import DatabaseMetrics

Document = dict[str, Any]
Filter = Mapping[str, Any]
Sort = Sequence[tuple[str, int]]
T = TypeVar("T")

_ATTEMPTS = 3
_READY_CONNECTIONS = 8
_PAUSE_S = (0.02, 0.1)
_UNLIMITED_BATCH = 5_000
_SELECTION_MS = 1_500
_SERVER_MARGIN_S = 0.2
_PING_TIMEOUT_S = 0.98
_PING_MARGIN_S = 0.03

motor.frameworks.asyncio._EXECUTOR = DriverThreads()  # noqa: SLF001 - one frozen database would take its few threads


class DatabaseConnectionPool:
    """A MongoDB database, every operation bounded in time on the server and for the caller.

    Every method raises DatabaseUnavailableError within `operation_timeout_s` when the server is dead, frozen, cut off
    or refuses; the outcome of a write is then unknown. DuplicateKeyError and BulkWriteError of pymongo pass through,
    and so does any OperationFailure that says the command itself is wrong. An acknowledged write is journalled by a
    majority.

    Args:
        uri: a MongoDB connection string; its own write concern and timeouts are overridden.
        name: the database.
        number: counted from 1, the primary database; what people call it by.
        breaker: asked before every operation but `ping`; None for one of the pool's own.
        client_factory: builds the driver's client instead of motor, e.g. an in-memory one.
        operation_timeout_s: how long a caller waits for one operation, retries included.
    """

    def __init__(
        self,
        uri: str,
        name: str,
        *,
        clock: Clock,
        metrics: DatabaseMetrics | None = None,
        number: int = 1,
        breaker: CircuitBreaker | None = None,
        client_factory: Callable[[], Any] | None = None,
        operation_timeout_s: float = 2.0,
    ) -> None:
        self.name = name
        self.number = number
        self.breaker = breaker or CircuitBreaker(f"database {number}", clock)
        self._clock = clock
        self._timings = OperationTimings(metrics)
        self._timeout_s = operation_timeout_s
        self._client = client_factory() if client_factory is not None else _motor_client(uri, operation_timeout_s)
        self._threads = DatabaseThreads(number)
        self._database = self._client[name]
        self._collections: dict[str, Any] = {}

    async def execute_with_retry(
        self,
        operation: Callable[[], Awaitable[T]],
        *,
        idempotent: bool,
        name: str,
        timeout_s: float | None = None,
    ) -> T:
        """Run `operation`, again after a transient connection error, within one deadline.

        Args:
            operation: makes a fresh awaitable at each call.
            idempotent: running it twice equals running it once. Otherwise it is run again only when the server is known
                not to have begun it: a lost answer is never followed by a second request from here. (The driver's own
                retryable writes carry a transaction number, which the server runs once.)
            name: label of the metrics.
            timeout_s: the deadline; None means the pool's own.

        Raises:
            DatabaseUnavailableError: no usable answer in time.
        """
        permit = self.breaker.admit()
        outcome = CallOutcome.UNKNOWN
        try:
            result = await self._run(operation, idempotent=idempotent, name=name, limit_s=timeout_s or self._timeout_s)
        except (DatabaseUnavailableError, errors.PyMongoError) as error:
            answered = isinstance(error, (DatabaseFullError, errors.PyMongoError))
            outcome = CallOutcome.ANSWERED if answered else CallOutcome.FAILED
            raise
        else:
            outcome = CallOutcome.ANSWERED
            return result
        finally:
            self.breaker.settle(permit, outcome)

    async def find(
        self,
        collection: str,
        query: Filter,
        *,
        projection: Mapping[str, Any] | None = None,
        sort: Sort | None = None,
        limit: int = 0,
        hint: str | None = None,
        max_time_ms: int | None = None,
        timeout_s: float | None = None,
    ) -> list[Document]:
        """Read all matching documents, at most `limit` of them when it is positive, in one round trip where they fit.

        The server works on it for at most `max_time_ms`, the caller waits for `timeout_s` or the pool's own deadline.

        Raises:
            SearchTimeoutError: `max_time_ms` was given and passed on the server.
        """
        options: dict[str, Any] = {"batch_size": limit + 1 if limit else _UNLIMITED_BATCH}
        if hint is not None:
            options["hint"] = hint
        if sort is not None:
            options["sort"] = sort
        target = self._collection(collection)

        def read(**bound: int) -> Awaitable[list[Document]]:
            return target.find(query, projection, limit=limit, **options, **bound).to_list(None)  # type: ignore[no-any-return]

        return await self._read("find", read, {"max_time_ms": max_time_ms}, timeout_s)

    async def find_one(
        self, collection: str, query: Filter, *, projection: Mapping[str, Any] | None = None, sort: Sort | None = None
    ) -> Document | None:
        """Read the first matching document; None when there is none."""
        target = self._collection(collection)
        return await self.execute_with_retry(
            lambda: target.find_one(query, projection, sort=sort), idempotent=True, name="find_one"
        )

    async def count(
        self,
        collection: str,
        query: Filter,
        *,
        limit: int = 0,
        max_time_ms: int | None = None,
        hint: str | None = None,
        timeout_s: float | None = None,
    ) -> int:
        """Count matching documents, stopping at `limit` when it is positive.

        Raises:
            SearchTimeoutError: `max_time_ms` was given and passed on the server.
        """
        options: dict[str, Any] = {"limit": limit} if limit else {}
        if hint is not None:
            options["hint"] = hint
        target = self._collection(collection)
        return await self._read(
            "count",
            lambda **bound: target.count_documents(query, **options, **bound),
            {"maxTimeMS": max_time_ms},
            timeout_s,
        )

    async def find_one_and_update(
        self,
        collection: str,
        query: Filter,
        update: Mapping[str, Any],
        *,
        projection: Mapping[str, Any] | None = None,
        upsert: bool = False,
        return_new: bool = True,
        idempotent: bool = False,
    ) -> Document | None:
        """Update one document atomically and return it; None when nothing matched and nothing was inserted.

        With `return_new` it is the document after the update, else before it. `idempotent`: see `execute_with_retry`.
        """
        which = ReturnDocument.AFTER if return_new else ReturnDocument.BEFORE
        target = self._collection(collection)
        return await self.execute_with_retry(
            lambda: target.find_one_and_update(query, update, projection, upsert=upsert, return_document=which),
            idempotent=idempotent,
            name="find_one_and_update",
        )

    async def insert_one(self, collection: str, document: Document) -> None:
        """Insert a document; DuplicateKeyError passes through."""
        target = self._collection(collection)
        await self.execute_with_retry(lambda: target.insert_one(document), idempotent=False, name="insert_one")

    async def insert_many(self, collection: str, documents: Sequence[Filter], *, ordered: bool = False) -> None:
        """Insert documents, encoded or not; BulkWriteError names those refused, after the rest was tried."""
        target = self._collection(collection)
        await self.execute_with_retry(
            lambda: target.insert_many(documents, ordered=ordered), idempotent=False, name="insert_many"
        )

    async def update_one(
        self,
        collection: str,
        query: Filter,
        update: Mapping[str, Any],
        *,
        upsert: bool = False,
        idempotent: bool = False,
    ) -> int:
        """Update the first match; returns 1 when a document matched or was inserted, else 0."""
        target = self._collection(collection)
        result = await self.execute_with_retry(
            lambda: target.update_one(query, update, upsert=upsert), idempotent=idempotent, name="update_one"
        )
        return int(bool(result.matched_count or result.upserted_id is not None))

    async def update_many(
        self, collection: str, query: Filter, update: Mapping[str, Any], *, idempotent: bool = False
    ) -> int:
        """Update every match; returns how many matched."""
        target = self._collection(collection)
        result = await self.execute_with_retry(
            lambda: target.update_many(query, update), idempotent=idempotent, name="update_many"
        )
        return int(result.matched_count)

    async def bulk_write(
        self, collection: str, operations: Sequence[Any], *, ordered: bool = False, idempotent: bool = False
    ) -> None:
        """Run pymongo write operations in one request; BulkWriteError passes through after the rest was tried."""
        target = self._collection(collection)
        await self.execute_with_retry(
            lambda: target.bulk_write(operations, ordered=ordered), idempotent=idempotent, name="bulk_write"
        )

    async def delete_one(self, collection: str, query: Filter) -> int:
        """Delete the first match; returns 1 when there was one, else 0."""
        target = self._collection(collection)
        result = await self.execute_with_retry(lambda: target.delete_one(query), idempotent=False, name="delete_one")
        return int(result.deleted_count)

    async def delete_many(self, collection: str, query: Filter) -> int:
        """Delete every match; returns how many of them this call deleted."""
        target = self._collection(collection)
        result = await self.execute_with_retry(lambda: target.delete_many(query), idempotent=True, name="delete_many")
        return int(result.deleted_count)

    async def create_indexes(
        self, collection: str, indexes: Iterable[pymongo.IndexModel], *, timeout_s: float = 600.0
    ) -> None:
        """Create the indexes that do not exist yet; existing ones cost nothing.

        A build that passes `timeout_s` is ended on the server too, and begins anew at the next call.
        """
        target, models = self._collection(collection), list(indexes)

        await self.execute_with_retry(
            lambda: target.create_indexes(models), idempotent=True, name="create_indexes", timeout_s=timeout_s
        )

    async def ping(self) -> None:
        """Ask the server for a sign of life within a second, whatever the breaker says; the breaker hears of it."""
        try:
            await self._run(
                lambda: self._database.command("ping"),
                idempotent=True,
                name="ping",
                limit_s=_PING_TIMEOUT_S,
                margin_s=_PING_MARGIN_S,
            )
        except DatabaseUnavailableError:
            self.breaker.note_ping(answered=False)
            raise
        self.breaker.note_ping(answered=True)

    async def measure(self, collection: str) -> DatabaseSize:
        """What the database holds now; `files` counts the documents of `collection`, approximately."""
        found = await self.execute_with_retry(lambda: statistics_of(self._database), idempotent=True, name="measure")
        target = self._collection(collection)
        files = await self.execute_with_retry(target.estimated_document_count, idempotent=True, name="measure")
        return DatabaseSize.from_statistics(found, int(files))

    async def close(self) -> None:
        """Close every connection; operations afterwards raise DatabaseUnavailableError.

        In a thread, because the driver says goodbye to the server, and waits for an answer.
        """
        await asyncio.to_thread(self._client.close)

    def _collection(self, name: str) -> Any:
        if name not in self._collections:  # motor builds a new object at every look-up
            self._collections[name] = self._database[name]
        return self._collections[name]

    async def _read(
        self, name: str, read: Callable[..., Awaitable[T]], server_limit: dict[str, int | None], timeout_s: float | None
    ) -> T:
        ((option, max_time_ms),) = server_limit.items()
        if max_time_ms is None:
            return await self.execute_with_retry(read, idempotent=True, name=name, timeout_s=timeout_s)
        longest_ms = int(((timeout_s or self._timeout_s) - _SERVER_MARGIN_S) * 1000)
        bound = {option: max(1, min(max_time_ms, longest_ms))}

        async def bounded() -> T:
            try:
                with pymongo.timeout(0):  # else the driver's deadline replaces the caller's limit on the server
                    return await read(**bound)
            except errors.ExecutionTimeout as error:
                raise SearchTimeoutError(f"{name} on database {self.number} passed {max_time_ms} ms") from error

        return await self.execute_with_retry(bounded, idempotent=True, name=name, timeout_s=timeout_s)

    async def _run(
        self,
        operation: Callable[[], Awaitable[T]],
        *,
        idempotent: bool,
        name: str,
        limit_s: float,
        margin_s: float = _SERVER_MARGIN_S,
    ) -> T:
        """One operation within its deadline, its errors translated and counted."""
        self._threads.use()
        started = self._clock.monotonic()
        outcome = "cancelled"
        try:
            # The driver's deadline runs from here, not from when one of its threads is free, so that a write that the
            # caller gave up is not begun later; it also is the server's maxTimeMS.
            with pymongo.timeout(limit_s - margin_s):
                async with asyncio.timeout(limit_s):
                    result = await self._attempts(operation, idempotent=idempotent)
            outcome = "ok"
        except SearchTimeoutError:
            outcome = "timeout"
            raise
        except (TimeoutError, errors.PyMongoError) as error:
            meaning = meaning_of(error)
            outcome = meaning.value
            if meaning is ErrorMeaning.ANSWERED:
                raise
            broken = DatabaseFullError if meaning is ErrorMeaning.FULL else DatabaseUnavailableError
            raise broken(f"{name} on database {self.number}: {type(error).__name__}") from error
        else:
            return result
        finally:
            self._timings.note(name, outcome, self._clock.monotonic() - started)

    async def _attempts(self, operation: Callable[[], Awaitable[T]], *, idempotent: bool) -> T:
        for _ in range(_ATTEMPTS - 1):
            try:
                return await operation()
            except errors.AutoReconnect as error:
                if not may_repeat(error, idempotent=idempotent):
                    raise
            await self._clock.sleep(random.uniform(*_PAUSE_S))
        return await operation()


def _motor_client(uri: str, operation_timeout_s: float) -> Any:
    """A client that retries only what the server runs once; deadlines come with each operation.

    Some connections are kept open: on a slow network, making one and using it would together pass the deadline.
    """
    return AsyncIOMotorClient(
        uri,
        tz_aware=True,
        appname="file-filter-bot",
        w="majority",
        journal=True,
        serverSelectionTimeoutMS=_SELECTION_MS,
        connectTimeoutMS=_SELECTION_MS,
        socketTimeoutMS=int(operation_timeout_s * 1000),
        minPoolSize=_READY_CONNECTIONS,
        retryWrites=True,
        retryReads=False,
    )
