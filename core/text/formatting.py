"""Sizes, durations, counts and dates in a person's language: plain text, to be given to the catalogue as values."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from babel import Locale, UnknownLocaleError, dates, numbers, units

if TYPE_CHECKING:
    from datetime import date, datetime, tzinfo

_STEP = 1024
_SIZE_UNITS = ("byte", "digital-kilobyte", "digital-megabyte", "digital-gigabyte", "digital-terabyte")
_DURATION_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))


def file_size(size: int, language: str) -> str:
    """A file's size as Telegram's apps show it: steps of 1,024 under decimal names, e.g. "1.4 GB".

    One decimal below 100 of a unit, none above, and no ".0"; a larger file never shows a smaller size.

    Args:
        size: bytes, not negative.
        language: tag such as "en" or "pt-br"; unknown ones give English.

    Raises:
        ValueError: `size` is negative.
    """
    if size < 0:
        raise ValueError(f"a size cannot be negative: {size}")
    value: float = size
    step = 0
    while round(value, _decimals(value)) >= _STEP and step < len(_SIZE_UNITS) - 1:
        value /= _STEP
        step += 1
    if step == 0:
        return f"{size} B"
    return _in_unit(round(value, _decimals(value)), step, language)


@lru_cache(maxsize=4096)
def _in_unit(rounded: float, step: int, language: str) -> str:
    return units.format_unit(rounded, _SIZE_UNITS[step], length="short", format="0.#", locale=_locale(language))


def playing_time(seconds: int) -> str:
    """The length of a film or a track on a player's clock, e.g. "4:05" or "1:32:05"; the same in every language."""
    minutes, second = divmod(max(0, seconds), 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour}:{minute:02}:{second:02}" if hour else f"{minute}:{second:02}"


@lru_cache(maxsize=1024)
def duration(seconds: int, language: str) -> str:
    """A span of time in words, in its two largest units, e.g. "5 minutes" or "1 hour 30 minutes".

    Args:
        seconds: negative counts as 0; what is below the second unit is dropped, so the answer is never too long a wait.
        language: as for `file_size`.
    """
    left = max(0, seconds)
    words: list[str] = []
    for name, length in _DURATION_UNITS:
        amount, rest = divmod(left, length)
        if amount or (name == "second" and not words):
            words.append(units.format_unit(amount, name, length="long", locale=_locale(language)))
            left = rest
        if len(words) == 2 or (words and not left):
            break
    return " ".join(words)


@lru_cache(maxsize=4096)
def count(number: int, language: str) -> str:
    """A number grouped as the language does, e.g. "1,234"."""
    return str(numbers.format_decimal(number, locale=_locale(language)))


@lru_cache(maxsize=1024)
def language_name(code: str, language: str) -> str:
    """The name of the language `code` (two letters) in `language`, e.g. "Russian"; an unknown code in capitals."""
    return str(_locale(language).languages.get(code, code.upper()))


def day(value: date, language: str) -> str:
    """A calendar day, e.g. "Nov 22, 2026"."""
    return str(dates.format_date(value, format="medium", locale=_locale(language)))


def moment(value: datetime, zone: tzinfo, language: str) -> str:
    """A moment as day and minute on the clock of `zone`, e.g. "Nov 22, 2026, 4:07 PM".

    Raises:
        ValueError: `value` carries no time zone.
    """
    if value.tzinfo is None:
        raise ValueError("a moment without a time zone")
    local = value.astimezone(zone)
    locale = _locale(language)
    return f"{dates.format_date(local, 'medium', locale=locale)}, {dates.format_time(local, 'short', locale=locale)}"


def zoned_moment(value: datetime, zone: tzinfo, language: str) -> str:
    """As `moment`, with the name of the zone, e.g. "Nov 22, 2026, 4:07 PM CET"; for people who may be elsewhere."""
    return f"{moment(value, zone, language)} {value.astimezone(zone).tzname()}"


def _decimals(value: float) -> int:
    return 1 if value < 99.95 else 0


@lru_cache(maxsize=64)
def _locale(language: str) -> Locale:
    """Babel's locale of a tag, of its base language, or English."""
    for tag in (language, language.partition("-")[0]):
        try:
            return Locale.parse(tag, sep="-")
        except (UnknownLocaleError, ValueError):
            continue
    return Locale.parse("en")
