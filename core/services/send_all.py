"""Sending a page, or everything that was found: one job a person at a time, in turn with other people's."""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING

from core.concurrency.task_registry import TaskFailedError
from core.domain.delivery import DeliveryEntry, DeliveryJob, Ending
from core.domain.search import Narrowing
from core.errors import BusyError, ExpiredError, FileGoneError
from core.services.delivery_run import DeliveryRun

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.concurrency.task_registry import TaskRegistry
    from core.domain.delivery import DeliveryWatcher
    from core.domain.media import MediaFile
    from core.domain.user import User
    from core.services.delivery import DeliveryService
    from core.services.delivery_run import RunTools
    from core.services.search import SearchService

_EVERYTHING = Narrowing()
_MOST_FILES = 50_000  # of all jobs that run or wait: some 50 MB, and half an hour at the pace of a bot


class SendAllService:
    """Starts, stops and drains jobs; see `DeliveryRun` for one of them."""

    def __init__(
        self,
        *,
        search: SearchService,
        files: DeliveryService,
        tools: RunTools,
        tasks: TaskRegistry,
    ) -> None:
        self._search = search
        self._files = files
        self._tools = tools
        self._tasks = tasks
        self._runs: dict[int, DeliveryRun] = {}
        self._working: set[asyncio.Task[None]] = set()

    async def start(
        self,
        reader: User,
        session_id: str,
        number: int,
        watcher: DeliveryWatcher,
        narrowing: Narrowing = _EVERYTHING,
    ) -> DeliveryJob:
        """Start sending a page of a session, or of the part of it that `narrowing` leaves.

        Args:
            reader: whose session it has to be.
            session_id: as in `SearchSession`.
            number: of the page; 0 for the whole window, which a reader with a quota gets the first page of.
            watcher: is told how it goes.
            narrowing: as the page was narrowed.

        Raises:
            BusyError: this person's previous job still runs, here or in another process; or too many files wait.
            QuotaExhaustedError: no slot is left today.
            ExpiredError: the page has no file left.
            DatabaseUnavailableError: the database did not answer.
        """
        left = await self._left(reader)
        files, unreached = await self._search.files_to_send(
            reader.id,
            session_id,
            number or 1,
            whole_window=number == 0 and left is None,
            narrowing=narrowing,
        )
        if not files:
            raise ExpiredError("search-page-empty")
        return await self._begin(reader, files, len(files) + unreached, watcher)

    async def start_files(self, reader: User, media_ids: Sequence[int], watcher: DeliveryWatcher) -> DeliveryJob:
        """Start sending files that the reader was given before.

        Raises:
            BusyError, QuotaExhaustedError, DatabaseUnavailableError: as of `start`.
            FileGoneError: none of them is to be had any more.
        """
        await self._left(reader)
        files, unreached = await self._files.find(media_ids)
        if not files:
            raise FileGoneError
        return await self._begin(reader, files, len(files) + unreached, watcher)

    def stop(self, reader_id: int, job_id: str) -> None:
        """Stop the reader's own job before its next file.

        Raises:
            ExpiredError: this job of this reader does not run any more.
        """
        run = self._runs.get(reader_id)
        if run is None or run.job.id != job_id:
            raise ExpiredError("delivery-not-running")
        run.stop(Ending.STOPPED)

    def stop_all_of(self, reader_id: int) -> None:
        """Stop what is being sent to somebody who may not have it any more, before its next file; fine with nothing."""
        run = self._runs.get(reader_id)
        if run is not None:
            run.stop(Ending.STOPPED)

    async def drain(self, patience_s: float) -> list[str]:
        """End every job after the file that is on its way and tell its reader; names those that did not in time.

        What has not ended is told at the next start.
        """
        for run in self._runs.values():
            run.stop(Ending.RESTART)
        if not self._working:
            return []
        _, late = await asyncio.wait(self._working, timeout=patience_s)
        return sorted(task.get_name() for task in late)

    async def _left(self, reader: User) -> int | None:
        """Slots that are left today, at least 1; None when there is no limit."""
        status = await self._tools.quota.status(reader)
        if status.left == 0:
            raise self._files.exhausted(status.limit)
        return status.left

    async def _begin(
        self, reader: User, files: Sequence[MediaFile], total: int, watcher: DeliveryWatcher
    ) -> DeliveryJob:
        if reader.id in self._runs:
            raise BusyError("delivery-busy")
        if sum(run.job.total for run in self._runs.values()) + total > _MOST_FILES:
            raise BusyError("delivery-crowded")
        job = DeliveryJob(secrets.token_hex(8), reader.id, total)
        run = self._runs[reader.id] = DeliveryRun(job, reader, files, self._files.terms, watcher, self._tools)
        task = None
        try:
            if await self._tools.journal.claim(DeliveryEntry(job, language=watcher.language)):
                task = self._tasks.spawn(self._run(run), name=f"send_all:{job.id}")
        finally:
            if task is None:
                del self._runs[reader.id]
        if task is None:
            raise BusyError("delivery-busy")
        self._working.add(task)
        task.add_done_callback(self._working.discard)
        return job

    async def _run(self, run: DeliveryRun) -> None:
        try:
            await self._tasks.attempt(run.send, name=f"send_files:{run.job.id}")
        except TaskFailedError:
            run.stop(Ending.FAILED)
        finally:
            del self._runs[run.job.owner_id]
        await run.finish()
