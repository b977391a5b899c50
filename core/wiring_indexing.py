"""The part of the composition root that fills the library: index list, queue, and looking for missed posts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.services.channel import ChannelService
from core.services.channel_audit import ChannelAuditService
from core.services.channel_scan import ChannelScanService
from core.services.indexed_count import IndexedCount
from core.services.indexing_alert import IndexingAlert
from core.services.indexing_queue import IndexingQueue
from core.wiring import build_indexing
from repositories.media_count import MediaCountRepository
from repositories.media_source import MediaSourceRepository

if TYPE_CHECKING:
    from core.services.admin_notices import AdminNotices
    from core.services.indexing import IndexingService
    from core.services.new_names import NewNames
    from core.wiring import Base, Bookkeeping, Databases, Repositories, Telegram


@dataclass(frozen=True, slots=True)
class Indexing:
    """How posts become files: the index list, what waits, what was missed, and what stores."""

    service: IndexingService
    queue: IndexingQueue
    index_list: ChannelService
    scan: ChannelScanService
    audit: ChannelAuditService
    count: IndexedCount


def build_pipeline(
    base: Base,
    databases: Databases,
    repositories: Repositories,
    books: Bookkeeping,
    names: NewNames,
    telegram: Telegram,
    notices: AdminNotices,
) -> Indexing:
    """Everything between a post of a channel and its record; nothing runs yet."""
    channels, runtime = repositories.channels, databases.runtime
    service = build_indexing(base, databases, repositories, books, names, pins=lambda: index_list.pins)
    alert = IndexingAlert(notices, base.tasks, base.clock)
    queue = IndexingQueue(service, runtime, base.tasks, base.metrics, base.clock, alert)
    index_list = ChannelService(channels, queue, notices)
    scan = ChannelScanService(channels, index_list, service, telegram.gateway, runtime, base.clock)
    base.metrics.indexing_behind_seconds.set_function(lambda: scan.behind_s)
    sources = MediaSourceRepository(databases.manager)
    audit = ChannelAuditService(
        *(channels, sources, index_list, telegram.gateway), runtime=runtime, metrics=base.metrics, clock=base.clock
    )
    files = MediaCountRepository(databases.manager)
    count = IndexedCount(files, books.counters, base.clock, base.settings.time_zone)
    return Indexing(service, queue, index_list, scan, audit, count)
