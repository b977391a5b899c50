"""The words of many files at once; importable by a spawned worker."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from core.search.words import TITLE_MARK, file_words

if TYPE_CHECKING:
    from collections.abc import Sequence


def count_words(files: Sequence[tuple[str, str | None]]) -> dict[str, int]:
    """The number of files that have each word, whole titles left out, which nobody completes or misspells.

    Args:
        files: name and caption of each.
    """
    counted = Counter(word for name, caption in files for word in file_words(name, caption))
    return {word: files for word, files in counted.items() if not word.startswith(TITLE_MARK)}


def read_words(files: Sequence[tuple[str, str | None]]) -> list[list[str]]:
    """What each file is found under.

    Args:
        files: name and caption of each.
    """
    return [file_words(name, caption) for name, caption in files]
