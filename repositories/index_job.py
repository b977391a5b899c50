"""Walks over the past of channels, and where the next one begins.

    index_jobs {_id: channel, run, fence, owner, language, message, title, skip, top, checkpoint, state, reason,
                counts: {new, known, refused}, plan?: {last, new: [unique id]}, started_at, changed_at}
    index_skips {_id: admin, skip}

A channel has one document, its last job's. Each update names the fence and the checkpoint it builds on, so that of two
processes that walk the same channel only the one that took it last moves anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymongo.errors import DuplicateKeyError

from core.domain.index_job import BlockCounts, BlockPlan, IndexJob, JobState, JobViewer, PauseReason

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from core.clock import Clock
    from core.database.pool import DatabaseConnectionPool, Document
    from core.telegram.gateway import ChannelInfo

_JOBS = "index_jobs"
_SKIPS = "index_skips"


class IndexJobRepository:
    """Every method raises DatabaseUnavailableError when the primary database is gone, and may then be repeated."""

    def __init__(self, pool: DatabaseConnectionPool, clock: Clock) -> None:
        self._pool = pool
        self._clock = clock

    async def start(self, channel: ChannelInfo, viewer: JobViewer, *, skip: int, top: int) -> IndexJob | None:
        """Begin a walk in the place of the channel's last one; None when that is still active.

        Of any number of callers exactly one begins it.
        """
        free = {"_id": channel.id, "state": {"$nin": _active()}}
        now = self._clock.utc_now()
        fields: Document = {
            "title": channel.title,
            "owner": viewer.user_id,
            "language": viewer.language,
            "skip": skip,
            "top": top,
            "checkpoint": skip,
            "state": JobState.RUNNING.value,
            "message": viewer.message_id,
            "counts": {"new": 0, "known": 0, "refused": 0},
            "started_at": now,
            "changed_at": now,
        }
        update = {"$set": fields, "$unset": {"plan": "", "reason": ""}, "$inc": {"run": 1, "fence": 1}}
        try:
            found = await self._pool.find_one_and_update(_JOBS, free, update, upsert=True)
        except DuplicateKeyError:  # it is there and active
            return None
        return None if found is None else _to_job(found)

    async def get(self, channel_id: int) -> IndexJob | None:
        """The channel's last job; None when it never had one."""
        found = await self._pool.find_one(_JOBS, {"_id": channel_id})
        return None if found is None else _to_job(found)

    async def running(self, *, unmoved_since: datetime | None = None) -> list[int]:
        """Channels with a job that should go on, by id; with `unmoved_since` (UTC) those that stand still since."""
        query: Document = {"state": JobState.RUNNING.value}
        if unmoved_since is not None:
            query["changed_at"] = {"$lt": unmoved_since}
        found = await self._pool.find(_JOBS, query, projection={"_id": 1}, sort=[("_id", 1)])
        return [int(job["_id"]) for job in found]

    async def take_over(self, channel_id: int) -> IndexJob | None:
        """Become the one who walks a running job: whoever did before can move it no more. None when it does not run."""
        query = {"_id": channel_id, "state": JobState.RUNNING.value}
        update = {"$inc": {"fence": 1}, "$set": {"changed_at": self._clock.utc_now()}}
        found = await self._pool.find_one_and_update(_JOBS, query, update, idempotent=True)
        return None if found is None else _to_job(found)

    async def plan(self, job: IndexJob, plan: BlockPlan) -> IndexJob | None:
        """Keep what is known of the next block before anything of it is stored; the first plan of a block stays.

        Returns:
            The job as it is now, with the plan that counts if it still runs; None when another process took it over.
        """
        query = {**_held_as(job), "state": JobState.RUNNING.value, "plan": {"$exists": False}}
        fields = {"plan": {"last": plan.last, "new": sorted(plan.new)}}
        return await self._change(query, fields) or await self.still_held(job)

    async def advance(self, job: IndexJob, last: int, counts: BlockCounts) -> IndexJob | None:
        """Move the checkpoint to `last` and count its block, once however often this is repeated.

        A job that was paused or cancelled meanwhile takes its last block too: what is stored counts.

        Returns:
            The job as it is now; None when another process took it over, and then nothing changed.
        """
        update = {
            "$set": {"checkpoint": last, "changed_at": self._clock.utc_now()},
            "$unset": {"plan": ""},
            "$inc": {f"counts.{name}": getattr(counts, name) for name in ("new", "known", "refused")},
        }
        # Repeating is safe: the first one moves the checkpoint that the query names.
        found = await self._pool.find_one_and_update(_JOBS, _held_as(job), update, idempotent=True)
        return await self.still_held(job) if found is None else _to_job(found)

    async def finish(self, job: IndexJob) -> IndexJob | None:
        """End a walk that reached its top, if it runs; the job as it is now, None when another process took it over."""
        query = {**_held_as(job), "state": JobState.RUNNING.value}
        return await self._change(query, {"state": JobState.DONE.value}) or await self.still_held(job)

    async def move(
        self,
        channel_id: int,
        run: int,
        *,
        to: JobState,
        reason: PauseReason | None = None,
        fence: int | None = None,
    ) -> IndexJob | None:
        """Pause, resume or cancel an active job; None when that run is over, or is in that state already.

        Args:
            channel_id: whose job.
            run: which of its jobs.
            to: the new state.
            reason: why it is paused.
            fence: only while nobody took the job over since; None for whoever walks it.
        """
        others = [state for state in _active() if state != to.value]
        query: Document = {"_id": channel_id, "run": run, "state": {"$in": others}}
        if fence is not None:
            query["fence"] = fence
        return await self._change(query, {"state": to.value, "reason": reason.value if reason is not None else None})

    async def still_held(self, job: IndexJob) -> IndexJob | None:
        """The job as it is now; None when another process took it over, or another run began."""
        now = await self.get(job.channel_id)
        return now if now is not None and (now.run, now.fence) == (job.run, job.fence) else None

    async def set_skip(self, admin_id: int, skip: int) -> None:
        """Let the next job of an admin begin behind an id; 0 for the channel's beginning."""
        await self._pool.update_one(_SKIPS, {"_id": admin_id}, {"$set": {"skip": skip}}, upsert=True, idempotent=True)

    async def skip_of(self, admin_id: int) -> int:
        """Behind which id the next job of an admin begins; 0 when nothing was said."""
        found = await self._pool.find_one(_SKIPS, {"_id": admin_id})
        return 0 if found is None else int(found["skip"])

    async def spend_skip(self, admin_id: int, skip: int) -> None:
        """Forget a skip that a job has taken, unless another one was set since."""
        await self._pool.delete_many(_SKIPS, {"_id": admin_id, "skip": skip})

    async def _change(self, query: Document, fields: Document) -> IndexJob | None:
        update = {"$set": {**fields, "changed_at": self._clock.utc_now()}}
        found = await self._pool.find_one_and_update(_JOBS, query, update, idempotent=True)
        return None if found is None else _to_job(found)


def _active() -> Sequence[str]:
    return [state.value for state in JobState if state.is_active]


def _held_as(job: IndexJob) -> Document:
    return {"_id": job.channel_id, "fence": job.fence, "checkpoint": job.checkpoint}


def _to_job(found: Document) -> IndexJob:
    plan, reason = found.get("plan"), found.get("reason")
    return IndexJob(
        channel_id=int(found["_id"]),  # the driver has a type of its own for what needs 64 bits
        title=found["title"],
        run=found["run"],
        fence=found["fence"],
        viewer=JobViewer(int(found["owner"]), found["language"], found["message"]),
        skip=found["skip"],
        top=found["top"],
        checkpoint=found["checkpoint"],
        state=JobState(found["state"]),
        counts=BlockCounts(**found["counts"]),
        plan=None if plan is None else BlockPlan(plan["last"], frozenset(plan["new"])),
        reason=None if reason is None else PauseReason(reason),
    )
