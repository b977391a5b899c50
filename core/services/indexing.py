"""Storing what happens in the indexed channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from core.concurrency.task_registry import TaskFailedError
from core.domain.indexing import BatchOutcome, ChannelDelete, ChannelEdit, ChannelPost
from core.errors import DatabaseUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from core.cache.invalidation import CacheInvalidator
    from core.concurrency.task_registry import TaskRegistry
    from core.domain.indexing import QueuedEvent, StorableEvent
    from core.domain.media import NewMedia
    from core.observability.metrics import Metrics
    from core.services.album_captions import AlbumCaptions
    from core.services.blocked_files import BlockedFiles
    from core.services.daily_statistics import DailyCounters
    from core.services.new_names import NewNames
    from core.services.postponed_changes import PostponedChangesService
    from repositories.channel import ChannelRepository
    from repositories.media_batch import MediaBatchRepository


class IndexingService:
    """Turns channel events into records; storing the same event again changes nothing.

    Args:
        invalidator: told what changed, so that no search remembers it otherwise.
        names: told what names there are now.
        counters: what the day's statistics count.
        blocked: keeps files out that admins took down or deleted.
        pins: by channel, the number of the database that its new files go to; asked for every batch.
    """

    def __init__(
        self,
        *,
        changes: PostponedChangesService,
        batches: MediaBatchRepository,
        channels: ChannelRepository,
        invalidator: CacheInvalidator,
        names: NewNames,
        tasks: TaskRegistry,
        metrics: Metrics,
        counters: DailyCounters,
        blocked: BlockedFiles,
        albums: AlbumCaptions,
        pins: Callable[[], Mapping[int, int]] = dict,
    ) -> None:
        self._changes = changes
        self._pins = pins
        self._batches = batches
        self._channels = channels
        self._tasks = tasks
        self._invalidator = invalidator
        self._names = names
        self._metrics = metrics
        self._counters = counters
        self._blocked = blocked
        self._albums = albums
        self._marks: dict[int, tuple[int, int]] = {}
        self._log = structlog.get_logger(__name__)

    async def keep_up_to_date(self) -> None:
        """Bring databases that are back up to date with edits and deletions; for a supervised task."""
        await self._changes.run(self._store_new, self._invalidator.edited)

    async def _store_new(self, media: NewMedia) -> None:
        """Store one file."""
        await self._bulk_save_files([media])

    async def _process_message_batch(self, batch: Sequence[QueuedEvent]) -> None:
        """Store a batch, then let the channels' durable pts follow; all of it may be repeated after a failure.

        Raises:
            DatabaseUnavailableError: not all of it is stored; process the same batch again.
        """
        await self.store([queued.event for queued in batch])
        for queued in batch:
            if queued.in_order:
                event = queued.event
                pts, top = self._marks.get(event.channel_id, (0, 0))
                self._marks[event.channel_id] = (max(pts, event.pts), max(top, _message_id(event)))
        await self._advance()

    async def _advance(self) -> None:
        """Let durable pts follow what is stored.

        A primary database that does not take them holds nothing up: they follow with a later batch, and if the process
        ends before that, what lies after the old pts is fetched and stored once more.
        """
        for channel_id, (pts, top) in list(self._marks.items()):
            try:
                await self._channels.advance(channel_id, pts, top)
            except DatabaseUnavailableError as error:
                self._log.debug("channel_progress_waits", channels=len(self._marks), detail=str(error))
                return
            del self._marks[channel_id]

    async def process(self, batch: Sequence[QueuedEvent]) -> None:
        """Store one batch of the queue; see `_process_message_batch`."""
        await self._process_message_batch(batch)

    async def add_files(self, files: Sequence[NewMedia]) -> BatchOutcome:
        """Store files that come from no post; those that are known stay as they are, those taken down stay out.

        Raises:
            DatabaseUnavailableError: a part may be stored; adding the same files again is safe.
        """
        return await self._bulk_save_files(files)

    async def store(self, events: Sequence[StorableEvent]) -> None:
        """Store posts, then edits, then deletions: the order in which they can follow one another for one post.

        An event that fails for a reason of its own is stored by itself, and, failing again, logged, counted and left
        out: one bad post must not hold up a channel for ever.

        Raises:
            DatabaseUnavailableError: a part may be stored; storing again is safe.
        """
        if not events or await self._try_store(events):
            return
        for event in events:
            if len(events) == 1 or not await self._try_store([event]):
                self._metrics.posts_rejected.labels("failed").inc()
                self._log.error(
                    "event_not_stored", kind=type(event).__name__, channel_id=event.channel_id, pts=event.pts
                )

    async def _try_store(self, events: Sequence[StorableEvent]) -> bool:
        """Whether nothing went wrong; what did is reported."""
        try:
            await self._tasks.attempt(
                lambda: self._store(events), name="store_events", expected=(DatabaseUnavailableError,)
            )
        except TaskFailedError:
            return False
        return True

    async def _store(self, events: Sequence[StorableEvent]) -> None:
        posts = [event.media for event in events if isinstance(event, ChannelPost) and event.media is not None]
        await self._bulk_save_files(self._albums.share(posts))
        for event in events:
            if isinstance(event, ChannelEdit) and event.media is not None:
                try:
                    await self._apply_edit(event.media)
                finally:
                    self._invalidator.edited()
        changed = [event.media for event in events if isinstance(event, ChannelEdit) and event.media is not None]
        if await self._albums.settle([*posts, *changed]):
            self._invalidator.edited()
        for event in events:
            if isinstance(event, ChannelDelete):
                try:
                    await self._changes.remove(event.channel_id, event.message_ids)
                finally:
                    self._invalidator.deleted()

    async def _bulk_save_files(self, files: Sequence[NewMedia]) -> BatchOutcome:
        """One duplicate query and one bulk write for all files; a bad file is rejected alone."""
        allowed = await self._blocked.allowed(files)
        if barred := len(files) - len(allowed):
            self._metrics.posts_rejected.labels("barred").inc(barred)
        if not (files := allowed):
            return BatchOutcome(0, 0)
        try:
            words = await self._names.read(files)
            outcome = await self._batches.save_batch(files, self._pins(), words)
        finally:
            self._invalidator.added()  # a part may be stored, whatever came of the rest
        if await self._blocked.withdraw(files):
            self._invalidator.deleted()
        self._names.stored(outcome)
        if outcome.unreached:
            await self._changes.keep(outcome.unreached)
        self._counters.add("files_indexed", outcome.new)
        self._metrics.posts_indexed.inc(outcome.new)
        self._metrics.posts_duplicate.inc(outcome.known)
        for media, reason in outcome.rejected:
            self._metrics.posts_rejected.labels(reason).inc()
            self._log.warning(
                "file_rejected", reason=reason, channel_id=media.source.channel_id, post_id=media.source.message_id
            )
        self._log.info("files_indexed", new=outcome.new, known=outcome.known, rejected=len(outcome.rejected))
        return outcome

    async def _apply_edit(self, media: NewMedia) -> None:
        """A post of a file we do not have (its post was missed, or the file came by the edit) is stored as new."""
        if not await self._changes.apply_edit(media):
            await self._store_new(media)
        elif media.edited_at:
            self._names.edited(media)


def _message_id(event: StorableEvent) -> int:
    return event.message_id if isinstance(event, ChannelPost) else 0
