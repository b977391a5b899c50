"""Season, episode, quality, year and language in the spellings that names of files and queries use."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from core.search.vocabulary import EPISODE_WORDS, LANGUAGES, SEASON_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator

_GAP = r"[\W_]{0,3}"
_ORDINAL = rf"(?:st|nd|rd|th|{_GAP}[йя])?"
_NO_NUMBER_NEXT = rf"(?!{_GAP}\d{{1,4}}(?![^\W_]))"  # "1080p" is none
# "1. Sezon 2. Bölüm" counts before both words, "Show 1 Season 2" after them.
_NO_NUMBER_OF_ITS_OWN_NEXT = (
    rf"(?:{_NO_NUMBER_NEXT}|(?={_GAP}\d{{1,4}}{_ORDINAL}{_GAP}(?:{EPISODE_WORDS})(?![^\W_]){_NO_NUMBER_NEXT}))"
)
_CHINESE_NUMERALS = {sign: value for value, sign in enumerate("一二三四五六七八九十", 1)}
_CHINESE_NUMBER = r"\d{1,4}|[一二三四五六七八九]?十?[一二三四五六七八九十]"

_MARKER = re.compile(
    rf"""
    (?<![^\W_]) (?:
        s(?P<se>\d{{1,2}}) {_GAP} ep?{_GAP}(?P<ep>\d{{1,4}}) (?P<more>(?:-?e\d{{1,4}}|-\d{{2,3}}(?!\d))*)
      | (?P<cross_se>\d{{1,2}}) [x×х] (?P<cross_ep>\d{{2,3}})
      | (?P<se_before>{SEASON_WORDS}) {_GAP} (?P<word_se>\d{{1,2}})
        (?: {_GAP} (?:{EPISODE_WORDS}|ep?) {_GAP} (?P<word_ep>\d{{1,4}}) )?
      | (?P<se_word>\d{{1,2}}) {_ORDINAL} {_GAP} (?P<se_after>сезон|(?:{SEASON_WORDS}) {_NO_NUMBER_OF_ITS_OWN_NEXT})
      | s (?P<only_se>\d{{1,2}})
      | ep? (?P<only_ep>\d{{1,4}})
      | (?P<ep_before>ep|{EPISODE_WORDS}) {_GAP} (?P<spelled_ep>\d{{1,4}})
      | 제?(?P<ep_word>\d{{1,4}}) {_ORDINAL} {_GAP}
        (?P<ep_after>сер[иі][яиі]|выпуск|[화회]|(?:{EPISODE_WORDS}) {_NO_NUMBER_NEXT})
      | (?P<width>\d{{3,4}}) (?P<pad>[ ]?) [x×х] (?P=pad) (?P<height>\d{{3,4}})  # "2019 x264" is a year and a codec
      | (?P<lines>2160|1440|1080|720|576|540|480|360|240) (?P<apart>[ ]?) [pi]
      | (?P<uhd>4k|uhd|ultra{_GAP}hd) | (?P<k8>8k) | (?P<fhd>fhd|full{_GAP}hd)
    ) (?![^\W_])
    | 第 [ ]? (?P<cjk_se>{_CHINESE_NUMBER}) [ ]? 季
    | 第 [ ]? (?P<cjk_ep>{_CHINESE_NUMBER}) [ ]? [集话話回]
    """,
    re.VERBOSE,
)
_SEASON_GROUPS = ("se", "cross_se", "word_se", "se_word", "only_se", "cjk_se")
_EPISODE_GROUPS = ("ep", "cross_ep", "word_ep", "only_ep", "spelled_ep", "ep_word", "cjk_ep")
_SPELLED_GROUPS = {"se_before", "se_after", "ep_before", "ep_after", "cjk_se", "cjk_ep"}
_MAYBE_MARKED = re.compile(r"\d|uhd|fhd|hd|第")

YEAR = r"(?:18[89]\d|19\d\d|20[0-3]\d)"  # films begin in 1888; a higher number is rather part of a title
_YEAR = re.compile(rf"{YEAR}\Z")
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


@dataclass(frozen=True, slots=True)
class Marker:
    """One recognised spelling inside a normalised text.

    Attributes:
        seasons, episodes, quality: what it says.
        spelled: it is made of ordinary words ("season 1"), which are words of the name as well.
    """

    start: int
    end: int
    seasons: tuple[int, ...] = ()
    episodes: tuple[int, ...] = ()
    quality: str | None = None
    spelled: bool = False

    @property
    def words(self) -> tuple[str, ...]:
        """The canonical words a query asks for instead of the spelling."""
        if self.quality is not None:
            return (self.quality,)
        if self.seasons and self.episodes:
            return tuple(pair_word(self.seasons[0], episode) for episode in self.episodes)
        return (*map(season_word, self.seasons), *map(episode_word, self.episodes))


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


def find_markers(text: str) -> Iterator[Marker]:
    """The recognised spellings of a normalised text, from left to right, without overlaps."""
    if _MAYBE_MARKED.search(text) is not None:
        for match in _MARKER.finditer(text):
            yield _marker(match)


def is_year(word: str) -> bool:
    """Whether a word may be the year of a film or book."""
    return len(word) == 4 and _YEAR.match(word) is not None


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


def _marker(match: re.Match[str]) -> Marker:
    found = {name: value for name, value in match.groupdict().items() if value is not None}
    start, end = match.span()
    quality = _quality(found)
    if quality is not None:
        return Marker(
            start, end, quality=quality, spelled=not found.keys().isdisjoint({"uhd", "fhd"}) and "hd" in match[0]
        )
    seasons = tuple(_number(found[name]) for name in _SEASON_GROUPS if name in found)
    episodes = [_number(found[name]) for name in _EPISODE_GROUPS if name in found]
    episodes.extend(map(int, re.findall(r"\d+", found.get("more", ""))))
    spelled = not found.keys().isdisjoint(_SPELLED_GROUPS)
    return Marker(start, end, seasons, tuple(dict.fromkeys(episodes)), spelled=spelled)


def _quality(found: dict[str, str]) -> str | None:
    if "width" in found:
        return quality_of(int(found["width"]), int(found["height"]))
    if "lines" in found:
        return f"{found['lines']}p"
    return next(
        (quality for name, quality in (("uhd", "2160p"), ("k8", "4320p"), ("fhd", "1080p")) if name in found), None
    )


def _number(text: str) -> int:
    """A decimal number, or a Chinese one below a hundred."""
    if text.isdecimal():
        return int(text)
    tens, ten, ones = text.rpartition("十")
    if not ten:
        return _CHINESE_NUMERALS[text]
    return 10 * _CHINESE_NUMERALS.get(tens, 1) + _CHINESE_NUMERALS.get(ones, 0)
