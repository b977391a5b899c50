"""The index list, and how far each of its channels is known."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from core.domain.channel import IndexedChannel
from core.domain.indexing import ChannelPost, ChannelTooLong, QueuedEvent

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from core.domain.indexing import ChannelEvent, StorableEvent
    from core.services.admin_notices import AdminNotices
    from core.services.indexing_queue import IndexingQueue
    from core.telegram.gateway import ChannelInfo
    from repositories.channel import ChannelRepository


@dataclass(slots=True)
class _Progress:
    """What one channel's live events have told so far.

    Attributes:
        seen_pts: counter after the last event taken in order.
        latest_pts: highest counter any live event carried.
        has_gap: an event was missed or shed; only a look at the channel's difference closes it.
        run_from, run_to: counters around the latest live posts that were queued one after the other behind the gap.
        is_behind: live events are left to the look at the difference, because the queue had no room for one.
        is_paused: the bot may not read the channel.
        is_due: a paused channel is worth a look, because time has passed or something came from it.
        is_told: since the latest look began something was told that no counter names; its answer may be from before.
    """

    seen_pts: int
    latest_pts: int
    has_gap: bool = False
    run_from: int = 0
    run_to: int = 0
    is_behind: bool = False
    is_paused: bool = False
    is_due: bool = True
    is_told: bool = False

    def extend_run(self, event: StorableEvent) -> None:
        """A live event was queued while there is a gap.

        An edit or a deletion may be stored before the post it changes, which a look may just be about to store: only
        another look makes sure of its effect, so it ends the run.
        """
        before = event.pts - event.pts_count
        if before != self.run_to:
            self.run_from = before
        self.run_to = event.pts if isinstance(event, ChannelPost) else 0

    def reaches(self, pts: int) -> bool:
        """Whether everything that is known to have happened after `pts` is queued."""
        return self.latest_pts <= pts or (self.run_from <= pts <= self.run_to == self.latest_pts)


class ChannelService:
    """Knows which channels are indexed and takes their live events.

    What changes the list changes the stored one first and then what this process goes by, at once; all of it may be
    repeated after a DatabaseUnavailableError.

    A channel's durable pts advances only over events stored without a gap before them, so whatever is missed,
    shed or lost with the process is found again by the difference from that pts.
    """

    def __init__(self, channels: ChannelRepository, queue: IndexingQueue, notices: AdminNotices) -> None:
        self._channels = channels
        self._queue = queue
        self._notices = notices
        self._progress: dict[int, _Progress] = {}
        self._pins: dict[int, int] = {}
        self._gap = asyncio.Event()
        self._log = structlog.get_logger(__name__)

    async def load(self) -> Sequence[IndexedChannel]:
        """Read the index list; a channel that is not known yet starts with a gap, so that it is looked at.

        Raises:
            DatabaseUnavailableError: the primary database did not answer.
        """
        listed = await self._channels.list_enabled()
        self._pins = {channel.id: channel.database for channel in listed if channel.database is not None}
        for channel in listed:
            self._know(channel)
        self._forget(self._progress.keys() - {channel.id for channel in listed})
        return listed

    async def add(self, info: ChannelInfo, database: int | None = None) -> bool:
        """Index a channel from this moment on; False when it is on the list already, and then nothing changes.

        Args:
            info: the channel as Telegram describes it now.
            database: number of the one that takes its new files; None leaves that to the bot.
        """
        channel = IndexedChannel(info.id, info.title, info.username, pts=info.pts, database=database)
        is_new = await self._channels.add(channel)
        await self._follow(info.id)
        return is_new

    async def remove(self, channel_id: int) -> bool:
        """Index a channel no more; its files stay. False when it was not on the list."""
        was_listed = await self._channels.remove(channel_id)
        self._forget([channel_id])
        return was_listed

    async def set_enabled(self, channel_id: int, *, enabled: bool) -> bool:
        """Switch a channel off, or on again with what happened meanwhile; False when it is not on the list."""
        is_listed = await self._channels.set_enabled(channel_id, enabled=enabled)
        await self._follow(channel_id)
        return is_listed

    async def pause(self, channel_id: int, reason: str) -> None:
        """A channel may not be read now: tell the admins once, and look at it only now and then.

        Args:
            channel_id: of a channel on the list; of another one nothing happens.
            reason: a short word, as `notice-channel-paused` knows it.
        """
        is_news = await self._channels.set_paused(channel_id, reason)
        if (progress := self._progress.get(channel_id)) is not None:
            progress.has_gap, progress.is_paused, progress.is_due = True, True, progress.is_told
        if is_news:
            self._log.warning("channel_paused", channel_id=channel_id, reason=reason)
            self._notices.tell("notice-channel-paused", channel=await self._name_of(channel_id), reason=reason)

    async def resume(self, channel_id: int) -> None:
        """A channel may be read again: what was missed is looked for, and the admins are told if they were before."""
        is_news = await self._channels.set_paused(channel_id, None)
        if (progress := self._progress.get(channel_id)) is not None and progress.is_paused:
            progress.is_paused = False
            self._mark_gap(progress)
        if is_news:
            self._log.info("channel_resumed", channel_id=channel_id)
            self._notices.tell("notice-channel-resumed", channel=await self._name_of(channel_id))

    async def migrate(self, old_id: int, new_id: int) -> None:
        """A group of the list became a supergroup, which takes its place; of another one nothing happens."""
        moved = await self._channels.move(old_id, new_id)
        self._forget([old_id])
        if moved is not None:
            self._know(moved)
            self._log.info("channel_migrated", channel_id=old_id, new_id=new_id)

    @property
    def pins(self) -> Mapping[int, int]:
        """By channel, the number of the database that takes its new files; only of channels that have one."""
        return self._pins

    def is_indexed(self, channel_id: int) -> bool:
        """Whether posts of this channel belong to the library."""
        return channel_id in self._progress

    def is_paused(self, channel_id: int) -> bool:
        """Whether it is on the list and the bot may not read it."""
        progress = self._progress.get(channel_id)
        return progress is not None and progress.is_paused

    def take(self, event: ChannelEvent) -> None:
        """Queue a live event of an indexed channel; events of other channels and repeated ones are passed over."""
        progress = self._progress.get(event.channel_id)
        if progress is None:
            return
        if isinstance(event, ChannelTooLong) or progress.is_paused:
            self._mark_told(progress)
            return
        progress.latest_pts = max(progress.latest_pts, event.pts)
        if event.pts <= progress.seen_pts:
            return
        if event.pts - event.pts_count != progress.seen_pts:
            self._mark_gap(progress)
        if progress.is_behind:
            return
        if not self._queue.enqueue(QueuedEvent(event, in_order=not progress.has_gap)):
            progress.is_behind = True
            self._mark_gap(progress)
        elif progress.has_gap:
            progress.extend_run(event)
        else:
            progress.seen_pts = event.pts

    def steady_pts(self, channel_id: int) -> int | None:
        """The counter of everything known of a channel; None while it has a gap, may not be read or is not listed.

        As long as it stays the same, nothing was told of the channel.
        """
        progress = self._progress.get(channel_id)
        if progress is None or progress.has_gap or progress.is_paused:
            return None
        return max(progress.seen_pts, progress.latest_pts)

    def take_found(self, events: Sequence[StorableEvent]) -> bool:
        """Queue what was found by reading a channel, if nothing else waits to be stored; whether all of it was."""
        if self._queue.depth:
            return False
        return all(self._queue.enqueue(QueuedEvent(event, in_order=False)) for event in events)

    def with_gap(self) -> list[int]:
        """Ids of the channels whose difference must be looked at now."""
        return [
            channel_id
            for channel_id, progress in self._progress.items()
            if progress.has_gap and (progress.is_due or not progress.is_paused)
        ]

    def mark_all(self) -> None:
        """Have every channel looked at: posts may be missed without a sign of it."""
        for progress in self._progress.values():
            self._mark_told(progress)

    def begin_look(self, channel_id: int) -> None:
        """The channel's difference is asked for now: what is told from here on may be missing in the answer."""
        if (progress := self._progress.get(channel_id)) is not None:
            progress.is_told = False

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

    async def settled(self) -> None:
        """Wait until all live events that came before this call are stored."""
        await self._queue.drain()

    def close_gap(self, channel_id: int, pts: int) -> bool:
        """Everything up to `pts`, where Telegram's record ends, is stored.

        Returns:
            False when live events that are not queued went past it meanwhile, or something was told since the look
            began that no counter names; another look is due then.
        """
        progress = self._progress.get(channel_id)
        if progress is None:
            return True
        progress.seen_pts = max(progress.seen_pts, pts)
        progress.is_behind = False  # there is room again: what comes from here on may be queued
        if progress.is_told or not progress.reaches(progress.seen_pts):
            return False
        progress.seen_pts = max(progress.seen_pts, progress.latest_pts)
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

    def _mark_told(self, progress: _Progress) -> None:
        progress.is_due = progress.is_told = True
        self._mark_gap(progress)

    def _mark_gap(self, progress: _Progress) -> None:
        progress.has_gap = True
        self._gap.set()

    async def _follow(self, channel_id: int) -> None:
        """Go by what is stored of a channel."""
        channel = await self._channels.get(channel_id)
        if channel is None or not channel.enabled:
            self._forget([channel_id])
        else:
            self._know(channel)

    def _know(self, channel: IndexedChannel) -> None:
        if channel.database is not None:
            self._pins[channel.id] = channel.database
        if channel.id not in self._progress:
            pts = channel.pts or 0
            self._progress[channel.id] = progress = _Progress(pts, pts, is_paused=channel.paused is not None)
            self._mark_gap(progress)

    def _forget(self, channel_ids: Iterable[int]) -> None:
        for channel_id in list(channel_ids):
            self._progress.pop(channel_id, None)
            self._pins.pop(channel_id, None)

    async def _name_of(self, channel_id: int) -> str:
        channel = await self._channels.get(channel_id)
        return channel.title if channel is not None and channel.title else str(channel_id)
