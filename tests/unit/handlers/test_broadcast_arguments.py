"""What stands behind /broadcast."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from core.domain.audience import Segment, SegmentKind
from core.domain.broadcast import LinkButton
from core.errors import BadInputError
from handlers.admin.broadcast_arguments import read_plan

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 3, 14, 11, 0, tzinfo=UTC)  # 12:00 in Berlin


@pytest.mark.parametrize(
    ("typed", "segment"),
    [
        ("/broadcast", Segment()),
        ("/broadcast@bot ALL", Segment()),
        ("/broadcast premium", Segment(SegmentKind.PREMIUM)),
        ("/broadcast pin free", Segment(SegmentKind.FREE)),
        ("/broadcast active:7 in 5m", Segment(SegmentKind.ACTIVE, days=7)),
        ("/broadcast lang:ru", Segment(SegmentKind.LANGUAGE, language="ru")),
        ("/broadcast language:de", Segment(SegmentKind.LANGUAGE, language="de")),
    ],
)
def test_the_segment_stands_anywhere(typed: str, segment: Segment) -> None:
    """Words come in any order and in any case."""
    assert read_plan(typed, NOON, BERLIN).segment == segment


@pytest.mark.parametrize(
    ("typed", "due_at"),
    [
        ("/broadcast", None),
        ("/broadcast in 90m", NOON + timedelta(minutes=90)),
        ("/broadcast in 2h pin", NOON + timedelta(hours=2)),
        ("/broadcast in 3d", NOON + timedelta(days=3)),
        ("/broadcast at 12:30", NOON + timedelta(minutes=30)),
        ("/broadcast at 12:00", NOON + timedelta(days=1)),
        ("/broadcast at 9:05 premium", NOON + timedelta(hours=21, minutes=5)),
        ("/broadcast at 2026-07-01 12:00", datetime(2026, 7, 1, 10, 0, tzinfo=UTC)),  # summer time by then
    ],
)
def test_moments_are_of_the_configured_clock(typed: str, due_at: datetime | None) -> None:
    """A time is the next one on that clock, through changes to summer time."""
    assert read_plan(typed, NOON, BERLIN).due_at == due_at


def test_lines_below_are_rows_of_buttons() -> None:
    """A text may have a dash of its own: the last one parts it from the address."""
    plan = read_plan("/broadcast pin\nA - B - https://a.example | C - t.me/c\n\nD - https://d.example", NOON, BERLIN)

    assert plan.is_pinned
    assert plan.buttons == (
        (LinkButton("A - B", "https://a.example"), LinkButton("C", "t.me/c")),
        (LinkButton("D", "https://d.example"),),
    )


@pytest.mark.parametrize(
    "typed",
    [
        "/broadcast everyone",
        "/broadcast active:0",
        "/broadcast lang:",
        "/broadcast in",
        "/broadcast in soon",
        "/broadcast at",
        "/broadcast at noon",
        "/broadcast at 25:00",
        "/broadcast at 2026-13-01 12:00",
        "/broadcast at 2026-02-30 12:00",
        "/broadcast at 2026-12-01",
        "/broadcast\nno address",
        "/broadcast\n - https://a.example",
        "/broadcast\n" + "A - t.me/a\n" * 51,
    ],
)
def test_what_is_not_understood_is_explained(typed: str) -> None:
    """Nothing is guessed where very many people would get it."""
    with pytest.raises(BadInputError) as refused:
        read_plan(typed, NOON, BERLIN)

    assert refused.value.text_key == "broadcast-usage"


@pytest.mark.parametrize("typed", ["at 2026-03-13 12:00", "at 2028-01-01 12:00", "in 0m", "in 9999d"])
def test_a_moment_that_is_over_or_too_far_away_is_refused(typed: str) -> None:
    """A broadcast of the past would begin at once, and nobody knows what holds in two years."""
    with pytest.raises(BadInputError) as refused:
        read_plan(f"/broadcast {typed}", NOON, BERLIN)

    assert refused.value.text_key == "broadcast-when-not"
