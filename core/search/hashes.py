"""Words as the integers that are stored and indexed."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zlib import crc32

if TYPE_CHECKING:
    from collections.abc import Sequence

_SIGN, _RANGE = 1 << 31, 1 << 32


def word_hash(word: str) -> int:
    """The signed 32-bit CRC of a word's UTF-8: stable for ever, because it is stored.

    Two words in 128,000 share a hash about four times; a file found through the other word is harmless.
    """
    return (crc32(word.encode("utf-8", "surrogatepass")) ^ _SIGN) - _SIGN


def word_hashes(words: Sequence[str]) -> list[int]:
    """The hashes of `words` in their order, each once.

    To hash a word anew is as quick as to look it up among those hashed before, which lie all over the memory.
    """
    try:
        unsigned = map(crc32, map(str.encode, words))
        hashes = [number if number < _SIGN else number - _RANGE for number in unsigned]
    except UnicodeEncodeError:
        hashes = list(map(word_hash, words))
    return hashes if len(set(hashes)) == len(hashes) else list(dict.fromkeys(hashes))
