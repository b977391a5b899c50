"""Words as the integers that are stored and indexed."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zlib import crc32

if TYPE_CHECKING:
    from collections.abc import Iterable

_SIGN = 1 << 31
_REMEMBERED = 1 << 14


def word_hash(word: str) -> int:
    """The signed 32-bit CRC of a word's UTF-8: stable for ever, because it is stored.

    Two words in 128,000 share a hash about four times; a file found through the other word is harmless.
    """
    return (crc32(word.encode("utf-8", "surrogatepass")) ^ _SIGN) - _SIGN


def word_hashes(words: Iterable[str]) -> list[int]:
    """The hashes of `words` in their order, each once."""
    hashes = list(map(_usual_hash, words))
    return hashes if len(set(hashes)) == len(hashes) else list(dict.fromkeys(hashes))


class _UsualHashes(dict[str, int]):
    """Hashes by word: most words of a name stand in many.

    Forgets all of them when there are too many, which costs less than knowing which one was used last.
    """

    __slots__ = ()

    def __missing__(self, word: str) -> int:
        if len(self) >= _REMEMBERED:
            self.clear()
        self[word] = found = word_hash(word)
        return found


_usual_hash = _UsualHashes().__getitem__
