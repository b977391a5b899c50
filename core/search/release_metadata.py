"""What a name says of a release: year, season, episode, quality, languages.

`core.search.words` knows the spellings of many scripts; parsett knows the habits of release groups ("- 05", "[01]",
"[Tam + Tel]"). Season, episode, quality and year are taken from the first where it knows them, because a file is found
under its words: what is shown agrees with what is searched for. The second fills in what is left.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import PTT  # type: ignore[import-untyped]

from core.domain.media import ReleaseMetadata
from core.search.normalise import normalise
from core.search.release_names import is_year
from core.search.vocabulary import LANGUAGES, RELEASE_TAGS
from core.search.words import analyse, without_leading_tags

if TYPE_CHECKING:
    from collections.abc import Sequence

QUALITIES: tuple[str, ...] = (
    *("4320p", "2160p", "1440p", "1080p", "720p"),
    *("576p", "540p", "480p", "360p", "240p"),
)
"""Every quality that is told, best first."""

_READ_LENGTH = 255  # parsett's time grows with the square; three thousand characters cost it seconds
_REMEMBERED = 2048
_MAX_LANGUAGES = 4
_HIGHEST_GUESS = {"seasons": 100, "episodes": 1999}
_NOTHING = ReleaseMetadata()
_MASK = "ŋ"  # a letter that no pattern of parsett asks for
_CODES = {code: code for code in LANGUAGES.values()} | {"la": "es"}  # parsett's "la" is the Spanish of Latin America
_SHORT_FORMS = {
    "bn": "ben",
    "de": "de deu",
    "en": "en engl ing",
    "es": "es esp sp la lat latin",
    "fa": "per",
    "fr": "fr fra vf vff vfq vost",
    "gu": "guj",
    "hi": "hi",
    "id": "ind",
    "it": "it",
    "ja": "jp jap ja",
    "kn": "kan",
    "ml": "mal",
    "mr": "mar",
    "pa": "pan pun",
    "pl": "pl pol",
    "pt": "pt por port br",
    "ru": "ru",
    "ta": "tam",
    "te": "tel",
    "th": "tha",
    "tr": "tur",
    "uk": "ua",
    "vi": "vie",
    "zh": "zh chi cht chs chn",
}
"""What parsett takes for a language in tags, and what is rather a word in titles."""
_FORMS = LANGUAGES | {form: code for code, forms in _SHORT_FORMS.items() for form in forms.split()}
_UNWATCHED = (
    "mp3 flac ogg oga opus m4a m4b wav aac wma ape",
    "pdf epub fb2 mobi azw3 djvu doc docx rtf txt cbr cbz jpg jpeg png gif webp apk",
)
_UNWATCHED_EXTENSIONS = frozenset(extension for line in _UNWATCHED for extension in line.split())

_WORD = re.compile(r"[^\W\d_]+")
_EXTENSION = re.compile(r"\.([a-z0-9]{2,4})\Z", re.IGNORECASE)
_LONG_NUMBER = re.compile(r"\d{5,}")  # to parsett "s01-999999999" is a list of a thousand million seasons
_VOLUME = re.compile(r"(\.\w{2,4})\.\d{3}\Z|\.part\d{1,4}(?=\.(?:rar|zip|7z)\Z)", re.IGNORECASE)
_COPY = re.compile(r"[ _]\(\d\)(?=(?:\.\w{2,4})?\Z)")
_BRACKETS = str.maketrans("【】「」『』〔〕", "[][][][]")
_RECORDED = re.compile(
    r"(?:(?:vid|video|img|image|mvimg|pxl|dsc|photo|screenshot|screenrecord(?:er|ing)?|screen|recording|record|rec|audio"
    r"|voice|ptt|aud|whatsapp|telegram|signal|document|file|snapchat|inshot|zoom|obs|camera|at|am|pm|wa)(?![^\W\d_])"
    r"|[\W\d_])*+",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d+")
_SUBTITLES = re.compile(
    r"(?<![^\W_])(?:e|m|eng|engl|english|multi)[ ._-]?sub(?:s|bed|titles?|titled)?(?![^\W_])", re.IGNORECASE
)
_VOLUME_OF_FILM = re.compile(r"(?<![^\W_])pt(?=[ ._-]?(?:\d|i{1,3}(?![^\W_])))", re.IGNORECASE)  # not Portuguese
_TAG = re.compile(
    r"[\[({]|(?<![^\W_])(?:s\d{1,2}(?:e\d+)?|\d{1,2}[xх]\d{2,3}|\d{3,4}[pi]|(?:19|20)\d\d|"
    rf"{'|'.join(sorted(RELEASE_TAGS))})(?![^\W_])",
    re.IGNORECASE,
)
_CROSS = re.compile(r"(?<=\d)[хХ](?=\d)")
_OTHER_SCRIPT = re.compile(
    "[\u0370-\u1dff\u2c00-\u2dff\u2e80-\ua71f\ua800-\ufaff\ufb1d-\ufdff\ufe70-\ufeff\U00010000-\U0010ffff]"
)


@dataclass(frozen=True, slots=True)
class _Guess:
    """What parsett reads in a name, as far as it can be believed."""

    year: int | None = None
    season: int | None = None
    episode: int | None = None
    quality: str | None = None
    languages: tuple[str, ...] = ()


def parse_name(name: str) -> ReleaseMetadata:
    """What the first 255 characters of a name say; total on any Unicode, a few milliseconds at most.

    Only what is stated counts: the script of a title is no language, neither is the language of its subtitles.
    """
    text = _cleaned(name)
    return _NOTHING if _says_nothing(_EXTENSION.sub("", text)) else _read(text)


def parse_names(names: Sequence[str]) -> list[ReleaseMetadata]:
    """What each of several names says, in their order; for a worker process."""
    return list(map(parse_name, names))


def _says_nothing(text: str) -> bool:
    """Whether it says when and by what it was recorded, or is a number: a title, or one of a photograph."""
    if _RECORDED.fullmatch(text) is None:
        return False
    numbers = _NUMBER.findall(text)
    return not (len(numbers) == 2 and is_year(numbers[1]) and _WORD.search(text) is None)  # "1408 (2007)"


def _cleaned(name: str) -> str:
    """One line without invisible signs, leading tags, numbers of volumes and copies: names that differ by them only."""
    text = name[:_READ_LENGTH]
    if not (text.isascii() and text.isprintable()):
        shown = "".join(map(_visible, unicodedata.normalize("NFKC", text)[:_READ_LENGTH]))
        text = shown.replace("İ", "I").translate(_BRACKETS)  # the one letter whose small form is longer
    text = text.strip()
    text = text[len(text) - len(without_leading_tags(text.lower())) :]
    return _COPY.sub("", _VOLUME.sub(r"\1", text))


def _visible(sign: str) -> str:
    """A digit of any script in ASCII, a control sign as a space, an invisible sign as nothing."""
    category = unicodedata.category(sign)
    if category == "Nd":
        return str(unicodedata.decimal(sign))
    if category in {"Cc", "Zl", "Zp"}:
        return " "
    return "" if category in {"Cf", "Cn", "Co", "Cs"} else sign


@lru_cache(_REMEMBERED)
def _read(text: str) -> ReleaseMetadata:
    for unwanted in (_LONG_NUMBER, _VOLUME_OF_FILM, _SUBTITLES):
        text = unwanted.sub(_mask, text)
    start = _start_of_tags(text)
    text = _WORD.sub(_mask_language, text[:start]) + text[start:]
    facts, guess = analyse(text).facts, _guess(text)
    qualities = (quality for quality in (*facts.qualities, guess.quality) if quality in QUALITIES)
    return ReleaseMetadata(
        facts.year if facts.year is not None else guess.year,
        next(iter(facts.seasons), guess.season),
        next(iter(facts.episodes), guess.episode),
        next(qualities, None),
        _in_order({*facts.languages, *guess.languages}, text[start:]),
    )


def _start_of_tags(text: str) -> int:
    """Where the title ends: before the first tag or the extension, and before the languages that stand there."""
    found = (_TAG.search(text, 1), _EXTENSION.search(text))
    end = min((match.start() for match in found if match is not None), default=len(text))
    for word in reversed(list(_WORD.finditer(text, 0, end))[1:]):
        if not _is_language(word[0]):
            break
        end = word.start()
    return end


def _is_language(word: str) -> bool:
    return (len(word) > 2 or word.isupper()) and normalise(word) in _FORMS


def _mask(found: re.Match[str]) -> str:
    return _MASK * len(found[0])


def _mask_language(word: re.Match[str]) -> str:
    return _mask(word) if normalise(word[0]) in _FORMS else word[0]  # "The Italian Job" is English


def _guess(text: str) -> _Guess:
    """Ask parsett; letters of other scripts say nothing to it but languages, and make it slow."""
    try:
        found = PTT.parse_title(_OTHER_SCRIPT.sub(_MASK, _CROSS.sub("x", text)))
    except (ArithmeticError, LookupError, TypeError, ValueError):
        return _Guess()  # its steps trust each other
    year = found.get("year")
    languages = tuple(dict.fromkeys(_CODES[code] for code in found.get("languages", ()) if code in _CODES))
    quality = str(found.get("resolution", "")).replace("i", "p")
    extension = _EXTENSION.search(text)
    if extension is not None and extension[1].lower() in _UNWATCHED_EXTENSIONS:
        return _Guess(_believed_year(year), languages=languages)  # numbers of tracks, pages and photographs
    return _Guess(_believed_year(year), _first(found, "seasons"), _episode(found), quality, languages)


def _believed_year(year: Any) -> int | None:
    return int(year) if is_year(str(year)) else None


def _episode(found: dict[str, Any]) -> int | None:
    """The first episode; parts of a date, years and the numbers of several films are none."""
    is_pack = len(found["episodes"]) > 1 and not found["seasons"] and "year" in found
    episode = _first(found, "episodes")
    return None if is_pack or "date" in found or is_year(str(episode)) else episode


def _first(found: dict[str, Any], what: str) -> int | None:
    number = next(iter(found.get(what) or ()), None)
    return number if isinstance(number, int) and 0 <= number <= _HIGHEST_GUESS[what] else None


def _in_order(codes: set[str], tags: str) -> tuple[str, ...]:
    """At most four languages in order of appearance, those behind that appear in an unknown form."""
    appearing = (_FORMS.get(normalise(word[0])) for word in _WORD.finditer(tags))
    ordered = dict.fromkeys(code for code in (*appearing, *sorted(codes)) if code in codes)
    return tuple(ordered)[:_MAX_LANGUAGES]
