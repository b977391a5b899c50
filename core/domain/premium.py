"""Premium that was given, and what a person is told of its end."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from core.domain.quota import QuotaStatus

ENDED_KEPT = timedelta(days=7)
"""How long an end of premium that is over stays stored: time to tell the person, after some days away too."""

_PERIOD = re.compile(r"([0-9]{1,5})([dwmy]?)", re.IGNORECASE)
_DAYS = {"": 1, "d": 1, "w": 7, "m": 30, "y": 365}


class GrantStep(StrEnum):
    """What is left to do for a grant; the values are stored."""

    EXTEND = "extend"
    TELL = "tell"


class PremiumNotice(StrEnum):
    """What a person was told of the end of their premium; the values are stored."""

    SOON = "soon"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class PremiumGrant:
    """An entry of the ledger.

    Attributes:
        key: what was done once and may be asked for again, e.g. an admin's message; unique in the ledger.
        days: by which premium is longer.
        by: the admin who gave it.
        at: UTC; when it was first asked for.
        pending: the next step; None when nothing is left.
        start: UTC; what it was counted from, the end of premium before it. None until it is extended.
        until: UTC; the end of premium with it. None until it is extended.
    """

    key: str
    user_id: int
    days: int
    by: int
    at: datetime
    pending: GrantStep | None = GrantStep.EXTEND
    start: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class PremiumEnd:
    """A person whose premium ends, or has ended, at `until` (UTC); `language` as of `User.spoken_language`."""

    user_id: int
    until: datetime
    language: str | None


@dataclass(frozen=True, slots=True)
class Plans:
    """What free and premium give, in files a day (0: no limit), and how one reader stands.

    Attributes:
        until: UTC, the end of the reader's premium, which may be over; None when there is none.
        quota: what is left of today.
    """

    free_limit: int
    premium_limit: int
    until: datetime | None
    is_premium: bool
    quota: QuotaStatus


def parse_period(text: str) -> int | None:
    """Days of "30", "30d", "2w", "3m" (of 30 days) or "1y" (of 365); None for anything else."""
    found = _PERIOD.fullmatch(text.strip())
    return None if found is None else int(found[1]) * _DAYS[found[2].lower()]
