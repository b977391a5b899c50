"""Structured filters of a search text: `moon voyage type:video year:1902 maxsize:2GB`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.search.release_names import episode_word, language_word, pair_word, season_word, year_word

if TYPE_CHECKING:
    from core.domain.media import MediaKind


@dataclass(frozen=True, slots=True)
class Filters:
    """What a file must be besides having the words; nothing is asked where None or empty.

    Attributes:
        kinds: any of them.
        language: two letters, lower case.
        quality: canonical, `1080p`.
        min_size: bytes, inclusive.
        max_size: bytes, inclusive.
    """

    kinds: tuple[MediaKind, ...] = ()
    year: int | None = None
    language: str | None = None
    quality: str | None = None
    season: int | None = None
    episode: int | None = None
    min_size: int | None = None
    max_size: int | None = None

    def __bool__(self) -> bool:
        return self != _NONE

    @property
    def words(self) -> tuple[str, ...]:
        """Canonical words that a matching file is stored under; they can lead a search that has no other words."""
        words = [] if self.year is None else [year_word(self.year)]
        if self.language is not None:
            words.append(language_word(self.language))
        if self.quality is not None:
            words.append(self.quality)
        if self.season is not None and self.episode is not None:
            return (*words, pair_word(self.season, self.episode))
        if self.season is not None:
            words.append(season_word(self.season))
        if self.episode is not None:
            words.append(episode_word(self.episode))
        return tuple(words)


_NONE = Filters()
