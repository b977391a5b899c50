"""All media databases as one: asked at the same time, each behind its own breaker, what they answer put together."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar, cast

from core.database.cross_search import ID, merge_page
from core.domain.search import SearchCursor
from core.errors import DatabaseUnavailableError, SearchTimeoutError, SecondaryUnavailableError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence

    from core.clock import Clock
    from core.database.circuit_breaker import CircuitBreakerState
    from core.database.pool import DatabaseConnectionPool, Document

    NoAnswer = DatabaseUnavailableError | SearchTimeoutError
    Find = Callable[[DatabaseConnectionPool, int | None, int], Awaitable[list[Document]]]

T = TypeVar("T")

PAGE_TIMEOUT_S = 1.4


class Answers(NamedTuple, Generic[T]):
    """What several databases answered.

    Attributes:
        by_number: at least one answer.
        missing: numbers of the databases that were asked and did not answer.
    """

    by_number: dict[int, T]
    missing: tuple[int, ...] = ()


class FoundDocuments(NamedTuple):
    """One page; see `FoundFiles`."""

    documents: list[Document]
    missing: tuple[int, ...]
    cursor: SearchCursor | None


@dataclass(frozen=True, slots=True)
class DatabaseStatus:
    """How a database is doing.

    Attributes:
        steady_s: seconds since its breaker last changed its state.
        answer_s: seconds its last answer took; None before the first, and where no other waits for it.
    """

    number: int
    name: str
    state: CircuitBreakerState
    steady_s: float
    answer_s: float | None


class MultiDatabaseManager:
    """Every media database, in order; the first is the primary.

    A database that does not answer costs its own share of the answer and nothing else. With one database nothing is
    gathered and no task is made: an error is that database's own.

    Args:
        databases: numbered 1, 2, … in their order.
    """

    def __init__(self, databases: Sequence[DatabaseConnectionPool], clock: Clock) -> None:
        if not databases:
            raise ValueError("there is at least one database")
        self._databases = tuple(databases)
        self._by_number = {pool.number: pool for pool in databases}
        if len(self._by_number) < len(self._databases):
            raise ValueError("two databases have the same number")
        self._clock = clock
        self._answer_s: dict[int, float] = {}

    @property
    def primary(self) -> DatabaseConnectionPool:
        """The database that also holds everything but files."""
        return self._databases[0]

    @property
    def databases(self) -> tuple[DatabaseConnectionPool, ...]:
        """All of them, the primary first."""
        return self._databases

    def database(self, number: int) -> DatabaseConnectionPool:
        """The database with this number.

        Raises:
            ValueError: there is none.
        """
        try:
            return self._by_number[number]
        except KeyError:
            raise ValueError(f"there is no database {number}") from None

    def outage(self, missing: Collection[int]) -> DatabaseUnavailableError:
        """The error of what needs the databases with these numbers; a SecondaryUnavailableError without the primary."""
        kind = DatabaseUnavailableError if self.primary.number in missing else SecondaryUnavailableError
        return kind(f"without an answer from database {', '.join(map(str, missing))}")

    def status(self) -> tuple[DatabaseStatus, ...]:
        """How every database is doing, without asking any."""
        return tuple(
            DatabaseStatus(
                pool.number, pool.name, pool.breaker.state, pool.breaker.steady_s, self._answer_s.get(pool.number)
            )
            for pool in self._databases
        )

    async def ask_all(
        self,
        ask: Callable[[DatabaseConnectionPool], Awaitable[T]],
        *,
        timeout_s: float | None = None,
        only: Collection[int] | None = None,
    ) -> Answers[T]:
        """Ask databases the same thing at the same time.

        Args:
            ask: asks one of them; bounded in time by the pool in any case.
            timeout_s: patience: who has not answered by then is missing. Running out of it says nothing to the breaker,
                which hears of the operation's own deadline.
            only: numbers of the databases to ask; None for all.

        Raises:
            DatabaseUnavailableError: none answered; the first one's error.
            SearchTimeoutError: every one of them cut the operation.
            ValueError: `only` names a database that does not exist, or none.
        """
        if only is None and timeout_s is None and len(self._databases) == 1:
            return Answers({self.primary.number: await ask(self.primary)})
        wanted = self._databases if only is None else tuple(self.database(number) for number in sorted(only))
        if not wanted:
            raise ValueError("no database to ask")
        answered, failed = await self._ask(wanted, ask, timeout_s)
        if not answered:
            raise _reason(failed.values())
        return Answers(answered, tuple(failed))

    async def search_across_all_databases(
        self,
        find: Find,
        limit: int,
        *,
        cursor: SearchCursor | None = None,
        timeout_s: float = PAGE_TIMEOUT_S,
    ) -> FoundDocuments:
        """The next `limit` documents of all databases together, newest (`_id` largest) first.

        See `merge_page` for the order, repeated files and the cursor. A walk that has to be complete asks for its last
        page again, by the cursor before it, as long as a database is missing there.

        Args:
            find: reads, newest first, a number of documents below an id (None: the newest) from one database; with
                several databases a document needs `u`.
            limit: at least 1.
            cursor: of the page before.
            timeout_s: how long to wait for the slowest database.

        Raises:
            DatabaseUnavailableError, SearchTimeoutError: none answered; see `ask_all`.
        """
        before = cursor.before if cursor is not None else {}
        if len(self._databases) == 1:
            number = self.primary.number
            documents = await self._get_all_matching_from_database(self.primary, find, before, limit)
            more = SearchCursor({number: documents[-1][ID]}) if len(documents) >= limit else None
            return FoundDocuments(documents, (), more)
        answers = await self.ask_all(
            lambda pool: self._get_all_matching_from_database(pool, find, before, limit), timeout_s=timeout_s
        )
        documents, following = merge_page(answers.by_number, limit, before)
        return FoundDocuments(documents, answers.missing, following)

    async def _get_all_matching_from_database(
        self, pool: DatabaseConnectionPool, find: Find, before: Mapping[int, int], limit: int
    ) -> list[Document]:
        """One database's part: all matches that the page may need of it, and not one more."""
        return await find(pool, before.get(pool.number), limit)

    async def _ask(
        self,
        wanted: Sequence[DatabaseConnectionPool],
        ask: Callable[[DatabaseConnectionPool], Awaitable[T]],
        timeout_s: float | None,
    ) -> tuple[dict[int, T], dict[int, NoAnswer]]:
        """Answers and errors by number; anything but an outage is raised once all have come to their end."""
        parts = [self._execute_with_circuit_breaker(pool, ask, timeout_s) for pool in wanted]
        outcomes = await asyncio.gather(*parts, return_exceptions=True) if len(parts) > 1 else [await parts[0]]
        answered: dict[int, T] = {}
        failed: dict[int, NoAnswer] = {}
        for pool, outcome in zip(wanted, outcomes, strict=True):
            if isinstance(outcome, BaseException):
                raise outcome
            if outcome.error is not None:
                failed[pool.number] = outcome.error
            else:
                answered[pool.number] = cast("T", outcome.value)
        return answered, failed

    async def _execute_with_circuit_breaker(
        self,
        pool: DatabaseConnectionPool,
        ask: Callable[[DatabaseConnectionPool], Awaitable[T]],
        timeout_s: float | None,
    ) -> _Outcome[T]:
        """One database's part of a question, its outage a value; an open breaker answers for it at once."""
        started = self._clock.monotonic()
        try:
            async with asyncio.timeout(timeout_s):
                value = await ask(pool)
        except TimeoutError:
            return _Outcome(error=DatabaseUnavailableError(f"database {pool.number} was not waited for"))
        except (DatabaseUnavailableError, SearchTimeoutError) as error:
            return _Outcome(error=error)
        self._answer_s[pool.number] = self._clock.monotonic() - started
        return _Outcome(value)


class _Outcome(NamedTuple, Generic[T]):
    """What came of asking one database: a value, or the error that stands for it."""

    value: T | None = None
    error: NoAnswer | None = None


def _reason(errors: Iterable[NoAnswer]) -> NoAnswer:
    """The error that says most when nobody answered: an outage before a search that was cut."""
    found = list(errors)
    return next((error for error in found if not isinstance(error, SearchTimeoutError)), found[0])
