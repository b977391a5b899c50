"""A name in the form that ranking and grouping read: normalised, with one space around and between its runs."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from core.search.normalise import normalise
from core.search.release_names import YEARS
from core.search.vocabulary import EXTENSIONS, RELEASE_TAGS
from core.search.words import without_leading_tags

_SIGNS = [sign for sign in range(128) if not chr(sign).isalnum()]
_SPACED = str.maketrans({**{chr(sign): " " for sign in _SIGNS}, "'": None})
_SPACED_ASCII = bytes(ord(" ") if sign in _SIGNS else ord(chr(sign).lower()) for sign in range(128)).ljust(256)
_TAG_STARTS = frozenset("@[wW")
_QUALITY = re.compile(r"(?:\d{3,4}[pi]|[48]k|uhd|fhd|hd|\d{3,4}x\d{3,4})\Z")
_EPISODE = re.compile(r"s\d{1,2}(?:e\d{1,4})*\Z|ep?\d{1,4}\Z|\d{1,2}x\d{2,3}\Z")
_DASH = re.compile(r"\s[-–—]\s")
_NUMBER_STARTS = frozenset("0123456789esufh")
_TAG, _YEAR, _NUMBERING = 1, 2, 3
_ROLES = {**dict.fromkeys(YEARS, _YEAR), **dict.fromkeys(RELEASE_TAGS, _TAG)}


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
    for at in range(1, len(runs)):
        role = _role(runs[at])
        if role == _TAG:
            return " ".join(runs[:at])
        if role == _NUMBERING:
            return " ".join(runs[: at + 1])
        if role == _YEAR:
            return " ".join(_with_episode(runs, at + 1))
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


def _role(run: str) -> int | None:
    """What a run behind the first one says of a release; None for nothing."""
    return _ROLES.get(run) or (_role_of_number(run) if run[0] in _NUMBER_STARTS else None)


@lru_cache(maxsize=4096)
def _role_of_number(run: str) -> int | None:
    if _EPISODE.match(run):
        return _NUMBERING
    return _TAG if _QUALITY.match(run) else None
