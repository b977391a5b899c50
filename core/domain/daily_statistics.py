"""What the whole bot did on one day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from datetime import date, datetime

Counted = Literal[
    "searches", "searches_without_result", "files_delivered", "files_indexed", "quota_refusals", "new_users"
]
COUNTED: tuple[Counted, ...] = get_args(Counted)
"""What processes count while they run."""


@dataclass(frozen=True, slots=True)
class DayStatistics:
    """Sums of one day in the configured zone, over all processes.

    Attributes:
        premium_ended: people whose premium ended that day and was not renewed until the day was closed.
        closed_at: UTC; None while the day may still grow.
    """

    day: date
    searches: int = 0
    searches_without_result: int = 0
    files_delivered: int = 0
    files_indexed: int = 0
    quota_refusals: int = 0
    new_users: int = 0
    premium_ended: int = 0
    closed_at: datetime | None = None
