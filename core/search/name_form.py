"""A name in the form that ranking and grouping read: normalised, with one space around and between its runs."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from core.search.normalise import normalise
from core.search.release_names import is_year
from core.search.vocabulary import EXTENSIONS, RELEASE_TAGS
from core.search.words import without_leading_tags

_SIGNS = [sign for sign in range(128) if not chr(sign).isalnum()]
_SPACED = str.maketrans({**{chr(sign): " " for sign in _SIGNS}, "'": None})
_SPACED_ASCII = bytes(ord(" ") if sign in _SIGNS else ord(chr(sign).lower()) for sign in range(128)).ljust(256)
_TAG_STARTS = frozenset("@[wW")
_QUALITY = re.compile(r"(?:\d{3,4}[pi]|[48]k|uhd|fhd|hd|\d{3,4}x\d{3,4})\Z")
_EPISODE = re.compile(r"s\d{1,2}(?:e\d{1,4})*\Z|ep?\d{1,4}\Z|\d{1,2}x\d{2,3}\Z")
_DASH = re.compile(r"\s[-–—]\s")
_TITLE, _TAG, _YEAR, _NUMBERING = range(4)


class NameForm(NamedTuple):
    """A name, taken apart.

    Attributes:
        text: " the movie 1999 mkv " for "The.Movie.1999.mkv"; apostrophes and leading tags are gone.
        title: what it says before its tags, year and episode included.
        extension: one of `EXTENSIONS`, or "".
        parts: the texts of what stands before, between and behind dashes, without the name's ending; () without dashes.
    """

    text: str
    title: str
    extension: str
    parts: tuple[str, ...]


@lru_cache(maxsize=16384)
def name_form(name: str) -> NameForm:
    """Remembered, because popular names come again and again."""
    runs = _runs(name)
    text = f" {' '.join(runs)} "
    extension = runs.pop() if len(runs) > 1 and runs[-1] in EXTENSIONS else ""
    has_dashes = " - " in name or (not name.isascii() and _DASH.search(name) is not None)
    return NameForm(text, _title(runs), extension, _parts(name) if has_dashes else ())


def _runs(name: str) -> list[str]:
    has_tag = name[:1] in _TAG_STARTS
    if name.isascii() and not has_tag:
        return name.encode().translate(_SPACED_ASCII, b"'").decode().split()
    folded = normalise(name)
    return (without_leading_tags(folded) if has_tag else folded).translate(_SPACED).split()


def _parts(name: str) -> tuple[str, ...]:
    parts = _DASH.split(name)
    parts[-1] = parts[-1].rpartition(".")[0]
    return tuple(f" {' '.join(_runs(part))} " for part in parts)


def spaced(name: str) -> str:
    """The text of a name's form."""
    return name_form(name).text


def _title(runs: list[str]) -> str:
    for at, role in enumerate(map(_role, runs)):
        if role and at:
            if role == _TAG:
                return " ".join(runs[:at])
            return " ".join(runs[: at + 1] if role == _NUMBERING else _with_episode(runs, at + 1))
    return " ".join(runs)


def _with_episode(runs: list[str], end: int) -> list[str]:
    """What stands up to a year, and the episode where it stands behind that: "Title 1954 S01E12"."""
    for run in runs[end:]:
        role = _role(run)
        if role == _TAG:
            break
        if role == _NUMBERING:
            return [*runs[:end], run]
    return runs[:end]


@lru_cache(maxsize=8192)
def _role(run: str) -> int:
    """What a run behind the first one says of a release."""
    if run in RELEASE_TAGS:
        return _TAG
    if _EPISODE.match(run):
        return _NUMBERING
    if _QUALITY.match(run):
        return _TAG
    return _YEAR if is_year(run) else _TITLE
