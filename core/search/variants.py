"""Which files are versions of one title: the same film or episode in another quality, size or language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.domain.media import MediaKind
from core.search.name_form import name_form

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.domain.media import ListedFile

_FILMED_KINDS = frozenset([MediaKind.VIDEO, MediaKind.ANIMATION])
_FILMED = frozenset(["mkv", "mp4", "avi", "mov", "m4v", "webm", "wmv", "flv", "ts", "m2ts", "mpg", "mpeg", "3gp"])


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
    form = name_form(file.name)
    filmed = file.kind in _FILMED_KINDS or form.extension in _FILMED
    return form.title, "" if filmed else f"{file.kind}{form.extension}"


def lines_of(file: ListedFile) -> int:
    """The lines of its picture, 1080 for `1080p`; 0 when they are not known."""
    quality = file.metadata.quality if file.metadata is not None else None
    return int(quality[:-1]) if quality is not None and quality[:-1].isdecimal() else 0
