"""Words as the integers that are stored and indexed."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING
from zlib import crc32

if TYPE_CHECKING:
    from collections.abc import Iterable

_SIGN = 1 << 31


def word_hash(word: str) -> int:
    """The signed 32-bit CRC of a word's UTF-8: stable for ever, because it is stored.

    Two words in 128,000 share a hash about four times; a file found through the other word is harmless.
    """
    return (crc32(word.encode("utf-8", "surrogatepass")) ^ _SIGN) - _SIGN


def word_hashes(words: Iterable[str]) -> list[int]:
    """The hashes of `words` in their order, each once."""
    return list(dict.fromkeys(map(_usual_hash, words)))


_usual_hash = lru_cache(maxsize=1 << 14)(word_hash)  # most words of a name stand in many
