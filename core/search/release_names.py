"""Season, episode, quality, year and language in the spellings that names of files and queries use."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from core.search.vocabulary import EPISODE_WORDS, LANGUAGES, SEASON_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator


def _first_letters(words: str) -> str:
    return "".join(sorted({word[0] for word in words.split("|")}))


# One look at the first letter says no to most other words.
_SEASON = f"(?=[{_first_letters(SEASON_WORDS)}])(?:{SEASON_WORDS})"
_EPISODE = f"(?=[{_first_letters(EPISODE_WORDS)}])(?:{EPISODE_WORDS})"
_FIRST = rf"(?=[0-9seuf제{_first_letters(f'{SEASON_WORDS}|{EPISODE_WORDS}')}])"
_GAP = r"[\W_]{0,3}+"
_ORDINAL = rf"(?:st|nd|rd|th|{_GAP}[йя])?"
_NO_NUMBER_NEXT = rf"(?!{_GAP}\d{{1,4}}(?![^\W_]))"  # "1080p" is none
# "1. Sezon 2. Bölüm" counts before both words, "Show 1 Season 2" after them.
_NO_NUMBER_OF_ITS_OWN_NEXT = (
    rf"(?:{_NO_NUMBER_NEXT}|(?={_GAP}\d{{1,4}}{_ORDINAL}{_GAP}{_EPISODE}(?![^\W_]){_NO_NUMBER_NEXT}))"
)
_CHINESE_NUMERALS = {sign: value for value, sign in enumerate("一二三四五六七八九十", 1)}
_CHINESE_NUMBER = r"\d{1,4}|[一二三四五六七八九]?十?[一二三四五六七八九十]"

# Numbers take all of their digits at once ("++" never gives back), so that other numbers are dismissed in one go.
_MARKER = re.compile(
    rf"""
    (?<![^\W_]) {_FIRST} (?:
        (?=\d) (?:
            (?P<cross_se>\d{{1,2}}+) [x×х] (?P<cross_ep>\d{{2,3}})
          | (?P<se_word>\d{{1,2}}+) {_ORDINAL} {_GAP} (?P<se_after>сезон|{_SEASON} {_NO_NUMBER_OF_ITS_OWN_NEXT})
          | (?P<width>\d{{3,4}}+) (?P<pad>[ ]?) [x×х] (?P=pad) (?P<height>\d{{3,4}})  # "2019 x264" is none
          | (?P<lines>2160|1440|1080|720|576|540|480|360|240) (?P<apart>[ ]?) [pi]
          | (?P<k4>4k) | (?P<k8>8k)
        )
      | s(?P<se>\d{{1,2}}) {_GAP} ep?{_GAP}(?P<ep>\d{{1,4}}) (?P<more>(?:-?e\d{{1,4}}|-\d{{2,3}}(?!\d))*)
      | s (?P<only_se>\d{{1,2}})
      | ep? (?P<only_ep>\d{{1,4}})
      | (?P<uhd>uhd|ultra{_GAP}hd) | (?P<fhd>fhd|full{_GAP}hd)
      | (?P<se_before>{_SEASON}) {_GAP} (?P<word_se>\d{{1,2}})
        (?: {_GAP} (?:{_EPISODE}|ep?) {_GAP} (?P<word_ep>\d{{1,4}}) )?
      | (?P<ep_before>ep|{_EPISODE}) {_GAP} (?P<spelled_ep>\d{{1,4}})
      | 제?(?P<ep_word>\d{{1,4}}+) {_ORDINAL} {_GAP}
        (?P<ep_after>сер[иі][яиі]|выпуск|[화회]|{_EPISODE} {_NO_NUMBER_NEXT})
    ) (?![^\W_])
    | 第 [ ]? (?P<cjk_se>{_CHINESE_NUMBER}) [ ]? 季
    | 第 [ ]? (?P<cjk_ep>{_CHINESE_NUMBER}) [ ]? [集话話回]
    """,
    re.VERBOSE,
)
_SEASON_GROUPS = ("se", "cross_se", "word_se", "se_word", "only_se", "cjk_se")
_EPISODE_GROUPS = ("ep", "cross_ep", "word_ep", "only_ep", "spelled_ep", "ep_word", "cjk_ep")
_QUALITY_GROUPS = {"k8": "4320p", "k4": "2160p", "uhd": "2160p", "fhd": "1080p"}
_SPELLED_GROUPS = {"se_before", "se_after", "ep_before", "ep_after", "cjk_se", "cjk_ep", "uhd", "fhd"}
_DIGIT = re.compile("[0-9]")

YEAR = r"(?:18[89]\d|19\d\d|20[0-3]\d)"  # films begin in 1888; a higher number is rather part of a title
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
        words: the canonical words a query asks for instead of the spelling.
        spelled: it is made of ordinary words ("season 1"), which are words of the name as well.
    """

    seasons: tuple[int, ...] = ()
    episodes: tuple[int, ...] = ()
    quality: str | None = None
    words: tuple[str, ...] = ()
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
    if _DIGIT.search(text) is not None or "hd" in text or "第" in text:
        for match in _MARKER.finditer(text):
            yield Marker(match.start(), match.end(), _reading(match[0]))


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
    match = _MARKER.fullmatch(spelling)
    found = {name: value for name, value in match.groupdict().items() if value is not None} if match else {}
    spelled = not found.keys().isdisjoint(_SPELLED_GROUPS)
    quality = _quality(found)
    if quality is not None:
        return Reading(quality=quality, words=(quality,), spelled=spelled)
    seasons = tuple(_number(found[name]) for name in _SEASON_GROUPS if name in found)
    numbers = [_number(found[name]) for name in _EPISODE_GROUPS if name in found]
    numbers.extend(map(int, re.findall(r"\d+", found.get("more", ""))))
    episodes = tuple(dict.fromkeys(numbers))
    if seasons and episodes:
        words = tuple(pair_word(seasons[0], episode) for episode in episodes)
    else:
        words = (*map(season_word, seasons), *map(episode_word, episodes))
    return Reading(seasons, episodes, words=words, spelled=spelled)


def _quality(found: dict[str, str]) -> str | None:
    if "width" in found:
        return quality_of(int(found["width"]), int(found["height"]))
    if "lines" in found:
        return f"{found['lines']}p"
    return next((quality for name, quality in _QUALITY_GROUPS.items() if name in found), None)


def _number(text: str) -> int:
    """A decimal number, or a Chinese one below a hundred."""
    if text.isdecimal():
        return int(text)
    tens, ten, ones = text.rpartition("十")
    if not ten:
        return _CHINESE_NUMERALS[text]
    return 10 * _CHINESE_NUMERALS.get(tens, 1) + _CHINESE_NUMERALS.get(ones, 0)
