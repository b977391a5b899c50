"""One spelling for all spellings of a text, so that a name and a query meet.

Compatibility forms, case, Latin, Greek and Cyrillic accents, Arabic and Hebrew vowel marks, letter variants, the
digits of every script and invisible characters are folded away; vowel signs of Indic and Thai words are letters and
stay.
"""

from __future__ import annotations

import sys
import unicodedata

_DECIMAL_PLANES = 0x1FC00  # no decimal digit stands above


def _folding_table() -> dict[int, str | int | None]:
    """What single characters become after decomposition and case folding; None removes them."""
    table: dict[int, str | int | None] = {
        code: str(unicodedata.digit(chr(code)))
        for code in range(0x660, _DECIMAL_PLANES)
        if unicodedata.category(chr(code)) == "Nd"
    }
    accents = range(0x300, 0x370)
    koran_marks = (*range(0x610, 0x61B), *range(0x6D6, 0x6DD), *range(0x6DF, 0x6E9), *range(0x6EA, 0x6EE))
    arabic_marks = (0x640, *range(0x64B, 0x660), 0x670, *koran_marks, *range(0x8D3, 0x8E2), *range(0x8E3, 0x900))
    invisible = (0xAD, 0x61C, 0x180E, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0xFEFF)
    selectors = (*range(0xFE00, 0xFE10), *range(0xE0000, 0xE0080), *range(0xE0100, 0xE01F0))
    hebrew_points = (*range(0x591, 0x5BE), 0x5BF, 0x5C1, 0x5C2, 0x5C4, 0x5C5, 0x5C7)
    nukta = 0x93C  # most people write the Hindi for "film" without its dot
    table.update(dict.fromkeys((*accents, *arabic_marks, *hebrew_points, nukta, *invisible, *selectors)))
    # Persian keheh and yeh, alef maqsura and teh marbuta are typed for their look-alikes all the time; the wasla of
    # the Koran and the round hehs of Urdu and Persian have look-alikes, too.
    table.update(str.maketrans("\u06a9\u06cc\u0649\u0629\u0671", "\u0643\u064a\u064a\u0647\u0627"))
    table.update(str.maketrans("\u06c1\u06c3\u06d5", "\u0647\u0647\u0647"))
    # Letters without a decomposition that people without the keyboard type as these, above all the Turkish dotless i.
    table.update(str.maketrans("ıłøđðħŧ", "iloddht") | {ord("æ"): "ae", ord("œ"): "oe", ord("þ"): "th"})
    table.update(str.maketrans("\u2019\u2018\u02bc\u02b9\u05f3\u201b", "''''''"))  # one apostrophe
    return table


_FOLDING = _folding_table()


def normalise(text: str) -> str:
    """The folded form of `text`: total on any Unicode, idempotent, spaces and punctuation kept where they are."""
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold()).casefold()
    # The Cyrillic short i is a letter of its own, not an accented one: people do not leave its mark out.
    kept = unicodedata.normalize("NFKD", folded).replace("\u0438\u0306", "\u0439")
    return unicodedata.normalize("NFC", kept.translate(_FOLDING))


def combining_signs() -> str:
    """Every mark that survives `normalise` as part of a word, as ranges for a regular expression's character class."""
    ranges: list[list[int]] = []
    for code in range(0x370, min(0x1E900, sys.maxunicode)):
        if unicodedata.category(chr(code)) in {"Mn", "Mc"} and code not in _FOLDING:
            if ranges and ranges[-1][1] == code - 1:
                ranges[-1][1] = code
            else:
                ranges.append([code, code])
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in ranges)
