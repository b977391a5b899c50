"""One `Send all` from its turn to its end."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import structlog

from core.domain.delivery import DeliveryEntry, DeliveryReport, Ending
from core.errors import DatabaseUnavailableError, FileGoneError, InfrastructureError
from core.telegram.gateway import RecipientUnreachableError, RetryLaterError, TelegramRefusedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.clock import Clock
    from core.domain.delivery import DeliveryJob, DeliveryTerms, DeliveryWatcher
    from core.domain.media import MediaFile
    from core.domain.user import User
    from core.services.delivery_journal import DeliveryJournal
    from core.services.delivery_queue import DeliveryQueue
    from core.services.file_sender import FileSender, Handover
    from core.services.quota import QuotaService


@dataclass(frozen=True, slots=True)
class RunLimits:
    """How patient a job is, and how much it says.

    Attributes:
        files_in_turn: how many files a job sends before somebody who waits has its place.
        longest_wait_s: seconds a job waits in total because Telegram asks for it; beyond them it ends.
        held_told_s: a wait from so many seconds on is told.
        progress_s: least seconds between two edits of the message that shows a job.
        position_s: seconds between two words on how many are before a job that waits.
    """

    files_in_turn: int = 10
    longest_wait_s: float = 3600.0
    held_told_s: float = 10.0
    progress_s: float = 3.0
    position_s: float = 30.0


@dataclass(frozen=True, slots=True)
class RunTools:
    """What every job works with."""

    quota: QuotaService
    sender: FileSender
    queue: DeliveryQueue
    journal: DeliveryJournal
    clock: Clock
    limits: RunLimits


class DeliveryRun:
    """Sends the files of one job in turn with other people's; slots of files that are not sent are given back.

    Args:
        job: claimed in the journal.
        reader: whose job it is.
        files: what to send; the rest of `job.total` could not be read and counts as failed.
        terms: of every file.
        watcher: is told how it goes.
        tools: shared by all jobs.
    """

    def __init__(
        self,
        job: DeliveryJob,
        reader: User,
        files: Sequence[MediaFile],
        terms: DeliveryTerms,
        watcher: DeliveryWatcher,
        tools: RunTools,
    ) -> None:
        self.job = job
        self.report = DeliveryReport(job.total, failed=job.total - len(files))
        self._reader = reader
        self._files = files
        self._terms = terms
        self._watcher = watcher
        self._quota, self._sender, self._queue = tools.quota, tools.sender, tools.queue
        self._journal, self._clock, self._limits = tools.journal, tools.clock, tools.limits
        self._entry = DeliveryEntry(job, language=watcher.language)
        self._over = asyncio.Event()
        self._turn: asyncio.Future[None] | None = None
        self._patience_s = self._limits.longest_wait_s
        self._told_at = self._clock.monotonic()
        self._log = structlog.get_logger(__name__)

    def stop(self, ending: Ending) -> None:
        """Send no further file; the one that is on its way arrives. The first reason counts."""
        if not self._over.is_set():
            self.report.ending = ending
            self._over.set()
            if self._turn is not None:
                self._turn.cancel()  # nothing happens to a turn that has come

    async def send(self) -> None:
        """Send everything; the counts are in `report`, also when this is cancelled."""
        self._entry = replace(self._entry, message_id=await self._watcher.started(self.job))
        try:
            await self._take_turn()
            if not self._over.is_set():
                await self._send_files()
        except DatabaseUnavailableError:  # nothing could be reserved
            self.report.failed = self.report.total - self.report.sent - self.report.over_quota
        finally:
            self._queue.leave(self.job.id)
            report = self.report
            self._log.info(
                "files_delivered",
                sent=report.sent,
                failed=report.failed,
                over_quota=report.over_quota,
                ending=report.ending.value,
            )

    async def finish(self) -> None:
        """Tell how it ended, and forget it."""
        await self._watcher.finished(self.report)
        await self._journal.end(self._entry)

    async def _send_files(self) -> None:
        async with self._quota.reserve(self._reader, len(self._files)) as slots:
            self._entry = replace(self._entry, reservation=slots.reservation)
            self.report.over_quota = len(self._files) - slots.granted
            handover = self._sender.begin(self._reader.id, self._terms, slots, self._watcher.language)
            for number, media in enumerate(self._files[: slots.granted]):
                if number and number % self._limits.files_in_turn == 0 and self._queue.is_crowded:
                    await self._stand_back()
                    await self._take_turn()
                if self._over.is_set():
                    break
                await self._send_one(handover, media)
                self.report.unconfirmed = len(handover.unconfirmed)
        await self._sender.finish(handover)

    async def _stand_back(self) -> None:
        """Let others have the place; nothing is on its way meanwhile."""
        await self._write_down(is_trying=False)
        self._queue.leave(self.job.id)

    async def _write_down(self, *, is_trying: bool) -> None:
        """Leave word of how far the job is, for the case that the process is killed."""
        self._entry = replace(self._entry, sent=self.report.sent, is_trying=is_trying)
        if not await self._journal.keep(self._entry):
            self.stop(Ending.SUPERSEDED)

    async def _send_one(self, handover: Handover, media: MediaFile) -> None:
        try:
            is_held = await self._send_patiently(handover, media)
        except (FileGoneError, InfrastructureError, TelegramRefusedError) as error:
            self.report.failed += 1
            self._log.warning("file_not_sent", media_id=media.id, error=type(error).__name__)
        except RecipientUnreachableError:
            self.stop(Ending.UNREACHABLE)
        else:
            if is_held is not None:
                self.report.sent += 1
            if is_held is False:
                self.stop(Ending.SUPERSEDED)
        if self._is_time_to_tell():
            await self._watcher.progressed(self.job, self.report)

    async def _send_patiently(self, handover: Handover, media: MediaFile) -> bool | None:
        """As `FileSender.send`, after every wait that Telegram asks for; None when the job ended meanwhile."""
        while True:
            await self._write_down(is_trying=True)
            if self._over.is_set():
                return None
            try:
                return await self._sender.send(handover, media)
            except RetryLaterError as wait:
                await self._wait_out(max(1, wait.seconds))

    async def _wait_out(self, seconds: int) -> None:
        """Let others have the place while Telegram wants nothing sent to this chat."""
        self._patience_s -= seconds
        if self._patience_s < 0:
            self.stop(Ending.FLOOD)
            return
        await self._stand_back()
        if seconds >= self._limits.held_told_s:
            self._told_at = self._clock.monotonic()
            await self._watcher.held(self.job, self.report, seconds)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._over.wait()
        await self._take_turn()

    async def _take_turn(self) -> None:
        """Return when the job has a place, or is over."""
        turn = self._turn = self._queue.join(self.job.id)
        patience_s = self._limits.progress_s
        while not (turn.done() or self._over.is_set()):
            await asyncio.wait((turn,), timeout=patience_s)
            if not turn.done():
                self._told_at = self._clock.monotonic()
                await self._watcher.waiting(self.job, self.report, self._queue.ahead(self.job.id))
                patience_s = self._limits.position_s

    def _is_time_to_tell(self) -> bool:
        """At most once in so many seconds; asking counts as telling."""
        now = self._clock.monotonic()
        if now - self._told_at < self._limits.progress_s:
            return False
        self._told_at = now
        return True
