"""Days of the configured zone, where clocks are moved at any hour."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from core.domain.local_day import day_at, start_of

ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Africa/Cairo",
    "America/Havana",
    "Asia/Beirut",
    "America/Santiago",
    "Asia/Kathmandu",
    "Pacific/Kiritimati",
    "Australia/Lord_Howe",
)


def test_the_zone_decides_which_day_it_is() -> None:
    """One moment belongs to different days in different zones (scenario 7)."""
    moment = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
    assert day_at(moment, ZoneInfo("America/New_York")) == date(2026, 11, 22)
    assert day_at(moment, ZoneInfo("Asia/Tokyo")) == date(2026, 11, 23)


@pytest.mark.parametrize("name", ZONES)
def test_every_day_begins_once_and_where_the_day_before_ends(name: str) -> None:
    """For two years of any zone the first moment of a day is of it, and the moment before it of the day before."""
    zone = ZoneInfo(name)
    for number in range(730):
        day = date(2026, 1, 1) + timedelta(days=number)
        start = start_of(day, zone)
        assert day_at(start, zone) == day
        assert day_at(start - timedelta(seconds=1), zone) == day - timedelta(days=1)


def test_a_day_without_midnight_begins_when_the_clocks_jump() -> None:
    """Where the clocks jump from midnight to one, the day begins at one."""
    zone = ZoneInfo("Africa/Cairo")
    start = start_of(date(2026, 4, 24), zone)
    assert start.astimezone(zone).hour == 1
    assert start_of(date(2026, 4, 25), zone) - start == timedelta(hours=23)
