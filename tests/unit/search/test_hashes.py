"""Words as integers."""

from __future__ import annotations

from core.search.hashes import word_hash, word_hashes


def test_many_words_keep_their_hashes() -> None:
    """More words than are remembered at once are hashed as any other, before and after they are forgotten."""
    words = [f"word{number}" for number in range(40_000)]
    expected = list(dict.fromkeys(map(word_hash, words)))

    assert word_hashes(words) == expected
    assert word_hashes(words) == expected


def test_a_hash_that_two_words_share_stands_once() -> None:
    """Where the first of them stands; words in no encoding have a hash as well."""
    assert word_hash("plumless") == word_hash("buckeroo")
    words = ["kid", "plumless", "\ud800", "buckeroo", "kid"]
    assert word_hashes(words) == [word_hash("kid"), word_hash("plumless"), word_hash("\ud800")]
