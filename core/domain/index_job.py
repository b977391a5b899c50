"""Walking the past of a channel, so that its old posts are found too."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class JobState(StrEnum):
    """How far a job is; the values are stored."""

    RUNNING = "running"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    DONE = "done"

    @property
    def is_active(self) -> bool:
        """Whether the job may still go on, so that its channel has no room for another one."""
        return self in (JobState.RUNNING, JobState.PAUSED)


class PauseReason(StrEnum):
    """Why a job stands still; the values are stored, and name the sentence that is shown."""

    ASKED = "asked"
    UNREADABLE = "unreadable"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class JobOffer:
    """A job that somebody may begin; `skip` and `top` as in `IndexJob`."""

    channel_id: int
    title: str
    skip: int
    top: int

    @property
    def total(self) -> int:
        """Message ids of the walk."""
        return self.top - self.skip


@dataclass(frozen=True, slots=True)
class BlockCounts:
    """What posts with a file became; deleted posts and those without a file count nowhere.

    Attributes:
        new: files that were not in the library before their block.
        known: posts of files that were.
        refused: posts whose file is not in the library after its block: no record can hold it, or it is blocked.
    """

    new: int = 0
    known: int = 0
    refused: int = 0

    @property
    def files(self) -> int:
        """Posts with a file."""
        return self.new + self.known + self.refused


@dataclass(frozen=True, slots=True)
class BlockPlan:
    """What was known of a block before anything of it was stored.

    Attributes:
        last: the block's highest message id.
        new: unique ids of its files that were not in the library.
    """

    last: int
    new: frozenset[str]


@dataclass(frozen=True, slots=True)
class JobViewer:
    """Who started a job and sees how it goes.

    Attributes:
        language: tag of the catalogue that the person reads.
        message_id: of the message in the private chat that shows the progress.
    """

    user_id: int
    language: str
    message_id: int


@dataclass(frozen=True, slots=True)
class IndexJob:
    """A walk over the posts of one channel, upwards by message id; there is at most one for each channel.

    Attributes:
        channel_id: full id.
        run: grows by one with every job of the channel, so that a button of an earlier one is recognised.
        fence: grows by one whenever a process takes the job over; a write that carries an older one is refused.
        viewer: who started it, and where the progress is shown.
        skip: the highest id that is left out.
        top: the last id of the walk.
        checkpoint: everything from `skip` + 1 to here is stored and counted; at least `skip`.
        plan: of the block behind the checkpoint, once it was begun.
        reason: why it is paused; None unless it is.
    """

    channel_id: int
    title: str
    run: int
    fence: int
    viewer: JobViewer
    skip: int
    top: int
    checkpoint: int
    state: JobState
    counts: BlockCounts = BlockCounts()
    plan: BlockPlan | None = None
    reason: PauseReason | None = None

    @property
    def walked(self) -> int:
        """Message ids that are done."""
        return self.checkpoint - self.skip

    @property
    def total(self) -> int:
        """Message ids of the whole walk."""
        return self.top - self.skip

    @property
    def is_walked(self) -> bool:
        """Whether nothing is left to store."""
        return self.checkpoint >= self.top

    def block(self, size: int) -> range:
        """The next ids: those of a block that was begun, else up to `size` of them."""
        last = self.plan.last if self.plan is not None else min(self.checkpoint + size, self.top)
        return range(self.checkpoint + 1, last + 1)


@dataclass(frozen=True, slots=True)
class WalkPace:
    """How fast a job goes.

    Attributes:
        per_second: message ids a second over the last minute; None while that cannot be said.
        left_s: seconds until the end at this pace; None with it.
    """

    per_second: float | None = None
    left_s: int | None = None
