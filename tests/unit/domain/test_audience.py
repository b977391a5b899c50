"""Segments as text."""

from __future__ import annotations

import pytest

from core.domain.audience import Segment, SegmentKind, spoken_language
from core.domain.premium import parse_period
from core.domain.random_id import random_id_of


@pytest.mark.parametrize(
    ("text", "segment"),
    [
        ("all", Segment()),
        (" Premium ", Segment(SegmentKind.PREMIUM)),
        ("free", Segment(SegmentKind.FREE)),
        ("active:30", Segment(SegmentKind.ACTIVE, days=30)),
        ("active 1", Segment(SegmentKind.ACTIVE, days=1)),
        ("language:pt", Segment(SegmentKind.LANGUAGE, language="pt")),
        ("Language  RU", Segment(SegmentKind.LANGUAGE, language="ru")),
        ("", None),
        ("everybody", None),
        ("all:1", None),
        ("active", None),
        ("active:0", None),
        ("active:3651", None),
        ("active:-1", None),
        ("active:²", None),
        ("language", None),
        ("language:pt-BR", None),
        ("language:../", None),
    ],
)
def test_a_segment_is_read_or_refused(text: str, segment: Segment | None) -> None:
    """What is read is packed so that it is read as the same again; anything else is nothing."""
    assert Segment.parse(text) == segment
    if segment is not None:
        assert Segment.parse(segment.pack()) == segment
        assert len(segment.pack().encode()) <= 15


@pytest.mark.parametrize(
    ("tag", "language"),
    [("de", "de"), ("pt-BR", "pt"), ("EN-us", "en"), ("", None), (None, None), ("x", None), ("de$", None)],
)
def test_the_region_of_a_language_does_not_matter(tag: str | None, language: str | None) -> None:
    """A segment by language is of whoever reads it, wherever they are."""
    assert spoken_language(tag) == language


@pytest.mark.parametrize(
    ("text", "days"),
    [
        *(("30", 30), ("30d", 30), ("2W", 14), ("3m", 90), ("1y", 365), ("0", 0)),
        *(("", None), ("d", None), ("-1", None), ("1.5", None), ("100000", None), ("1 d", None), ("²", None)),
    ],
)
def test_a_period_is_read_as_days(text: str, days: int | None) -> None:
    """Days, weeks, months of 30 days and years of 365; bounds are the service's."""
    assert parse_period(text) == days


def test_the_number_of_a_message_follows_from_what_it_tells() -> None:
    """The same for the same, another for anything else, and always a positive 63-bit number."""
    numbers = {random_id_of("premium-given", user_id) for user_id in range(1000)}
    assert len(numbers) == 1000
    assert all(0 < number < 2**63 for number in numbers)
    assert random_id_of("premium-given", 7) == random_id_of("premium-given", 7)
