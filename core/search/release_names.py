"""Season, episode, quality, year and language in the spellings that names of files and queries use."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from core.search import release_spellings
from core.search.release_spellings import (
    ASCII_MARKER,
    EPISODE_GROUPS,
    MARKER,
    QUALITY_GROUPS,
    SEASON_GROUPS,
    SPELLED_GROUPS,
)
from core.search.vocabulary import LANGUAGES, SEASON_NUMERALS

if TYPE_CHECKING:
    from collections.abc import Iterator


_CHINESE_NUMERALS = {sign: value for value, sign in enumerate("一二三四五六七八九十", 1)}
_DIGIT = re.compile("[0-9]")
_WITHOUT_DIGITS = ("hd", "第", "season", "موسم", "فصل")  # one of them is in every spelling that has no digit
_MORE_EPISODES = re.compile(r"([-–~]?)(?:[sс]\d+)?([eе]?)(\d+)")
_BEHIND_DASH = re.compile(r"[-–~]\d")
_LONGEST_RANGE = 30  # forty words is all a file has
_LONGEST_RANGE_BOTH_WAYS = 14

YEAR = release_spellings.YEAR
YEARS = frozenset(map(str, range(1880, 2040)))
"""What `YEAR` matches."""
_YEAR_IN_BRACKETS = re.compile(rf"\(({YEAR})\)")


@dataclass(slots=True)
class ReleaseFacts:
    """What a name says about its release; every list is in order of appearance, each value once."""

    seasons: list[int] = field(default_factory=list)
    episodes: list[int] = field(default_factory=list)
    qualities: list[str] = field(default_factory=list)
    languages: list[str] = field(default_factory=list)
    year: int | None = None

    def __bool__(self) -> bool:
        return bool(self.seasons or self.episodes or self.qualities or self.languages or self.year)

    def add(self, reading: Reading) -> None:
        """Add what a recognised spelling says."""
        if reading.quality is None:
            self.seasons += [season for season in reading.seasons if season not in self.seasons]
            self.episodes += [episode for episode in reading.episodes if episode not in self.episodes]
        elif reading.quality not in self.qualities:
            self.qualities.append(reading.quality)

    def fill_in(self, described: ReleaseFacts) -> None:
        """Where a name is silent, what its caption says counts; not its year, which may be that of anything."""
        self.seasons = self.seasons or described.seasons
        self.episodes = self.episodes or described.episodes
        self.qualities = self.qualities or described.qualities
        self.languages = self.languages or described.languages

    def words(self) -> list[str]:
        """Canonical words, which filters without words are led by as well."""
        words = [*_numbering_words(tuple(self.seasons[:4]), tuple(self.episodes[:4])), *self.qualities[:2]]
        if self.year is not None:
            words.append(year_word(self.year))
        words += map(language_word, self.languages)
        return words


@dataclass(frozen=True, slots=True)
class Reading:
    """What a recognised spelling says.

    Attributes:
        seasons, episodes: of a range the first and the last.
        words: the canonical words a query asks for instead of the spelling.
        between: the words of what a range has between them, under which a file is found as well.
        spelled: it is made of ordinary words ("season 1"), which are words of the name as well.
    """

    seasons: tuple[int, ...] = ()
    episodes: tuple[int, ...] = ()
    quality: str | None = None
    words: tuple[str, ...] = ()
    between: tuple[str, ...] = ()
    spelled: bool = False


class Marker(NamedTuple):
    """A recognised spelling at its place in a normalised text."""

    start: int
    end: int
    reading: Reading


def season_word(season: int) -> str:
    """The word every file of a season has: `s01`."""
    return f"s{season:02}"


def episode_word(episode: int) -> str:
    """The word every file of an episode has: `e02`."""
    return f"e{episode:02}"


def pair_word(season: int, episode: int) -> str:
    """The word every file of an episode of a season has: `s01e02`."""
    return f"s{season:02}e{episode:02}"


def year_word(year: int) -> str:
    """The word of a file of that year, which a number in a title does not give: `y:1999`."""
    return f"y:{year}"


def language_word(code: str) -> str:
    """The word of a file in a language (two letters, lower case): `l:ru`."""
    return f"l:{code}"


@lru_cache(maxsize=4096)
def _numbering_words(seasons: tuple[int, ...], episodes: tuple[int, ...]) -> tuple[str, ...]:
    pairs = [pair_word(seasons[0], episode) for episode in episodes] if len(seasons) == 1 else []
    return (*pairs, *map(season_word, seasons), *map(episode_word, episodes))


def find_markers(text: str) -> Iterator[Marker]:
    """The recognised spellings of a normalised text, from left to right, without overlaps."""
    if _DIGIT.search(text) is not None or any(part in text for part in _WITHOUT_DIGITS):
        for match in (ASCII_MARKER if text.isascii() else MARKER).finditer(text):
            yield Marker(match.start(), match.end(), _reading(match[0]))


def is_marker_at(text: str, position: int) -> bool:
    """Whether a recognised spelling begins at a position of a normalised text."""
    return (ASCII_MARKER if text.isascii() else MARKER).match(text, position) is not None


def is_year(word: str) -> bool:
    """Whether a word may be the year of a film or book."""
    return word in YEARS


def year_in_brackets(text: str) -> int | None:
    """The first "(1999)" of a text; the form in which captions give years."""
    found = _YEAR_IN_BRACKETS.search(text)
    return int(found[1]) if found else None


def language_of(word: str) -> str | None:
    """The two-letter code of a language's name or usual short form, normalised; None for other words."""
    return LANGUAGES.get(word)


def quality_of(width: int, height: int) -> str:
    """The nominal quality of a frame, by its width, because wide films lose height: 1920 x 800 is 1080p."""
    for least, quality in ((3200, "2160p"), (2400, "1440p"), (1800, "1080p"), (1200, "720p")):
        if width >= least:
            return quality
    return "576p" if height > 500 else "480p" if height > 400 else "360p" if height > 280 else "240p"


@lru_cache(maxsize=4096)
def _reading(spelling: str) -> Reading:
    """What a spelling says by itself; what stands around it only decides whether it is one."""
    match = MARKER.fullmatch(spelling)
    found = {name: value for name, value in match.groupdict().items() if value is not None} if match else {}
    spelled = not found.keys().isdisjoint(SPELLED_GROUPS)
    quality = _quality(found)
    if quality is not None:
        return Reading(quality=quality, words=(quality,), spelled=spelled)
    seasons, missing_seasons = _numbers(found, SEASON_GROUPS)
    episodes, missing = _numbers(found, EPISODE_GROUPS)
    if seasons and episodes:
        words = [pair_word(seasons[0], episode) for episode in episodes]
        between = [pair_word(seasons[0], episode) for episode in missing]
    else:
        words = [*map(season_word, seasons), *map(episode_word, episodes)]
        between = list(map(season_word, missing_seasons))
    if not between or len(between) <= _LONGEST_RANGE_BOTH_WAYS:
        between += map(episode_word, missing)
    spelled = spelled or (not between and _BEHIND_DASH.search(spelling) is not None)  # "E05-720" is no range
    return Reading(seasons, episodes, None, tuple(words), tuple(between), spelled)


def _numbers(found: dict[str, str], groups: tuple[str, ...]) -> tuple[tuple[int, ...], list[int]]:
    """The numbers a spelling names, and those it leaves out between the ends of a range."""
    named: dict[int, None] = {}
    between: list[int] = []
    for group in groups:
        for number, is_named, is_behind_dash in _steps(found, group) if group in found else ():
            whole = _range(next(reversed(named)), number) if is_behind_dash and named else range(0)
            if whole or is_named:
                named[number] = None
                between += whole[1:-1]
    return tuple(named), [number for number in between if number not in named]


def _steps(found: dict[str, str], group: str) -> Iterator[tuple[int, bool, bool]]:
    """A group's numbers; whether each is one even where there is no range ("E01-E500"); whether a dash precedes it."""
    number = _number(found[group])
    first = found.get(f"{group}_from")
    if first is not None and _range(int(first), number):
        yield int(first), True, False
    yield number, True, first is not None
    last = found.get(f"{group}_to")
    if last is not None:
        yield _number(last.lstrip("sep")), last[0] in "se", True
    if group == "ep":
        for dash, sign, digits in _MORE_EPISODES.findall(found["more"]):
            yield int(digits), bool(sign), bool(dash)


def _range(first: int, last: int) -> range:
    """All numbers from the first to the last; none where no one would mean a range."""
    return range(first, last + 1) if first < last <= first + _LONGEST_RANGE else range(0)


def _quality(found: dict[str, str]) -> str | None:
    if "width" in found:
        return quality_of(int(found["width"]), int(found["height"]))
    if "lines" in found:
        return f"{found['lines']}p"
    return next((quality for name, quality in QUALITY_GROUPS.items() if name in found), None)


def _number(text: str) -> int:
    """A decimal number, a Chinese one below a hundred, or a written one."""
    if text.isdecimal():
        return int(text)
    if text in SEASON_NUMERALS:
        return SEASON_NUMERALS[text]
    tens, ten, ones = text.rpartition("十")
    if not ten:
        return _CHINESE_NUMERALS[text]
    return 10 * _CHINESE_NUMERALS.get(tens, 1) + _CHINESE_NUMERALS.get(ones, 0)
