"""Getting files to a reader, within the quota, exactly once."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import structlog

from core.domain.delivery import DeliveryJob, DeliveryReport, DeliveryWatcher
from core.domain.search import Narrowing
from core.errors import (
    BusyError,
    DatabaseUnavailableError,
    ExpiredError,
    FileGoneError,
    InfrastructureError,
    QuotaExhaustedError,
)
from core.services.caption import caption_html
from core.telegram.file_reference import SourceGone
from core.telegram.gateway import (
    FileReferenceExpiredError,
    OutcomeUnknownError,
    RecipientUnreachableError,
    RetryLaterError,
    SourceGoneError,
    TelegramRefusedError,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.cache.invalidation import CacheInvalidator
    from core.clock import Clock
    from core.concurrency.task_registry import TaskRegistry
    from core.domain.media import MediaFile
    from core.domain.user import User
    from core.observability.metrics import Metrics
    from core.services.daily_statistics import DailyCounters
    from core.services.popularity import Popularity
    from core.services.quota import QuotaHandle, QuotaService
    from core.services.recent_presses import RecentPresses
    from core.services.runtime_settings import RuntimeSettingsService
    from core.services.search import SearchService
    from core.telegram.file_reference import FileReferences
    from core.telegram.gateway import TelegramGateway
    from repositories.media import MediaRepository

_PROGRESS_EVERY_S = 3.0
_LONGEST_WAIT_S = 3600
_EVERYTHING = Narrowing()


class DeliveryService:
    """Delivers one file, or a page of them as a job of its own.

    A slot is reserved before a file is sent and spent after it; every other way out gives it back.
    """

    def __init__(
        self,
        *,
        search: SearchService,
        media: MediaRepository,
        quota: QuotaService,
        telegram: TelegramGateway,
        references: FileReferences,
        presses: RecentPresses,
        runtime: RuntimeSettingsService,
        tasks: TaskRegistry,
        metrics: Metrics,
        counters: DailyCounters,
        popularity: Popularity,
        invalidator: CacheInvalidator,
        clock: Clock,
    ) -> None:
        self._search = search
        self._media = media
        self._quota = quota
        self._telegram = telegram
        self._references = references
        self._presses = presses
        self._runtime = runtime
        self._tasks = tasks
        self._metrics = metrics
        self._counters = counters
        self._popularity = popularity
        self._invalidator = invalidator
        self._clock = clock
        self._jobs: dict[int, DeliveryJob] = {}
        self._log = structlog.get_logger(__name__)

    async def deliver(self, reader: User, session_id: str, media_id: int) -> None:
        """Send one file of the reader's session.

        Raises:
            QuotaExhaustedError: no slot is left today.
            BusyError: the same press is being served, or was a moment ago.
            FileGoneError: the file cannot be fetched any more; it left the results.
            ExpiredError, NotYoursError: see `SearchService.file_of_session`.
        """
        await self._deliver(reader, await self._search.file_of_session(reader.id, session_id, media_id))

    async def deliver_file(self, reader: User, media_id: int) -> None:
        """Send one file that a link led to, whoever searched for it.

        Raises:
            QuotaExhaustedError, BusyError, FileGoneError: as of `deliver`.
            DatabaseUnavailableError: the database did not answer.
        """
        media = await self._media.get(media_id)
        if media is None:
            raise FileGoneError
        await self._deliver(reader, media)

    async def _deliver(self, reader: User, media: MediaFile) -> None:
        async with self._presses.claim(reader.id, media.id), self._quota.reserve(reader, 1) as reservation:
            if reservation.granted == 0:
                raise self._exhausted(reservation.limit)
            await self._send(reader.id, media, reservation)

    async def start_send_all(
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
            BusyError: this person's previous job still runs.
            QuotaExhaustedError: no slot is left today.
            ExpiredError: the page has no file left.
        """
        status = await self._quota.status(reader)
        if status.left == 0:
            raise self._exhausted(status.limit)
        files, unreached = await self._search.files_to_send(
            reader.id,
            session_id,
            number or 1,
            whole_window=number == 0 and status.left is None,
            narrowing=narrowing,
        )
        if not files:
            raise ExpiredError("search-page-empty")
        if reader.id in self._jobs:
            raise BusyError("delivery-busy")
        job = DeliveryJob(secrets.token_hex(8), reader.id, len(files) + unreached)
        self._jobs[reader.id] = job
        self._tasks.spawn(self._run(job, reader, files, watcher), name=f"send_all:{job.id}")
        return job

    def stop(self, reader_id: int, job_id: str) -> None:
        """Stop the reader's own job before its next file.

        Raises:
            ExpiredError: this job of this reader does not run any more.
        """
        job = self._jobs.get(reader_id)
        if job is None or job.id != job_id:
            raise ExpiredError("delivery-not-running")
        job.stopping = True

    def _exhausted(self, limit: int) -> QuotaExhaustedError:
        self._metrics.quota_refusals.inc()
        self._counters.add("quota_refusals")
        return QuotaExhaustedError(limit=limit)

    async def _run(self, job: DeliveryJob, reader: User, files: Sequence[MediaFile], watcher: DeliveryWatcher) -> None:
        report = DeliveryReport(job.total, failed=job.total - len(files))
        try:
            await watcher.started(job)
            await self._send_all(job, reader, files, report, watcher)
        except DatabaseUnavailableError:  # nothing could be reserved
            report.failed = report.total - report.sent - report.over_quota
        finally:
            del self._jobs[reader.id]
            self._log.info("files_delivered", sent=report.sent, failed=report.failed, over_quota=report.over_quota)
        await watcher.finished(report)

    async def _send_all(
        self,
        job: DeliveryJob,
        reader: User,
        files: Sequence[MediaFile],
        report: DeliveryReport,
        watcher: DeliveryWatcher,
    ) -> None:
        """Send files one by one; slots of failed sends are given back."""
        told_at = self._clock.monotonic()
        async with self._quota.reserve(reader, len(files)) as reservation:
            report.over_quota = len(files) - reservation.granted
            for media in files[: reservation.granted]:
                if job.stopping:
                    break
                try:
                    alive = await self._send_patiently(reader.id, media, reservation)
                except (FileGoneError, InfrastructureError, TelegramRefusedError) as error:
                    report.failed += 1
                    self._log.warning("file_not_sent", media_id=media.id, error=type(error).__name__)
                except RecipientUnreachableError:
                    job.stopping = True
                    break
                else:
                    report.sent += 1
                    job.stopping = job.stopping or not alive
                if self._clock.monotonic() - told_at >= _PROGRESS_EVERY_S:
                    told_at = self._clock.monotonic()
                    await watcher.progressed(job, report)
        report.stopped = job.stopping

    async def _send_patiently(self, chat_id: int, media: MediaFile, reservation: QuotaHandle) -> bool:
        """Send within a job: a flood wait holds up this job alone, for as long as Telegram asks, up to an hour."""
        try:
            return await self._send(chat_id, media, reservation)
        except RetryLaterError as wait:
            if wait.seconds > _LONGEST_WAIT_S:
                raise
            await self._clock.sleep(wait.seconds)
            return await self._send(chat_id, media, reservation)

    async def _send(self, chat_id: int, media: MediaFile, reservation: QuotaHandle) -> bool:
        """Send and spend one slot; False when the hold was lost meanwhile and nothing more may be sent on it."""
        try:
            await self._send_healing(chat_id, media)
        except OutcomeUnknownError:
            self._metrics.files_delivered.labels(outcome="unknown").inc()
            self._log.warning("delivery_outcome_unknown", media_id=media.id)
        except SourceGoneError as error:
            self._metrics.files_delivered.labels(outcome="gone").inc()
            await self._media.mark_dead(media.id)
            self._invalidator.deleted()
            raise FileGoneError from error
        else:
            self._metrics.files_delivered.labels(outcome="sent").inc()
            self._counters.add("files_delivered")
            self._popularity.fetched(media.id)
        return await self._spend(reservation)

    async def _spend(self, reservation: QuotaHandle) -> bool:
        try:
            return await reservation.spend()
        except DatabaseUnavailableError:  # the file is there; the hold keeps charging until it expires
            self._log.warning("quota_spend_postponed")
            return True

    async def _send_healing(self, chat_id: int, media: MediaFile) -> None:
        """Send by reference; an expired one is fetched anew from a source and the record healed."""
        protect = self._runtime.current.protect_content
        caption = caption_html(media)
        try:
            await self._telegram.send_media(chat_id, media.file_id, caption, protect=protect)
        except FileReferenceExpiredError:
            fresh = await self._references.refresh(media)
            if isinstance(fresh, SourceGone):
                raise SourceGoneError("no source holds the file any more") from None
            await self._media.update_file_id(media.id, fresh.file_id)
            try:
                await self._telegram.send_media(chat_id, fresh.file_id, caption, protect=protect)
            except FileReferenceExpiredError as error:
                raise SourceGoneError("a fresh reference was refused") from error
            self._log.info("file_reference_healed", media_id=media.id)
