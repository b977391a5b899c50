"""The words of names, captions and queries: one function for both sides, so that what is stored is what is asked.

A text has *asked* words, which a query must all find, and *further* words, under which a file is found as well: the
parts of "Schindler's", "spiderman" for "Spider-Man", "brigada" for "Бригада". A file stores both kinds, so every file
is found by its own name. Season, episode and quality are asked in one canonical spelling (`s01e02`, `1080p`); the same
words lead filters that come without words, as do `y:1999` and `l:ru`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

from anyascii import anyascii

from core.search.normalise import combining_signs, normalise
from core.search.release_names import (
    YEARS,
    Reading,
    ReleaseFacts,
    find_markers,
    year_in_brackets,
)
from core.search.release_spellings import CJK
from core.search.vocabulary import EXTENSIONS, LANGUAGES, RELEASE_TAGS, UNSURE_LANGUAGES

MAX_WORDS = 40
MAX_WORD_LENGTH = 32
TITLE_MARK = "="

_READ_LENGTH = 1000  # forty words stand well before it
_MAX_TITLE_WORDS = 28
_MAX_LANGUAGES = 4
_ASCII_RUN = re.compile(r"[a-z0-9]+(?:'[a-z0-9]+)*")
_RUN = re.compile(rf"[^\W_](?:[^\W_]|[{combining_signs()}]|'(?=[^\W_]))*")
_CJK = re.compile(f"[{CJK}]+")
_ACRONYM = re.compile(r"(?<![^\W_])(?:[^\W\d_]\.){2,}[^\W\d_](?![^\W_])")
_HYPHENATED = re.compile(r"(?<![^\W\d_])[^\W\d_]{2,}+(?:-[^\W\d_]{2,}+)+")
_LEADING_TAG = re.compile(r"\s*(?:@\w+[\W_]+|\[[^\]]*\]\s*|www\.[a-z0-9-]+\.[a-z]{2,8}(?=[ _-])[ _-]+)")
_SMALL_CROSSES = {
    f"{season}{cross}{episode}": Reading((season,), (episode,))
    for season in range(1, 10)
    for episode in range(1, 10)
    for cross in "xх"
    if season != episode or season == 1  # "4x4" is a car and "3x3" a cube
}
_UNITS = frozenset({"mm", "cm", "ft", "inch", "inches", "px"})
_TELLING = YEARS | RELEASE_TAGS | LANGUAGES.keys() | _SMALL_CROSSES.keys()
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
    described = analyse(caption) if caption and not _repeats(caption, name) else None
    facts = named.facts
    if described is not None:
        facts.fill_in(described.facts)
    if facts.year is None and caption:
        facts.year = year_in_brackets(normalise(caption[:_READ_LENGTH]))
    words = named.asked[: min(named.title_words, _MAX_TITLE_WORDS)]
    if named.title:
        words.append(title_word(named.title))
    words += facts.words()
    words += named.asked
    words += named.further
    if described is not None:
        words += described.asked
        words += described.further
    return list(dict.fromkeys(words))[:MAX_WORDS]


def _repeats(caption: str, name: str) -> bool:
    """Whether a caption is the name with or without its type, as nearly half of all captions are: it adds no word."""
    if not name.startswith(caption) or len(name) > _READ_LENGTH:
        return False
    rest = name[len(caption) :]
    return not rest or (rest[0] == "." and rest[1:].lower() in EXTENSIONS)


def title_word(title: str) -> str:
    """The word of a whole title, under which it is found among thousands of files that merely contain it."""
    return (TITLE_MARK + title)[:MAX_WORD_LENGTH]


@lru_cache(maxsize=4096)
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
    """One walk over a normalised text, from left to right.

    A place is the number of a run of the body; `_spellings` are (first place, place behind, what it says).
    """

    __slots__ = ("_asked", "_body", "_facts", "_find_runs", "_further", "_plain", "_spellings", "_text", "_whole")

    def __init__(self, text: str) -> None:
        self._text = text
        self._body = without_leading_tags(text)
        self._find_runs = (_ASCII_RUN if text.isascii() else _RUN).findall
        self._whole: list[str] = []
        self._spellings: list[tuple[int, int, Reading]] = []
        self._asked: dict[str, None] = {}
        self._further: dict[str, None] = {}
        self._facts = ReleaseFacts()
        self._cut()
        self._plain = text.isascii() and "'" not in text and max(map(len, self._whole), default=0) <= MAX_WORD_LENGTH

    def result(self) -> TextWords:
        whole = [run.replace("'", "") for run in self._whole] if "'" in self._body else self._whole
        telling = [place for place, word in enumerate(whole) if word in _TELLING]
        year_place = self._year_place(telling)
        if year_place is not None:
            self._facts.year = int(whole[year_place])
        titled = self._title_length(telling, whole, year_place)
        self._facts.languages = self._languages(telling, whole, titled)
        self._read_small_cross(telling, whole)
        title = " ".join(whole[:titled])
        title_words = self._read_body(titled)
        if len(self._body) < len(self._text):
            self._add(self._find_runs(self._text, 0, len(self._text) - len(self._body)))
        if titled > 1:
            self._join_compounds(title, has_letters=1 in map(len, whole[:titled]))
        further = [word for word in self._further if word not in self._asked]
        return TextWords(list(self._asked), further, title, " ".join(whole), title_words, self._facts)

    def _cut(self) -> None:
        body, whole, find_runs = self._body, self._whole, self._find_runs
        position = 0
        for start, end, reading in find_markers(body):
            whole += find_runs(body, position, start)
            place = len(whole)
            whole += find_runs(body, start, end)
            self._spellings.append((place, len(whole), reading))
            position = end
        whole += find_runs(body, position)

    def _year_place(self, telling: list[int]) -> int | None:
        """Where the last year-like number stands that is not alone and not part of a recognised spelling."""
        for place in reversed(telling):
            if self._whole[place] in YEARS and not self._is_spelled(place):
                return None if self._is_alone() else place
        return None

    def _is_spelled(self, place: int) -> bool:
        return any(start <= place < end for start, end, _ in self._spellings)

    @staticmethod
    def _languages(telling: list[int], whole: list[str], titled: int) -> list[str]:
        sure_from = titled
        while sure_from > 1 and whole[sure_from - 1] in LANGUAGES:
            sure_from -= 1
        codes: list[str] = []
        for place in telling:
            word = whole[place]
            code = LANGUAGES.get(word)
            if (
                code is not None
                and place
                and code not in codes
                and (place >= sure_from or word not in UNSURE_LANGUAGES)
            ):
                codes.append(code)
        return codes[:_MAX_LANGUAGES]

    def _read_small_cross(self, telling: list[int], whole: list[str]) -> None:
        """Take "2x5" behind a title for an episode unless another is named; it stays a word, as it may be a measure."""
        for place in telling:
            if place and whole[place] in _SMALL_CROSSES and not self._spells_number():
                following = whole[place + 1] if place + 1 < len(whole) else ""
                if following not in _UNITS:
                    self._facts.add(_SMALL_CROSSES[whole[place]])

    def _spells_number(self) -> bool:
        return any(reading.quality is None for _, _, reading in self._spellings)

    def _is_alone(self) -> bool:
        """Whether the first run is all there is, besides the type of a file."""
        runs = self._whole
        return runs[0] == self._body.strip() if len(runs) == 1 else len(runs) == 2 and runs[1] in EXTENSIONS

    def _title_length(self, telling: list[int], whole: list[str], year_place: int | None) -> int:
        """How many runs stand before the first tag; the first run is never one, a spelling in front is the title."""
        end = year_place or len(whole)
        for start, _, _ in self._spellings:
            if 0 < start < end:
                end = start
        for place in telling:
            if 0 < place < end and whole[place] in RELEASE_TAGS:
                end = place
        is_typed = 1 < end == len(whole) and whole[-1] in EXTENSIONS and self._body.rstrip().endswith(whole[-1])
        return end - 1 if is_typed else end

    def _read_body(self, titled: int) -> int:
        """Collect the words of the body; how many of them belong to its first `titled` runs."""
        runs, spellings, place = self._whole, iter(self._spellings), 0
        if self._spellings and self._spellings[0][0] == 0:
            _, place, reading = next(spellings)
            self._read_spelling(reading, runs[:place])
        self._add(runs[place:titled])
        title_words, place = len(self._asked), max(place, titled)
        for start, end, reading in spellings:
            self._add(runs[place:start])
            self._read_spelling(reading, runs[start:end])
            place = end
        self._add(runs[place:])
        return title_words

    def _read_spelling(self, reading: Reading, runs: list[str]) -> None:
        for word in reading.words:
            self._asked[word] = None
        if reading.spelled:
            self._further.update(dict.fromkeys(word for run in runs for word in run_words(run)[0]))
        if reading.between:
            self._further.update(dict.fromkeys(reading.between))
        self._facts.add(reading)

    def _add(self, runs: list[str]) -> None:
        if self._plain:
            self._asked.update(dict.fromkeys(runs))
            return
        for run in runs:
            asked, further = run_words(run)
            self._asked.update(dict.fromkeys(asked))
            self._further.update(dict.fromkeys(further))

    def _join_compounds(self, title: str, *, has_letters: bool) -> None:
        """Add "swat" for "S.W.A.T." and "spiderman" for "Spider-Man" of a title."""
        compounds = _ACRONYM.findall(self._body) if has_letters else []
        if "-" in self._body:
            compounds += _HYPHENATED.findall(self._body)
        for compound in compounds:
            spaced = compound.replace(".", " ").replace("-", " ")
            if spaced in title:
                self._further.setdefault(spaced.replace(" ", "")[:MAX_WORD_LENGTH])


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
