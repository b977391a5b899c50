"""What stands behind /broadcast: to whom, when, pinned or not, and buttons on the lines below."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from core.domain.audience import Segment
from core.domain.broadcast import BroadcastPlan, LinkButton
from core.errors import BadInputError

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_SPAN = re.compile(r"(\d{1,4})([mhd])")
_MINUTES = {"m": 1, "h": 60, "d": 1440}
_LATEST = timedelta(days=366)
_MOST_BUTTONS = 50


def read_plan(text: str, now: datetime, zone: ZoneInfo) -> BroadcastPlan:
    """Read the whole message with the command.

    Args:
        text: `/broadcast [all|premium|free|active:N|lang:xx] [pin] [at [2026-11-30] 18:30|in 2h]`, in any order, and
            below it a row of buttons a line, as `Text - https://… | Text - https://…`.
        now: UTC.
        zone: whose clock `at` names.

    Raises:
        BadInputError: something of it is not understood, or is a moment that is over or too far away.
    """
    first, *lines = text.strip().splitlines()
    words = first.split()[1:]
    segment, is_pinned, due_at = Segment(), False, None
    while words:
        word = words.pop(0).lower()
        if word == "pin":
            is_pinned = True
        elif word == "in" and words:
            due_at = now + _span(words.pop(0))
        elif word == "at" and words:
            due_at = _moment(words, now, zone)
        else:
            segment = _segment(word)
    if due_at is not None and not now < due_at <= now + _LATEST:
        raise BadInputError("broadcast-when-not")
    return BroadcastPlan(segment, is_pinned, due_at, _buttons(lines))


def _segment(word: str) -> Segment:
    name, colon, rest = word.partition(":")
    segment = Segment.parse(f"language:{rest}" if name == "lang" and colon else word)
    if segment is None:
        raise BadInputError("broadcast-usage")
    return segment


def _span(word: str) -> timedelta:
    match = _SPAN.fullmatch(word.lower())
    if match is None:
        raise BadInputError("broadcast-usage")
    return timedelta(minutes=int(match[1]) * _MINUTES[match[2]])


def _moment(words: list[str], now: datetime, zone: ZoneInfo) -> datetime:
    """The moment that the next one or two words name; without a date the next time the clock shows it."""
    dated = _DATE.fullmatch(words[0])
    if dated is not None:
        words.pop(0)
    clock = _CLOCK.fullmatch(words.pop(0)) if words else None
    if clock is None:
        raise BadInputError("broadcast-usage")
    today = now.astimezone(zone)
    try:
        day = today if dated is None else datetime.fromisoformat(dated[0]).replace(tzinfo=zone)
        moment = day.replace(hour=int(clock[1]), minute=int(clock[2]), second=0, microsecond=0)
    except ValueError as error:
        raise BadInputError("broadcast-usage") from error
    if dated is None and moment <= today:
        moment += timedelta(days=1)
    return moment.astimezone(UTC)


def _buttons(lines: list[str]) -> tuple[tuple[LinkButton, ...], ...]:
    rows = tuple(tuple(_button(part) for part in line.split(" | ")) for line in lines if line.strip())
    if sum(map(len, rows)) > _MOST_BUTTONS:
        raise BadInputError("broadcast-usage")
    return rows


def _button(part: str) -> LinkButton:
    text, dash, url = part.rpartition(" - ")
    if not dash or not text.strip() or not url.strip():
        raise BadInputError("broadcast-usage")
    return LinkButton(text.strip(), url.strip())
