"""The slow audit: reads every indexed post again, and puts right what no update has told of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from core.domain.indexing import ChannelDelete, ChannelEdit, ChannelPost, StorableEvent
from core.errors import DatabaseUnavailableError, TelegramUnavailableError
from core.telegram.gateway import RetryLaterError, SourceGoneError, TelegramRefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from core.clock import Clock
    from core.domain.channel import IndexedChannel
    from core.domain.media import NewMedia
    from core.observability.metrics import Metrics
    from core.services.channel import ChannelService
    from core.services.runtime_settings import RuntimeSettingsService
    from core.telegram.gateway import TelegramGateway
    from repositories.channel import ChannelRepository
    from repositories.media_source import MediaSourceRepository, StoredPost

_BLOCK = 200  # ids Telegram answers in one request
_SHORTEST_PAUSE_S, _LONGEST_PAUSE_S = 15.0, 60.0
_NOTHING_DUE_S = 600.0
_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class AuditFinding:
    """What a block of posts says that the library does not: in the order in which it has to be stored."""

    added: Sequence[NewMedia]
    edited: Sequence[NewMedia]
    gone: Sequence[int]

    def events(self, channel_id: int) -> list[StorableEvent]:
        """As events without a counter of their own."""
        posts = [ChannelPost(channel_id, m.source.message_id, m, 0, 0) for m in self.added]
        edits = [ChannelEdit(channel_id, m.source.message_id, m, 0, 0) for m in self.edited]
        gone = [ChannelDelete(channel_id, tuple(self.gone), 0, 0)] if self.gone else []
        return [*posts, *edits, *gone]


def compare(posts: Sequence[NewMedia], stored: Mapping[int, StoredPost], indexed_from: int) -> AuditFinding:
    """What is missing in a block, what was edited since it was stored, and what is no post of a file any more.

    Args:
        posts: the files that stand in the block now.
        stored: the posts of the block that files of the library name as a source.
        indexed_from: a post below it was never indexed, and stays so: reading it is the back-fill's business.
    """
    known = {media.source.message_id: stored.get(media.source.message_id) for media in posts}
    return AuditFinding(
        added=[m for m in posts if known[m.source.message_id] is None and m.source.message_id > indexed_from],
        edited=[m for m in posts if (was := known[m.source.message_id]) is not None and _differs(m, was)],
        gone=sorted(stored.keys() - known.keys()),
    )


def _differs(media: NewMedia, stored: StoredPost) -> bool:
    """Another file stands there, or the post was edited after what is stored of it."""
    return media.unique_id not in stored.unique_ids or media.edited_at > stored.edited_at


class ChannelAuditService:
    """Walks through one channel after the other, a few blocks a minute, each channel once in so many days.

    Its place is stored with the channel. What it finds goes through the queue of live events, and only while nothing
    else happens in the channel, so that it cannot bring back what a live event has just removed.
    """

    def __init__(
        self,
        channels: ChannelRepository,
        sources: MediaSourceRepository,
        index_list: ChannelService,
        telegram: TelegramGateway,
        runtime: RuntimeSettingsService,
        metrics: Metrics,
        clock: Clock,
    ) -> None:
        self._channels = channels
        self._sources = sources
        self._index_list = index_list
        self._telegram = telegram
        self._runtime = runtime
        self._metrics = metrics
        self._clock = clock
        self._log = structlog.get_logger(__name__)

    async def run(self) -> None:
        """Audit for ever, at a pace at which all channels are read within the days of the setting."""
        pause_s = _LONGEST_PAUSE_S  # the gaps of the start come first
        while True:
            await self._clock.sleep(pause_s)
            try:
                pause_s = await self.step()
            except RetryLaterError as error:
                pause_s = max(_LONGEST_PAUSE_S, error.seconds)
            except (DatabaseUnavailableError, TelegramUnavailableError) as error:
                self._log.debug("audit_waits", error=type(error).__name__)
                pause_s = _LONGEST_PAUSE_S

    async def step(self) -> float:
        """Read one block; returns how many seconds to leave Telegram alone, 0 when it was not asked.

        Raises:
            DatabaseUnavailableError, TelegramUnavailableError: the same block is due again.
        """
        days = self._runtime.current.audit_days
        listed = [channel for channel in await self._channels.list_enabled() if channel.paused is None]
        channel = self._next_due(listed, days) if days else None
        if channel is None:
            return _NOTHING_DUE_S
        blocks = sum(channel.last_message_id // _BLOCK + 1 for channel in listed)
        pause_s = min(_LONGEST_PAUSE_S, max(_SHORTEST_PAUSE_S, days * _DAY_S / blocks))
        return pause_s if await self._audit_block(channel) else 0.0

    def _next_due(self, listed: Sequence[IndexedChannel], days: int) -> IndexedChannel | None:
        """One that was begun, else the one whose audit is longest ago and due."""
        begun = next((channel for channel in listed if channel.audited_to), None)
        if begun is not None:
            return begun
        before = self._clock.utc_now() - timedelta(days=days)
        due = [channel for channel in listed if channel.audited_at is None or channel.audited_at <= before]
        never = next((channel for channel in due if channel.audited_at is None), None)
        return never or min(due, key=lambda channel: channel.audited_at or before, default=None)

    async def _audit_block(self, channel: IndexedChannel) -> bool:
        """Audit the next block and note that; whether Telegram was asked."""
        first = channel.audited_to + 1
        last = min(channel.audited_to + _BLOCK, channel.last_message_id)
        asked = first <= last and await self._put_right(channel, first, last)
        if asked is None:
            return True
        is_end = last >= channel.last_message_id
        await self._channels.note_audit(channel.id, 0 if is_end else last, self._clock.utc_now() if is_end else None)
        if is_end:
            await self._refresh_name(channel)
        return bool(asked)

    async def _put_right(self, channel: IndexedChannel, first: int, last: int) -> bool | None:
        """Compare the posts `first` to `last`; whether Telegram was asked, None when it has to be done again."""
        state = self._index_list.steady_pts(channel.id)
        if state is None:
            return None
        stored = await self._sources.stored(channel.id, first, last)
        is_begun = await self._sources.has_before(channel.id, first)
        if not stored and not is_begun:
            return False
        try:
            posts = await self._telegram.fetch_posts(channel.id, range(first, last + 1))
        except (SourceGoneError, TelegramRefusedError) as error:
            await self._index_list.pause(channel.id, "private" if isinstance(error, SourceGoneError) else "refused")
            return None
        found = compare(posts, stored, 0 if is_begun else min(stored))
        if self._index_list.steady_pts(channel.id) != state:
            return None
        self._metrics.posts_audited.labels("read").inc(last - first + 1)
        if events := found.events(channel.id):
            return await self._store(channel, found, events)
        return True

    async def _store(
        self, channel: IndexedChannel, found: AuditFinding, events: Sequence[StorableEvent]
    ) -> bool | None:
        if not self._index_list.take_found(events):
            return None
        await self._index_list.settled()
        counts = {"added": len(found.added), "edited": len(found.edited), "gone": len(found.gone)}
        for outcome, count in counts.items():
            self._metrics.posts_audited.labels(outcome).inc(count)
        self._log.info("audit_put_right", channel_id=channel.id, **counts)
        return True

    async def _refresh_name(self, channel: IndexedChannel) -> None:
        """Ids are what a channel is known by; its name and @name are for people and may have changed."""
        try:
            info = await self._telegram.get_channel(channel.id)
        except (SourceGoneError, TelegramRefusedError):
            return  # the next look at the channel pauses it
        if (info.title, info.username) != (channel.title, channel.username):
            await self._channels.rename(channel.id, info.title, info.username)
