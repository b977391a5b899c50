"""Cases of relevance: a text, what must come of it, and how many of a row must be right."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

from benchmarks.relevance_library import runs
from core.errors import FileFilterError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.relevance_library import Library
    from core.domain.media import ListedFile
    from core.search.dictionary import Spelling


class Searched(Protocol):
    """What is asked."""

    async def page(self, text: str) -> Sequence[ListedFile]:
        """The first page; without files as well when the text is refused.

        Raises:
            FileFilterError: it was cut.
        """

    def nearest(self, word: str) -> Sequence[Spelling]:
        """Known words near a word, best first."""


class Case(Protocol):
    """One question and its right answer."""

    @property
    def text(self) -> str:
        """What is typed."""

    async def miss(self, searched: Searched) -> str | None:
        """None when the answer is right, else what was wanted and what came."""


def told(wanted: str, files: Sequence[ListedFile]) -> str:
    """A line about a wrong answer."""
    return (
        f"wanted {wanted!r}, got {files[0].name!r} first of {len(files)}" if files else f"wanted {wanted!r}, got none"
    )


@dataclass(frozen=True, slots=True)
class TitleCase:
    """Exactly this title is wanted.

    Attributes:
        first: it must be the first result, else one of page 1.
        episode: (season, episode) of the file, where one is asked for.
    """

    text: str
    title: str
    library: Library
    first: bool = True
    episode: tuple[int, int] | None = None

    async def miss(self, searched: Searched) -> str | None:
        """See `Case`."""
        files = await searched.page(self.text)
        if any(map(self._is_right, files[:1] if self.first else files)):
            return None
        return told(self._one_that_is_right(), files)

    def _is_right(self, file: ListedFile) -> bool:
        if not self.library.has_title(file.name, self.title):
            return False
        return self.episode is None or self.library.named(file.name)[0].episode == self.episode

    def _one_that_is_right(self) -> str:
        title = self.title.lower()
        fits = (post for post in reversed(self.library.posts) if post.title.lower() == title)
        return next(post.name for post in fits if self.episode in {None, post.episode})


@dataclass(frozen=True, slots=True)
class NameCase:
    """A file of this name is wanted first, or of one with the same words between other signs."""

    text: str
    name: str

    async def miss(self, searched: Searched) -> str | None:
        """See `Case`."""
        files = await searched.page(self.text)
        return None if files and runs(files[0].name) == runs(self.name) else told(self.name, files)


@dataclass(frozen=True, slots=True)
class WordsCase:
    """A file with all these words in name and caption is wanted, first or on page 1."""

    text: str
    words: tuple[str, ...]
    library: Library
    first: bool = True

    async def miss(self, searched: Searched) -> str | None:
        """See `Case`."""
        files = await searched.page(self.text)
        if any(self.library.has_words(file.name, self.words) for file in (files[:1] if self.first else files)):
            return None
        return told(" ".join(self.words), files)


@dataclass(frozen=True, slots=True)
class BeginningCase:
    """Every file of page 1 has a word that begins like this, and there is a file."""

    text: str
    library: Library

    async def miss(self, searched: Searched) -> str | None:
        """See `Case`."""
        files = await searched.page(self.text)
        wrong = [file for file in files if not self.library.has_word_beginning(file.name, self.text)]
        return None if files and not wrong else told(f"{self.text}…", wrong)


@dataclass(frozen=True, slots=True)
class SamePageCase:
    """Page 1 is that of another text: the same files in the same order."""

    text: str
    other: str

    async def miss(self, searched: Searched) -> str | None:
        """See `Case`."""
        ids = [file.id for file in await searched.page(self.text)]
        wanted = [file.id for file in await searched.page(self.other)]
        return None if wanted and ids == wanted else _compared(self.other, wanted, ids)


@dataclass(frozen=True, slots=True)
class SameFilesCase:
    """The files of page 1 that have all words are those of another order of the words.

    Where few have them, files in which the last word is longer follow; those may differ.
    """

    text: str
    other: str
    library: Library

    async def miss(self, searched: Searched) -> str | None:
        """See `Case`."""
        ids = await self._with_all_words(searched, self.text)
        wanted = await self._with_all_words(searched, self.other)
        return None if wanted and set(ids) == set(wanted) else _compared(self.other, wanted, ids)

    async def _with_all_words(self, searched: Searched, text: str) -> list[int]:
        words = self.other.split()
        return [file.id for file in await searched.page(text) if self.library.has_words(file.name, words)]


@dataclass(frozen=True, slots=True)
class NearestCase:
    """A word is among the first `within` that are near a misspelt one."""

    text: str
    word: str
    within: int

    async def miss(self, searched: Searched) -> str | None:
        """See `Case`."""
        near = [spelling.word for spelling in searched.nearest(self.text)[: self.within]]
        return None if self.word in near else f"wanted {self.word!r}, got {near}"


@dataclass(frozen=True)
class Row:
    """Cases that are judged together.

    Attributes:
        target: the least share of right answers; None when it is only shown.
        left_out: drawn cases that have more than one right answer.
    """

    name: str
    target: float | None
    cases: Sequence[Case]
    left_out: int = 0


class Miss(NamedTuple):
    """A wrong answer."""

    text: str
    told: str


@dataclass(frozen=True)
class Result:
    """A row that was asked."""

    row: Row
    misses: Sequence[Miss] = field(default_factory=list)

    @property
    def share(self) -> float:
        """Of right answers; 0 of a row without cases."""
        return 1 - len(self.misses) / len(self.row.cases) if self.row.cases else 0.0

    @property
    def is_met(self) -> bool:
        """Also True of what has no target, or no cases because the library is small."""
        return self.row.target is None or not self.row.cases or self.share >= self.row.target


async def ask(row: Row, searched: Searched) -> Result:
    """All cases of a row, one after the other; a search that was cut is a wrong answer."""
    misses = []
    for case in row.cases:
        try:
            told = await case.miss(searched)
        except FileFilterError as error:
            told = f"no answer: {type(error).__name__}"
        if told is not None:
            misses.append(Miss(case.text, told))
    return Result(row, misses)


def _compared(other: str, wanted: Sequence[int], ids: Sequence[int]) -> str:
    shared = len(set(ids).intersection(wanted))
    return f"{other!r} gives {len(wanted)} files, this {len(ids)}, {shared} of them the same"
