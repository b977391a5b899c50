"""The index list, and how far each of its channels is known."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from core.domain.indexing import ChannelTooLong, QueuedEvent

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from core.domain.channel import IndexedChannel
    from core.domain.indexing import ChannelEvent
    from core.services.indexing_queue import IndexingQueue
    from repositories.channel import ChannelRepository


@dataclass(slots=True)
class _Progress:
    """What one channel's live events have told so far.

    Attributes:
        seen_pts: counter after the last event taken in order.
        latest_pts: highest counter any live event carried.
        has_gap: an event was missed or shed; only a look at the channel's difference closes it.
    """

    seen_pts: int
    latest_pts: int
    has_gap: bool = False


class ChannelService:
    """Knows which channels are indexed and takes their live events; everything here but `load` is synchronous.

    A channel's durable pts advances only over events stored without a gap before them, so whatever is missed,
    shed or lost with the process is found again by the difference from that pts.
    """

    def __init__(self, channels: ChannelRepository, queue: IndexingQueue) -> None:
        self._channels = channels
        self._queue = queue
        self._progress: dict[int, _Progress] = {}
        self._pins: dict[int, int] = {}
        self._gap = asyncio.Event()
        self._shedding = False
        self._log = structlog.get_logger(__name__)

    async def load(self) -> Sequence[IndexedChannel]:
        """Read the index list; a channel that is not known yet starts with a gap, so that it is looked at.

        Raises:
            DatabaseUnavailableError: the primary database did not answer.
        """
        listed = await self._channels.list_enabled()
        self._pins = {channel.id: channel.database for channel in listed if channel.database is not None}
        for channel in listed:
            if channel.id not in self._progress:
                pts = channel.pts or 0
                self._progress[channel.id] = _Progress(pts, pts, has_gap=True)
        self._forget(self._progress.keys() - {channel.id for channel in listed})
        return listed

    @property
    def pins(self) -> Mapping[int, int]:
        """By channel, the number of the database that takes its new files; only of channels that have one."""
        return self._pins

    def is_indexed(self, channel_id: int) -> bool:
        """Whether posts of this channel belong to the library."""
        return channel_id in self._progress

    def take(self, event: ChannelEvent) -> None:
        """Queue a live event of an indexed channel; events of other channels and repeated ones are passed over."""
        progress = self._progress.get(event.channel_id)
        if progress is None:
            return
        if isinstance(event, ChannelTooLong):
            self._mark_gap(progress)
            return
        progress.latest_pts = max(progress.latest_pts, event.pts)
        if event.pts <= progress.seen_pts:
            return
        if event.pts - event.pts_count != progress.seen_pts:
            self._mark_gap(progress)
        if self._queue.enqueue(QueuedEvent(event, in_order=not progress.has_gap)):
            self._shedding = False
        else:
            self._mark_gap(progress)
            self._tell_shedding_once()
        if not progress.has_gap:
            progress.seen_pts = event.pts

    def with_gap(self) -> list[int]:
        """Ids of the channels whose difference must be looked at."""
        return [channel_id for channel_id, progress in self._progress.items() if progress.has_gap]

    def mark_all(self) -> None:
        """Have every channel looked at: posts may be missed without a sign of it."""
        for progress in self._progress.values():
            self._mark_gap(progress)

    async def settle(self, channel_id: int, pts: int) -> None:
        """Let what a look at the channel found up to `pts` be stored after all live events before it.

        Live events up to `pts` that come later are passed over; those that came are stored when this returns. So a
        post cannot be stored behind the deletion that the look found.
        """
        progress = self._progress.get(channel_id)
        if progress is not None:
            progress.has_gap = True  # until `close_gap`: what was found is not stored yet
            progress.seen_pts = max(progress.seen_pts, pts)
        await self._queue.drain()

    def close_gap(self, channel_id: int, pts: int) -> bool:
        """Everything up to `pts` is stored; False when live events went past it meanwhile and another look is due."""
        progress = self._progress.get(channel_id)
        if progress is None:
            return True
        progress.seen_pts = max(progress.seen_pts, pts)
        if progress.latest_pts > progress.seen_pts:
            return False
        progress.has_gap = False
        return True

    def look_again(self) -> None:
        """Have the gaps that are still open looked at once more."""
        if self.with_gap():
            self._gap.set()

    async def wait_for_gap(self) -> None:
        """Wait until some channel has a gap that was not waited for yet."""
        await self._gap.wait()
        self._gap.clear()

    def _mark_gap(self, progress: _Progress) -> None:
        progress.has_gap = True
        self._gap.set()

    def _forget(self, channel_ids: Iterable[int]) -> None:
        for channel_id in list(channel_ids):
            del self._progress[channel_id]

    def _tell_shedding_once(self) -> None:
        if not self._shedding:
            self._shedding = True
            self._log.warning("indexing_queue_full", depth=self._queue.depth)
