"""One bounded lane per kind of work, so that no kind starves another."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType


class ConcurrencyDomain(StrEnum):
    """The kinds of work; values are the field names of the `concurrency` settings."""

    TELEGRAM_SEND = "telegram_send"
    TELEGRAM_FETCH = "telegram_fetch"
    DATABASE_WRITE = "database_write"
    DATABASE_READ = "database_read"
    FILE_PROCESSING = "file_processing"
    BROADCAST = "broadcast"
    INDEXING = "indexing"


class Lane:
    """An async context manager that at most `limit` tasks are inside of; first come, first served.

    One object serves all tasks. It is not re-entrant: a task that enters twice needs two places.
    """

    def __init__(self, limit: int) -> None:
        self._semaphore = asyncio.Semaphore(limit)
        self.limit = limit
        self.waiting = 0
        self.in_use = 0

    async def __aenter__(self) -> None:
        self.waiting += 1
        try:
            await self._semaphore.acquire()
        finally:
            self.waiting -= 1
        self.in_use += 1

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.in_use -= 1
        self._semaphore.release()


class SemaphoreManager:
    """Holds the lanes of one process.

    Args:
        limits: how many may be inside at once, by domain (a domain's value serves as its name); each at least 1.

    Raises:
        ValueError: a domain has no limit, or one below 1.
    """

    def __init__(self, limits: Mapping[str, int] | Mapping[ConcurrencyDomain, int]) -> None:
        by_name = {str(name): limit for name, limit in limits.items()}
        self._lanes: dict[ConcurrencyDomain, Lane] = {}
        for domain in ConcurrencyDomain:
            limit = by_name.get(domain.value, 0)
            if limit < 1:
                raise ValueError(f"the lane {domain.value} needs a limit of at least 1")
            self._lanes[domain] = Lane(limit)

    def lane(self, domain: ConcurrencyDomain) -> Lane:
        """The lane to enter with `async with`; waiting tasks are served in order, a cancelled one leaves the queue."""
        return self._lanes[domain]

    def limit(self, domain: ConcurrencyDomain) -> int:
        """How many tasks may be inside at once."""
        return self._lanes[domain].limit

    def waiting(self, domain: ConcurrencyDomain) -> int:
        """How many tasks wait to enter."""
        return self._lanes[domain].waiting

    def in_use(self, domain: ConcurrencyDomain) -> int:
        """How many tasks are inside."""
        return self._lanes[domain].in_use
