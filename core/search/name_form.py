"""A name in the form that ranking and grouping read: normalised, with one space around and between its runs."""

from __future__ import annotations

from functools import lru_cache

from core.search.normalise import normalise
from core.search.words import without_leading_tags

_SPACED = str.maketrans({**{sign: " " for sign in map(chr, range(128)) if not sign.isalnum()}, "'": None})
_TAG_STARTS = frozenset("@[wW")


@lru_cache(maxsize=8192)
def spaced(name: str) -> str:
    """The form of "The.Movie.1999.mkv" is " the movie 1999 mkv "; apostrophes and leading tags are gone.

    Remembered, because popular names come again and again.
    """
    text = without_leading_tags(normalise(name)) if name[:1] in _TAG_STARTS else normalise(name)
    return f" {' '.join(text.translate(_SPACED).split())} "
