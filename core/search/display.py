"""How a file's name is shown on a button or in a line: short, in one piece, and unable to disturb its surroundings."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_ELLIPSIS = "…"
_ISOLATE, _END_ISOLATE = "\u2068", "\u2069"
_JOINER = "\u200d"
_BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_INVISIBLE = frozenset("\u00ad\u200b\u2060\ufeff")
_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,8}$")
_MIDDLE_JAMO, _FINAL_JAMO = range(0x1160, 0x11A8), range(0x11A8, 0x1200)
_FLAG_LETTERS = range(0x1F1E6, 0x1F200)
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_TAGS = range(0xE0020, 0xE0080)
_VIRAMA = 9  # canonical combining class


def display_name(name: str, length: int) -> str:
    """The display form of a file's name: one line of at most `length` characters, the extension visible.

    A long name loses its middle: whole grapheme clusters go, never a part of one. Direction controls are removed, and a
    name with right-to-left letters is wrapped in an isolate, so that it cannot turn the text around it; the isolate
    counts. The stored name is not touched.

    Raises:
        ValueError: `length` is below 8, which leaves no room for a name.
    """
    if length < 8:
        raise ValueError("a display name needs at least 8 characters")
    line = name if name.isascii() and name.isprintable() else _clean(name)
    if line.isascii():
        return line if len(line) <= length else _shortened(line, length)
    if any(unicodedata.bidirectional(character) in _RIGHT_TO_LEFT for character in line):
        return f"{_ISOLATE}{_shortened(line, length - 2)}{_END_ISOLATE}"
    return _shortened(line, length)


def grapheme_clusters(text: str) -> Iterator[str]:
    """The characters of `text` as people see them: a letter with its marks, a syllable, a flag, a joined emoji."""
    start = 0
    for position in range(1, len(text)):
        if not _continues(text, start, position):
            yield text[start:position]
            start = position
    if text:
        yield text[start:]


def _shortened(line: str, length: int) -> str:
    if len(line) <= length:
        return line
    found = _EXTENSION.search(line)
    extension = found[0] if found is not None and len(found[0]) + 4 <= length else ""
    room = length - len(extension) - len(_ELLIPSIS)
    kept: list[str] = []
    for cluster in grapheme_clusters(line[: len(line) - len(extension)]):
        room -= len(cluster)
        if room < 0:
            break
        kept.append(cluster)
    return f"{''.join(kept).rstrip(' .-_')}{_ELLIPSIS}{extension}"


def _clean(name: str) -> str:
    return " ".join("".join(map(_shown, name)).split())


def _shown(character: str) -> str:
    if character in _BIDI_CONTROLS or character in _INVISIBLE:
        return ""
    category = unicodedata.category(character)
    if category in {"Cc", "Zl", "Zp"}:
        return " "
    return "" if category == "Cs" else character


def _continues(text: str, start: int, position: int) -> bool:
    """Whether the character at `position` belongs to the cluster that begins at `start`."""
    code, before = ord(text[position]), text[position - 1]
    if code < 0x300:
        return False
    if unicodedata.category(text[position]) in {"Mn", "Mc", "Me"} or text[position] == _JOINER:
        return True
    if code in _SKIN_TONES or code in _TAGS or code in _MIDDLE_JAMO or code in _FINAL_JAMO:
        return True
    if code in _FLAG_LETTERS:
        return position - start == 1 and ord(before) in _FLAG_LETTERS
    return before == _JOINER or (
        unicodedata.combining(before) == _VIRAMA and unicodedata.category(text[position]) == "Lo"
    )
