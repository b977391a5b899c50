"""What a reader can narrow a window of files by, and narrowing it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, TypeVar

from core.domain.search import Facets

if TYPE_CHECKING:
    from collections.abc import Iterable

    from core.domain.media import ListedFile, MediaKind
    from core.domain.search import Narrowing

V = TypeVar("V")


def count_facets(files: Iterable[ListedFile]) -> Facets:
    """Kinds, qualities and languages with the number of files of each."""
    kinds: Counter[MediaKind] = Counter()
    qualities: Counter[str] = Counter()
    languages: Counter[str] = Counter()
    for file in files:
        kinds[file.kind] += 1
        if file.metadata is not None:
            if file.metadata.quality is not None:
                qualities[file.metadata.quality] += 1
            languages.update(file.metadata.languages)
    return Facets(_most_first(kinds), _most_first(qualities), _most_first(languages))


def agrees(file: ListedFile, narrowing: Narrowing) -> bool:
    """Whether a file belongs to the part of a window."""
    if narrowing.kind is not None and file.kind != narrowing.kind:
        return False
    metadata = file.metadata
    if narrowing.quality is not None and (metadata is None or metadata.quality != narrowing.quality):
        return False
    return narrowing.language is None or (metadata is not None and narrowing.language in metadata.languages)


def _most_first(counted: Counter[V]) -> tuple[tuple[V, int], ...]:
    return tuple(counted.most_common())
