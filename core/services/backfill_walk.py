"""Storing one block of a channel's past, counted exactly once whatever is killed in between."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.domain.index_job import BlockCounts, BlockPlan, IndexJob, JobState
from core.domain.indexing import ChannelPost

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from core.domain.media import NewMedia
    from core.services.indexing import IndexingService
    from core.telegram.gateway import TelegramGateway
    from repositories.index_job import IndexJobRepository
    from repositories.media_batch import MediaBatchRepository


class BackfillWalk:
    """Moves a job block by block.

    Which files of a block are new is asked and made durable before anything of it is stored; the counts follow from
    that and from what the library holds afterwards, and move together with the checkpoint. So a block that is stored a
    second time, after a kill at any point, counts as it would have the first time.

    Args:
        block_size: how many ids are read at once, at most 200; asked for every block.
    """

    def __init__(
        self,
        jobs: IndexJobRepository,
        batches: MediaBatchRepository,
        indexing: IndexingService,
        telegram: TelegramGateway,
        block_size: Callable[[], int],
    ) -> None:
        self._jobs = jobs
        self._batches = batches
        self._indexing = indexing
        self._telegram = telegram
        self._block_size = block_size

    async def next_block(self, job: IndexJob) -> IndexJob | None:
        """Store the next block of a job, or end it when nothing is left.

        Returns:
            The job as it is now; None when another process took it over.

        Raises:
            SourceGoneError, TelegramRefusedError: the bot may not read the channel.
            DatabaseUnavailableError, TelegramUnavailableError: the block may be stored in part; call again.
        """
        if job.is_walked:
            return await self._jobs.finish(job)
        ids = job.block(self._block_size())
        posts = await self._telegram.fetch_posts(job.channel_id, ids)
        if not posts and job.plan is None:
            return await self._jobs.advance(job, ids[-1], BlockCounts())
        planned = job if job.plan is not None else await self._plan(job, ids[-1], posts)
        if planned is None or planned.state is not JobState.RUNNING or not _is_planned(planned, ids[-1]):
            return planned  # not ours, or not now, or begun earlier with another length
        await self._indexing.store([ChannelPost(job.channel_id, m.source.message_id, m, 0, 0) for m in posts])
        return await self._jobs.advance(planned, ids[-1], await self._count(planned, posts))

    async def _plan(self, job: IndexJob, last: int, posts: Sequence[NewMedia]) -> IndexJob | None:
        unique_ids = {post.unique_id for post in posts}
        known = await self._batches.batch_duplicate_check(unique_ids)
        return await self._jobs.plan(job, BlockPlan(last, frozenset(unique_ids - known.keys())))

    async def _count(self, job: IndexJob, posts: Sequence[NewMedia]) -> BlockCounts:
        stored = await self._batches.batch_duplicate_check(post.unique_id for post in posts)
        return count_block(job.plan.new if job.plan is not None else (), posts, stored.keys())


def count_block(planned_new: Collection[str], posts: Sequence[NewMedia], stored: Collection[str]) -> BlockCounts:
    """What became of a block's posts.

    Args:
        planned_new: unique ids that were not in the library before the block.
        posts: those of the block that have a file.
        stored: unique ids that are in the library after it.
    """
    in_library = [post.unique_id for post in posts if post.unique_id in stored]
    new = len({unique_id for unique_id in in_library if unique_id in planned_new})
    return BlockCounts(new, len(in_library) - new, len(posts) - len(in_library))


def _is_planned(job: IndexJob, last: int) -> bool:
    return job.plan is not None and job.plan.last == last
