"""A `Send all` and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class DeliveryTerms:
    """How files are handed over; settled once for each delivery and kept on every retry.

    Attributes:
        protect: whether they can not be forwarded or saved.
    """

    protect: bool


@dataclass(slots=True)
class DeliveryJob:
    """One person's running `Send all`.

    Attributes:
        id: 16 hex characters; the Stop button carries it.
        total: files asked for; the quota may grant fewer.
        stopping: set by Stop; obeyed before the next file.
    """

    id: str
    owner_id: int
    total: int
    stopping: bool = False


@dataclass(slots=True)
class DeliveryReport:
    """Counts of a `Send all`, growing while it runs.

    Attributes:
        sent: files that reached the chat, or may have (an unknown outcome counts as sent).
        failed: files that could not be sent or not be reached; their slots went back.
        over_quota: files the quota did not allow.
        stopped: the person pressed Stop, or cannot be written to any more.
    """

    total: int
    sent: int = 0
    failed: int = 0
    over_quota: int = 0
    stopped: bool = False

    @property
    def done(self) -> int:
        """Files that need no further attempt."""
        return self.sent + self.failed


class DeliveryWatcher(Protocol):
    """Who is told how a `Send all` goes; best effort, never raises."""

    async def started(self, job: DeliveryJob) -> None:
        """The job begins."""
        ...

    async def progressed(self, job: DeliveryJob, report: DeliveryReport) -> None:
        """Called at most once in three seconds."""
        ...

    async def finished(self, report: DeliveryReport) -> None:
        """The job is over; nothing more will be sent."""
        ...
