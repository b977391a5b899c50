"""Reads what names say of releases, beside the indexing that must not wait for it."""

from __future__ import annotations

import asyncio
from itertools import islice
from typing import TYPE_CHECKING

import structlog

from core.concurrency.worker_process import WorkerLostError
from core.search.release_metadata import parse_name, parse_names

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from core.clock import Clock
    from core.concurrency.task_registry import TaskRegistry
    from core.concurrency.worker_process import WorkerProcess
    from core.domain.media import ReleaseMetadata
    from core.observability.metrics import Metrics
    from repositories.media_metadata_batch import MediaMetadataRepository

    ReadNames = list[tuple[str, str, ReleaseMetadata]]

CAPACITY = 10_000
_BATCH = 200
_FEW = 8  # read here: starting a process takes longer than a hundred names
_MOST_OWED = 50
_PAUSES_S = (5.0, 30.0, 120.0, 600.0)


class MediaMetadataService:
    """Keeps release metadata with the files, a moment after they were stored or renamed.

    It may lag behind and forget: what does not fit in memory is dropped, a database that stays away is given up after
    some tries, and a process that ends forgets what waits. A file without metadata is found and sent like any other,
    and the nightly count of words passes it in again.

    Args:
        changed: called when files say more than before, so that remembered searches may be forgotten.
        capacity: how many names may wait.
    """

    def __init__(
        self,
        *,
        repository: MediaMetadataRepository,
        worker: WorkerProcess,
        tasks: TaskRegistry,
        metrics: Metrics,
        clock: Clock,
        changed: Callable[[], None] = lambda: None,
        capacity: int = CAPACITY,
    ) -> None:
        self._repository = repository
        self._worker = worker
        self._tasks = tasks
        self._metrics = metrics
        self._clock = clock
        self._changed = changed
        self._capacity = capacity
        self._waiting: dict[str, str] = {}
        self._owed: list[tuple[ReadNames, frozenset[int]]] = []
        self._retry: asyncio.Task[None] | None = None
        self._arrived = asyncio.Event()
        self._log = structlog.get_logger(__name__)

    def add(self, named: Sequence[tuple[str, str]]) -> None:
        """Have names read soon; never waits, never fails.

        Args:
            named: (unique id, name) of stored files; a later name of the same file replaces an earlier one.
        """
        for unique_id, name in named:
            if unique_id in self._waiting or len(self._waiting) < self._capacity:
                self._waiting[unique_id] = name
            else:
                self._metrics.names_read.labels("dropped").inc()
        self._note_arrivals()

    @property
    def waiting(self) -> int:
        """How many names are not read yet."""
        return len(self._waiting)

    async def run(self) -> None:
        """Read and store for ever; supervised once."""
        while True:
            await self._arrived.wait()
            named = list(islice(self._waiting.items(), _BATCH))
            for unique_id, _ in named:
                del self._waiting[unique_id]
            self._note_arrivals()
            await self._store(await self._read(named))

    def _note_arrivals(self) -> None:
        (self._arrived.set if self._waiting else self._arrived.clear)()
        self._metrics.names_waiting.set(len(self._waiting))

    async def _read(self, named: Sequence[tuple[str, str]]) -> ReadNames:
        names = [name for _, name in named]
        if len(names) <= _FEW:
            found = await self._read_here(names)
        else:
            try:
                found = await self._worker.call(parse_names, names)
            except WorkerLostError as error:
                self._log.warning("names_read_without_worker", names=len(names), detail=str(error))
                found = await self._read_here(names)
        return [(unique_id, name, metadata) for (unique_id, name), metadata in zip(named, found, strict=True)]

    async def _read_here(self, names: Sequence[str]) -> list[ReleaseMetadata]:
        """One name after another, everybody else in between."""
        found = []
        for name in names:
            found.append(parse_name(name))
            await self._clock.sleep(0)
        return found

    async def _store(self, read: ReadNames) -> None:
        missing = await self._repository.store(read)
        self._changed()
        self._metrics.names_read.labels("postponed" if missing else "stored").inc(len(read))
        if not missing:
            return
        if len(self._owed) >= _MOST_OWED:
            self._metrics.names_read.labels("dropped").inc(len(read))
            return
        self._owed.append((read, missing))
        if self._retry is None or self._retry.done():
            self._retry = self._tasks.spawn(self._settle(), name="media_metadata_retry")

    async def _settle(self) -> None:
        """Try databases that were away some more times; what comes meanwhile gets the tries that are left."""
        for pause_s in _PAUSES_S:
            await self._clock.sleep(pause_s)
            owed, self._owed = self._owed, []
            for read, numbers in owed:
                missing = await self._repository.store(read, databases=numbers)
                if missing:
                    self._owed.append((read, missing))
                else:
                    self._changed()
                    self._metrics.names_read.labels("stored").inc(len(read))
            if not self._owed:
                return
        left = sum(len(read) for read, _ in self._owed)
        self._owed.clear()
        self._metrics.names_read.labels("left").inc(left)
        self._log.warning("names_left_unread", names=left)
