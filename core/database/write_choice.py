"""The choice of a database for new files, from what is known of each; pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from core.domain.database import WriteLimits

_SPARE = 0.01


class Standing(IntEnum):
    """How much a database is to be trusted with new files, best first.

    SHAKY: it failed or came back a moment ago. DOWN: it does not answer.
    """

    STEADY = 0
    SHAKY = 1
    DOWN = 2


@dataclass(frozen=True, slots=True)
class WriteCandidate:
    """What the choice knows of one database.

    Attributes:
        room: free bytes below the limit; negative when it is passed.
        is_open: it takes new files at all: measured, unique index there, no refusal a moment ago.
    """

    number: int
    room: int
    is_open: bool = True
    standing: Standing = Standing.STEADY

    def fits(self, needed: int) -> bool:
        """Whether `needed` bytes may be written to it."""
        return self.is_open and self.room >= needed


def choose_write_database(
    candidates: Sequence[WriteCandidate],
    needed: int,
    limits: WriteLimits,
    *,
    current: int = 0,
    pinned: int | None = None,
) -> int | None:
    """The number of the database for the next files; None when none of those allowed fits.

    A pin is honoured while that database is steady and has room. Without `auto_switch` only `allowed_databases` are
    asked. Among the others decide, in this order: the better standing, the admin's preference, being written to
    already, room to spare (one percent of the limit, so that nobody comes back for the last few bytes), the most room.
    One that is down is chosen only when nothing else fits.

    Args:
        candidates: in any order.
        needed: bytes.
        limits: the admin's wishes.
        current: number of the database that took the last files that were not pinned; 0 for none.
        pinned: number of the database that the files' channel is pinned to.
    """
    fitting = {candidate.number: candidate for candidate in candidates if candidate.fits(needed)}
    if pinned in fitting and fitting[pinned].standing is Standing.STEADY:
        return pinned
    allowed = allowed_databases([candidate.number for candidate in candidates], limits, current)
    spare = needed + limits.size_limit_bytes * _SPARE

    def rank(candidate: WriteCandidate) -> tuple[int, bool, bool, bool, int, int]:
        is_current = candidate.number == current
        is_preferred = candidate.number == limits.preferred and (is_current or candidate.room >= spare)
        is_tight = candidate.room < spare
        return (candidate.standing, not is_preferred, not is_current, is_tight, -candidate.room, candidate.number)

    best = min((fitting[number] for number in allowed if number in fitting), key=rank, default=None)
    return best.number if best is not None else None


def allowed_databases(numbers: Collection[int], limits: WriteLimits, current: int) -> Collection[int]:
    """All of them, or without `auto_switch` the preferred one, else the current one, else the first."""
    if limits.auto_switch or not numbers:
        return numbers
    only = limits.preferred or current or min(numbers)
    return [only] if only in numbers else []
