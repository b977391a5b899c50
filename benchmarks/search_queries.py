"""Eleven classes of queries as people type them, made from the names of a library with a fixed seed.

How frequent a word is says which class it belongs to; the bounds are shares of the files that were counted, so that a
library of any size has every class.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from core.search.words import analyse, file_words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from core.domain.media import NewMedia

ONE_WORD_CLASSES = ("rare word", "middling word", "common word")

_RARE, _MIDDLING, _COMMON = (2e-6, 4e-5), (5e-4, 6e-3), 1.5e-2
_TRIES = 400_000
_PAIR = re.compile(r"S\d\dE\d\d")
_HAN = re.compile("[\u4e00-\u9fff]+")
_UNUSUAL_LETTERS = "qxzvkwjybpf"


@dataclass(frozen=True, slots=True)
class MixedQuery:
    """A query and the class it stands for."""

    kind: str
    text: str


class QueryMaker:
    """Makes queries that the given files answer, except those of the class that nothing answers.

    Args:
        files: what words are counted in, and names are taken from.
        seed: the same files and seed give the same queries.
    """

    def __init__(self, files: Sequence[NewMedia], seed: int) -> None:
        self._files = files
        self._random = Random(seed)
        self._found: Counter[str] = Counter()
        for file in files:
            self._found.update(file_words(file.name, file.caption))
        least = _COMMON * len(files)
        self._common = sorted(word for word, n in self._found.items() if n >= least and _is_common(word))

    def make(self, per_class: int) -> list[MixedQuery]:
        """So many different ones of each class, the classes in turn.

        Raises:
            SystemExit: the files are too few for a class.
        """
        classes: dict[str, Callable[[NewMedia], str | None]] = {
            "rare word": lambda file: self._word_of(file, _RARE),
            "middling word": lambda file: self._word_of(file, _MIDDLING),
            "common word": lambda _: self._random.choice(self._common),
            "two common that meet": self._two_that_meet,
            "two common": lambda _: " ".join(self._random.sample(self._common, 2)),
            "title": self._title,
            "episode": self._episode,
            "prefix": self._prefix,
            "typo": self._typo,
            "nothing": lambda _: self._nothing(),
            "other scripts": self._other_scripts,
        }
        made = {kind: self._collect(kind, make, per_class) for kind, make in classes.items()}
        return [MixedQuery(kind, made[kind][at]) for at in range(per_class) for kind in made]

    def _collect(self, kind: str, make: Callable[[NewMedia], str | None], wanted: int) -> list[str]:
        texts: dict[str, None] = {}
        for _ in range(_TRIES):
            if len(texts) == wanted:
                return list(texts)
            text = make(self._random.choice(self._files))
            if text is not None:
                texts[text] = None
        raise SystemExit(f"too few names for the class {kind!r}: take more --files")

    def _word_of(self, file: NewMedia, shares: tuple[float, float]) -> str | None:
        least, most = (share * len(self._files) for share in shares)
        words = [word for word in _title_words(file) if _plain(word) and least <= self._found[word] <= max(2, most)]
        return self._random.choice(words) if words else None

    def _two_that_meet(self, file: NewMedia) -> str | None:
        words = [word for word in file_words(file.name, file.caption) if word in self._common]
        return " ".join(self._random.sample(words, 2)) if len(words) > 1 else None

    def _title(self, file: NewMedia) -> str | None:
        words = _title_words(file)
        if len(words) < 3 or not all(map(_plain, words)):
            return None
        return " ".join(words[: self._random.choice((3, 3, 4, 5))])

    def _episode(self, file: NewMedia) -> str | None:
        words, pair = _title_words(file), _PAIR.search(file.name)
        if pair is None or not words or not all(map(_plain, words)):
            return None
        return " ".join([*words[:3], pair[0]])

    def _prefix(self, file: NewMedia) -> str | None:
        """The beginning of a title's second word, more often after its first word than alone."""
        words = [word for word in _title_words(file) if _plain(word)]
        if len(words) < 2 or len(words[1]) < 6:
            return None
        beginning = words[1][: max(3, len(words[1]) * 6 // 10)]
        if beginning in self._found:
            return None
        return f"{words[0]} {beginning}" if self._random.random() < 0.6 else beginning

    def _typo(self, file: NewMedia) -> str | None:
        """Two words of a title, one of them with an inner letter left out, replaced, doubled or swapped."""
        words = [word for word in _title_words(file) if _plain(word)][:2]
        if len(words) < 2:
            return None
        at = self._random.randrange(2)
        word = words[at]
        if len(word) < 6:
            return None
        cut = self._random.randrange(1, len(word) - 1)
        letter = self._random.choice(string.ascii_lowercase)
        wrong = self._random.choice(
            (
                word[:cut] + word[cut + 1 :],
                word[:cut] + letter + word[cut + 1 :],
                word[:cut] + letter + word[cut:],
                word[:cut] + word[cut + 1] + word[cut] + word[cut + 2 :],
            )
        )
        if wrong == word or wrong in self._found:
            return None
        words[at] = wrong
        return " ".join(words)

    def _nothing(self) -> str:
        return "".join(self._random.choices(_UNUSUAL_LETTERS, k=self._random.randint(7, 10)))

    def _other_scripts(self, file: NewMedia) -> str | None:
        if signs := _HAN.search(file.name):
            return signs[0][: self._random.choice((2, 3, 4))]
        words = [word for word in _title_words(file) if not word.isascii()]
        return " ".join(words[: self._random.choice((1, 2))]) if words else None


def _title_words(file: NewMedia) -> list[str]:
    return analyse(file.name).title.split()


def _plain(word: str) -> bool:
    return word.isascii() and word.isalpha()


def _is_common(word: str) -> bool:
    """Tags of releases are the most common words of all."""
    return word.isascii() and word.isalnum() and len(word) > 2
