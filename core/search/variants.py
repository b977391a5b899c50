"""Which files are versions of one title: the same film or episode in another quality, size or language."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from core.domain.media import MediaKind
from core.search.name_form import spaced
from core.search.release_names import is_year
from core.search.vocabulary import EXTENSIONS, RELEASE_TAGS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.domain.media import ListedFile

_FILMED = frozenset(["mkv", "mp4", "avi", "mov", "m4v", "webm", "wmv", "flv", "ts", "m2ts", "mpg", "mpeg", "3gp"])
_QUALITY = re.compile(r"(?:\d{3,4}[pi]|[48]k|uhd|fhd|hd|\d{3,4}x\d{3,4})\Z")
_NUMBER_STARTS = frozenset("0123456789esufh")
_EPISODE = re.compile(r"s\d{1,2}(?:e\d{1,4})*\Z|ep?\d{1,4}\Z|\d{1,2}x\d{2,3}\Z")


def group_variants(files: Sequence[ListedFile]) -> list[list[ListedFile]]:
    """Consecutive files of one title together, in the order given."""
    groups: list[list[ListedFile]] = []
    last = None
    for file in files:
        key = variant_key(file)
        if key == last:
            groups[-1].append(file)
        else:
            groups.append([file])
        last = key
    return groups


def variant_key(file: ListedFile) -> tuple[str, str]:
    """Equal for versions of one title: what stands before the release's tags, year and episode included."""
    title, extension = _title(file.name)
    filmed = file.kind in {MediaKind.VIDEO, MediaKind.ANIMATION} or extension in _FILMED
    return title, "" if filmed else f"{file.kind}{extension}"


def lines_of(file: ListedFile) -> int:
    """The lines of its picture, 1080 for `1080p`; 0 when they are not known."""
    quality = file.metadata.quality if file.metadata is not None else None
    return int(quality[:-1]) if quality is not None and quality[:-1].isdecimal() else 0


@lru_cache(maxsize=8192)
def _title(name: str) -> tuple[str, str]:
    """(what a name says before its tags, its extension or "")."""
    runs = spaced(name).split()
    extension = runs.pop() if len(runs) > 1 and runs[-1] in EXTENSIONS else ""
    for at in range(1, len(runs)):
        run = runs[at]
        if run in RELEASE_TAGS:
            return " ".join(runs[:at]), extension
        if run[0] in _NUMBER_STARTS:
            if _EPISODE.match(run):
                return " ".join(runs[: at + 1]), extension
            if _QUALITY.match(run):
                return " ".join(runs[:at]), extension
            if is_year(run):
                return " ".join(_with_episode(runs, at + 1)), extension
    return " ".join(runs), extension


def _with_episode(runs: list[str], end: int) -> list[str]:
    """What stands up to a year, and the episode where it stands behind that: "Title 1954 S01E12"."""
    for run in runs[end:]:
        if run in RELEASE_TAGS or _QUALITY.match(run):
            break
        if _EPISODE.match(run):
            return [*runs[:end], run]
    return runs[:end]
