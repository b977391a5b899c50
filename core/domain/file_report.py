"""What is wrong with a file, as readers and the bot itself report it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


class ReportReason(StrEnum):
    """Why a file was reported; the values are stored."""

    GONE = "gone"
    """No post holds it any more: the bot found out when somebody wanted it."""


@dataclass(frozen=True, slots=True)
class FileReport:
    """One open report: a file and a reason, however many people reported it.

    Attributes:
        name: of the file when it was first reported.
        reporters: people, in the order in which they reported it; nobody when the bot did so by itself.
        first_at: UTC.
        last_at: UTC.
    """

    media_id: int
    reason: ReportReason
    name: str
    reporters: tuple[int, ...]
    first_at: datetime
    last_at: datetime
