"""Days of the configured time zone, whatever zone the server is in."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo


def day_at(moment: datetime, zone: ZoneInfo) -> date:
    """The date in `zone` at a moment."""
    return moment.astimezone(zone).date()


def start_of(day: date, zone: ZoneInfo) -> datetime:
    """The first moment of a day, UTC; where the clocks skip midnight, the moment at which they do."""
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)
