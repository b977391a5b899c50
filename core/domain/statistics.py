"""The bot in numbers, as admins see it; a part that could not be asked is None and never 0."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from core.domain.daily_statistics import DayStatistics
    from core.domain.media import MediaKind

SHOWN_DAYS = 30


@dataclass(frozen=True, slots=True)
class PeopleCounts:
    """Everybody whom the bot has met.

    Attributes:
        counted_at: UTC.
        everybody: approximately.
        today: people who did something today; in 7 and 30 days, today is the last of them.
    """

    counted_at: datetime
    everybody: int
    today: int
    in_7_days: int
    in_30_days: int
    premium: int
    banned: int
    unreachable: int


@dataclass(frozen=True, slots=True)
class DatabaseFiles:
    """One database's share of the library.

    Attributes:
        files: approximately, some seconds old; None while the database does not answer, or was never measured.
    """

    number: int
    files: int | None


@dataclass(frozen=True, slots=True)
class KindCounts:
    """Files by what Telegram shows them as.

    Attributes:
        counted_at: UTC.
    """

    files: Mapping[MediaKind, int]
    counted_at: datetime


@dataclass(frozen=True, slots=True)
class SourceCounts:
    """The channels of the index list; every one is in exactly one number.

    Attributes:
        paused: wanted, but the bot may not read them now.
        off: switched off by an admin.
    """

    read: int
    paused: int
    off: int


@dataclass(frozen=True, slots=True)
class BotStatistics:
    """What `/stats` shows.

    Attributes:
        kinds: also None until they were counted for the first time.
        days: the newest `SHOWN_DAYS`, today last, every day of the calendar once.
    """

    people: PeopleCounts | None
    databases: Sequence[DatabaseFiles]
    kinds: KindCounts | None
    sources: SourceCounts | None
    days: Sequence[DayStatistics] | None
