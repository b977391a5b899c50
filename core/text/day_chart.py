"""A picture of what was done on each of some days, for the worker process: Pillow is imported there, and not before.

It has digits and no words, since the font that comes with Pillow knows Latin letters alone; what the colours mean
stands in the caption.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

_WIDTH, _HEIGHT = 1080, 540
_LEFT, _RIGHT, _TOP, _BOTTOM = 90, 24, 30, 46
_COLOURS = ("#3478f6", "#f0932b")  # the blue and the orange squares of the caption
_INK, _LINE, _PAPER = "#44505c", "#dfe4ea", "#ffffff"
_FONT_SIZE = 20
_STEPS = (1, 2, 5)
_LEVELS = 4
_LABEL_EVERY = 7


@dataclass(frozen=True, slots=True)
class DayChart:
    """What is drawn.

    Attributes:
        days: one short label a day, digits and points only, the newest last.
        series: shape (at most 2, days); not negative. The first is blue, the second orange.
    """

    days: Sequence[str]
    series: Sequence[Sequence[int]]


def draw_days(chart: DayChart) -> bytes:
    """A PNG of some kilobytes: bars by day, one colour a series.

    Raises:
        ImportError: Pillow is not installed.
    """
    from PIL import Image, ImageDraw, ImageFont

    picture = Image.new("RGB", (_WIDTH, _HEIGHT), _PAPER)
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(_FONT_SIZE)
    top = axis_top(max((n for values in chart.series for n in values), default=0))
    _draw_levels(pen, font, top)
    _draw_bars(pen, chart, top)
    _draw_labels(pen, font, chart.days)
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True)
    return file.getvalue()


def axis_top(highest: int) -> int:
    """The number at the top of the axis: four equal steps of 1, 2 or 5 times a power of ten, never below `highest`."""
    power = 1
    while True:
        for step in _STEPS:
            if step * power * _LEVELS >= highest:
                return step * power * _LEVELS
        power *= 10


def _draw_levels(pen: Any, font: Any, top: int) -> None:
    for level in range(_LEVELS + 1):
        height = _height_of(top * level // _LEVELS, top)
        pen.line((_LEFT, height, _WIDTH - _RIGHT, height), fill=_LINE, width=2)
        pen.text((_LEFT - 10, height), _short(top * level // _LEVELS), fill=_INK, font=font, anchor="rm")


def _draw_bars(pen: Any, chart: DayChart, top: int) -> None:
    room = (_WIDTH - _LEFT - _RIGHT) / max(1, len(chart.days))
    width = room * 0.8 / max(1, len(chart.series))
    for number, values in enumerate(chart.series):
        for day, value in enumerate(values):
            if value:
                left = _LEFT + day * room + room * 0.1 + number * width
                bar = (left, min(_height_of(value, top), _height_of(0, top) - 2), left + width - 1, _height_of(0, top))
                pen.rectangle(bar, fill=_COLOURS[number])


def _draw_labels(pen: Any, font: Any, days: Sequence[str]) -> None:
    room = (_WIDTH - _LEFT - _RIGHT) / max(1, len(days))
    for day in range(len(days) - 1, -1, -_LABEL_EVERY):
        place = (_LEFT + (day + 0.5) * room, _HEIGHT - _BOTTOM + 12)
        pen.text(place, days[day], fill=_INK, font=font, anchor="mt")


def _height_of(value: int, top: int) -> float:
    return _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * value / top


def _short(number: int) -> str:
    """At most five signs, e.g. 250, 10k or 2.5M."""
    for size, letter in ((1_000_000, "M"), (1_000, "k")):
        if number >= size:
            return f"{number / size:g}{letter}"
    return str(number)
