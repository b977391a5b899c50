"""A `Send all` and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from core.domain.quota import QuotaReservation


@dataclass(frozen=True, slots=True)
class DeliveryTerms:
    """How files are handed over; settled once for each delivery and kept on every retry.

    Attributes:
        protect: whether they can not be forwarded or saved.
        caption_template: as in the setting of this name.
    """

    protect: bool
    caption_template: str = ""


class Ending(StrEnum):
    """Why no further file of a `Send all` is sent."""

    DONE = "done"
    """Every file had its turn."""
    STOPPED = "stopped"
    """The person pressed Stop, or was banned."""
    RESTART = "restart"
    """The bot is being stopped, or was killed."""
    FLOOD = "flood"
    """Telegram asks for a longer wait than a job may take."""
    UNREACHABLE = "unreachable"
    """The person cannot be written to any more."""
    FAILED = "failed"
    """A defect; it has been noted."""
    SUPERSEDED = "superseded"
    """The reserved slots are lost, or another process took the job over."""


@dataclass(frozen=True, slots=True)
class DeliveryJob:
    """One person's running `Send all`.

    Attributes:
        id: 16 hex characters; the Stop button carries it.
        total: files asked for; the quota may grant fewer.
    """

    id: str
    owner_id: int
    total: int


@dataclass(slots=True)
class DeliveryReport:
    """Counts of a `Send all`, growing while it runs.

    Attributes:
        sent: files that reached the chat, or may have (an unknown outcome counts as sent).
        failed: files that could not be sent or not be reached; their slots went back.
        over_quota: files the quota did not allow.
        unconfirmed: how many of `sent` may not have arrived.
        ending: why it is over; DONE while it runs.
    """

    total: int
    sent: int = 0
    failed: int = 0
    over_quota: int = 0
    unconfirmed: int = 0
    ending: Ending = Ending.DONE


@dataclass(frozen=True, slots=True)
class DeliveryEntry:
    """A `Send all` as it is written down, so that a process that is killed leaves word of it.

    Attributes:
        job: whose `total` and owner these are.
        message_id: of the message that shows how it goes; 0 for none.
        language: in which the person reads; a tag of the catalogue.
        sent: as in `DeliveryReport`.
        is_trying: one more file is on its way, and nobody knows yet whether it arrives.
        reservation: the slots it is charged to; None before they are reserved.
    """

    job: DeliveryJob
    message_id: int = 0
    language: str = ""
    sent: int = 0
    is_trying: bool = False
    reservation: QuotaReservation | None = None


class DeliveryWatcher(Protocol):
    """Who is told how a `Send all` goes; best effort, never raises.

    Attributes:
        language: as in `DeliveryEntry`.
    """

    @property
    def language(self) -> str:
        """Tag of the catalogue."""
        ...

    async def started(self, job: DeliveryJob) -> int:
        """The job begins; returns the id of the message that shows it, 0 for none."""
        ...

    async def waiting(self, job: DeliveryJob, report: DeliveryReport, ahead: int) -> None:
        """The job waits for its turn, with so many other people's before it."""
        ...

    async def held(self, job: DeliveryJob, report: DeliveryReport, seconds: int) -> None:
        """Telegram lets this chat be written to again in so many seconds."""
        ...

    async def progressed(self, job: DeliveryJob, report: DeliveryReport) -> None:
        """Called at most once in three seconds."""
        ...

    async def finished(self, report: DeliveryReport) -> None:
        """The job is over; nothing more will be sent."""
        ...
