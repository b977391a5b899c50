"""Sizes, durations, counts and dates by language."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text import formatting

MEGABYTE = 1024**2
GIGABYTE = 1024**3


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1 kB"),
        (1536, "1.5 kB"),
        (700 * MEGABYTE, "700 MB"),
        (MEGABYTE - 1, "1 MB"),
        (int(1.4 * GIGABYTE), "1.4 GB"),
        (1023 * MEGABYTE, "1023 MB"),
        (5 * 1024**5, "5120 TB"),
    ],
)
def test_size_is_shown_as_telegram_shows_it(size: int, shown: str) -> None:
    """Steps of 1,024 under decimal names, one decimal below 100, no idle zero."""
    assert formatting.file_size(size, "en") == shown


def test_size_follows_the_language() -> None:
    """Decimal mark and unit are those of the language; an unknown language is English."""
    assert formatting.file_size(int(1.4 * GIGABYTE), "ru").replace("\xa0", " ") == "1,4 ГБ"
    assert formatting.file_size(int(1.4 * GIGABYTE), "xx-YY") == "1.4 GB"


_ORDER = ("B", "kB", "MB", "GB", "TB")


def _value(shown: str) -> tuple[int, float]:
    number, unit = re.fullmatch(r"([\d.]+) (\w+)", shown).groups()
    return _ORDER.index(unit), float(number)


@given(st.integers(0, 2**45), st.integers(0, 2**45))
def test_larger_file_never_shows_a_smaller_size(one: int, other: int) -> None:
    """Sorting by size and reading the labels agree."""
    small, large = sorted((one, other))
    assert _value(formatting.file_size(small, "en")) <= _value(formatting.file_size(large, "en"))


@given(st.integers(0, 2**45))
def test_size_never_reaches_the_next_unit(size: int) -> None:
    """No "1024 MB": rounding carries into the next unit."""
    assert _value(formatting.file_size(size, "en"))[1] < 1024


def test_negative_size_is_a_mistake() -> None:
    """A size below zero is refused."""
    with pytest.raises(ValueError, match="negative"):
        formatting.file_size(-1, "en")


@pytest.mark.parametrize(("seconds", "shown"), [(-5, "0:00"), (0, "0:00"), (245, "4:05"), (5525, "1:32:05")])
def test_playing_time_reads_like_a_player(seconds: int, shown: str) -> None:
    """Hours only when there are any, two digits after the first colon."""
    assert formatting.playing_time(seconds) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (-3, "0 seconds"),
        (0, "0 seconds"),
        (1, "1 second"),
        (300, "5 minutes"),
        (5400, "1 hour 30 minutes"),
        (86_400 + 61, "1 day 1 minute"),
        (3661, "1 hour 1 minute"),
    ],
)
def test_duration_has_proper_units(seconds: int, shown: str) -> None:
    """At most two units, in the plural that the number asks for."""
    assert formatting.duration(seconds, "en") == shown


def test_duration_follows_the_language() -> None:
    """Plural forms are those of the language."""
    assert [formatting.duration(n, "ru") for n in (60, 120, 300)] == ["1 минута", "2 минуты", "5 минут"]


def test_count_is_grouped_by_language() -> None:
    """Thousands are grouped as people of the language expect."""
    assert formatting.count(1234567, "en") == "1,234,567"
    assert formatting.count(1234567, "hi") == "12,34,567"
    assert formatting.count(1234567, "es") == "1.234.567"


def test_day_and_moment_follow_language_and_zone() -> None:
    """A moment is told on the clock of the configured zone."""
    late = datetime(2026, 11, 22, 20, 7, tzinfo=UTC)

    assert formatting.day(date(2026, 11, 22), "en") == "Nov 22, 2026"
    assert formatting.moment(late, ZoneInfo("Asia/Tashkent"), "en").replace("\u202f", " ") == "Nov 23, 2026, 1:07 AM"
    with pytest.raises(ValueError, match="zone"):
        formatting.moment(late.replace(tzinfo=None), UTC, "en")
