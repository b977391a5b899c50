"""The words of names, captions and queries: one function for both sides, so that what is stored is what is asked.

A text has *asked* words, which a query must all find, and *further* words, under which a file is found as well: the
parts of "Schindler's", "spiderman" for "Spider-Man", "brigada" for "Бригада". A file stores both kinds, so every file
is found by its own name. Season, episode and quality are asked in one canonical spelling (`s01e02`, `1080p`); the same
words lead filters that come without words, as do `y:1999` and `l:ru`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from anyascii import anyascii

from core.search.normalise import combining_signs, normalise
from core.search.release_names import (
    ReleaseFacts,
    episode_word,
    find_markers,
    is_year,
    language_of,
    language_word,
    pair_word,
    season_word,
    year_in_brackets,
    year_word,
)
from core.search.vocabulary import EXTENSIONS, RELEASE_TAGS

if TYPE_CHECKING:
    from core.search.release_names import Marker

MAX_WORDS = 40
MAX_WORD_LENGTH = 32
TITLE_MARK = "="

_READ_LENGTH = 1000  # forty words stand well before it
_MAX_TITLE_WORDS = 28
_MAX_LANGUAGES = 4
_ASCII_RUN = re.compile(r"[a-z0-9]+(?:'[a-z0-9]+)*")
_RUN = re.compile(rf"[^\W_](?:[^\W_]|[{combining_signs()}]|'(?=[^\W_]))*")
_CJK = re.compile("[\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")
_ACRONYM = re.compile(r"(?<![^\W_])(?:[^\W\d_]\.){2,}[^\W\d_](?![^\W_])")
_HYPHENATED = re.compile(r"[^\W\d_]{2,}(?:-[^\W\d_]{2,})+")
_LEADING_TAG = re.compile(r"\s*(?:@\w+[\W_]+|\[[^\]]*\]\s*|www\.[a-z0-9-]+\.[a-z]{2,8}(?=[ _-])[ _-]+)")
_NOT_LATIN_LETTER = re.compile(r"[^a-z0-9]+")


@dataclass(slots=True)
class TextWords:
    """What one text gives.

    Attributes:
        asked: words a query of this text must find, in order, each once.
        further: more words under which a file of this name is found.
        title: the runs before the first tag joined by spaces; "" without words.
        whole: all runs joined by spaces, recognised spellings included.
        title_words: how many of `asked` belong to the title.
    """

    asked: list[str] = field(default_factory=list)
    further: list[str] = field(default_factory=list)
    title: str = ""
    whole: str = ""
    title_words: int = 0
    facts: ReleaseFacts = field(default_factory=ReleaseFacts)


def analyse(text: str) -> TextWords:
    """The words of the first 1,000 characters of any text; total, and the same for spellings that `normalise` folds."""
    return _Analysis(normalise(text[:_READ_LENGTH])[:_READ_LENGTH]).result()


def file_words(name: str, caption: str | None = None) -> list[str]:
    """The words a file is stored under: at most 40 of at most 32 characters, the title's first, the caption's last."""
    named = analyse(name)
    words = dict.fromkeys(named.asked[: min(named.title_words, _MAX_TITLE_WORDS)])
    if named.title:
        words[title_word(named.title)] = None
    described = analyse(caption) if caption else None
    words.update(dict.fromkeys(_fact_words(_merged(named.facts, described, caption))))
    words.update(dict.fromkeys(named.asked))
    words.update(dict.fromkeys(named.further))
    if described is not None:
        words.update(dict.fromkeys(described.asked))
        words.update(dict.fromkeys(described.further))
    return list(words)[:MAX_WORDS]


def title_word(title: str) -> str:
    """The word of a whole title, under which it is found among thousands of files that merely contain it."""
    return (TITLE_MARK + title)[:MAX_WORD_LENGTH]


def latin_form(word: str) -> str | None:
    """A normalised word in Latin letters, "brigada" for "бригада"; None when it is Latin or says nothing in Latin."""
    if word.isascii():
        return None
    latin = _NOT_LATIN_LETTER.sub("", anyascii(word).lower())[:MAX_WORD_LENGTH]
    return latin if len(latin) > 1 or (latin and len(word) == 1) else None  # "voina i mir" needs its "i"


def without_leading_tags(text: str) -> str:
    """A normalised name without "@channel", "[group]" and "www.site.com" in front.

    Tags are taken off only while more than the file's type is left: "[Group][Title][01].mkv" keeps its title.
    """
    first = _LEADING_TAG.match(text)
    if first is None:
        return text
    end = first.end()
    while (found := _LEADING_TAG.match(text, end)) is not None:
        end = found.end()
    return next((rest for rest in (text[end:], text[first.end() :]) if _says_more_than_type(rest)), text)


def _says_more_than_type(text: str) -> bool:
    return any(match[0] not in EXTENSIONS for match in _RUN.finditer(text))


def run_words(run: str) -> tuple[list[str], list[str]]:
    """(asked, further) words of one run of letters, digits, signs and inner apostrophes of a normalised text."""
    joined = run.replace("'", "")
    further = [part for part in run.split("'") if len(part) > 1] if "'" in run else []
    if joined.isascii():
        return [joined[:MAX_WORD_LENGTH]], further
    asked = _split_cjk(joined)
    latin = latin_form(joined) if len(joined) <= MAX_WORD_LENGTH else None
    return asked, [*further, latin] if latin is not None else further


class _Analysis:
    """One walk over a normalised text, from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._runs = _ASCII_RUN if text.isascii() else _RUN
        self._words = TextWords()
        self._asked: dict[str, None] = {}
        self._further: dict[str, None] = {}
        self._titled: list[str] = []
        self._whole: list[str] = []
        self._title_open = True
        self._body = without_leading_tags(text)
        self._years = self._year_positions(self._body)

    def result(self) -> TextWords:
        body = self._body
        position = 0
        for marker in find_markers(body):
            self._read_runs(body, position, marker.start)
            self._read_marker(marker, body)
            position = marker.end
        self._read_runs(body, position, len(body))
        self._finish(body)
        return self._words

    def _year_positions(self, body: str) -> tuple[int, int]:
        """Start of the run that is the year, and of the first run; the last year-like number that is not alone."""
        first = self._runs.search(body)
        start = first.start() if first else 0
        hits = [match.start() for match in self._runs.finditer(body) if is_year(match[0])]
        alone = not hits or self._runs.fullmatch(body.strip()) is not None or self._only_extension_follows(body, start)
        return (-1, start) if alone else (hits[-1], start)

    def _only_extension_follows(self, body: str, start: int) -> bool:
        runs = [match[0] for match in self._runs.finditer(body, start)]
        return len(runs) == 2 and runs[1] in EXTENSIONS

    def _read_runs(self, body: str, start: int, end: int) -> None:
        for match in self._runs.finditer(body, start, end):
            self._read_run(match[0], match.start(), last=match.end() >= len(body.rstrip()))

    def _read_run(self, run: str, start: int, *, last: bool) -> None:
        year_start, first_start = self._years
        plain = run.replace("'", "")
        if start != first_start:
            self._read_facts(plain, is_the_year=start == year_start)
            is_extension = last and plain in EXTENSIONS
            if start == year_start or plain in RELEASE_TAGS or is_extension:
                self._title_open = False
        elif start == year_start:
            self._words.facts.year = int(plain)
        asked, further = run_words(run)
        self._whole.append(plain)
        if self._title_open:
            self._titled.append(plain)
        self._add(asked, further)

    def _read_facts(self, word: str, *, is_the_year: bool) -> None:
        if is_the_year:
            self._words.facts.year = int(word)
        code = language_of(word)
        languages = self._words.facts.languages
        if code is not None and code not in languages and len(languages) < _MAX_LANGUAGES:
            languages.append(code)

    def _read_marker(self, marker: Marker, body: str) -> None:
        facts = self._words.facts
        facts.seasons.extend(season for season in marker.seasons if season not in facts.seasons)
        facts.episodes.extend(episode for episode in marker.episodes if episode not in facts.episodes)
        if marker.quality is not None and marker.quality not in facts.qualities:
            facts.qualities.append(marker.quality)
        runs = [match[0] for match in self._runs.finditer(body, marker.start, marker.end)]
        if self._titled:
            self._title_open = False
        else:
            self._titled.extend(runs)  # a name that begins with a marker has it for its title
        self._whole.extend(runs)
        self._add(list(marker.words), [word for run in runs for word in run_words(run)[0]] if marker.spelled else [])

    def _add(self, asked: list[str], further: list[str]) -> None:
        self._asked.update(dict.fromkeys(asked))
        self._further.update(dict.fromkeys(further))
        if self._title_open:
            self._words.title_words = len(self._asked)

    def _finish(self, body: str) -> None:
        for match in self._runs.finditer(self._text[: len(self._text) - len(body)]):
            asked, further = run_words(match[0])
            self._asked.update(dict.fromkeys(asked))
            self._further.update(dict.fromkeys(further))
        title = " ".join(self._titled)
        for compound in (*_ACRONYM.findall(body), *_HYPHENATED.findall(body)):
            spaced = compound.replace(".", " ").replace("-", " ")
            if spaced in title:
                self._further.setdefault(spaced.replace(" ", "")[:MAX_WORD_LENGTH])
        words = self._words
        words.asked = list(self._asked)
        words.further = [word for word in self._further if word not in self._asked]
        words.title, words.whole = title, " ".join(self._whole)


def _split_cjk(run: str) -> list[str]:
    """Chinese and Japanese signs as overlapping pairs, a single sign as itself, what stands between as words."""
    words: list[str] = []
    position = 0
    for match in _CJK.finditer(run):
        if match.start() > position:
            words.append(run[position : match.start()][:MAX_WORD_LENGTH])
        signs = match[0]
        words.extend([signs] if len(signs) == 1 else [signs[at : at + 2] for at in range(len(signs) - 1)])
        position = match.end()
    if position < len(run):
        words.append(run[position:][:MAX_WORD_LENGTH])
    return words


def _merged(named: ReleaseFacts, described: TextWords | None, caption: str | None) -> ReleaseFacts:
    """What the name says; where it is silent, what the caption says."""
    if described is None:
        return named
    told = described.facts
    return ReleaseFacts(
        named.seasons or told.seasons,
        named.episodes or told.episodes,
        named.qualities or told.qualities,
        named.languages or told.languages,
        named.year or year_in_brackets(normalise(caption or "")),
    )


def _fact_words(facts: ReleaseFacts) -> list[str]:
    """Canonical words, which filters without words are led by as well."""
    words: list[str] = []
    if len(facts.seasons) == 1:
        words.extend(pair_word(facts.seasons[0], episode) for episode in facts.episodes[:4])
    words.extend(season_word(season) for season in facts.seasons[:4])
    words.extend(episode_word(episode) for episode in facts.episodes[:4])
    words.extend(facts.qualities[:2])
    if facts.year is not None:
        words.append(year_word(facts.year))
    words.extend(map(language_word, facts.languages))
    return words
