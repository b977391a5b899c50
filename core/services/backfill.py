"""Indexing what a channel held before the bot knew it: offers, jobs, and the one loop that walks them."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from core.concurrency.task_registry import TaskFailedError
from core.domain.index_job import IndexJob, JobOffer, JobState, PauseReason
from core.domain.post_link import NamedPost
from core.errors import (
    BadInputError,
    BusyError,
    DatabaseUnavailableError,
    ExpiredError,
    TelegramUnavailableError,
)
from core.telegram.gateway import RetryLaterError, SourceGoneError, TelegramRefusedError

if TYPE_CHECKING:
    from core.clock import Clock
    from core.concurrency.task_registry import TaskRegistry
    from core.domain.index_job import JobViewer
    from core.services.admin_notices import AdminNotices
    from core.services.audit_log import AuditLog
    from core.services.backfill_progress import BackfillProgress
    from core.services.backfill_walk import BackfillWalk
    from core.services.channel import ChannelService
    from core.telegram.gateway import ChannelInfo, TelegramGateway
    from repositories.index_job import IndexJobRepository

_NEAR = 200  # ids Telegram answers in one request
_RETRY_PAUSE_S = 2.0
_LOOK_AROUND_S = 60.0
_ABANDONED_AFTER = timedelta(minutes=10)  # longer than any wait within one block
_NOT_READABLE = (SourceGoneError, TelegramRefusedError)


class BackfillService:
    """Walks channels from the oldest post to the one that was named; one job for each channel, all of them in turn.

    A job lives in the database and goes on by itself after a restart. Whoever starts takes the jobs over, and a process
    that walked them before can move them no more.
    """

    def __init__(
        self,
        *,
        jobs: IndexJobRepository,
        walk: BackfillWalk,
        progress: BackfillProgress,
        index_list: ChannelService,
        telegram: TelegramGateway,
        notices: AdminNotices,
        audit: AuditLog,
        tasks: TaskRegistry,
        clock: Clock,
    ) -> None:
        self._jobs = jobs
        self._walk = walk
        self._progress = progress
        self._index_list = index_list
        self._telegram = telegram
        self._notices = notices
        self._audit = audit
        self._tasks = tasks
        self._clock = clock
        self._mine: dict[int, IndexJob] = {}
        self._rest_until: dict[int, float] = {}
        self._waits_for: dict[int, str] = {}
        self._wake = asyncio.Event()
        self._log = structlog.get_logger(__name__)

    async def offer(self, admin_id: int, post: NamedPost) -> JobOffer:
        """What a job of an admin that ends with this post would index; nothing is begun.

        Raises:
            BadInputError: as `look_at` does, or all of it would be skipped.
            DatabaseUnavailableError, TelegramUnavailableError: ask again later.
        """
        info = await self.look_at(post)
        skip = await self._skip_below(post.message_id, admin_id)
        return JobOffer(info.id, info.title, skip, post.message_id)

    async def look_at(self, post: NamedPost) -> ChannelInfo:
        """The channel of a post, once it is sure that the bot may read posts there.

        Raises:
            BadInputError: it may not; or nothing says that the post exists, neither Telegram nor a file near it.
            TelegramUnavailableError: Telegram does not say.
        """
        first = max(1, post.message_id - _NEAR + 1)
        try:
            info = await self._telegram.get_channel(post.channel)
            files = await self._telegram.fetch_posts(info.id, range(first, post.message_id + 1))
        except _NOT_READABLE as error:
            raise BadInputError("error-backfill-unreadable") from error
        if not files and not post.is_certain:
            raise BadInputError("error-backfill-no-post")
        return info

    async def start(self, viewer: JobViewer, channel_id: int, top: int) -> IndexJob:
        """Begin to index a channel up to a post, and follow it from now on if that was not so.

        Raises:
            BadInputError: as `offer` does.
            BusyError: a job of this channel is not over.
            DatabaseUnavailableError, TelegramUnavailableError: nothing may have begun; ask again later.
        """
        info = await self.look_at(NamedPost(channel_id, top, is_certain=True))
        skip = await self._skip_below(top, viewer.user_id)
        await self._index_list.add(info)
        job = await self._jobs.start(info, viewer, skip=skip, top=top)
        if job is None:
            raise BusyError("error-backfill-busy", title=info.title)
        self._walk_here(job)
        await self._audit.add(viewer.user_id, "backfill_started", channel=channel_id, skip=skip, top=top)
        if skip:
            await self._jobs.spend_skip(viewer.user_id, skip)
        return job

    async def _skip_below(self, top: int, admin_id: int) -> int:
        skip = await self._jobs.skip_of(admin_id)
        if skip >= top:
            raise BadInputError("error-backfill-all-skipped", skip=str(skip), top=str(top))
        return skip

    async def pause(self, channel_id: int, run: int) -> IndexJob:
        """Let a job stand still once the block that is on its way is stored.

        Raises:
            ExpiredError: that job is over.
        """
        return await self._order(channel_id, run, JobState.PAUSED, PauseReason.ASKED)

    async def resume(self, channel_id: int, run: int) -> IndexJob:
        """Let a paused job go on; errors as for `pause`."""
        job = await self._order(channel_id, run, JobState.RUNNING)
        taken = await self._jobs.take_over(channel_id)
        if taken is not None:
            self._walk_here(taken)
        return taken or job

    async def cancel(self, admin_id: int, channel_id: int, run: int) -> IndexJob:
        """End a job; what is stored stays. Errors as for `pause`."""
        job = await self._order(channel_id, run, JobState.CANCELLED)
        await self._audit.add(admin_id, "backfill_cancelled", channel=channel_id, checkpoint=job.checkpoint)
        return job

    async def skip_of(self, admin_id: int) -> int:
        """Behind which message id the next job of an admin begins."""
        return await self._jobs.skip_of(admin_id)

    async def set_skip(self, admin_id: int, skip: int) -> None:
        """Let the next job of an admin begin behind a message id; 0 for the beginning of the channel."""
        await self._jobs.set_skip(admin_id, skip)

    async def run(self) -> None:
        """Take up what was under way, then walk all jobs in turn, block by block; ends only when cancelled."""
        await self._patiently_adopt()
        while True:
            for channel_id in list(self._mine):
                if self._rest_until.get(channel_id, 0.0) <= self._clock.monotonic():
                    await self._next_block(channel_id)
            await self._rest()

    async def _patiently_adopt(self) -> None:
        while True:
            try:
                await self._adopt(await self._jobs.running())
            except DatabaseUnavailableError:
                self._log.warning("backfill_waits_for_database")
                await self._clock.sleep(_RETRY_PAUSE_S)
            else:
                return

    async def _adopt(self, channel_ids: list[int]) -> None:
        for channel_id in channel_ids:
            if channel_id not in self._mine and (job := await self._jobs.take_over(channel_id)) is not None:
                self._walk_here(job)
                self._log.info("backfill_goes_on", channel_id=channel_id, checkpoint=job.checkpoint, top=job.top)

    async def _next_block(self, channel_id: int) -> None:
        """Store one block in a task of its own, so that the registry reports whatever goes wrong."""
        job = self._mine[channel_id]
        moved: IndexJob | None = None
        try:
            moved = await self._tasks.attempt(lambda: self._walk_on(job), name="backfill_block")
        except TaskFailedError:
            with suppress(TaskFailedError):
                moved = await self._tasks.attempt(lambda: self._stop(job, PauseReason.FAILED), name="backfill_stop")
        self._note(job, moved)

    def _note(self, job: IndexJob, moved: IndexJob | None) -> None:
        """What became of a job by its block; a press may have stopped it or begun it anew meanwhile."""
        channel_id = job.channel_id
        is_ours = self._mine.get(channel_id) is job
        if moved is not None and moved.state is JobState.RUNNING:
            if not is_ours:
                return
            self._mine[channel_id] = moved
            if moved is not job:
                self._waits_for.pop(channel_id, None)
        elif is_ours:
            del self._mine[channel_id]
        if moved is not None:
            self._progress.changed(moved)
            if moved.state is JobState.DONE:
                self._log.info("backfill_done", channel_id=channel_id, **asdict(moved.counts))

    async def _walk_on(self, job: IndexJob) -> IndexJob | None:
        try:
            return await self._walk.next_block(job)
        except _NOT_READABLE as error:
            self._log.warning("channel_not_readable", channel_id=job.channel_id, detail=str(error))
            self._notices.tell("notice-backfill-unreadable", title=job.title)
            return await self._stop(job, PauseReason.UNREADABLE)
        except (DatabaseUnavailableError, TelegramUnavailableError) as error:
            pause_s = max(_RETRY_PAUSE_S, error.seconds) if isinstance(error, RetryLaterError) else _RETRY_PAUSE_S
            self._rest_until[job.channel_id] = self._clock.monotonic() + pause_s
            if self._waits_for.get(job.channel_id) != (reason := type(error).__name__):
                self._waits_for[job.channel_id] = reason  # a line for each reason to wait, not for each try
                self._log.warning("backfill_waits", channel_id=job.channel_id, reason=reason, wait_s=pause_s)
            return job

    async def _stop(self, job: IndexJob, reason: PauseReason) -> IndexJob | None:
        """Pause a job that cannot go on; one that the database does not let pause is tried again later."""
        try:
            paused = await self._jobs.move(job.channel_id, job.run, to=JobState.PAUSED, reason=reason, fence=job.fence)
            return paused or await self._jobs.still_held(job)
        except DatabaseUnavailableError:
            self._rest_until[job.channel_id] = self._clock.monotonic() + _RETRY_PAUSE_S
            return job

    async def _order(self, channel_id: int, run: int, state: JobState, reason: PauseReason | None = None) -> IndexJob:
        job = await self._jobs.move(channel_id, run, to=state, reason=reason)
        if job is None:  # it is in that state already, or over
            job = await self._jobs.get(channel_id)
            if job is None or job.run != run or job.state is not state:
                raise ExpiredError("error-backfill-over")
        if state is not JobState.RUNNING:
            self._mine.pop(channel_id, None)  # a block that is on its way comes to its end
        self._progress.changed(job)
        return job

    def _walk_here(self, job: IndexJob) -> None:
        self._mine[job.channel_id] = job
        self._rest_until.pop(job.channel_id, None)
        self._progress.changed(job)
        self._wake.set()

    async def _rest(self) -> None:
        """Give way to the rest of the bot; without a job that may go on, wait for one."""
        now = self._clock.monotonic()
        waits = [max(0.0, self._rest_until.get(channel_id, 0.0) - now) for channel_id in self._mine]
        if waits and min(waits) <= 0:
            await self._clock.sleep(0)
            return
        try:
            async with asyncio.timeout(min(waits, default=_LOOK_AROUND_S)):
                await self._wake.wait()
            self._wake.clear()
        except TimeoutError:
            if not waits:
                await self._adopt_abandoned()

    async def _adopt_abandoned(self) -> None:
        """Take up what another process, or a start whose answer was lost, has left behind."""
        try:
            await self._adopt(await self._jobs.running(unmoved_since=self._clock.utc_now() - _ABANDONED_AFTER))
        except DatabaseUnavailableError:
            self._log.debug("backfill_waits_for_database")
