"""How a text that somebody began may go on, by the words that the library has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.search.query import MAX_QUERY_WORDS
from core.search.words import analyse

if TYPE_CHECKING:
    from core.search.dictionary import Dictionary


def complete(begun: str, known: Dictionary, limit: int) -> list[str]:
    """Up to `limit` texts, the most frequent ending first; none where the library has nothing like the last word.

    The last word goes on, or is spelled otherwise where no known word begins so. Words before it stay as they are
    typed, except that an unknown one becomes the known one it is nearest to.
    """
    typed = begun.split()[:MAX_QUERY_WORDS]
    if not typed:
        return []
    before = [_known_spelling(word, known) for word in typed[:-1]]
    return [" ".join([*before, ending]) for ending in _endings(typed[-1], known, limit)]


def _known_spelling(typed: str, known: Dictionary) -> str:
    words = analyse(typed).asked
    if len(words) != 1 or known.files(words[0]):
        return typed
    nearest = known.nearest(words[0], 1)
    return nearest[0].word if nearest else typed


def _endings(typed: str, known: Dictionary, limit: int) -> list[str]:
    words = analyse(typed).asked
    endings = [typed] if words and all(map(known.files, words)) else []
    if len(words) != 1:
        return endings
    endings += known.completions(words[0], limit)
    if not endings:
        endings = [spelling.word for spelling in known.nearest(words[0], limit)]
    if not endings and (parts := known.split(words[0])) is not None:
        endings = [" ".join(parts)]
    return endings[:limit]
