"""The indexing half of the bot, held together for a test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.concurrency.task_registry import TaskRegistry
    from core.database.pool import DatabaseConnectionPool
    from core.domain.indexing import StorableEvent
    from core.observability.metrics import Metrics
    from core.services.channel import ChannelService
    from core.services.channel_audit import ChannelAuditService
    from core.services.channel_scan import ChannelScanService
    from core.services.indexing import IndexingService
    from core.services.indexing_queue import IndexingQueue
    from repositories.channel import ChannelRepository
    from repositories.media import MediaRepository
    from tests.fixtures.clock import TestClock

FILMS, BOOKS = -1001, -1002
ADMIN = 77


@dataclass(frozen=True)
class Indexer:
    """Everything between a channel's live updates and the database."""

    pool: DatabaseConnectionPool
    clock: TestClock
    tasks: TaskRegistry
    metrics: Metrics
    channels: ChannelRepository
    media: MediaRepository
    indexing: IndexingService
    queue: IndexingQueue
    index_list: ChannelService
    scan: ChannelScanService
    audit: ChannelAuditService

    def take(self, *events: StorableEvent) -> None:
        """Receive live updates."""
        for event in events:
            self.index_list.take(event)

    async def names(self) -> list[str]:
        """Names of the stored files, in the order they were stored."""
        return [found["n"] for found in await self.pool.find("media_files", {}, sort=[("_id", 1)])]

    async def pts(self, channel_id: int = FILMS) -> int | None:
        """The durable pts of a channel."""
        channel = await self.channels.get(channel_id)
        return channel.pts if channel is not None else None

    def counted(self, name: str, **labels: str) -> float:
        """The value of a metric."""
        return self.metrics.registry.get_sample_value(f"file_filter_{name}_total", labels) or 0.0

    async def know(self, *channel_ids: int) -> None:
        """Put channels on the index list as they are at this moment, and close their gaps."""
        await self.scan._seed(channel_ids)
        for channel_id in channel_ids:
            assert await self.scan.scan(channel_id)
