"""Drawing titles and files of a library by chance, the same at every run."""

from __future__ import annotations

from itertools import islice
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.relevance_library import KnownTitle, Library, Post
    from benchmarks.relevance_rows import Case

SIGNS = "CJK"
"""The script in which a title is one word to whoever counts spaces."""


class Draw:
    """Draws from one library.

    Args:
        wanted: how many cases a row has at most.
        seed: the same library and seed draw the same.
    """

    def __init__(self, library: Library, wanted: int, seed: int) -> None:
        self.library = library
        self.wanted = wanted
        self._seed = seed

    def random(self, name: str) -> Random:
        """A source of chance of one's own, so that a row does not depend on those before it."""
        return Random(f"{self._seed} {name}")

    def titles(self, name: str, fits: Callable[[KnownTitle], bool]) -> list[KnownTitle]:
        """As many different titles as are wanted, or all there are."""
        return list(islice(self.every_title(name, fits), self.wanted))

    def every_title(self, name: str, fits: Callable[[KnownTitle], bool]) -> Iterator[KnownTitle]:
        """All titles that fit, shuffled."""
        titles = list(self.library.titles)
        self.random(name).shuffle(titles)
        return filter(fits, titles)

    def posts(self, name: str, category: str) -> list[Post]:
        """As many files of a category as are wanted, or all there are."""
        posts = [post for post in self.library.posts if post.category == category]
        return self.random(name).sample(posts, min(len(posts), self.wanted))

    def unambiguous(self, cases: Iterator[tuple[str, Case]]) -> tuple[list[Case], int]:
        """(cases, how many were left out): wanted ones, without those whose text a file has word for word.

        Args:
            cases: (the words as they are typed, case).
        """
        kept: list[Case] = []
        left_out = 0
        while len(kept) < self.wanted and (drawn := next(cases, None)) is not None:
            words, case = drawn
            if self.library.matches(words.split()):
                left_out += 1
            else:
                kept.append(case)
        return kept, left_out
