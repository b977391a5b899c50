"""What people write after `type:`, `year:`, `lang:` and the other filters, in all usual spellings.

Every reader takes a normalised text and gives None for what it does not understand.
"""

from __future__ import annotations

import re

from core.domain.media import MediaKind
from core.search.normalise import normalise
from core.search.release_names import language_of
from core.search.vocabulary import LANGUAGES
from core.search.words import analyse

YEARS = range(1900, 2101)
SEASONS_AND_EPISODES = range(1000)

_KIND_NAMES = {
    MediaKind.VIDEO: "video videos movie movies film films",
    MediaKind.AUDIO: "audio audios music song songs",
    MediaKind.DOCUMENT: "document documents doc docs file files book books",
    MediaKind.PHOTO: "photo photos picture pictures pic pics image images",
    MediaKind.ANIMATION: "animation animations gif gifs",
}
KINDS = {name: kind for kind, names in _KIND_NAMES.items() for name in names.split()}

# Names that would be mistaken for other words in the name of a file, and are clear behind `lang:`.
_FURTHER_LANGUAGE_NAMES = {
    "ar": "العربية",
    "bn": "বাংলা",
    "fa": "زبان فارسی",
    "gu": "ગુજરાતી",
    "id": "bahasa indonesia, bahasa, ind",
    "ja": "にほんご, nihongo, jap, jp",
    "kk": "қазақ, қазақша, kaz",
    "kn": "ಕನ್ನಡ, kan",
    "ko": "한국말, 조선말, kr",
    "ml": "മലയാളം, mal",
    "mr": "मराठी, mar",
    "pa": "ਪੰਜਾਬੀ, پنجابی, panjabi, pan",
    "pl": "polski, pol",
    "pt": "português, por, brazilian, br",
    "ta": "தமிழ், tam",
    "te": "తెలుగు, tel",
    "th": "ภาษาไทย, tha",
    "tr": "tur",
    "uk": "українська, ua",
    "ur": "اردو, urd",
    "uz": "o'zbek, ozbek, ўзбек, uzb",
    "vi": "tiếng việt, việt, vie",
    "zh": "汉语, 漢語, 华语, 華語, 普通话, chi, zho, cn",
}
_LANGUAGES = {
    **{normalise(name): code for code, names in _FURTHER_LANGUAGE_NAMES.items() for name in names.split(", ")},
    **{code: code for code in LANGUAGES.values()},
}
_REGION = re.compile(r"([a-z]{2})[-_][a-z]{2,4}\Z")  # pt-br, zh-hans

_LINES = frozenset({"4320", "2160", "1440", "1080", "720", "576", "540", "480", "360", "240"})
_QUALITY_NAMES = {"hd": "720p", "2k": "1440p", "qhd": "1440p", "sd": "480p"}

_NUMBER = re.compile(r"[0-9]{1,9}\Z")
_SIZE = re.compile(r"(?P<number>[0-9]{1,18}(?:[.,][0-9]{1,9})?)\s*(?:(?P<unit>[kmgt])(?:i?b)?|b|bytes?)?\Z")
_UNITS = {None: 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
_LARGEST_SIZE = (1 << 63) - 1  # what a database can compare with


def read_kinds(text: str) -> tuple[MediaKind, ...] | None:
    """Kinds of "video" or "videos, music", each once, in the order of their numbers."""
    names = [name for part in re.split(r"[,/|+]", text) if (name := part.strip())]
    if not names or any(name not in KINDS for name in names):
        return None
    return tuple(sorted({KINDS[name] for name in names}))


def split_kind(text: str) -> tuple[str, MediaKind | None]:
    """(words, kind) of "moon voyage | video" as typed; a last part that names no kind is words."""
    words, bar, suffix = text.rpartition("|")
    kind = KINDS.get(normalise(suffix).strip()) if bar else None
    return (text, None) if kind is None else (words, kind)


def read_year(text: str) -> int | None:
    """A year of four digits from 1900 to 2100."""
    return _number(text, YEARS) if len(text) == 4 else None


def read_language(text: str) -> str | None:
    """Two letters for a code, a region's code ("pt-br"), or a language's name in English or its own script."""
    region = _REGION.match(text)
    word = region[1] if region else text
    return _LANGUAGES.get(word) or language_of(word)


def read_quality(text: str) -> str | None:
    """The canonical quality of "1080p", "1080", "4k", "1920x1080", "full hd"."""
    if text in _LINES:
        return f"{text}p"
    read = analyse(text)
    said = read.facts.qualities
    return said[0] if said and read.asked == said[:1] else _QUALITY_NAMES.get(text)


def read_season(text: str) -> int | None:
    """A number from 0 to 999, "s01" as well."""
    return _number(text.removeprefix("s"), SEASONS_AND_EPISODES)


def read_episode(text: str) -> int | None:
    """A number from 0 to 999, "e02" and "ep2" as well."""
    return _number(text.removeprefix("e").removeprefix("p"), SEASONS_AND_EPISODES)


def read_size(text: str) -> int | None:
    """Bytes of "734003200", "700MB", "1.5 GB", "1,5gb"; units are steps of 1,024, as sizes are shown."""
    found = _SIZE.match(text)
    if found is None:
        return None
    size = float(found["number"].replace(",", ".")) * _UNITS[found["unit"]]
    return min(int(size), _LARGEST_SIZE)


def _number(text: str, allowed: range) -> int | None:
    number = int(text) if _NUMBER.match(text) else -1
    return number if number in allowed else None
