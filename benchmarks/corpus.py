"""A library of any size that is the same at every run: release names with words as frequent as in real text.

No word list is needed: words are made of syllables, in five or eight scripts, and drawn by Zipf's law; titles come
back, as versions of a film and episodes of a series do.
"""

from __future__ import annotations

import math
import string
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import TYPE_CHECKING

from core.domain.media import MediaKind, MediaSource, NewMedia

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

SEED = 20240607

_BASE64 = string.ascii_letters + string.digits + "-_"
_HAN = [chr(number) for number in range(0x4E00, 0x4E00 + 900)]
_SYLLABLES = {
    "latin": (("b", "br", "c", "d", "f", "g", "h", "k", "l", "m", "n", "p", "r", "s", "st", "t", "v", "w"), "aeiou"),
    "cyrillic": (("б", "в", "г", "д", "ж", "з", "к", "л", "м", "н", "п", "р", "с", "т", "ч"), "аеиоуы"),
    "arabic": (("ب", "ت", "ج", "ح", "د", "ر", "س", "ش", "ع", "ف", "ق", "ك", "ل", "م"), "اوي"),
    "hindi": (("क", "ख", "ग", "च", "ज", "त", "द", "न", "प", "ब", "म", "र", "ल", "व", "स"), "ािीुेो"),
    "greek": (("β", "γ", "δ", "θ", "κ", "λ", "μ", "ν", "π", "ρ", "σ", "τ", "φ", "χ"), "αεηιου"),
    "hebrew": (("ב", "ג", "ד", "ה", "ח", "ט", "כ", "ל", "מ", "נ", "ס", "ר", "ש", "ת"), "אויע"),
    "hangul": (("가", "나", "다", "라", "마", "바", "사", "자", "차", "카", "타", "파", "하"), "강난동림문별산정"),
}
FIVE_SCRIPTS: Mapping[str, float] = {"latin": 89, "cyrillic": 4.5, "arabic": 2, "hindi": 2.5, "han": 2}
EIGHT_SCRIPTS: Mapping[str, float] = {**FIVE_SCRIPTS, "greek": 1, "hebrew": 1, "hangul": 1}
"""Shares of titles by script, in proportion to their sum."""
_SIZES = {
    "latin": 30_000,
    "cyrillic": 12_000,
    "arabic": 1_500,
    "hindi": 2_000,
    "han": 900,
    "greek": 1_500,
    "hebrew": 1_500,
    "hangul": 1_500,
}
_TITLE_LENGTHS = {1: 12, 2: 28, 3: 28, 4: 18, 5: 9, 6: 5}
_LITTLE_WORDS = ("the", "of", "and", "a", "in", "to", "for", "on", "with", "my", "at", "from", "no", "is")
_QUALITIES = {"1080p": 38, "720p": 34, "480p": 16, "2160p": 7, "4K": 3, "540p": 2}
_ORIGINS = {"WEB-DL": 30, "BluRay": 26, "WEBRip": 18, "HDRip": 8, "HDTV": 8, "DVDRip": 6}
_CODECS = {"x264": 45, "x265": 25, "HEVC": 14, "H.264": 8, "10bit.x265": 8}
_SOUNDS = {"AAC": 20, "DD5.1": 12, "DDP5.1": 12, "ESub": 10, "Dual.Audio": 8, "Hindi.English": 8, "AC3": 6}
_SEPARATORS = {".": 60, " ": 32, "_": 8}
_CATEGORIES = {"film": 38, "series": 33, "music": 12, "book": 8, "audiobook": 4, "junk": 5}
_CHANNELS = 300


@dataclass
class _Title:
    words: Sequence[str]
    year: int
    by: Sequence[str]


@dataclass
class Corpus:
    """An endless library; the first files are the same however many are taken.

    Attributes:
        seed: another one gives another library.
        scripts: shares of titles.
    """

    seed: int = SEED
    scripts: Mapping[str, float] = field(default_factory=lambda: FIVE_SCRIPTS)
    _random: Random = field(init=False)
    _words: dict[str, list[str]] = field(init=False)
    _titles: dict[str, list[_Title]] = field(init=False)

    def __post_init__(self) -> None:
        self._random = Random(self.seed)
        self._words = {script: self._vocabulary(script, _SIZES[script]) for script in self.scripts}
        self._titles = {category: [] for category in _CATEGORIES}

    def files(self) -> Iterator[NewMedia]:
        """Its files in the order they were posted; to be called once."""
        for number in count(1):
            name, kind = self._name(self._one_of(_CATEGORIES))
            channel = int(_CHANNELS * self._random.random() ** 2)
            yield NewMedia(
                unique_id=f"AgAD{self._code(11)}",
                file_id=f"BQACAgQAAxkBAAI{self._code(57)}",
                name=name,
                caption=self._caption(name),
                size=int(10 ** self._random.uniform(5, 9.6)),
                kind=kind,
                source=MediaSource(-1001000000000 - channel, number),
            )

    def word(self, script: str = "latin") -> str:
        """A word, common ones more often."""
        vocabulary = self._words[script]
        flat = 40 if len(vocabulary) > 5_000 else 15
        steps = math.log((len(vocabulary) + flat) / flat)
        return vocabulary[min(len(vocabulary) - 1, int(flat * math.exp(self._random.random() * steps) - flat))]

    def _vocabulary(self, script: str, size: int) -> list[str]:
        if script == "han":
            return self._random.sample(_HAN, size)
        onsets, vowels = _SYLLABLES[script]
        words: dict[str, None] = {}
        while len(words) < size:
            syllables = self._random.choices((2, 3, 4), (50, 40, 10))[0]
            word = "".join(self._random.choice(onsets) + self._random.choice(vowels) for _ in range(syllables))
            words[word + (self._random.choice(onsets) if self._random.random() < 0.5 else "")] = None
        return list(words)

    def _one_of(self, weights: dict[str, int]) -> str:
        return self._random.choices(tuple(weights), tuple(weights.values()))[0]

    def _code(self, length: int) -> str:
        return "".join(self._random.choices(_BASE64, k=length))

    def _title(self, category: str) -> _Title:
        """A known title more often than a new one, and the early ones most often."""
        known = self._titles[category]
        if len(known) >= 20 and self._random.random() > (0.03 if category == "series" else 0.13):
            return known[int(len(known) * self._random.random() ** 2.3)]
        script = self._random.choices(tuple(self.scripts), tuple(self.scripts.values()))[0]
        title = _Title(self._title_words(script), self._random.randint(1950, 2024), self._title_words("latin")[:2])
        known.append(title)
        return title

    def _title_words(self, script: str) -> list[str]:
        length = self._random.choices(tuple(_TITLE_LENGTHS), tuple(_TITLE_LENGTHS.values()))[0]
        if script == "han":
            return ["".join(self.word("han") for _ in range(self._random.randint(2, 7)))]
        words = [self.word(script).capitalize() for _ in range(length)]
        if script == "latin" and self._random.random() < 0.38:
            words.insert(0, "The")
        if script == "latin" and length > 2 and self._random.random() < 0.4:
            words.insert(self._random.randrange(1, len(words)), self._random.choice(_LITTLE_WORDS))
        return words

    def _name(self, category: str) -> tuple[str, MediaKind]:
        if category == "junk":
            day = f"20{self._random.randint(15, 24)}{self._random.randint(1, 12):02}{self._random.randint(1, 28):02}"
            return f"VID-{day}-WA{self._random.randint(0, 9999):04}.mp4", MediaKind.VIDEO
        title = self._title(category)
        words, by = " ".join(title.words), " ".join(title.by)
        if category == "music":
            return f"{by} - {words}.mp3", MediaKind.AUDIO
        if category == "audiobook":
            return f"{words} - Chapter {self._random.randint(1, 40):02}.mp3", MediaKind.AUDIO
        if category == "book":
            return f"{words} - {by} ({title.year}).pdf", MediaKind.DOCUMENT
        return self._release(title, category), MediaKind.VIDEO

    def _release(self, title: _Title, category: str) -> str:
        """A name as release groups write it."""
        parts = list(title.words)
        if category == "film":
            parts.append(str(title.year))
        else:
            season, episode = 1 + int(8 * self._random.random() ** 2), 1 + int(40 * self._random.random() ** 1.7)
            parts.append(f"S{season:02}E{episode:02}")
        for tags, share in ((_QUALITIES, 0.9), (_ORIGINS, 0.8), (_SOUNDS, 0.45), (_CODECS, 0.75)):
            if self._random.random() < share:
                parts += self._one_of(tags).split(".")
        name = self._one_of(_SEPARATORS).join(parts)
        return f"{name}.{self._one_of({'mkv': 78, 'mp4': 19, 'avi': 3})}"

    def _caption(self, name: str) -> str | None:
        """Nothing, the name again, or a sentence."""
        which = self._random.random()
        if which < 0.35:
            return None
        if which < 0.75:
            return name.rpartition(".")[0]
        return " ".join(self.word() for _ in range(self._random.randint(4, 15)))
