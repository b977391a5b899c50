"""The words of the library with the number of files that have each: what planning and spelling correction know."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import OSA

from core.search.sorted_words import SortedWords

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

MAX_KNOWN_WORDS = 300_000

_FORGOTTEN_AT_ONCE = 1_500
_COMPLETIONS_READ = 4_000
_SHORTEST, _LONGEST = 4, 24
_TWO_EDITS_FROM = 8
_CANDIDATES = 6_000  # with the same first letter; a tenth of a microsecond each
_UNLIKELY_CANDIDATES = 4_000
_FIRST_LETTERS = 1_000  # every script but Chinese, Japanese and Korean together has fewer
_TOLD = 64
_LONGEST_SPLIT = 64  # two of the longest words

_edits_between: Any = OSA.distance  # its type names no scorer


class Spelling(NamedTuple):
    """A known word near another one.

    Attributes:
        distance: edits between them; a swap of neighbours is one.
        files: how many have the word.
    """

    word: str
    distance: int
    files: int


class Dictionary:
    """Words and their frequencies in memory, bounded; not safe for several threads.

    Of more than `capacity` words the rarest are forgotten, some at a time; among equally rare ones those learned first.
    Every question takes about a millisecond at most, whatever is asked.
    """

    def __init__(self, capacity: int = MAX_KNOWN_WORDS) -> None:
        self._capacity = capacity
        self._files: dict[str, int] = {}
        self._sorted = SortedWords()
        self._spelled = _WordsByShape()

    def __len__(self) -> int:
        return len(self._files)

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def files(self, word: str) -> int:
        """How many files have a word, about; 0 when it is unknown."""
        return self._files.get(word, 0)

    def add(self, words: Mapping[str, int]) -> None:
        """Change how many files have words; negative numbers take away, and a word without files is forgotten."""
        known = self._files
        for word, change in words.items():
            before = known.get(word, 0)
            if before and before + change > 0:  # as nearly always
                known[word] = before + change
            else:
                self.put(word, before + change)

    def put(self, word: str, files: int) -> None:
        """Say how many files have a word; 0 or less forgets it."""
        if files <= 0:
            self._forget(word)
            return
        is_new = word not in self._files
        self._files[word] = files
        if is_new:
            self._sorted.add(word)
            self._spelled.add(word)
            if len(self._files) > self._capacity:
                self._forget_rarest()

    def completions(self, beginning: str, limit: int = 32) -> list[str]:
        """Known words that begin with two or more given characters, most frequent first, without `beginning` itself.

        Equally frequent ones are in alphabetical order; only the first 4,000 words of that order are looked at.
        """
        if len(beginning) < 2:
            return []
        found = self._sorted.beginning_with(beginning, _COMPLETIONS_READ)
        if found and found[0] == beginning:
            del found[0]
        found.sort(key=self._files.__getitem__, reverse=True)  # stable, so that the rest of the order stays
        return found[:limit]

    def nearest(self, word: str, limit: int = 8) -> list[Spelling]:
        """Known words within one edit, two from eight letters on; the nearest distance only, most frequent first.

        Candidates have 4 to 24 characters and no digit; a word may lack one of four. Of equally near words those with
        the same first letter are meant: others are told only when there are none. Two edits of which one changes the
        first letter are looked for in a part of a big dictionary only.
        """
        if not _SHORTEST - 1 <= len(word) <= _LONGEST:
            return []
        edits = 1 if len(word) < _TWO_EDITS_FROM else 2
        found = self._spelled.near(word, edits)
        told = [Spelling(spelling, distance, self._files[spelling]) for spelling, distance in found]
        told.sort(key=lambda spelling: (-spelling.files, spelling.word))
        return told[:limit]

    def split(self, word: str) -> tuple[str, str] | None:
        """The two known words of two or more characters that make up a word of five or more; None without such.

        "spiderman" is "spider" and "man". Of several ways it is the one whose rarer part is the most frequent.
        """
        if not 5 <= len(word) <= _LONGEST_SPLIT:
            return None
        ways = ((word[:at], word[at:]) for at in range(2, len(word) - 1))
        best = max(ways, key=lambda parts: min(map(self.files, parts)))
        return best if all(map(self.files, best)) else None

    def _forget(self, word: str) -> None:
        if self._files.pop(word, 0):
            self._sorted.remove(word)
            self._spelled.remove(word)

    def _forget_rarest(self) -> None:
        """Forget one slice; a scan of all words for each new one would hold everything up."""
        wanted = min(_FORGOTTEN_AT_ONCE, max(1, self._capacity // 100))
        for level in sorted(set(self._files.values())):
            rarest = list(islice((word for word, files in self._files.items() if files == level), wanted))
            for word in rarest:
                self._forget(word)
            wanted -= len(rarest)
            if not wanted:
                return


class _WordsByShape:
    """Words that a misspelled one may mean, by first letter and length."""

    def __init__(self) -> None:
        self._words: dict[str, dict[int, set[str]]] = {}
        self._told: dict[tuple[str, int], list[tuple[str, int]]] = {}

    def add(self, word: str) -> None:
        if _is_spelled(word):
            self._told.clear()
            self._words.setdefault(word[0], {}).setdefault(len(word), set()).add(word)

    def remove(self, word: str) -> None:
        if not _is_spelled(word):
            return
        self._told.clear()
        by_length = self._words[word[0]]
        by_length[len(word)].discard(word)
        if not by_length[len(word)]:
            del by_length[len(word)]
        if not by_length:
            del self._words[word[0]]

    def near(self, word: str, edits: int) -> list[tuple[str, int]]:
        """(known word, distance) of the nearest ones within one or two edits; a search asks for them several times."""
        if (word, edits) not in self._told:
            if len(self._told) >= _TOLD:
                self._told.clear()
            self._told[word, edits] = self._look_for(word, edits)
        return self._told[word, edits]

    def _look_for(self, word: str, edits: int) -> list[tuple[str, int]]:
        same_letter = self._scan(word, edits, _CANDIDATES, word[0])
        if not same_letter or same_letter[0][1] > 1:
            one_edit = [(other, 1) for other in self._with_other_first_letter(word)]
            same_letter = one_edit or same_letter
        if same_letter or edits == 1:
            return same_letter
        likely = dict.fromkeys((*word[1:3], *islice(self._words, _FIRST_LETTERS)))
        others = (letter for letter in likely if letter != word[0])
        return self._scan(word, edits, _UNLIKELY_CANDIDATES, *others)

    def _scan(self, word: str, edits: int, limit: int, *letters: str) -> list[tuple[str, int]]:
        """The nearest of at most `limit` words that begin with one of the letters."""
        left, found = limit, list[tuple[str, int]]()
        for words in self._of_similar_length(len(word), edits, letters):
            among: Iterable[str] = words if len(words) <= left else list(islice(words, left))
            hits = process.extract(word, among, scorer=_edits_between, score_cutoff=edits, limit=None)
            found.extend((hit[0], int(hit[1])) for hit in hits if hit[1])
            left -= min(left, len(words))
            if not left:
                break
        nearest = min((distance for _, distance in found), default=0)
        return [hit for hit in found if hit[1] == nearest]

    def _of_similar_length(self, length: int, edits: int, letters: tuple[str, ...]) -> Iterator[set[str]]:
        lengths = sorted(range(length - edits, length + edits + 1), key=lambda other: abs(other - length))
        for letter in letters:
            by_length = self._words.get(letter, {})
            yield from (by_length[other] for other in lengths if other in by_length)

    def _with_other_first_letter(self, word: str) -> list[str]:
        """All words one edit away that begin otherwise: such an edit changes the beginning and nothing else."""
        rest = word[1:]
        spelled = {rest, word[1] + word[0] + word[2:]}
        for letter in islice(self._words, _FIRST_LETTERS):
            spelled.update((letter + rest, letter + word))
        return [other for other in spelled if other[0] != word[0] and self._has(other)]

    def _has(self, word: str) -> bool:
        return word in self._words.get(word[0], {}).get(len(word), ())


def _is_spelled(word: str) -> bool:
    """Whether it is a word of a language: "x264", "s01e02" and "l:ru" are not."""
    if not _SHORTEST <= len(word) <= _LONGEST:
        return False
    return word.isalpha() or not (":" in word or any(map(str.isdigit, word)))  # the first is quick, and says nearly all
