"""Finding what live updates did not bring: missed posts, edits and deletions of the indexed channels."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from core.domain.channel import IndexedChannel
from core.domain.indexing import ChannelDelete, ChannelEdit, ChannelPost, StorableEvent
from core.errors import DatabaseUnavailableError, TelegramUnavailableError
from core.telegram.gateway import RetryLaterError, SourceGoneError, TelegramRefusedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.clock import Clock
    from core.services.channel import ChannelService
    from core.services.indexing import IndexingService
    from core.services.runtime_settings import RuntimeSettingsService
    from core.telegram.gateway import ChannelChanges, TelegramGateway
    from repositories.channel import ChannelRepository

_BLOCK = 200  # ids Telegram answers in one request
_RETRY_PAUSE_S = 2.0
_NOT_READABLE = (SourceGoneError, TelegramRefusedError)


class ChannelScanService:
    """Compares every indexed channel with Telegram's record of it: at start, after a gap, and every few minutes."""

    def __init__(
        self,
        channels: ChannelRepository,
        index_list: ChannelService,
        indexing: IndexingService,
        telegram: TelegramGateway,
        runtime: RuntimeSettingsService,
        clock: Clock,
    ) -> None:
        self._channels = channels
        self._index_list = index_list
        self._indexing = indexing
        self._telegram = telegram
        self._runtime = runtime
        self._clock = clock
        self._gaps_since: dict[int, float] = {}
        self._log = structlog.get_logger(__name__)

    @property
    def behind_s(self) -> float:
        """Seconds for which the oldest gap that is still open has been worked at; 0.0 without one."""
        return self._clock.monotonic() - min(self._gaps_since.values()) if self._gaps_since else 0.0

    async def run(self, seeds: Sequence[int | str]) -> None:
        """Seed the index list, then keep closing gaps; waits for databases and Telegram, and ends only when cancelled.

        Args:
            seeds: ids and @names the list starts with when it has never been filled.
        """
        await self._patiently_seed(seeds)
        while True:
            await self._close_gaps()
            try:
                async with asyncio.timeout(self._runtime.current.reconcile_interval_s):
                    await self._index_list.wait_for_gap()
            except TimeoutError:
                self._index_list.mark_all()

    async def _patiently_seed(self, seeds: Sequence[int | str]) -> None:
        while True:
            try:
                await self._seed(seeds)
            except (DatabaseUnavailableError, TelegramUnavailableError) as error:
                self._log.warning("index_list_waits", error=type(error).__name__)
                await self._clock.sleep(_pause_s(error))
            else:
                return

    async def _seed(self, seeds: Sequence[int | str]) -> None:
        if not await self._channels.is_seeded():
            await self._channels.seed(await self._resolve(seeds))
        listed = await self._index_list.load()
        self._log.info("index_list_loaded", channels=len(listed))

    async def _resolve(self, seeds: Sequence[int | str]) -> list[IndexedChannel]:
        """Seeds as channels of the list, from this moment on.

        One that the bot may not read yet is logged; by its id it is listed all the same and looked at again and again,
        by its @name nothing is known to list.
        """
        resolved: list[IndexedChannel] = []
        for seed in seeds:
            try:
                info = await self._telegram.get_channel(seed)
            except _NOT_READABLE as error:
                self._log.warning("channel_not_readable", channel=seed, detail=str(error))
                if isinstance(seed, int):
                    resolved.append(IndexedChannel(seed))
                continue
            resolved.append(IndexedChannel(info.id, info.title, info.username, pts=info.pts))
        return resolved

    async def _close_gaps(self) -> None:
        """Look at every channel with a gap once; one that has to wait holds up no other."""
        pause_s = 0.0
        gaps, now = self._index_list.with_gap(), self._clock.monotonic()
        self._gaps_since = {channel_id: self._gaps_since.get(channel_id, now) for channel_id in gaps}
        for channel_id in gaps:
            try:
                if await self._look_at(channel_id):
                    self._gaps_since.pop(channel_id, None)
                else:
                    pause_s = max(pause_s, _RETRY_PAUSE_S)
            except (DatabaseUnavailableError, TelegramUnavailableError) as error:
                self._log.warning("channel_scan_postponed", channel=channel_id, error=type(error).__name__)
                pause_s = max(pause_s, _pause_s(error))
        if pause_s:
            await self._clock.sleep(pause_s)
            self._index_list.look_again()

    async def _look_at(self, channel_id: int) -> bool:
        """Scan a channel, or pause it where the bot may not read it; False when it is due again in a moment."""
        try:
            return await self.scan(channel_id)
        except _NOT_READABLE as error:
            self._log.info("channel_not_readable", channel=channel_id, detail=str(error))
            await self._index_list.pause(channel_id, "private" if isinstance(error, SourceGoneError) else "refused")
            return True

    async def scan(self, channel_id: int) -> bool:
        """Store everything that happened in a channel since its durable pts.

        Returns:
            False when Telegram's record does not hold yet what live events have told of, or more was told meanwhile;
            scan again in a moment.

        Raises:
            SourceGoneError, TelegramRefusedError: the bot may not see the channel.
            DatabaseUnavailableError, TelegramUnavailableError: what is stored so far stays; scan again.
        """
        await self._index_list.settled()  # what is queued in order need not be read again
        channel = await self._channels.get(channel_id)
        if channel is None:
            return True
        pts = channel.pts or (await self._telegram.get_channel(channel_id)).pts
        found, is_closed, moves = 0, False, True
        while moves and not is_closed:
            self._index_list.begin_look(channel_id)
            changes = await self._telegram.channel_changes(channel_id, pts)
            if self._index_list.is_paused(channel_id):
                await self._index_list.resume(channel_id)
            await self._index_list.settle(channel_id, changes.pts)
            if changes.too_long:
                found += await self._walk(channel_id, channel.last_message_id, changes.top_message_id)
            found += await self._store(channel_id, changes)
            await self._channels.advance(channel_id, changes.pts, changes.top_message_id)
            is_closed = changes.final and self._index_list.close_gap(channel_id, changes.pts)
            moves, pts = changes.pts > pts, changes.pts
        if found:
            self._log.info("missed_events_stored", channel=channel_id, events=found)
        return is_closed

    async def _store(self, channel_id: int, changes: ChannelChanges) -> int:
        events: list[StorableEvent] = []
        for media in changes.posts:
            post_id = media.source.message_id
            events.append(ChannelPost(channel_id, post_id, media, changes.pts, 1))
            if media.edited_at:
                events.append(ChannelEdit(channel_id, post_id, media, changes.pts, 1))
        if changes.deleted:
            events.append(ChannelDelete(channel_id, tuple(changes.deleted), changes.pts, len(changes.deleted)))
        await self._indexing.store(events)
        return len(events)

    async def _walk(self, channel_id: int, stored_up_to: int, top: int) -> int:
        """Read posts by id where the difference is no longer kept; a hole in the ids is a deleted post."""
        found = 0
        for first in range(stored_up_to + 1, top + 1, _BLOCK):
            ids = range(first, min(first + _BLOCK, top + 1))
            posts = await self._telegram.fetch_posts(channel_id, ids)
            await self._indexing.store([ChannelPost(channel_id, m.source.message_id, m, 0, 0) for m in posts])
            await self._channels.advance(channel_id, 0, ids[-1])
            found += len(posts)
        return found


def _pause_s(error: Exception) -> float:
    """How long to leave Telegram or the database alone after a failure."""
    return max(_RETRY_PAUSE_S, error.seconds) if isinstance(error, RetryLaterError) else _RETRY_PAUSE_S
