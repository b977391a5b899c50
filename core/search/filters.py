"""Structured filters of a search text: `moon voyage type:video year:1902 maxsize:2GB`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from core.errors import BadInputError
from core.search.filter_values import (
    KINDS,
    read_episode,
    read_kinds,
    read_language,
    read_quality,
    read_season,
    read_size,
    read_year,
)
from core.search.normalise import normalise
from core.search.release_names import episode_word, language_word, pair_word, season_word, year_word

if TYPE_CHECKING:
    from collections.abc import Callable

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

    @property
    def text(self) -> str:
        """These filters as they are written in a search text; "" for none."""
        values = {name: getattr(self, form.field) for name, form in _FORMS.items()}
        values["type"] = ",".join(kind.name.lower() for kind in self.kinds) or None
        return " ".join(f"{name}:{value}" for name, value in values.items() if value is not None)


_NONE = Filters()


class _Form(NamedTuple):
    """How one filter is read, and where its value belongs."""

    field: str
    read: Callable[[str], Any]


_FORMS = {
    "type": _Form("kinds", read_kinds),
    "year": _Form("year", read_year),
    "lang": _Form("language", read_language),
    "quality": _Form("quality", read_quality),
    "season": _Form("season", read_season),
    "episode": _Form("episode", read_episode),
    "minsize": _Form("min_size", read_size),
    "maxsize": _Form("max_size", read_size),
}
_OTHER_NAMES = {"language": "lang"}
_NAME = r"(?:type|year|lang(?:uage)?|quality|season|episode|(?:min|max)size)"
_END = r"(?![^\s,;])"
_FILTER = re.compile(
    rf"""
    (?<![^\s,;])
    (?P<name> (?P<kind>type) | (?P<size>(?:min|max)size) | {_NAME} )
    (?P<before>\s*) : (?P<after>\s*)
    (?P<value>
        "[^"]*"{_END} | '[^']*'{_END}
      | (?(kind) \w+ (?: \s*,\s* (?:{"|".join(KINDS)}){_END} )+ {_END} | (?!) )  # type:video, audio
      | (?(size) \d[\d.,]* \s+ (?:[kmgt]i?b|bytes){_END} | (?!) )  # minsize:700 MB
      | (?: (?! [,;] {_NAME} \s* : ) [^\s;] )+
    )?
    [,;]*
    """,
    re.VERBOSE | re.IGNORECASE,
)
_WIDE_COLON = "\uff1a"
# One sign for one, so that places in the folded text are places in the text; phones type the curved quotes.
_FOLDING = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | str.maketrans("“”„«»‘’‚،、", '"""""\'\'\',,')


def split_filters(text: str) -> tuple[str, Filters]:
    """Take the filters out of any text; what remains are plain words.

    `type:video`, `type: video`, `TYPE:"video"` and `type:video,year:1902` are filters. Where a space stands at the
    colon and what follows is no value, the words are those of a title: "Blood Type: O". What is quoted whole,
    `"type:video"`, is no filter either.

    Returns:
        The text itself where it has no filter, else what is left, with single spaces; splitting it again finds none.

    Raises:
        BadInputError: `filter-bad-<name>`: a value is missing or not one; `filter-twice`: one filter with two values;
            `filter-sizes-crossed`: no size is allowed.
    """
    if ":" not in text and _WIDE_COLON not in text:
        return text, _NONE
    found: dict[str, Any] = {}
    rest = _take_out(text, found)
    while rest != text:  # what was taken out may have parted a filter: "year: type:video 1902"
        text, rest = rest, _take_out(rest, found)
    filters = Filters(**{_FORMS[name].field: value for name, value in found.items()})
    if filters.min_size is not None and filters.max_size is not None and filters.min_size > filters.max_size:
        raise BadInputError("filter-sizes-crossed")
    return rest, filters


def _take_out(text: str, found: dict[str, Any]) -> str:
    """The text without the filters that stand in it, which are added to `found` by name."""
    folded = text.translate(_FOLDING)
    kept: list[str] = []
    start = position = 0
    while (match := _FILTER.search(folded, position)) is not None:
        name = normalise(match["name"])
        name = _OTHER_NAMES.get(name, name)
        value = _value(name, match)
        if value is None:
            position = match.end("after")
            continue
        if found.setdefault(name, value) != value:
            raise BadInputError("filter-twice", name=name)
        kept.append(text[start : match.start()])
        start = position = match.end()
    return " ".join(" ".join([*kept, text[start:]]).split()) if kept else text


def _value(name: str, match: re.Match[str]) -> Any:
    """What a filter asks for; None where its name is an ordinary word.

    Raises:
        BadInputError: it asks for something that it cannot.
    """
    written = normalise(match["value"] or "").strip("\"' \t,")
    value = _FORMS[name].read(written)
    if value is None and not (match["before"] or match["after"]):
        raise BadInputError(f"filter-bad-{name}")
    return value
