"""The part of the composition root that indexes the past of channels, and takes readers' requests for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.services.backfill import BackfillService
from core.services.backfill_progress import BackfillProgress
from core.services.backfill_walk import BackfillWalk
from core.services.index_request import IndexRequestService
from repositories.index_job import IndexJobRepository
from repositories.index_request import IndexRequestRepository

if TYPE_CHECKING:
    from core.services.rate_limiter import RateLimiter
    from core.telegram.pyrogram_gateway import PyrogramGateway
    from core.wiring import Base, Databases, Repositories
    from core.wiring_admin import Administration
    from core.wiring_indexing import Indexing


@dataclass(frozen=True, slots=True)
class Backfilling:
    """Jobs, where they are shown, and requests for them."""

    service: BackfillService
    progress: BackfillProgress
    requests: IndexRequestService


def build_backfilling(
    base: Base,
    databases: Databases,
    repositories: Repositories,
    administration: Administration,
    indexing: Indexing,
    telegram: PyrogramGateway,
    limiter: RateLimiter,
) -> Backfilling:
    """Nothing is walked before `BackfillService.run`."""
    runtime, primary = databases.runtime, databases.manager.primary
    jobs = IndexJobRepository(primary, base.clock)
    progress = BackfillProgress(base.tasks, base.clock, lambda: runtime.current.backfill_progress_s)
    walk = BackfillWalk(
        *(jobs, repositories.media_batch, indexing.service, telegram),
        block_size=lambda: runtime.current.backfill_block_size,
    )
    service = BackfillService(
        jobs=jobs,
        walk=walk,
        progress=progress,
        index_list=indexing.index_list,
        telegram=telegram,
        notices=administration.notices,
        audit=administration.audit,
        tasks=base.tasks,
        clock=base.clock,
    )
    requests = IndexRequestService(
        *(IndexRequestRepository(primary, base.clock), service, indexing.index_list, limiter, administration.audit),
        base.clock,
    )
    return Backfilling(service, progress, requests)
