"""Storing what happens in the indexed channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from core.domain.indexing import BatchOutcome, ChannelDelete, ChannelEdit, ChannelPost

if TYPE_CHECKING:
    from collections.abc import Sequence

    from repositories.channel import ChannelRepository
    from repositories.media import MediaRepository
    from repositories.media_batch import MediaBatchRepository

    from core.domain.indexing import QueuedEvent, StorableEvent
    from core.domain.media import NewMedia
    from core.observability.metrics import Metrics


class IndexingService:
    """Turns channel events into records; storing the same event again changes nothing."""

    def __init__(
        self,
        media: MediaRepository,
        batches: MediaBatchRepository,
        channels: ChannelRepository,
        metrics: Metrics,
    ) -> None:
        self._media = media
        self._batches = batches
        self._channels = channels
        self._metrics = metrics
        self._log = structlog.get_logger(__name__)

    async def _process_message_batch(self, batch: Sequence[QueuedEvent]) -> None:
        """Store a batch, then let the channels' durable pts follow; all of it may be repeated after a failure.

        Raises:
            DatabaseUnavailableError: a part may be stored; process the same batch again.
        """
        await self.store([queued.event for queued in batch])
        marks: dict[int, tuple[int, int]] = {}
        for queued in batch:
            if queued.in_order:
                event = queued.event
                pts, top = marks.get(event.channel_id, (0, 0))
                marks[event.channel_id] = (max(pts, event.pts), max(top, _message_id(event)))
        for channel_id, (pts, top) in marks.items():
            await self._channels.advance(channel_id, pts, top)

    async def process(self, batch: Sequence[QueuedEvent]) -> None:
        """Store one batch of the queue; see `_process_message_batch`."""
        await self._process_message_batch(batch)

    async def store(self, events: Sequence[StorableEvent]) -> None:
        """Store posts, then edits, then deletions: the order in which they can follow one another for one post.

        Raises:
            DatabaseUnavailableError: a part may be stored; storing again is safe.
        """
        await self._bulk_save_files([e.media for e in events if isinstance(e, ChannelPost) and e.media is not None])
        for event in events:
            if isinstance(event, ChannelEdit) and event.media is not None:
                await self._apply_edit(event.media)
        for event in events:
            if isinstance(event, ChannelDelete):
                await self._media.remove_source(event.channel_id, event.message_ids)

    async def _bulk_save_files(self, files: Sequence[NewMedia]) -> None:
        """One duplicate query and one bulk write for all files; a bad file is rejected alone."""
        if not files:
            return
        outcome: BatchOutcome = await self._batches.save_batch(files)
        self._metrics.posts_indexed.inc(outcome.new)
        self._metrics.posts_duplicate.inc(outcome.known)
        for media, reason in outcome.rejected:
            self._metrics.posts_rejected.labels(reason).inc()
            self._log.warning(
                "file_rejected", reason=reason, channel_id=media.source.channel_id, post_id=media.source.message_id
            )
        self._log.info("files_indexed", new=outcome.new, known=outcome.known, rejected=len(outcome.rejected))

    async def _apply_edit(self, media: NewMedia) -> None:
        """A post of a file we do not have (its post was missed, or the file came by the edit) is stored as new."""
        if not await self._media.apply_edit(media):
            await self._bulk_save_files([media])


def _message_id(event: StorableEvent) -> int:
    return event.message_id if isinstance(event, ChannelPost) else 0
