"""Whether a name has words: by its letters where these decide, by taking it apart where they do not."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from core.search.words import MAX_WORD_LENGTH, file_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from core.search.reading import WordChoice

_NUMBERING = re.compile(r"s\d+\Z|e\d+\Z")
_CANONICAL = re.compile(r"s\d+(?:e\d+)?\Z|e\d+\Z|\d+p\Z")  # words that other spellings are read as
_HYPHENATED = re.compile(r"[A-Za-z]-[A-Za-z]")
_ACRONYM = re.compile(r" [a-z] [a-z] ")
_FEW = 3


class WantedChoice:
    """The words of which a name has to have one, ready to be looked for in many names.

    Args:
        choice: best first.
    """

    __slots__ = ("_choice", "_derivable", "_needles", "_places")

    def __init__(self, choice: WordChoice) -> None:
        self._choice = choice
        is_plain = not any(map(_NUMBERING.match, choice))
        self._places = {word: place for place, word in enumerate(choice)} if is_plain and len(choice) > _FEW else None
        self._needles = [(word, f" {word} ") for word in choice]
        self._derivable = frozenset(map(_derivation, choice))

    def of(self, name: str, form: str) -> str | None:
        """The best of the words that a name has; `form` is its `spaced` form."""
        if self._places is not None:
            places = [self._places[run] for run in form.split() if run in self._places]
            found = self._choice[min(places)] if places else None
        else:
            has = ((word, needle in form or _is_half_of_pair(word, form)) for word, needle in self._needles)
            found = next((word for word, is_there in has if is_there), None)
        if found is not None or not _may_derive(name, form, self._derivable):
            return found
        return next((word for word in self._choice if _may_have(form, word) and word in _words_of(name)), None)


def has_words(name: str, form: str, words: Sequence[str]) -> bool:
    """Whether a name alone has all of the words; `form` is its `spaced` form."""
    missing = [word for word in words if f" {word} " not in form and not _is_half_of_pair(word, form)]
    if not missing:
        return True
    if all(not word.isascii() and word in form for word in missing):
        return True  # signs of scripts that are written without spaces
    if not all(_may_have(form, word) for word in missing):
        return False
    return _may_derive(name, form, map(_derivation, missing)) and _words_of(name).issuperset(missing)


@lru_cache(maxsize=2048)
def _words_of(name: str) -> frozenset[str]:
    return frozenset(file_words(name))


def _is_half_of_pair(word: str, form: str) -> bool:
    """Whether `s01` or `e02` stands in a name as "s01e02"."""
    if word[:1] not in "se" or not word[1:].isdecimal():
        return False
    return f" {word}e" in form if word[0] == "s" else re.search(rf" s\d+{word} ", form) is not None


_ALWAYS, _OF_LETTERS, _NEVER = "always", "of letters", "never"


@lru_cache(maxsize=4096)
def _derivation(word: str) -> str:
    """Whether a Latin name may have a word that is none of its runs: "1x02" has `s01e02`, "Spider-Man" `spiderman`."""
    if not word.isascii() or len(word) >= MAX_WORD_LENGTH or _CANONICAL.match(word):
        return _ALWAYS
    return _OF_LETTERS if word.isalpha() else _NEVER


def _may_derive(name: str, form: str, derivations: Iterable[str]) -> bool:
    """A quick no for most Latin names, whose words are their runs."""
    wanted = set(derivations)
    if _ALWAYS in wanted or not name.isascii() or "'" in name:
        return True
    if _OF_LETTERS not in wanted:
        return False
    return ("-" in name and _HYPHENATED.search(name) is not None) or _ACRONYM.search(form) is not None


def _may_have(form: str, word: str) -> bool:
    """A quick no for most files that match by their caption: a Latin name holds an ordinary word letter for letter."""
    return not word.isalpha() or not form.isascii() or word in form.replace(" ", "")
