"""Files whose reference is not accepted any more: fetched anew from a source, or declared gone."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NoReturn

import structlog

from core.cache.recent_values import RecentValues
from core.domain.file_report import ReportReason
from core.errors import FileGoneError, InfrastructureError, SourceUnreadableError
from core.telegram.file_reference import SourceGone

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from core.cache.invalidation import CacheInvalidator
    from core.clock import Clock
    from core.concurrency.task_registry import TaskRegistry
    from core.domain.media import MediaFile
    from core.services.file_report import FileReports
    from core.telegram.file_reference import FileReferences
    from repositories.media import MediaRepository

_REMEMBERED_FILES = 1_000
_REMEMBERED_S = 60.0
_GONE = ""


class FileHealing:
    """Heals the record of a file once, however many people want the file at that moment.

    Args:
        is_listed: whether a channel is in the index list. One that is, and that the bot may not see, is expected back:
            it says nothing of its files.
    """

    def __init__(
        self,
        references: FileReferences,
        media: MediaRepository,
        reports: FileReports,
        invalidator: CacheInvalidator,
        tasks: TaskRegistry,
        clock: Clock,
        is_listed: Callable[[int], Awaitable[bool]],
    ) -> None:
        self._references = references
        self._is_listed = is_listed
        self._media = media
        self._reports = reports
        self._invalidator = invalidator
        self._tasks = tasks
        self._healed: RecentValues[int, str] = RecentValues(clock, capacity=_REMEMBERED_FILES)
        self._at_work: dict[int, asyncio.Task[str | InfrastructureError]] = {}
        self._log = structlog.get_logger(__name__)

    async def fresh_file_id(self, media: MediaFile, reader_id: int) -> str:
        """A file_id that can be sent, in place of `media.file_id`, which was not accepted.

        Whoever asks while the file is being healed, or a moment later with an old record, gets the same answer.

        Raises:
            FileGoneError: no source holds the file any more. It left the results and was reported.
            InfrastructureError: nothing is known; the file stays as it is.
        """
        known = self._healed.get(media.id)
        if known is None or known == media.file_id:
            known = await self._heal_for_all(media)
        if known == _GONE:
            await self._report(media, reader_id)
        return known

    async def declare_gone(self, media: MediaFile, reader_id: int) -> NoReturn:
        """Even a fresh reference was not accepted.

        Raises:
            FileGoneError: always; the file left the results and was reported.
            DatabaseUnavailableError: it could not be marked.
        """
        await self._mark(media)
        self._healed.put(media.id, _GONE, _REMEMBERED_S)
        await self._report(media, reader_id)

    async def _heal_for_all(self, media: MediaFile) -> str:
        """Heal in a task of its own, which whoever wants the file meanwhile waits for; they share its failure, too."""
        task = self._at_work.get(media.id)
        if task is None:
            task = self._at_work[media.id] = self._tasks.spawn(self._try_to_heal(media), name="heal_file")
            task.add_done_callback(lambda _: self._at_work.pop(media.id))
        outcome = await asyncio.shield(task)
        if isinstance(outcome, InfrastructureError):
            raise outcome
        return outcome

    async def _try_to_heal(self, media: MediaFile) -> str | InfrastructureError:
        try:
            healed = await self._heal(media)
        except InfrastructureError as error:
            return error
        self._healed.put(media.id, healed, _REMEMBERED_S)
        return healed

    async def _heal(self, media: MediaFile) -> str:
        fresh = await self._references.refresh(media)
        if isinstance(fresh, SourceGone):
            for channel_id in fresh.out_of_sight:
                if await self._is_listed(channel_id):
                    raise SourceUnreadableError(f"the channel {channel_id} is out of sight")
            await self._mark(media)
            return _GONE
        await self._media.update_file_id(media.id, fresh.file_id)
        self._log.info("file_reference_healed", media_id=media.id)
        return fresh.file_id

    async def _mark(self, media: MediaFile) -> None:
        await self._media.mark_dead(media.id)
        self._invalidator.deleted()
        self._log.warning("file_gone", media_id=media.id)

    async def _report(self, media: MediaFile, reader_id: int) -> NoReturn:
        await self._reports.file(media, ReportReason.GONE, reader_id)
        raise FileGoneError
