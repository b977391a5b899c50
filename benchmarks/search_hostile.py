"""Texts that are meant to hurt whoever searches for them."""

from __future__ import annotations

from benchmarks.search_queries import MixedQuery

_TEXTS = (
    ".*.*.*.*zz",
    "(a+)+$",
    "[",
    "\\",
    '{"$gt": ""}',
    "$where sleep(1000)",
    "x" * 4096,
    "the " * 1000,
    " ".join(f"word{number}" for number in range(500)),
    " ".join("abcdefghijklmnopqrstuvwxyz"),
    "1080p 720p mkv mp4 x264 x265 web dl the of and a in to for on",
    "a\u200bb\u200cc\u200dd" * 200,
    "\u202egnp.exe\u202c",
    "🎬" * 300,
    "ＭＫＶ １０８０ｐ",
    "s01e01 s01e02 s01e03 s02e01 s02e02 s02e03 1080p mkv",
    "羅" * 1000,
    "т" * 31 + "ы" * 31,
    "qu' '' ''' '",
    "-" * 2000 + "a",
    "ñ" * 700,
    "mkv " + "z" * 32,
)


def hostile_queries() -> list[MixedQuery]:
    """One class of its own; what has no letter is refused, which counts as an answer."""
    return [MixedQuery("hostile", text) for text in _TEXTS]
